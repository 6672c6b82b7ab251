"""Viber over Devino's REST services (manual 1.8, 1.9, 2.7, 2.8); leaves delivery to the messengers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.devino_wire import (
    DevinoError,
    Face,
    Parameters,
    authorise,
    fault_answer,
    guarded,
    json_answer,
    json_date,
    json_stamp,
)
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.messengers import Leg, LegState, Messenger
from security_service.sandbox.submissions import DESCRIPTIONS, SmsState
from security_service.sandbox.switchboard import Switchboard

_LONGEST_TEXT: Final = 1000
_LONGEST_MIN: Final = 1440
_SMS_LIFE_MIN: Final = 2880
_SENDER: Final = re.compile(r"[ -~]{1,11}")
_PRICE: Final = 1.5
_STATES: Final[dict[SmsState, tuple[int, str]]] = {
    SmsState.QUEUED: (0, "Отправляется"),
    SmsState.SENT: (1, "Отправлено"),
    SmsState.DELIVERED: (2, "Доставлено (не прочитано)"),
    SmsState.EXPIRED: (7, "Просрочено"),
    SmsState.NOT_FOUND: (6, "Неизвестно"),
}
"""The number and the words of each state (table 19 of chapter 1); what failed otherwise is 4."""


class DevinoRestViber:
    """The Viber service on both faces; access is by the session or login of each request."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes, in lower case."""
        blueprint = Blueprint("devino_rest_viber", __name__)
        for face in Face:
            routes = (
                ("send", self.send, "POST"),
                ("sendwithresend", self.send_with_resend, "POST"),
                ("state", self.state, "GET"),
            )
            for path, view, method in routes:
                blueprint.add_url_rule(
                    f"{face.value}/viber/{path}",
                    f"{face.name}_{view.__name__}",
                    view,
                    methods=[method],
                    defaults={"face": face},
                )
        return blueprint

    def send(self, face: Face) -> Response:
        """Send a text to one number (1.8.1, 2.7.1)."""
        return self._with_faults(lambda: self._send(face, resends=False))

    def send_with_resend(self, face: Face) -> Response:
        """Send a text to one number, by SMS where it does not arrive (1.8.3, 2.7.3)."""
        return self._with_faults(lambda: self._send(face, resends=True))

    def state(self, face: Face) -> Response:
        """Tell the state of one message and of the SMS that followed it (1.9, 2.8)."""
        return self._with_faults(lambda: self._state(face))

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        return self._switchboard.faults.answer(FaultTarget.SMS, lambda: guarded(carry_out), fault_answer)

    def _send(self, face: Face, *, resends: bool) -> Response:
        """Check in the order of the manual: caller, parameters, balance, number, sender, length."""
        parameters = Parameters()
        authorise(face, parameters, self._switchboard.sessions)
        address, sender = parameters.optional("DestinationAddress"), parameters.optional("SourceAddress")
        text = parameters.optional("Data")
        _demand("error-content-not-specified", holds=bool(text))
        _demand("error-address-not-specified", holds=bool(address))
        _demand("error-subject-not-specified", holds=bool(sender))
        if self._switchboard.settings.balance <= 0:
            raise DevinoError(5)
        number = parse_address(address)
        if number is None:
            raise DevinoError(1, "error-address-format")
        _demand("error-subject-format", holds=_SENDER.fullmatch(sender) is not None)
        if len(text) > _LONGEST_TEXT:
            raise DevinoError(2, "Message text is longer than 1000 characters")
        validity = parameters.optional("Validity") or str(_LONGEST_MIN)
        known = validity.isascii() and validity.isdigit() and len(validity) < 6
        _demand("error-validity-period-seconds-format", holds=known and 1 <= int(validity) <= _LONGEST_MIN)
        legs = [Leg(Messenger.VIBER, f"viber:{sender}", text, int(validity) * 60)]
        legs += [Leg(None, sender, text, _SMS_LIFE_MIN * 60)] if resends else []
        message_id = f"GW{secrets.token_hex(5).upper()}"
        self._switchboard.messengers.take(message_id, number, legs)
        return json_answer([message_id])

    def _state(self, face: Face) -> Response:
        parameters = Parameters()
        message_id = parameters.one("MessageID")
        authorise(face, parameters, self._switchboard.sessions)
        legs = self._switchboard.messengers.told(message_id)
        unknown = LegState(Messenger.VIBER, SmsState.NOT_FOUND, 0.0, ())
        first = legs[0] if legs else unknown
        state, words = _STATES.get(first.state, (4, "Не доставлено"))
        resent = [_sms_row(leg, one) for leg in legs[1:] for one in leg.ids]
        return json_answer({**_row(first, state, words), "ResentSms": resent})


def _sms_row(leg: LegState, message_id: str) -> dict[str, object]:
    return {**_row(leg, leg.state.value, DESCRIPTIONS[leg.state]), "Id": int(message_id)}


def _row(leg: LegState, state: int, words: str) -> dict[str, object]:
    at = leg.at or None
    return {
        "State": state,
        "CreationDateUtc": json_date(at),
        "SubmittedDateUtc": json_date(at),
        "ReportedDateUtc": json_date(at),
        "TimeStampUtc": json_stamp(at),
        "StateDescription": words,
        "Price": _PRICE if leg.ids else None,
    }


def _demand(words: str, *, holds: bool) -> None:
    if not holds:
        raise DevinoError(1, words)
