"""GenerateCode: the order of its steps (design, section 2); leaves deciding to the gate and the scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.codes import (
    LEASE_GRACE_S,
    AdmitRequest,
    Admitted,
    Caller,
    CodeExists,
    KeyedDigest,
    KeyReused,
    NewCode,
    NewTicket,
    Opened,
    OpenRequest,
    RecordMoved,
    Replayed,
    Settlement,
    SettleRequest,
    StillRunning,
    StoreRefuses,
    Subject,
    code_digest,
    operation_digests,
)
from security_service.domain.errors import StoreUnavailable
from security_service.domain.fallback import Fallback
from security_service.domain.gate import Decision, GateInput
from security_service.domain.jobs import Job, JobKind, receipt_pause_s
from security_service.domain.limits import LimitReached, Locked
from security_service.domain.link_ports import Sealer
from security_service.domain.messages import (
    Accepted,
    Failed,
    Message,
    OutcomeUnknown,
    Refused,
)
from security_service.domain.policy import Verdict
from security_service.domain.ports import (
    Chance,
    Clock,
    Codes,
    Health,
    Meter,
    SendTally,
    WideLimits,
)
from security_service.domain.route_ports import Arrivals
from security_service.domain.secret import Code, KeyRing, MessageText, Msisdn
from security_service.domain.step_up import TICKET_LIFE_S
from security_service.domain.templates import ChosenTemplate
from security_service.domain.tenants import Tenant, UnknownIs
from security_service.usecases.answers import (
    Answered,
    BadMember,
    GenerateAnswer,
    IdempotencyConflict,
    OperationResult,
)
from security_service.usecases.deliver import Deliver, Delivery
from security_service.usecases.intake import Intake, InvalidNumber, Request
from security_service.usecases.pass_gate import Passage, PassGate
from security_service.usecases.sealed_message import plan_fallback

_RETRIES_OF_A_MOVED_RECORD = 4
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class GenerateCodeRequest:
    """A GenerateCode call: what both operations are given, the IMSI passed in, a text of the caller's own."""

    request: Request
    imsi_code: str | None = None
    own_text: ChosenTemplate | None = None


