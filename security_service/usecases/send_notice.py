"""Tell a subscriber of a refusal, at most once; leaves deciding that a notice is due to the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.jobs import Job
from security_service.domain.messages import (
    Accepted,
    Failed,
    Message,
    OutcomeUnknown,
    Refused,
    Urgency,
)
from security_service.domain.ports import Jobs, Meter, NoticeCap, Tenants
from security_service.domain.secret import MessageText
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver, Delivery

NOTICE_WITHIN_S: Final = 10.0
NOTICE_LIFE_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Sends the tenant's fixed text past the gate (design, section 3): one try, never a second.

    A job that was given out before is ended as unknown, whatever kept its worker from ending it:
    a notice that is missing does less harm than one that comes twice.
    """

    tenants: Tenants
    cap: NoticeCap
    deliver: Deliver
    jobs: Jobs
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one NOTICE job; `reason` among its data is why the gate refused.

        Raises StoreUnavailable; the job then comes back as `started` when its lease ends.
        """
        if job.started:
            self._end(job, EventKind.NOTICE_UNKNOWN, "worker_lost")
            return
        tenant = self.tenants.get(job.tenant)
        if tenant is None:
            self._end(job, EventKind.NOTICE_FAILED, "tenant_gone")
            return
        text = _text(tenant)
        if text is None:
            self._end(job, EventKind.NOTICE_FAILED, "no_text")
            return
        if not self.cap.take(tenant):
            self.meter.event("limit", "notices_a_day")
            self._end(job, EventKind.NOTICE_FAILED, "daily_cap")
            return
        message = Message(job.number, text, tenant.sender, NOTICE_LIFE_S, job.id, Urgency.NOTICE)
        self._tell(job, self._deliver(tenant, message))

    def _deliver(self, tenant: Tenant, message: Message) -> Delivery:
        return self.deliver.send(tenant, message, NOTICE_WITHIN_S, channels=tenant.notice_channels)

    def _tell(self, job: Job, delivery: Delivery) -> None:
        outcome = delivery.outcome
        match outcome:
            case Accepted():
                self._end(job, EventKind.NOTICE_SENT, "", delivery, outcome.message_ids)
            case OutcomeUnknown():
                self._end(job, EventKind.NOTICE_UNKNOWN, outcome.reason, delivery)
            case Refused() | Failed():
                self._end(job, EventKind.NOTICE_FAILED, outcome.reason, delivery)
            case _:
                assert_never(outcome)

    def _end(
        self,
        job: Job,
        kind: EventKind,
        reason: str,
        delivery: Delivery | None = None,
        message_ids: Sequence[str] = (),
    ) -> None:
        """Write how it ended: `reason` tells why not sent, `refusal` what the notice was to tell of."""
        facts: dict[str, Json] = {
            "gateway": delivery.outcome.gateway if delivery else "",
            "message_ids": list(message_ids),
            "reason": reason,
            "refusal": job.get("reason"),
            "tried": [
                {"gateway": gateway, "outcome": token}
                for gateway, token in (delivery.tried if delivery else ())
            ],
        }
        self.meter.event("notice", kind.value)
        self.jobs.finish(job, (Event(kind, facts),))


def _text(tenant: Tenant) -> MessageText | None:
    """The text in the tenant's locale, else the first by name of locale; it has no placeholders."""
    texts = {locale: text for locale, text in tenant.notices.items() if text}
    if not texts:
        return None
    return MessageText(texts.get(tenant.locale) or texts[min(texts)])
