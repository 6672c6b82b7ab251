"""Devino's SMS over REST, with a session and without (manual 1 and 2); leaves delivery to the handsets."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response

from security_service.sandbox.devino_wire import (
    DevinoError,
    Face,
    Parameters,
    authorise,
    destination,
    fault_answer,
    guarded,
    json_answer,
    json_date,
    json_stamp,
    log_in,
    minutes,
)
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.segments import count_segments
from security_service.sandbox.submissions import DESCRIPTIONS, Order, SmsState
from security_service.sandbox.switchboard import Switchboard

_LONGEST_TEXT: Final = 2000
_MOST_ADDRESSES: Final = 2999
_DEFAULT_VALIDITY_MINUTES: Final = 2880
_PRICE: Final = 1.5
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")


class DevinoSms:
    """The SMS service on both of its faces."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes, in lower case; access is by the session or login of each request."""
        blueprint = Blueprint("devino_sms", __name__)
        blueprint.add_url_rule("/rest/user/sessionid", view_func=self.session_id)
        for face in Face:
            routes = (
                ("user/balance", self.balance, "GET"),
                ("sms/send", self.send, "POST"),
                ("sms/sendbulk", self.send_bulk, "POST"),
                ("sms/state", self.state, "GET"),
            )
            for path, view, method in routes:
                endpoint = f"{face.name}_{view.__name__}"
                blueprint.add_url_rule(
                    f"{face.value}/{path}", endpoint, view, methods=[method], defaults={"face": face}
                )
        return blueprint

    def session_id(self) -> Response:
        """Open a session (Devino manual 1.2): the id as a JSON text."""

        def carry_out() -> Response:
            log_in(Parameters(), self._switchboard.sessions)
            return json_answer(self._switchboard.sessions.open())

        return guarded(carry_out)

    def balance(self, face: Face) -> Response:
        """Tell the balance (Devino manual 1.3, 2.2): a bare number."""

        def carry_out() -> Response:
            authorise(face, Parameters(), self._switchboard.sessions)
            return json_answer(self._switchboard.settings.balance)

        return guarded(carry_out)

    def send(self, face: Face) -> Response:
        """Send a text to one number (Devino manual 1.4.1, 2.3.1)."""
        return self._with_faults(lambda: self._send(face, "DestinationAddress"))

    def send_bulk(self, face: Face) -> Response:
        """Send a text to many numbers, to none of them if one is wrong (Devino manual 1.4.3, 2.3.3)."""
        return self._with_faults(lambda: self._send(face, "DestinationAddresses"))

    def state(self, face: Face) -> Response:
        """Tell the state of one segment (Devino manual 1.5, 2.4)."""
        return self._with_faults(lambda: self._state(face))

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        return self._switchboard.faults.answer(FaultTarget.SMS, lambda: guarded(carry_out), fault_answer)

    def _send(self, face: Face, address_name: str) -> Response:
        """Check in the order of the manual: parameters, caller, balance, numbers, sender, length."""
        parameters = Parameters()
        text, sender = parameters.one("Data"), parameters.one("SourceAddress")
        addresses = parameters.every(address_name)
        authorise(face, parameters, self._switchboard.sessions)
        if self._switchboard.settings.balance <= 0:
            raise DevinoError(5)
        if address_name == "DestinationAddress":
            del addresses[1:]
        if len(addresses) > _MOST_ADDRESSES:
            raise DevinoError(2, "Too many destination addresses")
        numbers = [destination(address) for address in addresses]
        if not _SENDER.fullmatch(sender):
            raise DevinoError(6, "Invalid source address")
        if len(text) > _LONGEST_TEXT:
            raise DevinoError(2, "Message text is longer than 2000 characters")
        now = self._switchboard.clock()
        not_before = max(now, _send_date(parameters.optional("SendDate"), now))
        validity = minutes(parameters.optional("Validity") or "0") or _DEFAULT_VALIDITY_MINUTES
        expires_at = not_before + validity * 60
        segments = count_segments(text)
        orders = [
            Order(_new_ids(face, number, segments), number, text, sender, now, not_before, expires_at)
            for number in numbers
        ]
        self._switchboard.handsets.accept(orders)
        return json_answer([message_id for order in orders for message_id in order.ids])

    def _state(self, face: Face) -> Response:
        parameters = Parameters()
        message_id = parameters.one("MessageID")
        authorise(face, parameters, self._switchboard.sessions)
        receipt = self._switchboard.handsets.receipt(message_id)
        return json_answer(
            {
                "State": receipt.state.value,
                "CreationDateUtc": json_date(receipt.created_at),
                "SubmittedDateUtc": json_date(receipt.submitted_at),
                "ReportedDateUtc": json_date(receipt.reported_at),
                "TimeStampUtc": json_stamp(receipt.reported_at),
                "StateDescription": DESCRIPTIONS[receipt.state],
                "Price": None if receipt.state is SmsState.NOT_FOUND else _PRICE,
            }
        )


def _send_date(text: str, now: float) -> float:
    """Read the time of a deferred message, UTC; without one it is now."""
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DevinoError(2, "Invalid argument Parameter name: sendDate") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _new_ids(face: Face, number: str, segments: int) -> tuple[str, ...]:
    """Give an id for each segment, in the forms that the examples of the two chapters show."""
    if face is Face.SESSION:
        first = 10**17 + secrets.randbelow(8 * 10**17)
        return tuple(str(first + index) for index in range(segments))
    if segments == 1:
        return (f"GW{secrets.token_hex(5).upper()}",)
    message = secrets.token_hex(4)
    return tuple(f"SAR-GW01+{number}-{message}-{segments}-{index}" for index in range(1, segments + 1))
