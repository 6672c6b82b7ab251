"""Devino's Viber service (Devino manual, chapter 12); leaves delivery and what follows to the messengers."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.messenger_wire import (
    failure_of,
    is_account,
    json_answer,
    json_members,
    members_of,
    sms_states,
    status_of,
    whole,
    written,
)
from security_service.sandbox.messengers import Leg, Messenger
from security_service.sandbox.switchboard import Switchboard

_MOST_MESSAGES: Final = 100
_LONGEST_S: Final = 86400
_LEAST_VIBER_S: Final = 30
_LEAST_SMS_S: Final = 60
_DEFAULT_SMS_S: Final = 86400
_LONGEST_NAME: Final = 11
_TEXT_LENGTHS: Final = range(2, 1001)
_PRIORITIES: Final = frozenset({"low", "normal", "high", "realtime"})
_CONTENT_TYPES: Final = frozenset({"text", "button", "image"})
_SMS_MEMBERS: Final = ("smsText", "smsSrcAddress", "smsValidityPeriodSec")
_TRUE: Final = frozenset({"true", "True"})


class _RefusedError(Exception):
    """A message that is refused: a code of the table in 12.6."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DevinoViber:
    """Sending and states; access is by the Basic credentials of each request."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("devino_viber", __name__, url_prefix="/viber")
        blueprint.add_url_rule("/send", view_func=self.send, methods=["POST"])
        blueprint.add_url_rule("/status", view_func=self.status, methods=["POST"])
        return blueprint

    def send(self) -> Response:
        """Take up to 100 messages, each with a code of its own (12.2)."""
        return self._answer(self._send)

    def status(self) -> Response:
        """Tell the states of up to 100 messages (12.3)."""
        return self._answer(self._status)

    def _answer(self, carry_out: Callable[[dict[str, object], list[object]], Response]) -> Response:
        def checked() -> Response:
            if not is_account(self._switchboard.sessions):
                return json_answer({"status": "error-auth"}, 401)
            document = json_members() or {}
            rows = document.get("messages")
            if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_MESSAGES:
                return json_answer({"status": "error-syntax"}, 400)
            return carry_out(document, rows)

        return self._switchboard.faults.answer(
            FaultTarget.SMS, checked, lambda _fault: json_answer({"status": "error-system"})
        )

    def _send(self, document: dict[str, object], rows: list[object]) -> Response:
        resends = str(document.get("resendSms", "")) in _TRUE
        shared = members_of(document.get("commonData"))
        taken = [self._take({**shared, **members_of(row)}, resends=resends) for row in rows]
        return json_answer({"status": "ok", "messages": taken})

    def _take(self, wanted: dict[str, object], *, resends: bool) -> dict[str, object]:
        try:
            number, legs = _read(wanted, resends=resends)
        except _RefusedError as refused:
            return {"code": refused.code}
        message_id = 3 * 10**18 + secrets.randbelow(10**18)
        self._switchboard.messengers.take(str(message_id), number, legs)
        return {"providerId": message_id, "code": "ok"}

    def _status(self, _document: dict[str, object], rows: list[object]) -> Response:
        asked = Counter(str(row) for row in rows)
        return json_answer({"status": "ok", "messages": [self._state(row, asked[str(row)]) for row in rows]})

    def _state(self, message_id: object, times: int) -> dict[str, object]:
        row: dict[str, object] = {"providerId": message_id}
        if not isinstance(message_id, int) or isinstance(message_id, bool):
            return {**row, "code": "error-instant-message-provider-id-format"}
        if times > 1:
            return {**row, "code": "error-instant-message-provider-id-duplicate"}
        legs = self._switchboard.messengers.told(str(message_id))
        if not legs:
            return {**row, "code": "error-instant-message-provider-id-unknown"}
        if len(legs) > 1:  # as in the manual's example: of a message that was sent again only the SMS is told
            return {**row, "code": "ok", "smsStates": sms_states(legs[1])}
        why = {"errorCode": failure_of(legs[0])} if failure_of(legs[0]) else {}
        return {**row, "code": "ok", "status": status_of(legs[0]), "statusAt": written(legs[0].at), **why}


def _read(wanted: dict[str, object], *, resends: bool) -> tuple[str, list[Leg]]:
    """Check one message in the order of the table in 12.6. Raises _RefusedError."""
    subject, address = str(wanted.get("subject", "")), str(wanted.get("address", ""))
    _demand("error-subject-not-specified", holds=bool(subject))
    _demand("error-subject-format", holds=len(subject) <= _LONGEST_NAME)
    _demand("error-address-not-specified", holds=bool(address))
    number = parse_address(address)
    if number is None:
        raise _RefusedError("error-address-format")
    _demand("error-priority-format", holds=wanted.get("priority") in _PRIORITIES)
    _demand("error-instant-message-type-format", holds=wanted.get("type") == "viber")
    text = _content(wanted)
    life_s = whole(wanted.get("validityPeriodSec"), _LEAST_VIBER_S, _LONGEST_S)
    if life_s is None:
        raise _RefusedError("error-validity-period-seconds-format")
    legs = [Leg(Messenger.VIBER, f"viber:{subject}", text, life_s)]
    return number, [*legs, *_sms_legs(wanted, resends=resends)]


def _content(wanted: dict[str, object]) -> str:
    """Give what a handset shows: the text, or the address of an image."""
    kind, content = wanted.get("contentType"), members_of(wanted.get("content"))
    _demand("error-content-type-format", holds=kind in _CONTENT_TYPES)
    _demand("error-content-not-specified", holds=bool(content))
    shown = str(content.get("imageUrl" if kind == "image" else "text", ""))
    _demand("error-content-not-specified", holds=bool(shown))
    _demand("error-content-type-format", holds=kind == "image" or len(shown) in _TEXT_LENGTHS)
    if kind == "button":
        _demand("error-content-not-specified", holds=bool(content.get("caption") and content.get("action")))
    return shown


def _sms_legs(wanted: dict[str, object], *, resends: bool) -> list[Leg]:
    given = any(name in wanted for name in _SMS_MEMBERS)
    if not resends:
        _demand("error-resend-sms-error", holds=not given)
        return []
    text, sender = str(wanted.get("smsText", "")), str(wanted.get("smsSrcAddress", ""))
    _demand("error-resend-sms-error", holds=wanted.get("contentType") != "image")
    _demand("error-resend-sms-error", holds=bool(text) and 0 < len(sender) <= _LONGEST_NAME)
    life_s = whole(wanted.get("smsValidityPeriodSec", _DEFAULT_SMS_S), _LEAST_SMS_S, _LONGEST_S)
    if life_s is None:
        raise _RefusedError("error-resend-sms-validity-period-error")
    return [Leg(None, sender, text, life_s)]


def _demand(code: str, *, holds: bool) -> None:
    if not holds:
        raise _RefusedError(code)
