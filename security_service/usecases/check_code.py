"""CheckCode: one script decides; with a pin the SIM is looked at before the answer; words are the face's.

Where a ticket holds the slot the code is an authenticator's: see `check_step_up`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Caller,
    CheckAccepted,
    CheckExpired,
    CheckMatched,
    CheckNotFound,
    CheckRequest,
    FinaliseRequest,
    KeyedDigest,
    KeyReused,
    NotFound,
    SentBy,
    StoreRefuses,
    Subject,
    code_digest,
    operation_digests,
)
from security_service.domain.errors import StoreUnavailable
from security_service.domain.imsi import ImsiMember
from security_service.domain.limits import LimitReached, Locked
from security_service.domain.ports import (
    Checks,
    Clock,
    Meter,
    Policies,
    SimCheck,
    SimFinding,
)
from security_service.domain.route_ports import Arrivals
from security_service.domain.secret import Code, KeyRing
from security_service.domain.signed_verdict import ProvedCode
from security_service.domain.step_up import AUTHENTICATOR_DIGITS, TicketFound
from security_service.domain.subscriber import NEW_SUBSCRIBER
from security_service.usecases.answers import (
    Answered,
    CheckAnswer,
    IdempotencyConflict,
    OperationResult,
)
from security_service.usecases.check_step_up import CheckStepUp
from security_service.usecases.intake import Intake, InvalidNumber, Request
from security_service.usecases.vouch_for_code import VouchForCode


@dataclass(frozen=True, slots=True)
class CheckCodeRequest:
    """A CheckCode call; a code that came as a JSON number gets the zeros back that it lost.

    `wants_verdict` asks for a signed verdict beside an answer of 0.
    """

    request: Request
    code: str
    code_was_number: bool = False
    wants_verdict: bool = False


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Decides whether the code given is the newest live one, and spends it exactly once."""

    intake: Intake
    checks: Checks
    sim_check: SimCheck
    policies: Policies
    arrivals: Arrivals
    clock: Clock
    meter: Meter
    keys: KeyRing
    step_up: CheckStepUp
    vouch: VouchForCode | None = None

    def run(self, command: CheckCodeRequest) -> OperationResult:
        """Answer one call. Never raises for what the store does: that is code 4."""
        began = self.clock.monotonic()
        try:
            result = self._run(command)
        except StoreUnavailable:
            result = Answered(CheckAnswer.INTERNAL, "store_unavailable")
        if isinstance(result, Answered):
            took = self.clock.monotonic() - began
            self.meter.operation("CheckCode", result.code, result.reason, took)
        return result

    def _run(self, command: CheckCodeRequest) -> OperationResult:
        read = self.intake.read(command.request, command.code)
        if isinstance(read, InvalidNumber):
            return Answered(CheckAnswer.INVALID_NUMBER, "invalid_number")
        if not isinstance(read, tuple):
            return read
        subject, caller = read
        request = self._draft(command, subject, caller)
        outcome = self.checks.check(request)
        if isinstance(outcome, TicketFound):
            outcome = self.step_up.run(request, _given(command, AUTHENTICATOR_DIGITS), outcome)
        match outcome:
            case CheckAccepted() | CheckMatched():
                return self._right(command, subject, caller, outcome)
            case CheckExpired():
                return Answered(CheckAnswer.EXPIRED, "expired")
            case CheckNotFound():
                return Answered(CheckAnswer.NOT_FOUND, outcome.reason.value)
            case Locked():
                self.meter.event("limit", outcome.reason)
                return Answered(CheckAnswer.LIMIT, outcome.reason, retry_after_s=outcome.retry_after_s)
            case LimitReached():
                self.meter.event("limit", outcome.window)
                return Answered(
                    CheckAnswer.LIMIT, f"limit_{outcome.window}", retry_after_s=outcome.retry_after_s
                )
            case KeyReused():
                return IdempotencyConflict()
            case StoreRefuses():
                return Answered(CheckAnswer.INTERNAL, outcome.reason)
            case _:
                assert_never(outcome)

    def _right(
        self,
        command: CheckCodeRequest,
        subject: Subject,
        caller: Caller,
        outcome: CheckAccepted | CheckMatched,
    ) -> Answered:
        """The code was right: look again where it is pinned, and vouch for it where that was asked for."""
        if isinstance(outcome, CheckMatched):
            answer = self._look_again(subject, caller, outcome)
        else:
            self._arrived(outcome.sent_by)
            answer = Answered(CheckAnswer.VALID, "replayed" if outcome.replayed else "valid")
        wanted = command.wants_verdict and answer.code == CheckAnswer.VALID and outcome.decided_by
        if not wanted or self.vouch is None:
            return answer
        proved = ProvedCode(outcome.code_id, outcome.decided_by)
        return replace(answer, signed=self.vouch.run(subject, proved))

    def _draft(self, command: CheckCodeRequest, subject: Subject, caller: Caller) -> CheckRequest:
        tenant, operation = subject.tenant, subject.operation
        code = _given(command, tenant.code_length)
        versions = self.keys.versions()[:2]
        return CheckRequest(
            subject=subject,
            caller=caller,
            digests=tuple(
                KeyedDigest(
                    version,
                    code_digest(self.keys, version, tenant.id, subject.number, operation.purpose, code),
                )
                for version in versions
            ),
            operation_digests=operation_digests(self.keys, operation),
            pinned=tenant.pin_at_check,
            names_purpose=bool(command.request.purpose),
        )

    def _look_again(self, subject: Subject, caller: Caller, matched: CheckMatched) -> Answered:
        """The code is spent already; look whose SIM the number has, then say whether it counts."""
        tenant = subject.tenant
        if matched.pin is None:
            finding, refusal = None, self._without_answer(subject)
        else:
            finding = self.sim_check.ask(tenant, subject.number, NEW_SUBSCRIBER, tenant.lookup_deadline_s)
            refusal = self._judge(subject, matched.pin, finding)
        event = Event(
            EventKind.CHECK_FINALISED,
            {
                "accepted": refusal is None,
                "code_id": matched.code_id,
                "lookups": [
                    {"milliseconds": one.milliseconds, "outcome": one.outcome, "source": one.source}
                    for one in (finding.traces if finding else ())
                ],
                "pinned": matched.pin is not None,
                "reason": "valid" if refusal is None else refusal.value,
                "request_id": caller.request_id,
                "sim": finding.answer.token() if finding else "not_asked",
            },
        )
        finalise = FinaliseRequest(subject, caller, matched.code_id, refusal is None, event)
        if not self.checks.finalise(finalise):
            refusal = NotFound.FROZEN
        if refusal is not None:
            return Answered(CheckAnswer.NOT_FOUND, refusal.value)
        self._arrived(matched.sent_by)
        return Answered(CheckAnswer.VALID, "valid")

    def _arrived(self, sent_by: SentBy | None) -> None:
        if sent_by is not None:
            self.arrivals.entered(sent_by.gateway, sent_by.operator, sent_by.at_ms)

    def _judge(self, subject: Subject, pin: ImsiMember, finding: SimFinding) -> NotFound | None:
        fresh = finding.answer.imsi.under(pin) if finding.answer.imsi else None
        if fresh is None:
            return self._without_answer(subject)
        return None if fresh.digest == pin.digest else NotFound.SIM_CHANGED

    def _without_answer(self, subject: Subject) -> NotFound | None:
        """No pin or no data: the policy says whether a right code counts all the same."""
        if self.policies.get(subject.tenant.policy).recheck_without_answer == "refuse":
            return NotFound.RECHECK_UNANSWERED
        self.meter.event("fail_open", NotFound.RECHECK_UNANSWERED.value)
        return None


def _given(command: CheckCodeRequest, length: int) -> Code:
    """Give the code as it was meant: one that came as a JSON number has lost its leading zeros."""
    text = command.code.strip()
    return Code(text.zfill(length) if command.code_was_number else text)
