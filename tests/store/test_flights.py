"""Two lookups of one number in flight are one, and a landing is for those who waited."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from security_service.domain.ports import Flight
from security_service.links.operating_system import SystemChance
from security_service.store.flights import StoredFlights
from tests.fakes.clock import HandClock
from tests.store.rig import NUMBER, OTHER, StoreRig


class Waiting(HandClock):
    """A clock on which something happens while its owner pauses."""

    meanwhile: Callable[[], object] | None = None

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None


@pytest.fixture
def clock() -> Waiting:
    return Waiting()


@pytest.fixture
def flights(rig: StoreRig, clock: Waiting) -> StoredFlights:
    return StoredFlights(rig.frame, clock, SystemChance())


def test_the_first_caller_takes_the_flight_and_the_next_learns_its_name(flights: StoredFlights) -> None:
    first = flights.join("demo", NUMBER, 9.0)
    assert first.is_mine
    assert flights.join("demo", NUMBER, 9.0) == Flight(first.name, is_mine=False)
    assert flights.join("demo", OTHER, 9.0).is_mine
    assert flights.join("second", NUMBER, 9.0).is_mine


def test_who_waits_gets_the_answer(flights: StoredFlights, clock: Waiting) -> None:
    mine = flights.join("demo", NUMBER, 9.0)
    theirs = flights.join("demo", NUMBER, 9.0)
    clock.meanwhile = lambda: flights.land("demo", NUMBER, mine, '{"say": "да нет"}')
    assert flights.wait("demo", NUMBER, theirs, 5.0) == '{"say": "да нет"}'
    assert flights.wait("demo", NUMBER, theirs, 5.0) == '{"say": "да нет"}'


def test_who_waits_too_long_gets_nothing(flights: StoredFlights, clock: Waiting) -> None:
    flights.join("demo", NUMBER, 9.0)
    theirs = flights.join("demo", NUMBER, 9.0)
    began = clock.now
    assert flights.wait("demo", NUMBER, theirs, 1.0) == ""
    assert 1.0 <= clock.now - began < 1.1


def test_who_waits_gets_the_answer_though_the_next_flight_has_landed_too(flights: StoredFlights) -> None:
    first = flights.join("demo", NUMBER, 9.0)
    theirs = flights.join("demo", NUMBER, 9.0)
    flights.land("demo", NUMBER, first, "the first answer")
    second = flights.join("demo", NUMBER, 9.0)
    flights.land("demo", NUMBER, second, "the second answer")
    assert flights.wait("demo", NUMBER, theirs, 0.1) == "the first answer"
    assert flights.wait("demo", NUMBER, second, 0.1) == "the second answer"


def test_a_landing_is_not_read_by_who_comes_later(flights: StoredFlights) -> None:
    mine = flights.join("demo", NUMBER, 9.0)
    flights.land("demo", NUMBER, mine, "an answer")
    later = flights.join("demo", NUMBER, 9.0)
    assert later.is_mine
    assert flights.wait("demo", NUMBER, later, 0.1) == ""


def test_a_flight_that_was_lost_does_not_land_over_the_next(flights: StoredFlights, rig: StoreRig) -> None:
    lost = flights.join("demo", NUMBER, 9.0)
    rig.redis.delete(rig.keys_of(NUMBER).of_number("flight"))
    mine = flights.join("demo", NUMBER, 9.0)
    flights.land("demo", NUMBER, lost, "too late")
    assert flights.wait("demo", NUMBER, mine, 0.1) == ""
    flights.land("demo", NUMBER, mine, "in time")
    assert flights.wait("demo", NUMBER, mine, 0.1) == "in time"


def test_a_flight_and_its_landing_go_away_by_themselves(flights: StoredFlights, rig: StoreRig) -> None:
    mine = flights.join("demo", NUMBER, 9.0)
    assert 0 < rig.redis.pttl(rig.keys_of(NUMBER).of_number("flight")) <= 9000
    flights.land("demo", NUMBER, mine, "x")
    assert 0 < rig.redis.pttl(rig.keys_of(NUMBER).of_number(f"landing.{mine.name}")) <= 5000
    assert not rig.redis.exists(rig.keys_of(NUMBER).of_number("flight"))
