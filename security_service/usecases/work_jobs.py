"""Which use case does which job, and what becomes of one that broke; leaves the loop to processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import Jobs, Meter, Slots
from security_service.usecases.fall_back import FallBack
from security_service.usecases.hand_on_reply import HandOnReply
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.relay_message import RelayMessage
from security_service.usecases.report_message import ReportMessage
from security_service.usecases.send_notice import SendNotice

_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 300.0
_INCIDENT_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class WorkJobs:
    """Claims jobs and does them; all its methods may raise StoreUnavailable."""

    jobs: Jobs
    slots: Slots
    look_behind: LookBehind
    reverify: Callable[[Job], None]
    send_notice: SendNotice
    poll_receipt: PollReceipt
    fall_back: FallBack
    relay_message: RelayMessage
    poll_message_receipt: PollReceipt
    report_message: ReportMessage
    hand_on_reply: HandOnReply
    keep_bans: KeepBans
    meter: Meter

    def claim(self, count: int, lease_s: float) -> list[Job]:
        """Take at most `count` jobs that are due; each comes back after `lease_s` unless ended."""
        return self.jobs.claim(count, lease_s)

    def run(self, job: Job) -> None:
        """Do one claimed job; every way of doing it ends it, or puts it back for later."""
        match job.kind:
            case JobKind.LOOK:
                self.look_behind.attempt(job)
            case JobKind.REVERIFY:
                self.reverify(job)
            case JobKind.NOTICE:
                self.send_notice.attempt(job)
            case JobKind.RECEIPT:
                self.poll_receipt.attempt(job)
            case JobKind.FALLBACK:
                self.fall_back.attempt(job)
            case JobKind.LEASE:
                if self.slots.end_lease(job):
                    self.meter.event("lease", "lost")
            case JobKind.REFUSALS:
                self.slots.count_refusals(job)
            case JobKind.RELAY | JobKind.RELAY_RECEIPT | JobKind.REPORT | JobKind.HAND_ON:
                self._of_message(job)
            case JobKind.BAN:
                self.keep_bans.attempt(job)
            case _:
                assert_never(job.kind)
        self.meter.event("job", job.kind.value)

    def _of_message(self, job: Job) -> None:
        """Do a job of a relayed message, or of a reply."""
        if job.kind is JobKind.RELAY:
            self.relay_message.attempt(job)
        elif job.kind is JobKind.RELAY_RECEIPT:
            self.poll_message_receipt.attempt(job)
        elif job.kind is JobKind.REPORT:
            self.report_message.attempt(job)
        else:
            self.hand_on_reply.attempt(job)

    def set_back(self, job: Job) -> None:
        """Put a job that broke back for later: it is never dropped, and told of as an incident in time.

        It comes back as `started`, so that a message among them is not sent a second time.
        """
        self.meter.event("job_broke", job.kind.value)
        pause = min(_FIRST_PAUSE_S * 2.0 ** min(job.attempt, 10), _LONGEST_PAUSE_S)
        events: tuple[Event, ...] = ()
        if job.attempt % _INCIDENT_EVERY == _INCIDENT_EVERY - 1:
            facts = {"attempt": job.attempt, "job": job.kind.value, "job_id": job.id, "what": "job_breaks"}
            events = (Event(EventKind.INCIDENT, facts),)
        self.jobs.retry(replace(job, started=True), pause, events)
