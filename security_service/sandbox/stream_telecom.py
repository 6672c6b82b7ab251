"""Stream Telecom's SMS over REST (its manual 1.02); leaves delivery to the handsets."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, request

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.segments import count_segments
from security_service.sandbox.sessions import SessionCheck
from security_service.sandbox.submissions import Order, SmsState
from security_service.sandbox.switchboard import Switchboard

PREFIX: Final = "/stream-telecom/rest"
"""Where the service is at the sandbox; at the provider it is `gateway.api.sc/rest`."""

_DEFAULT_VALIDITY_MINUTES: Final = 1440
_FLOOD_SECONDS: Final = 60.0
_MAX_TEXTS: Final = 10_000
_PRICE: Final = 0.5
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")

ERRORS: Final[dict[int, tuple[int, str]]] = {
    1: (400, "ArgumentCanNotBeNullOrEmpty"),
    2: (400, "InvalidArgument"),
    3: (400, "InvalidSessionID"),
    4: (401, "UnauthorizedAccess"),
    5: (403, "NotEnoughCredits"),
    6: (400, "InvalidOperation"),
    7: (403, "Forbidden"),
    8: (500, "GatewayError"),
    9: (500, "InternalServerError"),
    10: (400, "Flood SMS"),
}
"""HTTP status and name of each error (manual 4.1)."""

_STATES: Final[dict[SmsState, tuple[int, str]]] = {
    SmsState.QUEUED: (-1, "Sent"),
    SmsState.SENT: (-1, "Sent"),
    SmsState.DELIVERED: (0, "Delivered"),
    SmsState.ADDRESS_NOT_ALLOWED: (42, "Not delivered"),
    SmsState.REJECTED: (42, "Not delivered"),
    SmsState.EXPIRED: (46, "Expired"),
}


class StreamTelecomError(Exception):
    """A request that the service refuses: a code of the table in 4.1."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Repetitions:
    """Remembers who was sent what, for as long as the same text again counts as a flood."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_one(self, number: str, text: str) -> bool:
        with self._lock:
            now = self._clock()
            last = self._sent.get((number, text))
            if last is not None and now - last < _FLOOD_SECONDS:
                return True
            self._sent[number, text] = now
            while len(self._sent) > _MAX_TEXTS:
                self._sent.popitem(last=False)
            return False


class StreamTelecom:
    """The service: session keys, one SMS to one number, its state, the balance.

    The manual does not tell what counts as a flood: here it is the same text to one number twice in a
    minute.
    """

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._repetitions = _Repetitions(switchboard.clock)

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the login or the session key of each request."""
        blueprint = Blueprint("stream_telecom", __name__, url_prefix=PREFIX)
        for path, view, method in (
            ("/Session/", self.session, "GET"),
            ("/Session/session.php", self.session, "POST"),
            ("/Balance/", self.balance, "GET"),
            ("/Balance/balance.php", self.balance, "POST"),
            ("/Send/SendSms/", self.send, "POST"),
            ("/State/", self.state, "GET"),
            ("/State/state.php", self.state, "POST"),
        ):
            blueprint.add_url_rule(path, f"{view.__name__}_{method.lower()}", view, methods=[method])
        return blueprint

    def session(self) -> Response:
        """Give a session key (manual 3.1.1): a JSON text."""

        def carry_out() -> Response:
            if not self._switchboard.sessions.admits(_one("login"), _one("password")):
                raise StreamTelecomError(4)
            return _json(self._switchboard.sessions.open())

        return _guarded(carry_out)

    def balance(self) -> Response:
        """Tell the balance (manual 3.2.1): a bare number."""

        def carry_out() -> Response:
            self._authorise()
            return _json(self._switchboard.settings.balance)

        return _guarded(carry_out)

    def send(self) -> Response:
        """Send a text to one number (manual 3.3.1): a list of ids."""
        return self._with_faults(self._send)

    def state(self) -> Response:
        """Tell the state of a message (manual 3.3.5)."""
        return self._with_faults(self._state)

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        return self._switchboard.faults.answer(FaultTarget.SMS, lambda: _guarded(carry_out), _fault)

    def _authorise(self) -> None:
        if self._switchboard.sessions.check(_one("sessionId")) is not SessionCheck.VALID:
            raise StreamTelecomError(3)

    def _send(self) -> Response:
        self._authorise()
        sender, text = _one("sourceAddress"), _one("data")
        number = parse_address(_one("destinationAddress"))
        if self._switchboard.settings.balance <= 0:
            raise StreamTelecomError(5)
        if number is None or not _SENDER.fullmatch(sender):
            raise StreamTelecomError(2)
        now = self._switchboard.clock()
        not_before = max(now, _send_date(request.values.get("sendDate", ""), now))
        expires_at = not_before + 60 * _validity(request.values.get("validity", ""))
        if self._repetitions.is_one(number, text):
            raise StreamTelecomError(10)
        first = 3 * 10**8 + secrets.randbelow(6 * 10**8)
        ids = tuple(str(first + index) for index in range(count_segments(text)))
        self._switchboard.handsets.accept([Order(ids, number, text, sender, now, not_before, expires_at)])
        return _json(list(ids))

    def _state(self) -> Response:
        self._authorise()
        receipt = self._switchboard.handsets.receipt(_one("messageId"))
        if receipt.state not in _STATES:
            raise StreamTelecomError(2)
        state, description = _STATES[receipt.state]
        at = receipt.reported_at
        return _json(
            {
                "State": state,
                "ReportedDateUtc": None if at is None else f"/Date({round(at * 1000)})/",
                "StateDescription": description,
                "Price": _PRICE,
            }
        )


def _one(name: str) -> str:
    """Give a parameter of the query or the form; refuses if it is missing (code 1)."""
    value: str = request.values.get(name, "")
    if not value:
        raise StreamTelecomError(1)
    return value


def _validity(text: str) -> int:
    if not text:
        return _DEFAULT_VALIDITY_MINUTES
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 7 or int(text) == 0:
        raise StreamTelecomError(2)
    return int(text)


def _send_date(text: str, now: float) -> float:
    """Read the time of a deferred message, UTC; without one it is now."""
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StreamTelecomError(2) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _guarded(carry_out: Callable[[], Response]) -> Response:
    try:
        return carry_out()
    except StreamTelecomError as error:
        return _error(error.code)


def _fault(fault: Fault) -> Response:
    return _error(fault.code)


def _error(code: int) -> Response:
    """Give an error; the manual prints no example of one: code and name are those of its table."""
    status, name = ERRORS[code]
    return _json({"Code": code, "Desc": name}, status)


def _json(document: object, status: int = 200) -> Response:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    response = Response(text, status, content_type="application/json; charset=utf-8")
    response.headers["Cache-Control"] = "private"
    return response
