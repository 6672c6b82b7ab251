"""Chores beside the jobs: each when it is due, none kept from its turn by another that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import structlog

from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.links.operating_system import SystemClock
from security_service.processes.job_threads import Bell
from security_service.processes.slow_chores import SlowChores, beside
from security_service.processes.worker import Chore
from tests.fakes.clock import HandClock
from tests.usecases.behind_the_scenes import CountingMeter


class Rounds:
    """A chore that counts its rounds and fails where it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.fault: Exception | None = None

    def __call__(self) -> None:
        self.done += 1
        if self.fault is not None:
            raise self.fault


def chores(*given: tuple[str, float, Callable[[], None]]) -> tuple[SlowChores, HandClock, CountingMeter]:
    clock, meter = HandClock(), CountingMeter()
    made = [Chore(name, every_s, run) for name, every_s, run in given]
    return SlowChores(made, clock, meter, Bell()), clock, meter


def test_each_chore_is_done_when_it_is_due() -> None:
    often, seldom = Rounds(), Rounds()
    slow, clock, _ = chores(("often", 1.0, often), ("seldom", 10.0, seldom))
    for _ in range(11):
        assert slow.round() == pytest.approx(1.0)
        clock.move(1.0)
    assert (often.done, seldom.done) == (11, 2)


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), ArchiveUnavailable("away"), RuntimeError("x")])
def test_a_chore_that_fails_waits_and_keeps_no_other_from_its_turn(fault: Exception) -> None:
    broken, sound = Rounds(), Rounds()
    slow, clock, meter = chores(("broken", 1.0, broken), ("sound", 1.0, sound))
    broken.fault = fault
    with structlog.testing.capture_logs() as logs:
        for _ in range(6):
            slow.round()
            clock.move(1.0)
    assert (broken.done, sound.done) == (2, 6)
    told = "chore_broke" if isinstance(fault, RuntimeError) else "chore_interrupted"
    assert meter.events == [(told, "broken")] * 2
    assert [one["event"] for one in logs] == [told] * (2 if isinstance(fault, RuntimeError) else 1)
    broken.fault = None
    slow.round()
    clock.move(5.0)
    slow.round()
    assert broken.done >= 3


def test_chores_end_with_what_they_stand_beside() -> None:
    bell, ran = Bell(), threading.Event()
    slow = SlowChores([Chore("one", 60.0, ran.set)], SystemClock(), CountingMeter(), bell)
    with beside(slow, bell):
        assert ran.wait(10)
        assert any(thread.name == "slow-chores" for thread in threading.enumerate())
    assert bell.stopped
    assert not any(thread.name == "slow-chores" for thread in threading.enumerate())
