"""The ASO Broker's JSON API: SMS and calls one after the other; leaves delivery to the handsets."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, request

from security_service.sandbox.aso_request import CALL, AsoError, Attempt, Wanted, read_ids, read_messages
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.submissions import Order, Receipt, SmsState
from security_service.sandbox.switchboard import Switchboard

_MAX_MESSAGES: Final = 50_000
_NO_INFORMATION: Final = "Информация отсутствует"
_WORDS: Final[dict[str, dict[SmsState, str]]] = {
    "sms": {
        SmsState.QUEUED: "Deferred",
        SmsState.SENT: "Transmitted",
        SmsState.DELIVERED: "Delivered",
        SmsState.ADDRESS_NOT_ALLOWED: "Rejected",
        SmsState.REJECTED: "Not Delivered",
        SmsState.EXPIRED: "Expired",
    },
    CALL: {
        SmsState.QUEUED: "Buffered",
        SmsState.SENT: "Transmitted",
        SmsState.DELIVERED: "Finished",
        SmsState.ADDRESS_NOT_ALLOWED: "Error",
        SmsState.REJECTED: "Error",
        SmsState.EXPIRED: "Not Answered",
    },
}
"""The status of each state by channel (2.2.4); an SMS whose time is over is `expired` (2.1.2.3)."""

_ENDED_WITHOUT: Final = frozenset({SmsState.ADDRESS_NOT_ALLOWED, SmsState.REJECTED, SmsState.EXPIRED})


@dataclass(slots=True)
class _Message:
    """A message and the attempt under way: its place among the attempts."""

    wanted: Wanted
    place: int = 0

    @property
    def attempt(self) -> Attempt:
        return self.wanted.attempts[self.place]

    @property
    def key(self) -> str:
        return f"aso:{self.wanted.message_id}:{self.attempt.channel}"


class AsoBroker:
    """The broker: `send` and `getStatus` under Basic authentication.

    The next channel is tried when a question finds that the one before ended without delivery.
    """

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._messages: OrderedDict[str, _Message] = OrderedDict()

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the Basic credentials of each request."""
        blueprint = Blueprint("aso_broker", __name__, url_prefix="/re-broker-api")
        blueprint.add_url_rule("/send", view_func=self.send, methods=["POST"])
        blueprint.add_url_rule("/getStatus", view_func=self.get_status, methods=["POST"])
        return blueprint

    def send(self) -> Response:
        """Take messages (2.1), all or none of them; the answer has no body."""
        return self._with_faults(self._send)

    def get_status(self) -> Response:
        """Tell the state of messages on the channel that they have got to (2.2)."""
        return self._with_faults(self._get_status)

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        return self._switchboard.faults.answer(FaultTarget.SMS, lambda: self._guarded(carry_out), _fault)

    def _guarded(self, carry_out: Callable[[], Response]) -> Response:
        given = request.authorization
        login, password = (given.username or "", given.password or "") if given is not None else ("", "")
        if not self._switchboard.sessions.admits(login, password):
            return Response("", 401, headers={"WWW-Authenticate": 'Basic realm="broker"'})
        try:
            return carry_out()
        except AsoError as error:
            return _error(error)

    def _send(self) -> Response:
        now = self._switchboard.clock()
        messages = [_Message(wanted) for wanted in read_messages(request.get_data(), now)]
        with self._lock:
            for message in messages:
                self._messages[message.wanted.message_id] = message
            while len(self._messages) > _MAX_MESSAGES:
                self._messages.popitem(last=False)
        self._switchboard.handsets.accept([_order(message, now) for message in messages])
        return Response("", 200)

    def _get_status(self) -> Response:
        asked = read_ids(request.get_data())
        with self._lock:
            found = [self._messages[each] for each in asked if each in self._messages]
            rows = [self._row(message) for message in found]
        return _json({"messages": rows})

    def _row(self, message: _Message) -> dict[str, str]:
        receipt = self._switchboard.handsets.receipt(message.key)
        while receipt.state in _ENDED_WITHOUT and message.place + 1 < len(message.wanted.attempts):
            ended_at = receipt.reported_at or self._switchboard.clock()
            message.place += 1
            self._switchboard.handsets.accept([_order(message, ended_at)])
            receipt = self._switchboard.handsets.receipt(message.key)
        channel = message.attempt.channel
        return {
            "message-id": message.wanted.message_id,
            "status": _WORDS[channel].get(receipt.state, "Failed"),
            "status-date": _written(receipt),
            "description": _NO_INFORMATION,
            "channel": "Call" if channel == CALL else "SMS",
        }


def _order(message: _Message, begins_at: float) -> Order:
    attempt = message.attempt
    begins = max(begins_at, message.wanted.not_before)
    return Order(
        (message.key,),
        message.wanted.number,
        attempt.text,
        "call" if attempt.channel == CALL else attempt.originator,
        begins_at,
        begins,
        begins + attempt.ttl,
    )


def _written(receipt: Receipt) -> str:
    moments = (receipt.reported_at, receipt.submitted_at, receipt.created_at)
    moment = next((each for each in moments if each is not None), None)
    return "" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _fault(_: Fault) -> Response:
    return _error(AsoError(100))


def _error(error: AsoError) -> Response:
    return _json({"error_code": str(error.code), "error_description": error.words}, 400)


def _json(document: object, status: int = 200) -> Response:
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, status, content_type="application/json; charset=UTF-8")
