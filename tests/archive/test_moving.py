"""Moving from real streams into real databases: each event once, whatever breaks and whoever else moves."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.figures import archive_figures
from security_service.archive.reader import EventReader
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import Appended, StreamEntry
from security_service.domain.audit import AuditQuery
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.secret import Msisdn, Secret
from security_service.store.event_streams import StoredEventStreams
from security_service.usecases.whole_log import WholeLog
from tests.archive.rig import MovingRig, database_of, entry, is_sound, sequence_of, texts_of
from tests.fakes.clock import HandClock

SHARDS = ("s000", "s001", "s063", "m")


class PowerWentOut(Exception):
    """What ends a process at any line."""


class StreamsThatStop(StoredEventStreams):
    """The process ends before the (n+1)-th trim."""

    trims_left = 0

    def trim(self, shard: str, upto: StreamEntry) -> bool:
        if self.trims_left == 0:
            raise PowerWentOut
        self.trims_left -= 1
        return super().trim(shard, upto)


class CarefulStreams(StoredEventStreams):
    """Fails the test that lets go of what the archive does not hold."""

    database: ArchiveDatabase

    def trim(self, shard: str, upto: StreamEntry) -> bool:
        held = texts_of(self.database)
        for one in self.read(100_000)[shard]:
            assert one.text in {text for (of, _), text in held.items() if of == shard}
            if one == upto:
                break
        return super().trim(shard, upto)


def fill(rig: MovingRig, count: int = 50) -> None:
    for shard in SHARDS:
        rig.write(shard, count)


def all_is_well(rig: MovingRig) -> bool:
    return (
        texts_of(rig.database) == rig.written
        and rig.waiting() == {}
        and all(
            sequence_of(rig.database, shard) == sorted(sequence_of(rig.database, shard)) for shard in SHARDS
        )
        and is_sound(rig.database)
    )


def test_what_was_written_is_archived_and_let_go_of(rig: MovingRig) -> None:
    fill(rig, 1000)
    assert rig.mover.run() == 4000
    assert all_is_well(rig)
    assert (rig.figures.events, rig.figures.waiting) == (4000, 0)
    assert rig.mover.run() == 0


def test_nothing_is_let_go_of_that_the_archive_does_not_hold(rig: MovingRig) -> None:
    streams = CarefulStreams(rig.scripts)
    streams.database = rig.database
    mover = replace(rig.mover, streams=streams)
    for _ in range(3):
        fill(rig, 7)
        mover.run()
    assert all_is_well(rig)


def test_events_written_while_others_move_wait_their_turn(rig: MovingRig) -> None:
    fill(rig)
    read = rig.streams.read(100)
    fill(rig)
    appended = rig.writer.append(read)
    for shard, count in appended.archived.items():
        assert rig.streams.trim(shard, read[shard][count - 1])
    assert len(rig.waiting()) == 200
    rig.mover.run()
    assert all_is_well(rig)


@pytest.mark.parametrize("trims", [0, 1, 3])
def test_a_crash_between_commit_and_trim_doubles_nothing(rig: MovingRig, trims: int) -> None:
    fill(rig)
    streams = StreamsThatStop(rig.scripts)
    streams.trims_left = trims
    with pytest.raises(PowerWentOut):
        replace(rig.mover, streams=streams).run()
    assert len(rig.waiting()) == 200 - 50 * trims
    fill(rig, 5)
    assert rig.mover.run() == 20
    assert all_is_well(rig)


def test_a_crash_before_the_commit_loses_nothing(rig: MovingRig) -> None:
    def crash(_connection: Connection, _events: Sequence[ArchivedEvent]) -> None:
        raise PowerWentOut

    fill(rig)
    broken = EventWriter(rig.database, "i1", HandClock(), (crash,))
    with pytest.raises(PowerWentOut):
        replace(rig.mover, archive=broken).run()
    assert len(rig.waiting()) == 200
    assert archive_figures(rig.database).size == 0
    assert rig.mover.run() == 200
    assert all_is_well(rig)


def test_a_mover_that_slept_finds_its_entries_archived_by_another(rig: MovingRig) -> None:
    fill(rig)
    stale = rig.streams.read(100)
    rig.mover.run()
    fill(rig)
    rig.mover.run()
    appended: Appended = rig.writer.append(stale)
    assert (appended.added, appended.conflicts) == (0, ())
    assert [rig.streams.trim(shard, entries[-1]) for shard, entries in stale.items()] == [False] * 4
    assert all_is_well(rig)


def test_two_movers_at_once_move_each_event_once(rig: MovingRig, archive_url: str) -> None:
    second = MovingRig(rig_url(rig), database_of(archive_url))
    faults: list[BaseException] = []
    going = threading.Event()
    going.set()

    def move(mine: MovingRig) -> None:
        try:
            while going.is_set():
                mine.mover.run()
        except BaseException as error:  # noqa: BLE001 - whatever ends a thread fails the test
            faults.append(error)
        finally:
            mine.scripts.close()

    threads = [threading.Thread(target=move, args=(one,)) for one in (rig, second)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        fill(rig, 25)
    going.clear()
    for thread in threads:
        thread.join()
    rig.mover.run()
    assert faults == []
    assert all_is_well(rig)
    assert rig.figures.events + second.figures.events == 4000
    second.close()
    second.database.close()


def rig_url(rig: MovingRig) -> str:
    arguments: Mapping[str, object] = rig.redis.get_connection_kwargs()
    return f"unix://{arguments['path']}"


def test_a_second_archive_is_refused_until_a_person_says_otherwise(
    rig: MovingRig, archive_url: str, tmp_path: Path
) -> None:
    fill(rig)
    rig.mover.run()
    other = MovingRig(rig_url(rig), database_of(f"sqlite:///{tmp_path}/other.db"))
    fill(rig, 1)
    with pytest.raises(ArchiveUnavailable, match="another archive"):
        other.mover.run()
    assert other.figures.told == [("archive_other", "claim")]
    with pytest.raises(ArchiveUnavailable, match="not the one"):
        other.log.page(AuditQuery())
    other.mover.adopt("lead")
    assert other.mover.run() == 4
    assert [name for name, _ in other.figures.told].count("archive_gap") == 4
    with pytest.raises(ArchiveUnavailable, match="another archive"):
        rig.mover.run()
    other.close()
    other.database.close()


def test_a_forged_entry_stops_its_shard_only_and_is_counted(rig: MovingRig) -> None:
    fill(rig, 3)
    rig.mover.run()
    rig.redis.xadd("{s000}:events", {"e": entry("s000", 2, mark="forged").text}, id=f"{rig.at_ms + 1}-0")
    fill(rig, 3)
    for _ in range(3):
        rig.mover.run()
    assert set(rig.figures.told) == {("archive_conflict", "s000")}
    assert sequence_of(rig.database, "s000") == [1, 2, 3]
    assert sequence_of(rig.database, "s001") == [1, 2, 3, 4, 5, 6]
    assert sequence_of(rig.database, "a") == [1]
    assert rig.figures.waiting == 4


def test_what_was_trimmed_by_others_is_noticed_as_a_gap(rig: MovingRig) -> None:
    fill(rig, 4)
    rig.mover.run()
    fill(rig, 4)
    rig.redis.xtrim("{s001}:events", maxlen=1, approximate=False)
    rig.mover.run()
    assert rig.figures.told == [("archive_gap", "s001")]
    assert sequence_of(rig.database, "s001") == [1, 2, 3, 4, 8]


def test_the_wait_of_the_oldest_event_is_shown(rig: MovingRig) -> None:
    rig.at_ms = rig.clock.unix_ms() - 5001
    rig.write("s000")
    rig.mover.run()
    assert rig.figures.waited_s == 5.0
    rig.mover.run()
    assert rig.figures.waited_s == 0.0


def test_a_mover_that_is_to_stop_ends_after_its_round(rig: MovingRig) -> None:
    fill(rig, 900)
    assert rig.mover.run(lambda: True) == 1600
    rig.mover.run()
    assert all_is_well(rig)


@pytest.mark.parametrize("count", [1, 7, 60])
def test_pages_give_each_event_once_while_events_move(rig: MovingRig, count: int) -> None:
    fill(rig, 40)
    rig.mover.run()
    fill(rig, 40)
    query, found = AuditQuery(tenant="demo", count=count), list[str]()
    while True:
        page = rig.log.page(query)
        assert len(page.events) <= count
        found += page.events
        if not page.next:
            break
        read = rig.streams.read(1)
        for shard in rig.writer.append(read).archived:
            rig.streams.trim(shard, read[shard][0])
        query = replace(query, cursor=page.next)
    assert sorted(found) == sorted(rig.written.values())


def test_an_event_in_both_halves_is_given_once(rig: MovingRig) -> None:
    fill(rig, 10)
    rig.writer.append(rig.streams.read(100))
    assert len(rig.read_all(AuditQuery(tenant="demo", count=7))) == 40


def test_every_filter_finds_the_same_in_both_halves(rig: MovingRig) -> None:
    rig.write("s000", 2, code_id="c1", verdict="deny", sim={"mcc_mnc": "25001"}, kind="gate_decided")
    rig.write("s000", 2, outcome={"code_id": "c1", "reason": "wrong"}, kind="code_checked")
    rig.write("m", 1, actor="anna", reason="asked")
    rig.write("m", 1, actor="anna", tenant="second")
    number = Msisdn("79031234567")
    queries = {
        AuditQuery(tenant="demo"): 5,
        AuditQuery(tenant="demo", kind="gate_decided"): 2,
        AuditQuery(kind="gate_decided"): 2,
        AuditQuery(code_id="c1"): 4,
        AuditQuery(tenant="second", code_id="c1"): 0,
        AuditQuery(code_id="c1", reason="wrong"): 2,
        AuditQuery(verdict="deny", operator="25001", tenant="demo"): 2,
        AuditQuery(reason="asked"): 1,
        AuditQuery(actor="anna"): 2,
        AuditQuery(actor="anna", tenant="demo"): 1,
        AuditQuery(operator="25001", kind="code_checked"): 0,
        AuditQuery(since_ms=rig.at_ms - 1): 2,
        AuditQuery(until_ms=rig.at_ms - 1): 5,
    }
    before = {query: rig.read_all(replace(query, count=2)) for query in queries}
    assert {query: len(found) for query, found in before.items()} == queries
    rig.mover.run()
    assert {query: rig.read_all(replace(query, count=2)) for query in queries} == before
    assert len(rig.read_all(AuditQuery(tenant="demo", number=number, kind="gate_decided"))) == 2


def test_an_archive_that_is_away_is_told_of_rather_than_half_a_log(rig: MovingRig, tmp_path: Path) -> None:
    fill(rig, 3)
    away = ArchiveDatabase(
        archive_address(f"postgresql://u@/d?host={tmp_path}", Secret(""), tmp_path / "a.db", 5.0)
    )
    with pytest.raises(ArchiveUnavailable):
        WholeLog(rig.tail, EventReader(away, "i1")).page(AuditQuery())


def test_the_archive_of_another_installation_is_not_shown(rig: MovingRig) -> None:
    fill(rig, 3)
    rig.mover.run()
    with pytest.raises(ArchiveUnavailable, match="another installation"):
        WholeLog(rig.tail, EventReader(rig.database, "i2")).page(AuditQuery())
