from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest
import structlog

from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from security_service.processes.job_threads import Bell
from security_service.processes.worker import Worker, WorkerPace, serve
from tests.fakes.clock import HandClock
from tests.usecases.behind_the_scenes import job
from tests.usecases.whole_work import WholeWork

PATIENCE_S = 30.0
"""How long a test waits for a thread before it fails; none comes near it."""


class HandBell(Bell):
    """Pauses move the clock by hand instead of waiting, are remembered, and end after so many."""

    def __init__(self, clock: HandClock, pauses: int) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self._clock = clock
        self._most = pauses

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._clock.move(seconds)
        if len(self.pauses) >= self._most:
            self.stop()


def paced(whole: WholeWork, pauses: int, pace: WorkerPace | None = None) -> tuple[Worker, HandBell]:
    bell = HandBell(whole.clock, pauses)
    return Worker(whole.work, whole.clock, whole.meter, pace or WorkerPace(threads=2), bell), bell


class Gate:
    """A REVERIFY handler that holds every job until it is let go, and tells who is inside."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.done: list[str] = []

    def __call__(self, given: Job) -> None:
        self.inside.release()
        assert self.let_go.wait(PATIENCE_S)
        self.done.append(given.id)

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.inside.acquire(timeout=PATIENCE_S)


def started(worker: Worker) -> threading.Thread:
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    return thread


def reverifications(count: int) -> list[Job]:
    return [job(JobKind.REVERIFY, f"v{number}") for number in range(count)]


def test_with_nothing_due_it_asks_again_less_and_less_often() -> None:
    whole = WholeWork()
    worker, bell = paced(whole, 6)
    worker.run()
    assert bell.pauses == [0.4, 0.8, 1.0, 1.0, 1.0, 1.0]
    assert whole.jobs.claims == [2] * 6


def test_a_job_makes_it_ask_soon_again() -> None:
    whole = WholeWork()
    worker, bell = paced(whole, 3)
    whole.jobs.add(job(JobKind.LEASE))
    worker.run()
    assert bell.pauses == [0.2, 0.4, 0.8]
    assert whole.slots.ended_leases == ["j1"]


def test_while_the_store_is_away_it_asks_less_and_less_often_and_tells_once() -> None:
    whole = WholeWork()
    whole.faults.away = True
    worker, bell = paced(whole, 7)
    with structlog.testing.capture_logs() as logs:
        worker.run()
    assert bell.pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    assert [line["event"] for line in logs].count("store_away") == 1
    assert whole.meter.events.count(("store_away", "worker")) == 7


def test_a_store_that_comes_back_is_told_of_and_asked_at_the_usual_pace() -> None:
    whole = WholeWork()
    whole.faults.next = ["claim", "claim"]
    worker, bell = paced(whole, 4)
    with structlog.testing.capture_logs() as logs:
        worker.run()
    assert bell.pauses == [0.5, 1.0, 0.4, 0.8]
    assert [line for line in logs if line["event"] == "store_back"] == [
        {"event": "store_back", "failed_claims": 2, "log_level": "info"}
    ]


def test_a_queue_that_cannot_be_read_is_told_of_and_does_not_end_the_worker() -> None:
    whole = WholeWork()
    whole.faults.broken = "claim"
    worker, bell = paced(whole, 2)
    with structlog.testing.capture_logs() as logs:
        worker.run()
    assert bell.pauses == [5.0, 5.0]
    assert [line["fault"] for line in logs if line["event"] == "claim_broke"] == ["LookupError"] * 2


def test_it_beats_at_its_interval() -> None:
    whole = WholeWork()
    worker, _ = paced(whole, 50, WorkerPace(threads=1, heartbeat_s=15.0))
    with structlog.testing.capture_logs() as logs:
        worker.run()
    assert whole.clock.now == pytest.approx(1_049.2)
    assert whole.meter.events.count(("heartbeat", "worker")) == 4
    assert [line["event"] for line in logs].count("worker_alive") == 4


def test_it_claims_no_more_than_can_start_at_once() -> None:
    gate = Gate()
    whole = WholeWork(gate)
    whole.jobs.add(*reverifications(5))
    worker = Worker(whole.work, whole.clock, whole.meter, WorkerPace(threads=2))
    thread = started(worker)
    gate.wait_for(2)
    assert whole.jobs.claims == [2]
    gate.let_go.set()
    gate.wait_for(3)
    worker.stop()
    thread.join(PATIENCE_S)
    assert sorted(gate.done) == ["v0", "v1", "v2", "v3", "v4"]
    assert max(whole.jobs.claims) == 2


def test_when_stopped_it_claims_no_more_and_lets_end_what_runs() -> None:
    gate = Gate()
    whole = WholeWork(gate)
    whole.jobs.add(*reverifications(3))
    worker = Worker(whole.work, whole.clock, whole.meter, WorkerPace(threads=1))
    thread = started(worker)
    gate.wait_for(1)
    worker.stop()
    gate.let_go.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert gate.done == ["v0"]
    assert whole.jobs.claims == [1]


def test_a_job_that_does_not_end_does_not_keep_it_from_stopping() -> None:
    gate = Gate()
    whole = WholeWork(gate)
    whole.jobs.add(*reverifications(1))
    worker = Worker(whole.work, whole.clock, whole.meter, WorkerPace(threads=1, stop_within_s=0.05))
    with structlog.testing.capture_logs() as logs:
        thread = started(worker)
        gate.wait_for(1)
        worker.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert logs[-1] == {"event": "worker_stopped", "done": 0, "left_running": 1, "log_level": "info"}
    assert whole.jobs.due_in("v0") == 60.0
    gate.let_go.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    whole = WholeWork(lambda _: os.kill(os.getpid(), number))
    whole.jobs.add(*reverifications(1))
    before = signal.getsignal(number)
    serve(Worker(whole.work, whole.clock, whole.meter, WorkerPace(threads=1)))
    assert signal.getsignal(number) == before
    assert ("job", "reverify") in whole.meter.events


def run_one(handler: Callable[[Job], None], faults: list[str]) -> tuple[WholeWork, list[str]]:
    """Let a worker do one REVERIFY job with a handler; gives what is left and the log."""
    whole = WholeWork(handler)
    whole.jobs.add(*reverifications(1))
    whole.faults.next = faults
    worker, _ = paced(whole, 1, WorkerPace(threads=1))
    with structlog.testing.capture_logs() as logs:
        worker.run()
    return whole, [repr(line) for line in logs if line["event"] not in {"worker_alive", "worker_started"}]


def _break(_: Job) -> None:
    raise LookupError("79161112211 has 250011234567890")


def _lose_the_store(_: Job) -> None:
    raise StoreUnavailable


def test_a_job_that_breaks_is_set_back_and_the_others_go_on() -> None:
    whole, _ = run_one(_break, [])
    assert whole.jobs.due_in("v0") == 5.0
    assert ("job_broke", "reverify") in whole.meter.events


def test_a_fault_is_told_by_kind_and_place_without_its_words() -> None:
    _, logs = run_one(_break, [])
    (told,) = [line for line in logs if "job_broke" in line]
    assert "LookupError" in told
    assert "test_worker.py:" in told
    assert "7916" not in told
    assert "25001" not in told


def test_a_broken_job_that_cannot_be_set_back_comes_back_with_its_lease() -> None:
    whole, _ = run_one(_break, ["retry"])
    assert whole.jobs.due_in("v0") == 60.0


def test_a_job_whose_store_call_was_lost_is_not_set_back_and_comes_back_with_its_lease() -> None:
    whole, logs = run_one(_lose_the_store, [])
    assert whole.jobs.due_in("v0") == 60.0
    assert ("job_interrupted", "reverify") in whole.meter.events
    assert any("job_interrupted" in line for line in logs)


def test_a_broken_job_is_done_in_the_end() -> None:
    tries: list[int] = []

    def break_twice(given: Job) -> None:
        tries.append(given.attempt)
        if given.attempt < 2:
            _break(given)
        whole.jobs.finish(given, ())

    whole = WholeWork(break_twice)
    whole.jobs.add(*reverifications(1))
    for _ in range(3):
        worker, _ = paced(whole, 1, WorkerPace(threads=1))
        worker.run()
        whole.clock.move(whole.jobs.due_in("v0") or 0.0)
    assert tries == [0, 1, 2]
    assert whole.jobs.due_in("v0") is None
