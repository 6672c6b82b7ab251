"""Whatever order writes, moves and crashes come in, each event is archived once and in its shard's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import StreamEntry
from security_service.domain.audit import AuditQuery
from security_service.store.embedded import EmbeddedValkey
from security_service.store.event_streams import StoredEventStreams
from tests.archive.rig import MovingRig, database_of, is_sound, sequence_of, texts_of

SHARDS = ("s000", "s001", "s063", "m")

writes = st.tuples(st.just("write"), st.sampled_from(SHARDS), st.integers(1, 5))
moves = st.tuples(
    st.sampled_from(["move", "crash before commit", "look", "late", "read"]), st.just(""), st.just(0)
)
crashes = st.tuples(st.just("crash before trim"), st.just(""), st.integers(0, 3))


class PowerWentOut(Exception):
    """What ends a process at any line."""


class Story:
    """One rig, a second mover that sleeps between its reading and its writing, and what may happen."""

    def __init__(self, rig: MovingRig) -> None:
        self.rig = rig
        self.stale: Mapping[str, Sequence[StreamEntry]] = {}

    def happen(self, what: str, shard: str, count: int) -> None:
        match what:
            case "write":
                self.rig.write(shard, count)
            case "move":
                self.rig.mover.run()
            case "crash before commit":
                broken = EventWriter(self.rig.database, "i1", self.rig.clock, (crash,))
                # What is archived already is only let go of: then there is nothing to break.
                with suppress(PowerWentOut):
                    replace(self.rig.mover, archive=broken).run()
            case "crash before trim":
                self._move_without_trims(count)
            case "read":
                self.stale = self.rig.streams.read(3)
            case "late":
                appended = self.rig.writer.append(self.stale)
                assert appended.conflicts == ()
                for of, held in appended.archived.items():
                    self.rig.streams.trim(of, self.stale[of][held - 1])
            case "look":
                assert sorted(self._pages()) == sorted(self.rig.written.values())
            case _:
                raise AssertionError(what)

    def _pages(self) -> list[str]:
        query, found = AuditQuery(count=3), list[str]()
        while True:
            page = self.rig.log.page(query)
            found += page.events
            if not page.next:
                return found
            query = replace(query, cursor=page.next)

    def _move_without_trims(self, trims: int) -> None:
        streams = CountedTrims(self.rig.scripts)
        streams.left = trims
        try:
            replace(self.rig.mover, streams=streams).run()
        except PowerWentOut:
            assert streams.left == 0


class CountedTrims(StoredEventStreams):
    """Ends the process before one of its trims."""

    left = 0

    def trim(self, shard: str, upto: StreamEntry) -> bool:
        if self.left == 0:
            raise PowerWentOut
        self.left -= 1
        return super().trim(shard, upto)


def crash(_connection: Connection, _events: Sequence[ArchivedEvent]) -> None:
    raise PowerWentOut


@given(steps=st.lists(writes | moves | crashes, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_event_is_archived_once_in_its_shards_order(
    valkey: EmbeddedValkey, tmp_path: Path, steps: list[tuple[str, str, int]]
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    file = tmp_path / "archive.db"
    for left in tmp_path.glob("archive.db*"):
        left.unlink()
    rig = MovingRig(valkey.url, database_of(f"sqlite:///{file}"))
    story = Story(rig)
    for what, shard, count in steps:
        story.happen(what, shard, count)
    rig.mover.run()
    assert texts_of(rig.database) == rig.written
    assert rig.waiting() == {}
    for shard in SHARDS:
        numbers = sequence_of(rig.database, shard)
        assert numbers == list(range(1, len(numbers) + 1))
    assert is_sound(rig.database)
    rig.close()
    rig.database.close()
