"""Hand an incoming message to the bank's own handler, and send what it answers; leaves HTTP to the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind
from security_service.domain.incoming import (
    AskHandler,
    HandedOn,
    HandlerFailed,
    HandlerSilent,
    IncomingById,
    KeptIncoming,
)
from security_service.domain.jobs import Job
from security_service.domain.ports import Jobs, Meter, Tenants
from security_service.domain.relay import NotTaken, Submission
from security_service.domain.tenants import Tenant
from security_service.usecases.take_message import TakeMessage

HANDLER_WITHIN_S: Final = 30.0
"""How long a handler may take before it is asked again (Devino manual 11.2.3)."""

_AFTER_SILENCE_S: Final = 5.0
_AFTER_ERROR_S: Final = 300.0
_MOST_ATTEMPTS: Final = 288
"""A day of errors; then the message stays in the list that the bank can ask for."""


@dataclass(frozen=True, slots=True)
class HandOnReply:
    """Does HAND_ON jobs: at least once. What the handler answers passes the gate as every message does.

    The answer's id is made of the job's, so that a job that is done twice sends one message.
    """

    tenants: Tenants
    book: IncomingById
    ask: AskHandler
    take: TakeMessage
    jobs: Jobs
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one HAND_ON job; `incoming` is among its data. Raises StoreUnavailable."""
        tenant = self.tenants.get(job.tenant)
        message = self.book.get(job.tenant, int(job.get("incoming")))
        if tenant is None or not tenant.reply_handler or message is None:
            self._end(job, EventKind.REPLY_NOT_HANDED_ON, "no_longer_wanted")
            return
        answer = self.ask(tenant.reply_handler, message, HANDLER_WITHIN_S)
        match answer:
            case HandedOn():
                self._end(job, EventKind.REPLY_HANDED_ON, self._answered(tenant, job, message, answer))
            case HandlerSilent():
                self._again(job, "silent", _AFTER_SILENCE_S)
            case HandlerFailed():
                self._again(job, f"status_{answer.status}", _AFTER_ERROR_S)
            case _:
                assert_never(answer)

    def _answered(self, tenant: Tenant, job: Job, message: KeptIncoming, answer: HandedOn) -> str:
        """Send the handler's own words back from the number that was written to; tell how that went."""
        if not answer.answer.reveal():
            return ""
        given = Submission(
            tenant, message.number, answer.answer, face="reply", sender=message.to, token=job.id
        )
        taken = self.take.run(given, job.id)
        return taken.reason.value if isinstance(taken, NotTaken) else "answered"

    def _again(self, job: Job, reason: str, pause_s: float) -> None:
        self.meter.event("reply_handler", reason)
        if job.attempt + 1 >= _MOST_ATTEMPTS:
            self._end(job, EventKind.REPLY_NOT_HANDED_ON, reason)
        else:
            self.jobs.retry(job, pause_s, ())

    def _end(self, job: Job, kind: EventKind, reason: str) -> None:
        self.jobs.finish(job, (Event(kind, {"incoming": job.get("incoming"), "reason": reason}),))
