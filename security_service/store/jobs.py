"""The Jobs and Slots ports: the queue behind the scenes and what the worker does to codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from security_service.domain.audit import Event, EventKind, Json, canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job
from security_service.domain.messages import ReceiptState
from security_service.store.frame import (
    StoreFrame,
    event_arguments,
    journal,
    subject_text,
    whole,
    words,
)
from security_service.store.job_bodies import job_body, read_job
from security_service.store.keys import all_shards, shard_key
from security_service.store.scripts import load


class StoredJobs:
    """One sorted set a shard, by the time a job is due or its lease ends."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._claim, self._finish, self._retry = load("claim_jobs"), load("finish_job"), load("retry_job")
        self._shards = all_shards()
        self._next = 0

    def claim(self, count: int, lease_s: float) -> list[Job]:
        """Take jobs that are due, going round the shards; each comes back after `lease_s`."""
        jobs: list[Job] = []
        for _ in self._shards:
            shard = self._shards[self._next]
            self._next = (self._next + 1) % len(self._shards)
            try:
                jobs += self._claim_of(shard, count - len(jobs), lease_s)
            except StoreUnavailable:
                if not jobs:
                    raise
                # what was claimed before the store went away is in hand, and is done
                break
            if len(jobs) >= count:
                break
        return jobs

    def _claim_of(self, shard: str, count: int, lease_s: float) -> list[Job]:
        reply = self._frame.scripts.run(
            self._claim,
            [shard_key(shard, "queue"), shard_key(shard, "bodies")],
            [self._frame.now(), count, int(lease_s * 1000)],
        )
        read = (
            read_job(words(job_id), words(body)) for job_id, body in zip(reply[::2], reply[1::2], strict=True)
        )
        # a body of a later version is left to a worker of that version, when its lease ends
        return [job for job in read if job is not None]

    def finish(self, job: Job, events: Sequence[Event]) -> bool:
        """End a job with its events; False where it was ended before (then nothing is written)."""
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._finish,
            journal(keys),
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                len(events),
                *event_arguments(events),
            ],
        )
        return reply[0] == 1

    def retry(self, job: Job, due_in_s: float, events: Sequence[Event]) -> bool:
        """Put a job back for later with its attempt counted."""
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._retry,
            journal(keys),
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                job_body(replace(job, attempt=job.attempt + 1)),
                int(due_in_s * 1000),
                len(events),
                *event_arguments(events),
            ],
        )
        return reply[0] == 1


class StoredSlots:
    """What the worker does to codes: lost leases, receipts, refusals to count."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._end_lease, self._receipt = load("end_lease"), load("apply_receipt")
        self._count = load("count_refusals")

    def end_lease(self, job: Job) -> bool:
        """End a lost lease: the sending's outcome is unknown and the slot is free."""
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._end_lease,
            [keys.slot(job.get("purpose")), *journal(keys)],
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                job.get("code"),
                job.get("keep"),
            ],
        )
        return reply[0] == 1

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        """Apply a final receipt once and end its job; a negative one frees the slot."""
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._receipt,
            [keys.slot(job.get("purpose")), *journal(keys), keys.sealed(job.get("purpose"))],
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                job.get("code"),
                "1" if state.is_negative else "",
                canonical(event.facts),
            ],
        )
        return reply[0] == 1

    def give_up(self, job: Job, event: Event) -> bool:
        """End the job of a receipt that never came; the code stays as it is."""
        return StoredJobs(self._frame).finish(job, (event,))

    def count_refusals(self, job: Job) -> bool:
        """Write how many calls a window refused after its first refusal, at the window's end."""
        if job.get("wide"):
            return self._count_wide(job)
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._count,
            [keys.of_number("refused"), *journal(keys)],
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                job.get("window"),
            ],
        )
        return whole(reply[0]) >= 0

    def _count_wide(self, job: Job) -> bool:
        """A window over many numbers: its count lies elsewhere, and goes with the job that told it.

        A crash between the two leaves the count to expire by itself: it is told too low, not twice.
        """
        reply = self._frame.scripts.command("GETDEL", job.get("wide"))
        refused = int(reply) - 1 if isinstance(reply, bytes) else 0
        facts: dict[str, Json] = {"refused": refused, "window": job.get("window")}
        events = [Event(EventKind.LIMIT_COUNTED, facts)] if refused > 0 else []
        return StoredJobs(self._frame).finish(job, events)
