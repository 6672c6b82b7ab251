"""The loop behind the scenes: claims jobs, feeds threads, pauses, stops; leaves the jobs to the use cases."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import FrameType
from typing import Final

import structlog

from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job
from security_service.domain.ports import Clock, Meter
from security_service.processes.job_threads import Bell, JobThreads
from security_service.usecases.work_jobs import WorkJobs

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("worker")

_IDLE_PAUSES_S: Final = (0.2, 0.4, 0.8, 1.0)
_AWAY_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 5.0)
_BUSY_PAUSE_S: Final = 1.0
_FRAMES_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class WorkerPace:
    """How much a worker takes on and how long it may hold it; times are seconds.

    `lease_s` must be longer than any job takes, for a job whose lease ended is given out again.
    """

    threads: int = 16
    lease_s: float = 60.0
    stop_within_s: float = 10.0
    heartbeat_s: float = 15.0


DEFAULT_PACE: Final = WorkerPace()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something a worker does again and again besides jobs; a round that breaks is only told of.

    With `at_stop` it is done once more when the worker stops (see `SlowChores`).
    """

    name: str
    every_s: float
    run: Callable[[], None]
    at_stop: bool = False


class Worker:
    """Does jobs until it is told to stop.

    It claims no more jobs than it has free threads, so that each starts at once and its lease is
    all its own. With nothing due it asks again after 0.2 s, growing to 1 s; with the store away
    after 0.5 s, growing to 5 s. A job that a thread finishes, or a call of `stop`, ends a pause.
    """

    def __init__(
        self,
        work: WorkJobs,
        clock: Clock,
        meter: Meter,
        pace: WorkerPace = DEFAULT_PACE,
        bell: Bell | None = None,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._work = work
        self._clock = clock
        self._meter = meter
        self._pace = pace
        self._bell = bell or Bell()
        self._idle_rounds = 0
        self._away_rounds = 0
        self._next_beat = clock.monotonic()
        self._chores = {chore.name: (chore, clock.monotonic()) for chore in chores}

    def stop(self) -> None:
        """Claim no more; safe within a signal handler and from any thread."""
        self._bell.stop()

    def run(self) -> None:
        """Work until `stop`; then let what runs end, for `stop_within_s` at most.

        A job that had not ended by then comes back when its lease ends, here or elsewhere.
        """
        threads = JobThreads(self._attend, self._pace.threads, self._bell)
        _LOG.info("worker_started", threads=self._pace.threads)
        while not self._bell.stopped:
            self._beat(threads)
            self._do_chores()
            self._bell.wait(self._round(threads))
        left = threads.finish(self._pace.stop_within_s)
        _LOG.info("worker_stopped", done=threads.done, left_running=left)

    def _round(self, threads: JobThreads) -> float:
        """Claim for the threads that are free; gives the seconds to pause."""
        free = threads.free
        if free == 0:
            return _BUSY_PAUSE_S
        try:
            jobs = self._work.claim(free, self._pace.lease_s)
        except StoreUnavailable:
            return self._away()
        except Exception as error:  # noqa: BLE001 - outermost loop: a job nobody can read must not end the others
            self._meter.event("claim_broke", "worker")
            _LOG.error("claim_broke", **told(error))
            return _AWAY_PAUSES_S[-1]
        if self._away_rounds:
            _LOG.info("store_back", failed_claims=self._away_rounds)
            self._away_rounds = 0
        for job in jobs:
            threads.start(job)
        if len(jobs) == free:
            self._idle_rounds = 0
            return 0.0
        self._idle_rounds = 0 if jobs else self._idle_rounds + 1
        return _step(_IDLE_PAUSES_S, self._idle_rounds)

    def _away(self) -> float:
        """Once is told in the log; each failed claim is counted."""
        if not self._away_rounds:
            _LOG.warning("store_away")
        self._meter.event("store_away", "worker")
        self._away_rounds += 1
        return _step(_AWAY_PAUSES_S, self._away_rounds - 1)

    def _do_chores(self) -> None:
        now = self._clock.monotonic()
        for name, (chore, due) in self._chores.items():
            if now < due:
                continue
            self._chores[name] = (chore, now + chore.every_s)
            try:
                chore.run()
            except StoreUnavailable:
                self._meter.event("chore_interrupted", name)
            except Exception as error:  # noqa: BLE001 - outermost loop: a broken chore must not end the jobs
                self._meter.event("chore_broke", name)
                _LOG.error("chore_broke", chore=name, **told(error))

    def _beat(self, threads: JobThreads) -> None:
        now = self._clock.monotonic()
        if now < self._next_beat:
            return
        self._next_beat = now + self._pace.heartbeat_s
        running = self._pace.threads - threads.free
        self._meter.event("heartbeat", "worker")
        _LOG.info("worker_alive", running=running, done=threads.done, store_away=bool(self._away_rounds))

    def _attend(self, job: Job) -> None:
        """Do one job; one that breaks is set back, and if that breaks too its lease brings it back."""
        for step in (self._work.run, self._work.set_back):
            try:
                step(job)
            except StoreUnavailable:
                self._meter.event("job_interrupted", job.kind.value)
                _LOG.warning("job_interrupted", kind=job.kind.value, job=job.id)
                return
            except Exception as error:  # noqa: BLE001 - outermost loop: one broken job must not end the others
                _LOG.error("job_broke", kind=job.kind.value, job=job.id, **told(error))
            else:
                return


def serve(worker: Worker) -> None:
    """Run a worker in the main thread until SIGTERM or SIGINT; handlers are put back afterwards."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def told(error: Exception) -> dict[str, str]:
    """The kind of a fault and where it was raised; never its words, which may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_TOLD:]
    where = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return {"fault": type(error).__name__, "where": where}


def _step(pauses: tuple[float, ...], rounds: int) -> float:
    return pauses[min(rounds, len(pauses) - 1)]
