"""The last deed of a worker's slow chores: what is done at the stop is done once more."""

from __future__ import annotations

from security_service.processes.job_threads import Bell
from security_service.processes.slow_chores import SlowChores
from security_service.processes.worker import Chore
from tests.fakes.clock import HandClock
from tests.usecases.behind_the_scenes import CountingMeter


def test_a_chore_for_the_stop_is_done_once_more_and_the_others_are_not() -> None:
    done: list[str] = []
    bell = Bell()
    bell.stop()
    chores = (
        Chore("move", 1.0, lambda: done.append("move")),
        Chore("seal", 60.0, lambda: done.append("seal"), at_stop=True),
    )
    SlowChores(chores, HandClock(), CountingMeter(), bell).run()
    assert done == ["seal"]
