"""Appending: each event once, in its shard's order, and nothing that is archived is ever changed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, text

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.figures import archive_figures
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import Conflict, Gap, StreamEntry
from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import ArchiveUnavailable
from tests.archive.rig import entry, is_sound, sequence_of, texts_of
from tests.fakes.clock import HandClock


@pytest.fixture
def writer(database: ArchiveDatabase) -> EventWriter:
    return EventWriter(database, "i1", HandClock(), ())


def incidents(database: ArchiveDatabase) -> list[dict[str, object]]:
    found = [json.loads(one) for (shard, _), one in sorted(texts_of(database).items()) if shard == "a"]
    assert {one["kind"] for one in found} <= {"incident"}
    return [one["facts"] for one in found]


def test_entries_of_all_shards_become_leaves_in_the_order_given(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    given = {shard: [entry(shard, seq) for seq in range(1, 301)] for shard in ("s000", "s001", "m")}
    appended = writer.append(given)
    assert (appended.added, dict(appended.archived)) == (900, {"s000": 300, "s001": 300, "m": 300})
    expected = {(shard, seq): one.text for shard in given for seq, one in enumerate(given[shard], 1)}
    assert texts_of(database) == expected
    assert archive_figures(database).newest == {"s000": 300, "s001": 300, "m": 300}
    assert is_sound(database)


def test_what_is_archived_already_is_passed_over(writer: EventWriter, database: ArchiveDatabase) -> None:
    writer.append({"s000": [entry("s000", seq) for seq in (1, 2, 3)]})
    again = writer.append({"s000": [entry("s000", seq) for seq in (2, 3, 4)]})
    assert (again.added, again.archived["s000"]) == (1, 3)
    assert sequence_of(database, "s000") == [1, 2, 3, 4]
    assert incidents(database) == []


def test_another_text_under_an_archived_number_stops_its_shard_and_is_told_once(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    writer.append({"s000": [entry("s000", seq) for seq in (1, 2)]})
    forged = {"s000": [entry("s000", 1), entry("s000", 2, mark="forged"), entry("s000", 3)]}
    first = writer.append({**forged, "s001": [entry("s001", 1)]})
    assert first.conflicts == (Conflict("s000", 2, is_news=True),)
    assert dict(first.archived) == {"s000": 1, "s001": 1}
    assert writer.append(forged).conflicts == (Conflict("s000", 2, is_news=False),)
    assert sequence_of(database, "s000") == [1, 2]
    assert texts_of(database)["s000", 2] == entry("s000", 2).text
    assert incidents(database) == [{"of_seq": 2, "of_shard": "s000", "what": "archive_conflict"}]
    writer.append({"s000": [entry("s000", 3)]})
    assert writer.append(forged).conflicts[0].is_news
    assert is_sound(database)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no JSON",
        "[]",
        '{"kind":"x"}',
        entry("s001", 1).text,
        entry("s000", 0).text,
        entry("s000", 1, kind="k" * 65).text,
        "\udcff",
    ],
)
def test_what_is_no_event_of_its_shard_stops_it(
    writer: EventWriter, database: ArchiveDatabase, broken: str
) -> None:
    for is_news in (True, False):
        told = writer.append({"s000": [StreamEntry("5-0", broken), entry("s000", 2)]})
        assert told.conflicts[0].is_news is is_news
    assert sequence_of(database, "s000") == []
    assert len(incidents(database)) == 1


def test_a_gap_is_told_of_and_does_not_stop_the_shard(writer: EventWriter, database: ArchiveDatabase) -> None:
    appended = writer.append({"s000": [entry("s000", seq) for seq in (1, 2, 5, 6)]})
    assert appended.gaps == (Gap("s000", 2, 5),)
    assert sequence_of(database, "s000") == [1, 2, 5, 6]
    assert incidents(database) == [{"after": 2, "before": 5, "of_shard": "s000", "what": "archive_gap"}]
    assert writer.append({"s000": [entry("s000", seq) for seq in (5, 6)]}).gaps == ()


def test_an_event_that_comes_late_into_a_gap_is_not_slipped_in(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    writer.append({"s000": [entry("s000", seq) for seq in (1, 3)]})
    assert writer.append({"s000": [entry("s000", 2)]}).conflicts == (Conflict("s000", 2, is_news=True),)
    assert sequence_of(database, "s000") == [1, 3]


def test_two_events_of_one_number_in_one_batch_are_a_conflict(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    told = writer.append({"s000": [entry("s000", 1), entry("s000", 1, mark="other")]})
    assert told.conflicts == (Conflict("s000", 1, is_news=True),)
    assert texts_of(database)["s000", 1] == entry("s000", 1).text


def test_what_no_database_takes_in_a_column_stays_in_the_text(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    odd = entry("s000", 1, actor="a\x00b", reason="\ud800", number="\n", code_id="x" * 65, note="\x00")
    assert odd.text.isprintable() or odd.text
    plain = StreamEntry(odd.entry_id, odd.text.replace("\ud800", "\\ud800"))
    assert writer.append({"s000": [plain]}).added == 1
    assert texts_of(database)["s000", 1] == plain.text


def test_an_archive_of_another_installation_is_not_written_to(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    writer.append({"s000": [entry("s000", 1)]})
    other = EventWriter(database, "i2", HandClock(), ())
    with pytest.raises(ArchiveUnavailable, match="another installation"):
        other.append({"s000": [entry("s000", 2)]})
    assert sequence_of(database, "s000") == [1]


def test_events_of_the_archive_itself_have_numbers_without_gaps(
    writer: EventWriter, database: ArchiveDatabase
) -> None:
    for mark in ("first", "second"):
        writer.tell([Event(EventKind.INCIDENT, {"what": mark})])
    assert sequence_of(database, "a") == [1, 2]
    assert incidents(database) == [{"what": "first"}, {"what": "second"}]


def test_projections_see_each_event_once_and_fail_together_with_it(database: ArchiveDatabase) -> None:
    seen: list[ArchivedEvent] = []
    is_broken = False

    def note(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
        connection.execute(text("SELECT 1"))
        seen.extend(events)
        if is_broken:
            raise RuntimeError("the power went out")

    writer = EventWriter(database, "i1", HandClock(), (note,))
    writer.append({"s000": [entry("s000", 1)], "m": [entry("m", 1, kind="tenant_saved")]})
    assert [(one.leaf, one.shard, one.seq, one.kind, one.tenant) for one in seen] == [
        (0, "s000", 1, "mode_set", "demo"),
        (1, "m", 1, "tenant_saved", "demo"),
    ]
    assert json.loads(seen[0].text) == seen[0].read
    is_broken = True
    with pytest.raises(RuntimeError, match="power"):
        writer.append({"s000": [entry("s000", 2)]})
    assert archive_figures(database).size == 2
    is_broken = False
    assert writer.append({"s000": [entry("s000", 2)]}).added == 1
    assert [one.leaf for one in seen] == [0, 1, 2, 2]
    assert is_sound(database)
