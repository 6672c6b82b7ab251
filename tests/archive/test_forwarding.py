"""The log in its order for forwarding, and how far targets are, in both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.pruner import EventPruner
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import Prunable
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.forwarding_ports import Claim, ForwardState, HeldElsewhere
from tests.archive.rig import NOON_MS, database_of, entry
from tests.fakes.clock import HandClock

NOW = 1_700_000_000_000
CLAIM = Claim("siem", "one", NOW, NOW + 60_000)


class Log:
    """An archive with a writer."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self.database = database
        self.writer = EventWriter(database, "i1", HandClock(), ())
        self.forwarding = ArchivedForwarding(database, "i1")
        self._seq = 0

    def write(self, count: int, kind: str = "mode_set") -> None:
        entries = [entry("s001", self._seq + one, kind=kind) for one in range(1, count + 1)]
        self._seq += count
        self.writer.append({"s001": entries})


@pytest.fixture
def log(database: ArchiveDatabase) -> Log:
    return Log(database)


def test_a_stretch_holds_events_in_the_order_of_their_leaves_and_where_to_go_on(log: Log) -> None:
    log.write(5)
    stretch = log.forwarding.stretch(1, (), 3)
    assert [one.leaf for one in stretch.events] == [1, 2, 3]
    assert (stretch.end, stretch.size, stretch.oldest_ms) == (4, 5, NOON_MS + 2)
    rest = log.forwarding.stretch(stretch.end, (), 3)
    assert ([one.leaf for one in rest.events], rest.end) == ([4], 5)
    assert log.forwarding.stretch(5, (), 3).end == 5
    assert log.forwarding.stretch(9, (), 3).end == 9


def test_only_events_of_the_kinds_asked_for_are_given_and_the_rest_is_left_behind(log: Log) -> None:
    log.write(3, "code_sent")
    log.write(2, "incident")
    log.write(3, "code_sent")
    stretch = log.forwarding.stretch(0, ("incident", "mode_set"), 10)
    assert [one.leaf for one in stretch.events] == [3, 4]
    assert stretch.end == 8
    first = log.forwarding.stretch(0, ("incident",), 1)
    assert ([one.leaf for one in first.events], first.end) == ([3], 4)


def test_what_was_pruned_is_passed_over(log: Log) -> None:
    log.write(3)
    EventPruner(log.database, "i1", HandClock()).prune(Prunable("mode_set", "demo", NOON_MS + 3), 10)
    stretch = log.forwarding.stretch(0, ("mode_set",), 10)
    assert [one.leaf for one in stretch.events] == [2]


def test_a_stretch_without_events_of_a_kind_is_bounded(log: Log) -> None:
    log.write(5100, "code_sent")
    stretch = log.forwarding.stretch(0, ("incident",), 10)
    assert (stretch.events, stretch.end, stretch.size) == ((), 5000, 5100)


def test_a_target_that_is_new_begins_at_the_end_or_at_the_beginning(log: Log) -> None:
    log.write(4)
    assert log.forwarding.take(CLAIM) == ForwardState(4)
    log.write(1)
    assert log.forwarding.take(CLAIM) == ForwardState(4)
    assert log.forwarding.take(replace(CLAIM, target="other", from_begin=True)) == ForwardState(0)


def test_a_target_is_served_by_one_until_its_time_is_over_or_it_lets_go(log: Log) -> None:
    taken, other = log.forwarding.take, replace(CLAIM, holder="two")
    assert taken(CLAIM) == ForwardState(0)
    assert taken(other) == HeldElsewhere()
    late = replace(other, now_ms=NOW + 60_000, until_ms=NOW + 120_000)
    assert taken(replace(late, now_ms=NOW + 59_999)) == HeldElsewhere()
    assert taken(late) == ForwardState(0)
    assert taken(replace(CLAIM, now_ms=NOW + 60_001, until_ms=NOW + 120_001)) == HeldElsewhere()
    log.forwarding.release("siem", "two")
    assert taken(replace(CLAIM, now_ms=NOW + 60_002, until_ms=NOW + 120_002)) == ForwardState(0)


def test_who_serves_a_target_has_half_its_time_left_at_least(log: Log) -> None:
    log.forwarding.take(CLAIM)
    log.forwarding.take(replace(CLAIM, now_ms=NOW + 31_000, until_ms=NOW + 91_000))
    other = replace(CLAIM, holder="two", now_ms=NOW + 90_999, until_ms=NOW + 151_000)
    assert log.forwarding.take(other) == HeldElsewhere()


def test_only_who_serves_a_target_says_how_far_it_is(log: Log) -> None:
    log.forwarding.take(CLAIM)
    state = ForwardState(3, 2, "http_503", NOW + 1, 0, NOW)
    assert not log.forwarding.keep("siem", "two", state)
    assert log.forwarding.keep("siem", "one", state)
    log.forwarding.release("siem", "two")
    assert log.forwarding.take(CLAIM) == state
    assert log.forwarding.states() == {"siem": state}


def test_a_target_that_is_off_is_turned_on_where_it_stood(log: Log) -> None:
    log.forwarding.take(CLAIM)
    log.forwarding.keep("siem", "one", ForwardState(3, 2, "http_410" * 20, NOW + 1, NOW, NOW))
    assert log.forwarding.resume("siem")
    assert log.forwarding.states()["siem"] == ForwardState(3, told_at_ms=NOW)
    assert not log.forwarding.resume("nobody")


def test_of_many_who_want_a_target_at_once_one_has_it(archive_url: str) -> None:
    databases = [database_of(archive_url) for _ in range(6)]
    taken: dict[int, ForwardState | HeldElsewhere] = {}
    barrier = threading.Barrier(len(databases))

    def take(number: int) -> None:
        barrier.wait()
        claim = replace(CLAIM, holder=f"worker {number}")
        taken[number] = ArchivedForwarding(databases[number], "i1").take(claim)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(databases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert sorted(type(one).__name__ for one in taken.values()) == ["ForwardState", *["HeldElsewhere"] * 5]


def test_an_archive_of_another_installation_is_not_forwarded(log: Log) -> None:
    log.write(1)
    other = ArchivedForwarding(log.database, "i2")
    with pytest.raises(ArchiveUnavailable, match="another installation"):
        other.stretch(0, (), 1)
    with pytest.raises(ArchiveUnavailable, match="another installation"):
        other.take(CLAIM)
