"""Send a code again by another channel where nobody entered it, once; leaves keeping it to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.fallback import LEAST_LEFT_S, NoText, SealedTexts, TextTaken
from security_service.domain.gate import GateInput, decide, needs_answer
from security_service.domain.imsi import NOT_ASKED, SimState
from security_service.domain.jobs import Job, JobKind
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.messages import Accepted, Failed, Message, OutcomeUnknown, Refused
from security_service.domain.operation import Operation
from security_service.domain.phone import country_of
from security_service.domain.policy import Verdict
from security_service.domain.ports import (
    Clock,
    Jobs,
    Meter,
    Policies,
    SimCheck,
    SimFinding,
    Subscribers,
    Tenants,
)
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver, Delivery
from security_service.usecases.sealed_message import WaitingMessage, open_message

FALLBACK_WITHIN_S: Final = 10.0
"""Seconds that the look and the sending may take each; both stay within the lease of a job."""


_UNASKED: Final = SimFinding(NOT_ASKED)


@dataclass(frozen=True, slots=True)
class FallBack:
    """Sends the same code by the tenant's other channels (design, section 2: sealed text).

    One try, never a second: a job that was given out before is ended as unknown. The gate is asked
    again, for a thief may have taken the number over since the code left. Codes sent so are not
    counted for or against a gateway, for nobody can tell which message an entered code came from.
    """

    tenants: Tenants
    subscribers: Subscribers
    sim_check: SimCheck
    policies: Policies
    texts: SealedTexts
    sealer: Sealer
    deliver: Deliver
    jobs: Jobs
    clock: Clock
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one FALLBACK job: `code`, `purpose`, `operator` (MCC-MNC or '') are among its data.

        Raises StoreUnavailable; the job then comes back as `started` when its lease ends.
        """
        if job.started:
            self._end(job, _End(EventKind.FALLBACK_UNKNOWN, "worker_lost"))
            return
        tenant = self.tenants.get(job.tenant)
        if tenant is None:
            self._end(job, _End(EventKind.FALLBACK_FAILED, "tenant_gone"))
            return
        if not tenant.fallback_channels:
            self._end(job, _End(EventKind.FALLBACK_FAILED, "switched_off"))
            return
        began = self.clock.monotonic()
        taken = self.texts.take(job)
        match taken:
            case TextTaken():
                self._end(job, self._with_text(tenant, job, taken, began))
            case NoText.NOT_NEEDED:
                self.meter.event("fallback", taken.value)
                self.jobs.finish(job, ())
            case NoText.FROZEN:
                self._end(job, _End(EventKind.FALLBACK_REFUSED, taken.value))
            case NoText.TOO_LATE | NoText.TAKEN_BEFORE:
                self._end(job, _End(EventKind.FALLBACK_FAILED, taken.value))
            case _:
                assert_never(taken)

    def _with_text(self, tenant: Tenant, job: Job, taken: TextTaken, began: float) -> _End:
        """Pass the gate and send; `began` is the monotonic second from which the life left counts."""
        waiting = open_message(self.sealer, taken.sealed, job)
        if isinstance(waiting, NotOpened):
            return _End(EventKind.FALLBACK_FAILED, "not_opened")
        gate = self._pass_gate(tenant, job, waiting.operation)
        if not gate.sends:
            return _End(EventKind.FALLBACK_REFUSED, gate.reason, gate.finding)
        left_s = int(taken.left_s - (self.clock.monotonic() - began))
        if left_s < LEAST_LEFT_S:
            return _End(EventKind.FALLBACK_FAILED, NoText.TOO_LATE.value, gate.finding)
        return self._send(tenant, job, waiting, left_s, gate.finding)

    def _pass_gate(self, tenant: Tenant, job: Job, operation: Operation) -> _Gate:
        """Let the gate decide again; where there is no reference a SIM tells nothing, and it is not asked.

        Whoever passed as unverified the first time is not counted a second time.
        """
        held = self.subscribers.get(tenant.id, job.number)
        if held.frozen:
            return _Gate(sends=False, reason="frozen", finding=_UNASKED)
        facts = GateInput(
            subscriber=held.subscriber,
            passed_in=None,
            sim=NOT_ASKED,
            operation=operation,
            country=country_of(job.number),
            policy=self.policies.get(tenant.policy),
            now=held.now_ms // 1000,
        )
        finding = _UNASKED
        if not held.subscriber.reference and held.subscriber.override_at(facts.now) is None:
            return _Gate(sends=True, reason="no_reference", finding=finding)
        if needs_answer(facts):
            within_s = min(tenant.lookup_deadline_s, FALLBACK_WITHIN_S)
            finding = self.sim_check.ask(tenant, job.number, held.subscriber, within_s)
        decision = decide(replace(facts, sim=finding.answer))
        return _Gate(decision.verdict is Verdict.SEND, decision.reason, finding)

    def _send(
        self, tenant: Tenant, job: Job, waiting: WaitingMessage, life_s: int, finding: SimFinding
    ) -> _End:
        message = Message(job.number, waiting.text, tenant.sender, life_s, job.id)
        delivery = self.deliver.send(
            tenant,
            message,
            FALLBACK_WITHIN_S,
            channels=tenant.fallback_channels,
            operator=job.get("operator"),
        )
        outcome = delivery.outcome
        match outcome:
            case Accepted():
                return _End(EventKind.FALLBACK_SENT, "", finding, delivery, outcome.message_ids)
            case OutcomeUnknown():
                return _End(EventKind.FALLBACK_UNKNOWN, outcome.reason, finding, delivery)
            case Refused() | Failed():
                return _End(EventKind.FALLBACK_FAILED, outcome.reason, finding, delivery)
            case _:
                assert_never(outcome)

    def _end(self, job: Job, end: _End) -> None:
        """End the job with its event; where the SIM has changed it goes on as a look.

        The look kills the code and opens the case, at least once, as every look behind does.
        """
        event = Event(end.kind, end.facts(job))
        self.meter.event("fallback", end.kind.value)
        if end.finding.answer.state is SimState.CHANGED:
            # what is put back counts an attempt: this makes it the look's first
            look = replace(job, kind=JobKind.LOOK, attempt=job.attempt - 1)
            self.jobs.retry(look, 0.0, (event,))
        else:
            self.jobs.finish(job, (event,))


@dataclass(frozen=True, slots=True)
class _Gate:
    """What the gate says the second time, and what was asked for that."""

    sends: bool
    reason: str
    finding: SimFinding


@dataclass(frozen=True, slots=True)
class _End:
    """How a fallback ended; `reason` tells why it was not sent."""

    kind: EventKind
    reason: str
    finding: SimFinding = _UNASKED
    delivery: Delivery | None = None
    message_ids: Sequence[str] = ()

    def facts(self, job: Job) -> dict[str, Json]:
        """Give the facts of its event, which never hold the text."""
        return {
            "code_id": job.get("code"),
            "gateway": self.delivery.outcome.gateway if self.delivery else "",
            "lookups": [
                {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
                for trace in self.finding.traces
            ],
            "message_ids": list(self.message_ids),
            "purpose": job.get("purpose"),
            "reason": self.reason,
            "sim": self.finding.answer.token(),
            "tried": [
                {"gateway": gateway, "outcome": token}
                for gateway, token in (self.delivery.tried if self.delivery else ())
            ],
        }
