"""Lead a taken message through the gate and out, or put it back; leaves keeping it to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.codes import Admitted, Caller, OpenRequest, RecordMoved, Subject
from security_service.domain.gate import Decision
from security_service.domain.imsi import SimState
from security_service.domain.jobs import Job, JobKind, receipt_pause_s
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.messages import Accepted, Failed, Message, OutcomeUnknown, Refused, Urgency
from security_service.domain.operation import Operation
from security_service.domain.policy import Traffic, Verdict
from security_service.domain.ports import Clock, Jobs, Meter, SendTally, Tenants
from security_service.domain.relay import (
    Due,
    EndRequest,
    InHand,
    LeaseLost,
    MessageState,
    NotDue,
    Overtaken,
    Passed,
    PassRequest,
    hold_pause_s,
    retry_pause_s,
)
from security_service.domain.relay_ports import RelayQueue
from security_service.domain.secret import MessageText
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver, Delivery
from security_service.usecases.pass_gate import Passage, PassGate
from security_service.usecases.take_message import sealed_about

_LEASE_GRACE_S: Final = 5.0
_RETRIES_OF_A_MOVED_RECORD: Final = 4
_MOVED_PAUSE_S: Final = 1.0
_NO_DELIVERY: Final[Sequence[tuple[str, str]]] = ()


@dataclass(frozen=True, slots=True)
class RelayMessage:
    """Does RELAY jobs: at least once, while the message itself goes out at most once.

    A message is `sending` from its verdict to its outcome. One that a worker left in that state when its
    lease ends may have left, so its outcome is unknown and it is never sent again. One that no gateway
    took is offered again until its validity ends.
    """

    tenants: Tenants
    queue: RelayQueue
    gate: PassGate
    deliver: Deliver
    sealer: Sealer
    tally: SendTally
    jobs: Jobs
    clock: Clock
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one RELAY job; `message` is among its data.

        Raises StoreUnavailable; the job then comes back when its lease ends.
        """
        began = self.queue.begin(job, job.get("message"))
        match began:
            case Due():
                self._relay(job, began)
            case InHand():
                self.jobs.retry(job, began.lease_s, ())
            case LeaseLost():
                self._end(job, MessageState.UNKNOWN, "worker_lost")
            case NotDue():
                self.jobs.finish(job, ())
            case _:
                assert_never(began)

    def _relay(self, job: Job, due: Due) -> None:
        tenant = self.tenants.get(job.tenant)
        if tenant is None:
            self._end(job, MessageState.FAILED, "tenant_gone")
            return
        if due.is_frozen:
            self._end(job, MessageState.FAILED, "frozen")
            return
        if due.now_ms >= due.view.expires_at_ms:
            self._end(job, MessageState.EXPIRED, "validity")
            return
        text = self.sealer.open(due.sealed, sealed_about(job.tenant, job.number.digits, due.view.message_id))
        if isinstance(text, NotOpened):
            self._end(job, MessageState.FAILED, "not_opened")
            return
        ends = self.clock.monotonic() + tenant.deadline_s
        passed = self._pass_gate(job, due, tenant, ends)
        if passed is not None:
            self._send(job, due, tenant, MessageText(text.decode("utf-8")), passed, ends)

    def _pass_gate(self, job: Job, due: Due, tenant: Tenant, ends: float) -> Passage | None:
        """Decide and write; again where the record moved. None where the message does not go now."""
        passage = self._begin(job, due, tenant)
        for _ in range(_RETRIES_OF_A_MOVED_RECORD):
            facts, decision, passage = self.gate.judge(passage, ends)
            draft = self.gate.write_up(Caller(due.view.message_id), passage, facts, decision, None)
            state = _state_after(decision)
            written = self.queue.write_verdict(_request(job, due, tenant, state, decision, draft))
            match written:
                case Passed():
                    self.meter.event("relay", f"{state.value}:{decision.reason}")
                    return passage if state is MessageState.SENDING else None
                case RecordMoved():
                    passage = self.gate.again(passage, written)
                case Overtaken():
                    return None
                case _:
                    assert_never(written)
        self.jobs.retry(job, _MOVED_PAUSE_S, ())
        return None

    def _begin(self, job: Job, due: Due, tenant: Tenant) -> Passage:
        """Start at the gate as a code does; a message that waited is `deferred` traffic."""
        admitted = Admitted(due.now_ms, due.subscriber, due.stored, due.unverified_today)
        is_deferred = due.view.due_at_ms > due.view.taken_at_ms
        passage = self.gate.begin(Subject(tenant, job.number, Operation(due.purpose)), None, admitted)
        return replace(
            passage,
            traffic=Traffic.DEFERRED if is_deferred else Traffic.RELAYED,
            message_id=due.view.message_id,
        )

    def _send(
        self, job: Job, due: Due, tenant: Tenant, text: MessageText, passage: Passage, ends: float
    ) -> None:
        life_s = (due.view.expires_at_ms - due.now_ms) // 1000
        message = Message(job.number, text, due.view.sender, int(life_s), due.view.message_id, Urgency.NOTICE)
        delivery = self.deliver.send(
            tenant,
            message,
            max(ends - self.clock.monotonic(), 0.0),
            channels=tenant.channels,
            operator=_operator(passage),
        )
        self._settle(job, due, tenant, delivery)

    def _settle(self, job: Job, due: Due, tenant: Tenant, delivery: Delivery) -> None:
        outcome = delivery.outcome
        match outcome:
            case Accepted():
                jobs = (_receipt_job(job, due, outcome),)
                ended = self._end(job, MessageState.SENT, "", delivery, jobs, outcome.message_ids)
                if ended:
                    self.tally.sent(tenant.id)
            case OutcomeUnknown():
                self._end(job, MessageState.UNKNOWN, outcome.reason, delivery)
                self.tally.sent(tenant.id)
            case Refused():
                self._end(job, MessageState.FAILED, outcome.reason, delivery)
            case Failed():
                self._end(job, MessageState.QUEUED, outcome.reason, delivery)
            case _:
                assert_never(outcome)

    def _end(
        self,
        job: Job,
        state: MessageState,
        reason: str,
        delivery: Delivery | None = None,
        jobs: Sequence[Job] = (),
        message_ids: Sequence[str] = (),
    ) -> bool:
        gateway = delivery.outcome.gateway if delivery else ""
        tried = delivery.tried if delivery else _NO_DELIVERY
        facts: dict[str, Json] = {
            "attempt": job.attempt,
            "gateway": gateway,
            "message_id": job.get("message"),
            "message_ids": list(message_ids),
            "reason": reason,
            "tried": [{"gateway": name, "outcome": token} for name, token in tried],
        }
        self.meter.event("message", state.value)
        return self.queue.end(
            EndRequest(
                replace(job, attempt=job.attempt + 1),
                job.get("message"),
                state,
                reason,
                Event(_ENDS[state], facts),
                gateway if state is MessageState.SENT else "",
                float(retry_pause_s(job.attempt)),
                jobs,
            )
        )


