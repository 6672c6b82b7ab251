"""The queue behind the scenes in memory, with leases by a clock that is moved by hand; and its Slots."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from security_service.domain.audit import Event
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import MESSAGE_KINDS, Job
from security_service.domain.messages import ReceiptState
from tests.fakes.clock import HandClock


@dataclass(slots=True)
class Faults:
    """Which store calls fail, without effect: each of `next` once, all while `away`.

    A call that is `broken` raises what nobody foresaw.
    """

    next: list[str] = field(default_factory=list)
    away: bool = False
    broken: str = ""

    def check(self, call: str) -> None:
        if call == self.broken:
            raise LookupError("what the store holds cannot be read")
        if self.away:
            raise StoreUnavailable
        if call in self.next:
            self.next.remove(call)
            raise StoreUnavailable


@dataclass(slots=True)
class _Queued:
    job: Job
    due: float


class MemoryJobs:
    """The Jobs port. `events` is the log, in the order in which the scripts would have written it."""

    def __init__(self, clock: HandClock, faults: Faults | None = None) -> None:
        self.clock = clock
        self.faults = faults or Faults()
        self.events: list[Event] = []
        self.claims: list[int] = []
        self._queued: dict[str, _Queued] = {}
        self._lock = threading.Lock()

    def add(self, *jobs: Job) -> None:
        with self._lock:
            for job in jobs:
                self._queued[job.id] = _Queued(job, self.clock.now + job.due_in_s)

    def due_in(self, job_id: str) -> float | None:
        """Seconds until a job is due, None where it has ended."""
        with self._lock:
            queued = self._queued.get(job_id)
            return None if queued is None else queued.due - self.clock.now

    def claim(self, count: int, lease_s: float) -> list[Job]:
        self.faults.check("claim")
        with self._lock:
            self.claims.append(count)
            due = sorted(
                (queued for queued in self._queued.values() if queued.due <= self.clock.now),
                key=lambda queued: queued.due,
            )[:count]
            given = [queued.job for queued in due]
            for queued in due:
                queued.due = self.clock.now + lease_s
                if queued.job.kind.value in MESSAGE_KINDS:
                    queued.job = replace(queued.job, started=True)
            return given

    def finish(self, job: Job, events: Sequence[Event]) -> bool:
        self.faults.check("finish")
        return self._end(job, events)

    def retry(self, job: Job, due_in_s: float, events: Sequence[Event]) -> bool:
        self.faults.check("retry")
        with self._lock:
            if job.id not in self._queued:
                return False
            self._queued[job.id] = _Queued(
                replace(job, attempt=job.attempt + 1, due_in_s=due_in_s), self.clock.now + due_in_s
            )
            self.events += events
            return True

    def _end(self, job: Job, events: Sequence[Event]) -> bool:
        with self._lock:
            if self._queued.pop(job.id, None) is None:
                return False
            self.events += events
            return True

    def end_of(self, job: Job, event: Event | None = None) -> bool:
        """What a script does that ends a job by itself."""
        return self._end(job, () if event is None else (event,))


class MemorySlots:
    """The Slots port over MemoryJobs: remembers what was done to which job's code."""

    def __init__(self, jobs: MemoryJobs) -> None:
        self.jobs = jobs
        self.ended_leases: list[str] = []
        self.receipts: list[tuple[str, ReceiptState]] = []
        self.counted: list[str] = []

    def end_lease(self, job: Job) -> bool:
        self.jobs.faults.check("end_lease")
        if not self.jobs.end_of(job):
            return False
        self.ended_leases.append(job.id)
        return True

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        self.jobs.faults.check("apply_receipt")
        if not self.jobs.end_of(job, event):
            return False
        self.receipts.append((job.get("code"), state))
        return True

    def give_up(self, job: Job, event: Event) -> bool:
        self.jobs.faults.check("give_up")
        return self.jobs.finish(job, (event,))

    def count_refusals(self, job: Job) -> bool:
        self.jobs.faults.check("count_refusals")
        if not self.jobs.end_of(job):
            return False
        self.counted.append(job.id)
        return True
