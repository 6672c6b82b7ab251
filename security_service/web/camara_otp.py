"""One Time Password SMS 1.1 of CAMARA at /one-time-password-sms/v1: decode, one use case, encode."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response

from security_service.domain.oauth_clients import OTP_SCOPE
from security_service.domain.one_time_sms import LONGEST_MESSAGE, PLACEHOLDER, SendRefusal, ValidateRefusal
from security_service.domain.ports import Chance
from security_service.domain.secret import Secret
from security_service.web.camara_answers import (
    CamaraError,
    CamaraRefusal,
    answered,
    body_members,
    camara_blueprint,
    number_member,
    text_member,
)
from security_service.web.camara_services import CamaraServices, caller_with
from security_service.web.secured_response import SecuredResponse

BLUEPRINT: Final = "camara_otp"

_LONGEST_ID: Final = 36
_LONGEST_CODE: Final = 10
_MESSAGE: Final = (
    f"message must be one line of up to {LONGEST_MESSAGE} characters with {PLACEHOLDER} once and no other "
    "brace, and must not begin with @."
)

_NOT_SENT: Final[Mapping[SendRefusal, CamaraError]] = {
    SendRefusal.BAD_MESSAGE: CamaraError.INVALID_ARGUMENT,
    SendRefusal.NO_SUCH_NUMBER: CamaraError.NOT_FOUND,
    SendRefusal.TOO_MANY_CODES: CamaraError.OTP_TOO_MANY,
    SendRefusal.TOO_MANY_REQUESTS: CamaraError.TOO_MANY_REQUESTS,
    SendRefusal.BLOCKED: CamaraError.OTP_BLOCKED,
    SendRefusal.NOT_ALLOWED: CamaraError.OTP_NOT_ALLOWED,
    SendRefusal.UNAVAILABLE: CamaraError.UNAVAILABLE,
}
_NOT_VALID: Final[Mapping[ValidateRefusal, CamaraError]] = {
    ValidateRefusal.NO_SUCH_ID: CamaraError.NOT_FOUND,
    ValidateRefusal.WRONG: CamaraError.OTP_INVALID,
    ValidateRefusal.USED_UP: CamaraError.OTP_FAILED,
    ValidateRefusal.EXPIRED: CamaraError.OTP_EXPIRED,
    ValidateRefusal.TOO_MANY_REQUESTS: CamaraError.TOO_MANY_REQUESTS,
    ValidateRefusal.UNAVAILABLE: CamaraError.UNAVAILABLE,
}


def create_camara_otp(camara: CamaraServices, chance: Chance) -> Blueprint:
    """Give the blueprint; access is by the token of each request."""
    blueprint = camara_blueprint(BLUEPRINT, "/one-time-password-sms/v1", chance)

    @blueprint.post("/send-code")
    def send_code() -> Response:
        """Send a code in the client's words."""
        caller = caller_with(camara.tokens, OTP_SCOPE)
        members = body_members()
        number = number_member(members, is_required_by_schema=True)
        message = text_member(members, "message", LONGEST_MESSAGE)
        sent = camara.one_time_sms.send(caller.tenant, caller.client.id, number, message)
        if isinstance(sent, SendRefusal):
            raise CamaraRefusal(_NOT_SENT[sent], _MESSAGE if sent is SendRefusal.BAD_MESSAGE else "")
        return answered({"authenticationId": sent.reveal()})

    @blueprint.post("/validate-code")
    def validate_code() -> Response:
        """Check a code and spend it."""
        caller = caller_with(camara.tokens, OTP_SCOPE)
        members = body_members()
        authentication_id = Secret(text_member(members, "authenticationId", _LONGEST_ID))
        code = text_member(members, "code", _LONGEST_CODE)
        refusal = camara.one_time_sms.validate(caller.tenant, caller.client.id, authentication_id, code)
        if refusal is not None:
            raise CamaraRefusal(_NOT_VALID[refusal])
        return SecuredResponse(status=HTTPStatus.NO_CONTENT)

    return blueprint