_ENDS: Final = {
    MessageState.SENT: EventKind.MESSAGE_SENT,
    MessageState.UNKNOWN: EventKind.MESSAGE_UNKNOWN,
    MessageState.FAILED: EventKind.MESSAGE_FAILED,
    MessageState.QUEUED: EventKind.MESSAGE_FAILED,
    MessageState.EXPIRED: EventKind.MESSAGE_EXPIRED,
}


def _state_after(decision: Decision) -> MessageState:
    """What a verdict makes of a message; nobody is there who could step up."""
    match decision.verdict:
        case Verdict.SEND:
            return MessageState.SENDING
        case Verdict.HOLD:
            return MessageState.HELD
        case Verdict.DENY | Verdict.STEP_UP:
            return MessageState.REFUSED
        case _:
            assert_never(decision.verdict)


def _request(
    job: Job, due: Due, tenant: Tenant, state: MessageState, decision: Decision, draft: OpenRequest
) -> PassRequest:
    pause_s = hold_pause_s(job.attempt) if state is MessageState.HELD else tenant.deadline_s + _LEASE_GRACE_S
    return PassRequest(
        job=job,
        message_id=due.view.message_id,
        stored=draft.stored,
        subscriber=draft.subscriber,
        state=state,
        reason=decision.reason,
        pause_s=float(pause_s),
        events=draft.events,
        jobs=draft.jobs,
        notice=draft.notice,
        notice_key=draft.notice_key,
        unverified=draft.unverified,
    )


def _operator(passage: Passage) -> str:
    """The number's MCC-MNC: the source's word, else that of the newest trusted IMSI."""
    if passage.sim.state is not SimState.NOT_ASKED and passage.sim.mcc_mnc:
        return passage.sim.mcc_mnc
    members = passage.subscriber.reference.members
    return max(members, key=lambda member: member.last_seen).imsi.mcc_mnc if members else ""


def _receipt_job(job: Job, due: Due, accepted: Accepted) -> Job:
    return Job(
        id=f"o{due.view.message_id}",
        kind=JobKind.RELAY_RECEIPT,
        tenant=job.tenant,
        number=job.number,
        data=(
            ("gateway", accepted.gateway),
            ("message", due.view.message_id),
            ("messages", " ".join(accepted.message_ids)),
        ),
        due_in_s=float(receipt_pause_s(0) or 0),
    )
