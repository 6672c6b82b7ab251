"""Devino's VK service (Devino manual, chapter 15); leaves delivery and what follows to the messengers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request

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
from security_service.sandbox.messengers import Leg, LegState, Messenger
from security_service.sandbox.switchboard import Switchboard

_LONGEST_NAME: Final = 11
_LEAST_S: Final = 15
_LEAST_SMS_S: Final = 60
_LONGEST_S: Final = 86400
_PRIORITIES: Final = frozenset({"low", "medium", "high", "realtime"})
_ROUTES: Final = (["vk"], ["ok"], ["ok", "vk"], ["vk", "ok"])


class _RefusedError(Exception):
    """A message that is refused: a code of the table in 15.2.5."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DevinoVk:
    """Sending and states; access is by the Basic credentials of each request."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("devino_vk", __name__, url_prefix="/im")
        blueprint.add_url_rule("/send/vk", view_func=self.send, methods=["POST"])
        blueprint.add_url_rule("/status/vk", view_func=self.status)
        return blueprint

    def send(self) -> Response:
        """Take one message with what may follow it (15.2)."""
        return self._answer(self._send)

    def status(self) -> Response:
        """Tell the state of one message on each channel that it has come to (15.3)."""
        return self._answer(self._status)

    def _answer(self, carry_out: Callable[[], Response]) -> Response:
        def checked() -> Response:
            if not is_account(self._switchboard.sessions):
                return _wrong("login_not_specified", 401)
            return carry_out()

        return self._switchboard.faults.answer(
            FaultTarget.SMS, checked, lambda _fault: _envelope("system_error", "Internal error", 500)
        )

    def _send(self) -> Response:
        document = json_members()
        if document is None:
            return _wrong("invalid_json")
        if not members_of(document.get("vk")):
            return _wrong("messages_not_specified")
        try:
            number, legs = _read(document)
            _demand("not-enough-credits", holds=self._switchboard.settings.balance > 0)
        except _RefusedError as refused:
            return _envelope("ok", result={"code": refused.code})
        message_id = 3 * 10**18 + secrets.randbelow(10**18)
        self._switchboard.messengers.take(str(message_id), number, legs)
        return _envelope("ok", result={"code": "ok", "messageId": message_id})

    def _status(self) -> Response:
        message_id = request.args.get("message", "")
        if not message_id:
            return _wrong("message_not_specified")
        legs = self._switchboard.messengers.told(message_id)
        if not legs:
            return _envelope("ok", result={"code": "unknown_message_id"})
        result: dict[str, object] = {
            "providerId": int(message_id),
            "code": "ok",
            "status": status_of(legs[0]),
            "statusAt": written(legs[0].at),
        }
        for leg in legs[1:]:
            if leg.messenger is None:
                result["smsStates"] = sms_states(leg)
            else:
                result["viberStatus"] = _viber_status(message_id, leg)
        return _envelope("ok", result=result)


def _viber_status(message_id: str, leg: LegState) -> dict[str, object]:
    why = {"code": failure_of(leg)} if failure_of(leg) else {}
    return {"id": int(message_id), "status": status_of(leg), "statusAt": written(leg.at), **why}


def _read(document: dict[str, object]) -> tuple[str, list[Leg]]:
    """Check one message in the order of the table in 15.2.5. Raises _RefusedError."""
    wanted = members_of(document.get("vk"))
    subject, phone = str(wanted.get("subject", "")), str(wanted.get("phone", ""))
    _demand("subject_not_specified", holds=bool(subject))
    _demand("subject_invalid", holds=len(subject) <= _LONGEST_NAME)
    _demand("priority_not_specified", holds=bool(wanted.get("priority")))
    _demand("priority_invalid", holds=wanted["priority"] in _PRIORITIES)
    _demand("routes_not_specified", holds=bool(wanted.get("routes")))
    _demand("routes_invalid", holds=wanted["routes"] in _ROUTES)
    life_s = whole(wanted.get("validityPeriod"), _LEAST_S, _LONGEST_S)
    if life_s is None:
        raise _RefusedError("vp_invalid")
    _demand("phone_not_specified", holds=bool(phone))
    number = parse_address(phone)
    if number is None:
        raise _RefusedError("phone_invalid")
    template, data = str(wanted.get("templateId", "")), wanted.get("templateData")
    _demand("text_not_specified", holds=bool(template))
    _demand("text_invalid", holds=template.isdigit() and isinstance(data, dict) and bool(data))
    shown = "; ".join(f"{name}: {value}" for name, value in members_of(data).items())
    legs = [Leg(Messenger.VK, f"vk:{subject}", shown, life_s)]
    return number, [*legs, *_viber_legs(document), *_sms_legs(document)]


def _viber_legs(document: dict[str, object]) -> list[Leg]:
    if "viber" not in document:
        return []
    wanted = members_of(document["viber"])
    subject, text = str(wanted.get("subject", "")), str(wanted.get("text", ""))
    _demand("subject_invalid", holds=bool(subject))
    _demand("priority_invalid", holds=wanted.get("priority") in _PRIORITIES)
    _demand("text_invalid", holds=bool(text) and wanted.get("type") == "viber")
    # The table names it otherwise than the example.
    life = wanted.get("validityPeriodSec", wanted.get("validityPeriod"))
    life_s = whole(life, _LEAST_S, _LONGEST_S)
    if life_s is None:
        raise _RefusedError("vp_invalid")
    return [Leg(Messenger.VIBER, f"viber:{subject}", text, life_s)]


def _sms_legs(document: dict[str, object]) -> list[Leg]:
    if "sms" not in document:
        return []
    wanted = members_of(document["sms"])
    sender, text = str(wanted.get("srcAddress", "")), str(wanted.get("text", ""))
    _demand("sms_text_not_specified", holds=bool(text))
    _demand("sms_subject_not_specified", holds=bool(sender))
    _demand("sms_validity_period_not_specified", holds="validityPeriod" in wanted)
    life_s = whole(wanted["validityPeriod"], _LEAST_SMS_S, _LONGEST_S)
    if life_s is None:
        raise _RefusedError("invalid_sms_validity_period")
    return [Leg(None, sender, text, life_s)]


def _demand(code: str, *, holds: bool) -> None:
    if not holds:
        raise _RefusedError(code)


def _wrong(words: str, status: int = 400) -> Response:
    return _envelope("validation_error", words, status)


def _envelope(code: str, words: str = "", status: int = 200, result: object = None) -> Response:
    document = {"code": code, "description": words, **({} if result is None else {"result": result})}
    return json_answer(document, status)
