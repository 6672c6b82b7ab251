"""What SMSC's scripts share: parameters, login, errors in four formats; leaves requests to each script."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape

from flask import Response, request

from security_service.sandbox.faults import Fault
from security_service.sandbox.switchboard import Switchboard

_MINUTE: Final = 60.0
_MAX_COUNTED: Final = 50_000


class SmscError(Exception):
    """A request that a script refuses: the number of the error, and its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class PerMinute:
    """Counts equal requests; safe to use from many threads. `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def admit(self, limit: int, *request_key: str) -> None:
        """Count a request; refuses the one after `limit` in a minute (error 9)."""
        with self._lock:
            now = self._clock()
            times = self._times.setdefault(request_key, deque())
            while times and now - times[0] >= _MINUTE:
                times.popleft()
            if len(times) >= limit:
                raise SmscError(9, "too many equal requests")
            times.append(now)
            self._times.move_to_end(request_key)
            while len(self._times) > _MAX_COUNTED:
                self._times.popitem(last=False)


def one(name: str) -> str:
    """Give a required parameter of the form or the query; refuses if it is missing (error 1)."""
    value = optional(name)
    if not value:
        raise SmscError(1, f"parameters error: {name}")
    return value


def optional(name: str) -> str:
    """Give a parameter, or an empty text if it is missing."""
    value: str = request.values.get(name, "")
    return value


def authorise(switchboard: Switchboard) -> None:
    """Let the caller in by login and password, or by the password as `apikey`; else error 2."""
    key = optional("apikey")
    login, password = (switchboard.settings.login, key) if key else (one("login"), one("psw"))
    if not switchboard.sessions.admits(login, password):
        raise SmscError(2, "authorise error")


def guarded(switchboard: Switchboard, carry_out: Callable[[], Response]) -> Response:
    """Let the caller in and answer, or answer with an error in the format that is asked for."""
    try:
        _readable()
        authorise(switchboard)
        return carry_out()
    except SmscError as error:
        return error_answer(error)


def _readable() -> None:
    if optional("fmt") != "3":
        raise SmscError(1, "the sandbox answers with fmt=3 only")


def error_answer(error: SmscError) -> Response:
    """Give an error as `fmt` wants it, at HTTP 200 as all answers."""
    match optional("fmt"):
        case "1":
            return _plain(f"0,-{error.code}")
        case "2":
            words = escape(error.words)
            xml = f"<result>\n<error>{words}</error>\n<error_code>{error.code}</error_code>\n</result>"
            return Response(xml, content_type="text/xml; charset=utf-8")
        case "3":
            return json_answer({"error": error.words, "error_code": error.code})
        case _:
            return _plain(f"ERROR = {error.code} ({error.words})")


def fault_answer(_: Fault) -> Response:
    """Give the web server's own error: the tables of the scripts have none."""
    return Response("Internal Server Error", 500, content_type="text/plain")


def json_answer(document: object) -> Response:
    """Give JSON as UTF-8."""
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, content_type="application/json; charset=utf-8")


def _plain(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=utf-8")