@dataclass(frozen=True, slots=True)
class GenerateCode:
    """Draws a code, passes the gate, stores the code, sends it, and says truthfully what happened.

    `steps_up` says that the codes of authenticators can be checked here.
    """

    intake: Intake
    codes: Codes
    wide_limits: WideLimits
    gate: PassGate
    deliver: Deliver
    tally: SendTally
    arrivals: Arrivals
    health: Health
    chance: Chance
    clock: Clock
    meter: Meter
    keys: KeyRing
    sealer: Sealer
    steps_up: bool = False

    def run(self, command: GenerateCodeRequest) -> OperationResult:
        """Answer one call. Never raises for what the store does: that is code 4."""
        began = self.clock.monotonic()
        try:
            result = self._run(command, began)
        except StoreUnavailable:
            result = Answered(GenerateAnswer.INTERNAL, "store_unavailable")
        if isinstance(result, Answered):
            took = self.clock.monotonic() - began
            self.meter.operation("GenerateCode", result.code, result.reason, took)
        return result

    def _run(self, command: GenerateCodeRequest, began: float) -> OperationResult:
        read = self.intake.read(command.request, command.imsi_code or "")
        if isinstance(read, InvalidNumber):
            return Answered(GenerateAnswer.INVALID_NUMBER, "invalid_number")
        if not isinstance(read, tuple):
            return read
        subject, caller = read
        if not subject.operation.is_payment and subject.tenant.templates.expects_amount(
            subject.operation.purpose
        ):
            return BadMember("Amount", "this purpose is a payment: Amount, Currency and Payee are needed")
        refusal = self.health.refuses_new_codes()
        if refusal:
            return Answered(GenerateAnswer.INTERNAL, refusal)
        wide = _Wide(self.wide_limits, subject, caller, command.request.limit_keys)
        reached = wide.take()
        if reached is not None:
            return _limit(reached, self.meter)
        admission = self._admit(subject, caller, began)
        if not isinstance(admission, Admitted):
            wide.give_back()
            return admission
        call = _Call(subject, caller, command, began + subject.tenant.deadline_s)
        result = self._admitted(call, admission)
        if result.code in {GenerateAnswer.INTERNAL, GenerateAnswer.NOT_SENT, GenerateAnswer.CODE_EXISTS}:
            wide.give_back()
        return result

    def _admit(
        self, subject: Subject, caller: Caller, began: float
    ) -> Admitted | Answered | IdempotencyConflict:
        request = AdmitRequest(subject, caller, operation_digests(self.keys, subject.operation))
        patience = began + subject.tenant.deadline_s + LEASE_GRACE_S
        while True:
            admission = self.codes.admit(request)
            match admission:
                case Admitted():
                    return admission
                case StillRunning():
                    if self.clock.monotonic() >= patience:
                        return Answered(GenerateAnswer.INTERNAL, "first_call_still_running")
                    self.clock.pause(min(_POLL_S, max(admission.lease_s, 0.01)))
                case Locked():
                    self.meter.event("limit", admission.reason)
                    return Answered(
                        GenerateAnswer.LIMIT, admission.reason, retry_after_s=admission.retry_after_s
                    )
                case LimitReached():
                    return _limit(admission, self.meter)
                case CodeExists():
                    return Answered(
                        GenerateAnswer.CODE_EXISTS, "code_exists", retry_after_s=admission.retry_after_s
                    )
                case Replayed():
                    return Answered(int(admission.answer), "replayed")
                case KeyReused():
                    return IdempotencyConflict()
                case StoreRefuses():
                    return Answered(GenerateAnswer.INTERNAL, admission.reason)
                case _:
                    assert_never(admission)

    def _admitted(self, call: _Call, admitted: Admitted) -> Answered:
        """Decide and store; again where the record moved under the decision."""
        if not self.steps_up:
            admitted = replace(admitted, authenticator=None)
        passage = self.gate.begin(call.subject, call.command.imsi_code, admitted)
        for _ in range(_RETRIES_OF_A_MOVED_RECORD):
            facts, decision, passage = self.gate.judge(passage, call.ends)
            code, draft = self._draft(call, passage, facts, decision)
            opening = self.codes.open(draft)
            match opening:
                case Opened():
                    if code is None:
                        self.meter.event("refused", decision.reason)
                        return Answered(GenerateAnswer.GATE_REFUSED, decision.reason, decision.verdict.value)
                    if decision.unverified:
                        self.meter.event("fail_open", decision.reason)
                    return self._send(call, code, draft)
                case RecordMoved():
                    passage = self.gate.again(passage, opening)
                case CodeExists():
                    return Answered(
                        GenerateAnswer.CODE_EXISTS, "code_exists", retry_after_s=opening.retry_after_s
                    )
                case StillRunning():
                    return self._after_the_first(call)
                case Locked():
                    self.meter.event("limit", opening.reason)
                    return Answered(GenerateAnswer.LIMIT, opening.reason)
                case StoreRefuses():
                    return Answered(GenerateAnswer.INTERNAL, opening.reason)
                case _:
                    assert_never(opening)
        self.codes.release(call.subject, call.caller)
        return Answered(GenerateAnswer.INTERNAL, "record_keeps_moving")

    def _after_the_first(self, call: _Call) -> Answered:
        """Another call under the same idempotency key stored its code first: answer what it answers."""
        self.codes.release(call.subject, call.caller)
        again = self._admit(call.subject, call.caller, self.clock.monotonic())
        match again:
            case Admitted():
                return self._admitted(call, again)
            case Answered():
                return again
            case IdempotencyConflict():
                return Answered(GenerateAnswer.INTERNAL, "idempotency_key_moved")
            case _:
                assert_never(again)

    def _draft(
        self, call: _Call, passage: Passage, facts: GateInput, decision: Decision
    ) -> tuple[Code | None, OpenRequest]:
        """Draw the code where the verdict is to send, and put together what is written for it."""
        subject, tenant = call.subject, call.subject.tenant
        code: Code | None = None
        stored: NewCode | None = None
        if decision.verdict is Verdict.SEND:
            version = self.keys.newest
            code = self.chance.code(tenant.code_length)
            stored = NewCode(
                id=self.chance.token(),
                digest=KeyedDigest(
                    version,
                    code_digest(
                        self.keys, version, tenant.id, subject.number, subject.operation.purpose, code
                    ),
                ),
                operations=operation_digests(self.keys, subject.operation),
                life_s=tenant.code_life_s,
                lease_s=max(call.ends - self.clock.monotonic(), 0.0) + LEASE_GRACE_S,
                pin=facts.sim.imsi.newest() if facts.sim.imsi else None,
                operator=_operator(facts),
            )
        ticket = self._ticket(call, passage) if decision.verdict is Verdict.STEP_UP else None
        draft = self.gate.write_up(call.caller, passage, facts, decision, stored, ticket)
        return code, draft

    def _ticket(self, call: _Call, passage: Passage) -> NewTicket:
        """What a code of the authenticator is taken against (design, section 3: step_up)."""
        if passage.authenticator is None:
            raise AssertionError("who may step up has something to do it with")
        operations = operation_digests(self.keys, call.subject.operation)
        return NewTicket(self.chance.token(), operations, passage.authenticator.id, TICKET_LIFE_S)

    def _send(self, call: _Call, code: Code, draft: OpenRequest) -> Answered:
        stored = draft.code
        if stored is None:
            raise AssertionError("a code in hand was stored")
        tenant, left = call.subject.tenant, call.ends - self.clock.monotonic()
        text = self._text(call, code)
        message = Message(call.subject.number, text, tenant.sender, stored.life_s, stored.id)
        if left > 0:
            delivery = self.deliver.send(
                tenant, message, left, channels=tenant.channels, operator=stored.operator
            )
        else:
            delivery = Delivery(Failed("", "deadline_passed"), ())
        answer, settle = self._settlement(call, stored, delivery, text)
        self.codes.settle(settle)
        if settle.settlement is not Settlement.NOT_SENT:
            self.tally.sent(tenant.id)
        if settle.gateway:
            self.arrivals.sent(settle.gateway, stored.operator)
        return answer

    def _text(self, call: _Call, code: Code) -> MessageText:
        operation, tenant = call.subject.operation, call.subject.tenant
        locale = call.command.request.locale or tenant.locale
        template = call.command.own_text or tenant.templates.choose(
            operation.purpose, locale, is_payment=operation.is_payment, default_locale=tenant.locale
        )
        return template.render(code, max(tenant.code_life_s // 60, 1), operation)

    def _settlement(
        self, call: _Call, stored: NewCode, delivery: Delivery, text: MessageText
    ) -> tuple[Answered, SettleRequest]:
        outcome = delivery.outcome
        keep = call.subject.tenant.unknown_is is UnknownIs.SENT
        jobs: tuple[Job, ...] = ()
        fallback: Fallback | None = None
        match outcome:
            case Accepted():
                kind, settlement = EventKind.CODE_SENT, Settlement.ACCEPTED
                answer = Answered(GenerateAnswer.SENT, "sent")
                jobs = (self._receipt_job(call.subject.tenant, call.subject.number, stored, outcome, call),)
                fallback = plan_fallback(self.sealer, call.subject, stored, text)
            case OutcomeUnknown():
                kind, settlement = EventKind.SEND_UNKNOWN, Settlement.UNKNOWN
                answer = Answered(GenerateAnswer.SENT if keep else GenerateAnswer.NOT_SENT, "outcome_unknown")
            case Refused() | Failed():
                kind, settlement = EventKind.SEND_REFUSED, Settlement.NOT_SENT
                answer = Answered(GenerateAnswer.NOT_SENT, outcome.reason)
            case _:
                assert_never(outcome)
        facts: dict[str, Json] = {
            "code_id": stored.id,
            "gateway": outcome.gateway,
            "message_ids": list(outcome.message_ids) if isinstance(outcome, Accepted) else [],
            "reason": "" if isinstance(outcome, Accepted) else outcome.reason,
            "request_id": call.caller.request_id,
            "text": self.keys.digest(self.keys.newest, "text", text.reveal()).hex(),
            "tried": [{"gateway": gateway, "outcome": token} for gateway, token in delivery.tried],
        }
        return answer, SettleRequest(
            call.subject,
            call.caller,
            stored.id,
            settlement,
            keep,
            Event(kind, facts),
            str(int(answer.code)),
            jobs,
            outcome.gateway if isinstance(outcome, Accepted) else "",
            fallback,
        )

    def _receipt_job(
        self, tenant: Tenant, number: Msisdn, stored: NewCode, accepted: Accepted, call: _Call
    ) -> Job:
        return Job(
            id=f"r{stored.id}",
            kind=JobKind.RECEIPT,
            tenant=tenant.id,
            number=number,
            data=(
                ("code", stored.id),
                ("gateway", accepted.gateway),
                ("messages", " ".join(accepted.message_ids)),
                ("purpose", call.subject.operation.purpose),
            ),
            due_in_s=float(receipt_pause_s(0) or 0),
        )


@dataclass(frozen=True, slots=True)
class _Call:
    """One admitted call; `ends` is the monotonic second at which the caller's deadline passes."""

    subject: Subject
    caller: Caller
    command: GenerateCodeRequest
    ends: float


@dataclass(frozen=True, slots=True)
class _Wide:
    """The wide windows of one call, where the tenant has any."""

    limits: WideLimits
    subject: Subject
    caller: Caller
    keys: tuple[str, ...]

    def take(self) -> LimitReached | None:
        if not self.subject.tenant.limits.has_wide:
            return None
        return self.limits.take(self.subject.tenant, self.subject.number, self.caller.source, self.keys)

    def give_back(self) -> None:
        if self.subject.tenant.limits.has_wide:
            self.limits.give_back(self.subject.tenant, self.subject.number, self.caller.source, self.keys)


def _operator(facts: GateInput) -> str:
    """The number's MCC-MNC: the source's word, else that of the newest trusted IMSI."""
    if facts.sim.mcc_mnc:
        return facts.sim.mcc_mnc
    members = facts.subscriber.reference.members
    return max(members, key=lambda member: member.last_seen).imsi.mcc_mnc if members else ""


def _limit(reached: LimitReached, meter: Meter) -> Answered:
    meter.event("limit", reached.window)
    return Answered(GenerateAnswer.LIMIT, f"limit_{reached.window}", retry_after_s=reached.retry_after_s)
