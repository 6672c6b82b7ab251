"""What every CAMARA interface answers alike: errors, correlator, body (Commonalities 0.6)."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from pathlib import PurePath
from typing import Final

import structlog
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from security_service.domain.errors import StoreUnavailable
from security_service.domain.ports import Chance
from security_service.web.secured_response import SecuredResponse

CORRELATOR: Final = "x-correlator"

_CORRELATOR: Final = re.compile(r"[a-zA-Z0-9\-_:;./<>{}]{1,256}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{4,14}")
_OTP: Final = "ONE_TIME_PASSWORD_SMS."

_log = structlog.get_logger(__name__)

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class CamaraError(Enum):
    """The errors of the interfaces: status, code, message."""

    INVALID_ARGUMENT = (400, "INVALID_ARGUMENT", "The request does not follow the interface's definition.")
    INVALID_PROTOCOL = (400, "INVALID_PROTOCOL", "Only HTTP is supported.")
    INVALID_CREDENTIAL = (400, "INVALID_CREDENTIAL", "Only an access token is supported.")
    INVALID_TOKEN = (400, "INVALID_TOKEN", "Only a bearer token is supported.")
    INVALID_SINK = (400, "INVALID_SINK", "sink must be a public https address without login and query.")
    OUT_OF_RANGE = (400, "OUT_OF_RANGE", "A value is outside its range.")
    OTP_FAILED = (
        400, f"{_OTP}VERIFICATION_FAILED", "The attempts for this authenticationId are used up."
    )  # fmt: skip
    OTP_EXPIRED = (400, f"{_OTP}VERIFICATION_EXPIRED", "The authenticationId is no longer valid.")
    OTP_INVALID = (400, f"{_OTP}INVALID_OTP", "The code is not valid for this authenticationId.")
    UNAUTHENTICATED = (401, "UNAUTHENTICATED", "The access token is missing, unknown or has ended.")
    PERMISSION_DENIED = (403, "PERMISSION_DENIED", "The access token lacks the scope of this operation.")
    OTP_TOO_MANY = (403, f"{_OTP}MAX_OTP_CODES_EXCEEDED", "Too many codes for this number, try later.")
    OTP_NOT_ALLOWED = (403, f"{_OTP}PHONE_NUMBER_NOT_ALLOWED", "This number gets no code by SMS at present.")
    OTP_BLOCKED = (403, f"{_OTP}PHONE_NUMBER_BLOCKED", "This number is blocked for codes by SMS.")
    NOT_FOUND = (404, "NOT_FOUND", "There is nothing of this name.")
    IDENTIFIER_NOT_FOUND = (404, "IDENTIFIER_NOT_FOUND", "The phone number belongs to nobody.")
    TOO_LARGE = (413, "INVALID_ARGUMENT", "The body is larger than 64 KiB.")
    UNSUPPORTED_MEDIA_TYPE = (415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    MULTIEVENT = (
        422, "MULTIEVENT_SUBSCRIPTION_NOT_SUPPORTED", "A subscription is to one type of event."
    )  # fmt: skip
    MISSING_IDENTIFIER = (422, "MISSING_IDENTIFIER", "The token names no phone number: give phoneNumber.")
    NOT_APPLICABLE = (422, "SERVICE_NOT_APPLICABLE", "Nothing can be said of this phone number.")
    TOO_MANY_REQUESTS = (429, "TOO_MANY_REQUESTS", "A limit is reached, try later.")
    INTERNAL = (500, "INTERNAL", "Something broke; the log tells what.")
    UNAVAILABLE = (503, "UNAVAILABLE", "The service cannot answer at present, try again.")


class CamaraRefusal(Exception):
    """Ends a request with an error; `message` says more than the table does where there is more to say."""

    def __init__(self, error: CamaraError, message: str = "") -> None:
        self.error: Final = error
        self.message: Final = message or error.value[2]
        super().__init__(error.name)


def camara_blueprint(name: str, prefix: str, chance: Chance) -> Blueprint:
    """Give a blueprint whose every answer, errors too, has the correlator and the form of the interfaces."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)

    @blueprint.before_request
    def take_correlator() -> None:
        given = request.headers.get(CORRELATOR, "")
        g.correlator = given if _CORRELATOR.fullmatch(given) else chance.token()

    @blueprint.after_request
    def give_correlator(response: Response) -> Response:
        response.headers[CORRELATOR] = g.correlator
        return response

    blueprint.register_error_handler(CamaraRefusal, lambda refusal: refused(refusal.error, refusal.message))
    blueprint.register_error_handler(StoreUnavailable, _store_away)
    blueprint.register_error_handler(RequestEntityTooLarge, lambda _error: refused(CamaraError.TOO_LARGE))
    blueprint.register_error_handler(HTTPException, lambda _error: refused(CamaraError.INVALID_ARGUMENT))
    blueprint.register_error_handler(Exception, _unforeseen)
    return blueprint


def answered(document: Json, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Give an answer that is no error."""
    return SecuredResponse(json.dumps(document), status.value, content_type="application/json")


def refused(error: CamaraError, message: str = "") -> Response:
    """Give the answer of an error."""
    status, code, usual = error.value
    body = json.dumps({"status": status, "code": code, "message": message or usual})
    response = SecuredResponse(body, status, content_type="application/json")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refuse_bad_correlator() -> None:
    """Raise CamaraRefusal for a correlator that is none."""
    given = request.headers.get(CORRELATOR, "")
    if given and not _CORRELATOR.fullmatch(given):
        raise CamaraRefusal(
            CamaraError.INVALID_ARGUMENT, f"{CORRELATOR} has characters that it may not have."
        )


def body_members() -> Mapping[str, object]:
    """Read the body; comes behind authentication (401) and scopes (403), before all that it means.

    Raises CamaraRefusal. A correlator that is none is an argument like any other.
    """
    refuse_bad_correlator()
    if request.mimetype != "application/json":
        raise CamaraRefusal(CamaraError.UNSUPPORTED_MEDIA_TYPE)
    try:
        told: object = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "The body is not JSON.") from None
    if not isinstance(told, dict):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "The body must be an object.")
    return told


def text_member(members: Mapping[str, object], name: str, longest: int) -> str:
    """Give a member that must be a text of 1 to `longest` characters; raises CamaraRefusal."""
    value = members.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise CamaraRefusal(
            CamaraError.INVALID_ARGUMENT, f"{name} must be a text of 1 to {longest} characters."
        )
    return value


def number_member(members: Mapping[str, object], *, is_required_by_schema: bool) -> str:
    """Give `phoneNumber` in E.164 with `+`; raises CamaraRefusal.

    Tokens here name no number: where the schema lets it be absent, it is the identifier that is missing.
    """
    if not is_required_by_schema and members.get("phoneNumber") is None:
        raise CamaraRefusal(CamaraError.MISSING_IDENTIFIER)
    number = text_member(members, "phoneNumber", 16)
    if not _NUMBER.fullmatch(number):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "phoneNumber must be E.164 with +.")
    return number


def _store_away(_error: StoreUnavailable) -> Response:
    _log.error("store_unavailable")
    return refused(CamaraError.UNAVAILABLE)


def _unforeseen(error: Exception) -> Response:
    """Promise nothing; log what broke, never its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    _log.error("unforeseen", fault=type(error).__name__, where=where)
    return refused(CamaraError.INTERNAL)
