"""One-time codes for clients of CAMARA: gate and store of GenerateCode and CheckCode, other words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.codes import NotFound
from security_service.domain.one_time_sms import (
    REMEMBERED_S,
    Authentications,
    SendRefusal,
    ValidateRefusal,
    own_text,
    purpose_of,
)
from security_service.domain.phone import parse_msisdn
from security_service.domain.policy import Verdict
from security_service.domain.ports import Chance
from security_service.domain.secret import Secret
from security_service.domain.templates import ChosenTemplate
from security_service.domain.tenants import Tenant
from security_service.usecases.answers import Answered, CheckAnswer, GenerateAnswer, OperationResult
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.intake import Request

_ID_PARTS: Final = (8, 12, 16, 20)


@dataclass(frozen=True, slots=True)
class OneTimeSms:
    """Sends codes in a client's own words and checks them, each under a purpose of its own id.

    A code is good for one id only, an id for one tenant and number, and only until the next one is sent
    there. Guesses are counted by number: a new id brings no new attempts. Raises StoreUnavailable.
    """

    generate_code: Callable[[GenerateCodeRequest], OperationResult]
    check_code: Callable[[CheckCodeRequest], OperationResult]
    kept: Authentications
    chance: Chance

    def send(self, tenant: Tenant, client: str, number: str, message: str) -> Secret | SendRefusal:
        """Send a code to a number with `+`; gives the id that it is checked by."""
        text = own_text(message)
        if text is None:
            return SendRefusal.BAD_MESSAGE
        msisdn = parse_msisdn(number, tenant.region)
        if msisdn is None:
            return SendRefusal.NO_SUCH_NUMBER
        authentication_id = self._new_id()
        answer = self.generate_code(
            GenerateCodeRequest(
                self._request(tenant, client, number, authentication_id),
                own_text=ChosenTemplate(text, tenant.templates.autofill),
            )
        )
        refusal = _not_sent(answer, tenant)
        if refusal is not None:
            return refusal
        # Only now: what was never sent puts no earlier code out of date.
        self.kept.keep(tenant.id, authentication_id, msisdn, tenant.code_life_s + REMEMBERED_S)
        return authentication_id

    def validate(
        self, tenant: Tenant, client: str, authentication_id: Secret, code: str
    ) -> ValidateRefusal | None:
        """Check a code and spend it; None where it was right."""
        found = self.kept.find(tenant.id, authentication_id)
        if found is None:
            return ValidateRefusal.NO_SUCH_ID
        if not found.is_newest:
            return ValidateRefusal.EXPIRED
        request = self._request(tenant, client, f"+{found.number.digits}", authentication_id)
        return _not_valid(self.check_code(CheckCodeRequest(request, code)))

    def _request(self, tenant: Tenant, client: str, number: str, authentication_id: Secret) -> Request:
        return Request(
            tenant=tenant,
            request_id=self.chance.token(),
            number=number,
            purpose=purpose_of(authentication_id),
            client_reference=client,
        )

    def _new_id(self) -> Secret:
        """Draw 128 bits, written as the examples of the interface write them."""
        drawn = self.chance.token()
        ends = (*_ID_PARTS, len(drawn))
        return Secret("-".join(drawn[begin:end] for begin, end in zip((0, *_ID_PARTS), ends, strict=True)))


def _not_sent(answer: OperationResult, tenant: Tenant) -> SendRefusal | None:
    if not isinstance(answer, Answered):
        return SendRefusal.UNAVAILABLE
    match GenerateAnswer(answer.code):
        case GenerateAnswer.SENT:
            return None
        case GenerateAnswer.INVALID_NUMBER:
            return SendRefusal.NO_SUCH_NUMBER
        case GenerateAnswer.LIMIT:
            return _limited(answer.reason, tenant)
        case GenerateAnswer.CODE_EXISTS:
            return SendRefusal.TOO_MANY_CODES
        case GenerateAnswer.GATE_REFUSED:
            is_denied = answer.verdict == Verdict.DENY.value
            return SendRefusal.BLOCKED if is_denied else SendRefusal.NOT_ALLOWED
        case GenerateAnswer.INTERNAL | GenerateAnswer.NOT_SENT | GenerateAnswer.UNKNOWN_KEY:
            return SendRefusal.UNAVAILABLE
        case never:
            assert_never(never)


def _limited(reason: str, tenant: Tenant) -> SendRefusal:
    """Tell a number that had too many codes or guesses from a client that asks too much of all numbers."""
    limits = tenant.limits
    wide = {window.name for window in (*limits.tenant, *limits.source, *limits.prefix, *limits.keys)}
    is_wide = reason.removeprefix("limit_") in wide
    return SendRefusal.TOO_MANY_REQUESTS if is_wide else SendRefusal.TOO_MANY_CODES


def _not_valid(answer: OperationResult) -> ValidateRefusal | None:
    if not isinstance(answer, Answered):
        return ValidateRefusal.UNAVAILABLE
    match CheckAnswer(answer.code):
        case CheckAnswer.VALID:
            return None
        case CheckAnswer.NOT_FOUND:
            return _REASONS.get(answer.reason, ValidateRefusal.EXPIRED)
        case CheckAnswer.EXPIRED:
            return ValidateRefusal.EXPIRED
        case CheckAnswer.LIMIT:
            is_window = answer.reason.startswith("limit_")
            return ValidateRefusal.TOO_MANY_REQUESTS if is_window else ValidateRefusal.USED_UP
        case CheckAnswer.INTERNAL | CheckAnswer.INVALID_NUMBER | CheckAnswer.UNKNOWN_KEY:
            return ValidateRefusal.UNAVAILABLE
        case never:
            assert_never(never)


_REASONS: Final = {
    NotFound.WRONG.value: ValidateRefusal.WRONG,
    NotFound.BURNT.value: ValidateRefusal.USED_UP,
}
"""What a code is answered with that was not found; all else is out of date, whatever made it so."""
