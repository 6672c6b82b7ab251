"""Reading streams from their old end, and letting go of what is archived: that, and nothing else."""

from __future__ import annotations

import pytest

from security_service.domain.archive_ports import StreamEntry
from security_service.store.event_streams import STREAMS, StoredEventStreams, archive_in_force
from tests.store.rig import StoreRig


@pytest.fixture
def streams(rig: StoreRig) -> StoredEventStreams:
    return StoredEventStreams(rig.scripts)


def ids(streams: StoredEventStreams, shard: str, count: int = 99) -> list[str]:
    return [entry.entry_id for entry in streams.read(count).get(shard, ())]


def fill(rig: StoreRig, shard: str, *given: str) -> None:
    rig.redis.delete(f"{{{shard}}}:events")
    for entry_id in given:
        rig.redis.xadd(f"{{{shard}}}:events", {"e": f"text of {entry_id}"}, id=entry_id)


def test_all_shards_are_read_oldest_first_and_so_many_of_each(
    rig: StoreRig, streams: StoredEventStreams
) -> None:
    fill(rig, "m", "1-0", "1-1", "2-0")
    fill(rig, "s063", "7-0")
    assert ids(streams, "m", 2) == ["1-0", "1-1"]
    assert ids(streams, "s063") == ["7-0"]
    assert len(STREAMS) == 65
    backlog = streams.backlog()
    assert (backlog["m"], backlog["s063"]) == (3, 1)
    assert set(backlog) == set(STREAMS)


def test_a_stream_is_let_go_of_up_to_an_entry_and_no_further(
    rig: StoreRig, streams: StoredEventStreams
) -> None:
    fill(rig, "s000", "1-0", "1-1", "1-2", "2-0")
    fill(rig, "s001", "1-0", "1-1")
    read = streams.read(99)["s000"]
    assert streams.trim("s000", read[1])
    assert ids(streams, "s000") == ["1-2", "2-0"]
    assert ids(streams, "s001") == ["1-0", "1-1"]
    assert not streams.trim("s000", read[1])
    assert streams.trim("s000", read[3])
    assert ids(streams, "s000") == []


@pytest.mark.parametrize(
    "entry", [StreamEntry("2-0", "another text"), StreamEntry("3-0", "text of 2-0"), StreamEntry("9-0", "")]
)
def test_an_entry_that_is_not_the_archived_one_lets_go_of_nothing(
    rig: StoreRig, streams: StoredEventStreams, entry: StreamEntry
) -> None:
    fill(rig, "s000", "1-0", "2-0", "4-0")
    assert not streams.trim("s000", entry)
    assert ids(streams, "s000") == ["1-0", "2-0", "4-0"]


def test_new_entries_come_behind_those_that_were_let_go_of(
    rig: StoreRig, streams: StoredEventStreams
) -> None:
    fill(rig, "s000", "5-0")
    assert streams.trim("s000", streams.read(1)["s000"][0])
    assert rig.redis.xadd("{s000}:events", {"e": "next"}, id="5-*") == b"5-1"


def test_the_streams_go_to_the_archive_that_came_first(rig: StoreRig, streams: StoredEventStreams) -> None:
    assert archive_in_force(rig.scripts) == ""
    assert [streams.claim("first"), streams.claim("second"), streams.claim("first")] == ["first"] * 3
    assert archive_in_force(rig.scripts) == "first"
    assert streams.claim("second", adopt=True) == "second"
    assert streams.claim("first") == "second"


def test_bytes_that_are_no_text_are_read_so_that_they_can_be_told_of(
    rig: StoreRig, streams: StoredEventStreams
) -> None:
    rig.redis.delete("{s000}:events")
    rig.redis.xadd("{s000}:events", {"e": b"\xff"})
    assert streams.read(1)["s000"][0].text == "\udcff"
