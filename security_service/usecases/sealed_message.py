"""A code's message as it waits for another channel: sealed, with what the gate asks about it again."""

from __future__ import annotations

import json
from dataclasses import dataclass

from security_service.domain.audit import canonical
from security_service.domain.codes import NewCode, Subject
from security_service.domain.fallback import Fallback
from security_service.domain.jobs import Job, JobKind
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.operation import Operation
from security_service.domain.secret import MessageText


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """What was sealed: the text with the code, and what the code is for (the payee is in the text)."""

    text: MessageText
    operation: Operation


def plan_fallback(sealer: Sealer, subject: Subject, code: NewCode, text: MessageText) -> Fallback | None:
    """Seal a message that a gateway took, for a tenant with channels to fall back to; else None."""
    tenant, operation = subject.tenant, subject.operation
    if not tenant.fallback_channels:
        return None
    job = Job(
        id=f"f{code.id}",
        kind=JobKind.FALLBACK,
        tenant=tenant.id,
        number=subject.number,
        data=(("code", code.id), ("operator", code.operator), ("purpose", operation.purpose)),
        due_in_s=float(tenant.fallback_after_s),
    )
    clear = canonical({"amount": operation.minor, "currency": operation.currency, "text": text.reveal()})
    return Fallback(sealer.seal(clear.encode("utf-8"), _about(job)), job)


def open_message(sealer: Sealer, sealed: bytes, job: Job) -> WaitingMessage | NotOpened:
    """Open what `plan_fallback` sealed for this very job."""
    clear = sealer.open(sealed, _about(job))
    if isinstance(clear, NotOpened):
        return clear
    read = json.loads(clear)
    operation = Operation(job.get("purpose"), read["amount"], read["currency"])
    return WaitingMessage(MessageText(read["text"]), operation)


def _about(job: Job) -> str:
    """What a sealed text is bound to, so that one code's text cannot be put in another's place."""
    return " ".join(("fallback", job.tenant, job.number.digits, job.get("purpose"), job.get("code")))
