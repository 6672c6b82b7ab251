"""What Devino's REST services share: parameters, errors, dates, login; leaves requests to each service."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from flask import Response, request

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import Fault
from security_service.sandbox.sessions import SessionCheck, Sessions

_MINUTES_DIGITS: Final = 6
_NO_DATE: Final = "/Date(-62135596800000)/"


class Face(Enum):
    """How a caller says who it is: by a session (chapter 1) or each time anew (chapter 2)."""

    SESSION = "/rest"
    V2 = "/rest/v2"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the table of errors (Devino manual, table 17): the HTTP status and the words."""

    status: int
    words: str


ERRORS: Final[dict[int, ErrorRow]] = {
    1: ErrorRow(400, "Argument cannot be null or empty"),
    2: ErrorRow(400, "Invalid argument"),
    3: ErrorRow(400, "Invalid session id"),
    4: ErrorRow(401, "Unauthorized access"),
    5: ErrorRow(403, "Not enough credits"),
    6: ErrorRow(400, "Invalid operation"),
    7: ErrorRow(403, "Forbidden"),
    8: ErrorRow(500, "Gateway error"),
    9: ErrorRow(500, "Internal server error"),
}


class DevinoError(Exception):
    """A request that the service refuses: a code of table 17 and the words of `Desc`."""

    def __init__(self, code: int, words: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.words = words or ERRORS[code].words


class Parameters:
    """The parameters of a request, from the query and a form body alike; names in any case."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        for source in (request.args, request.form):
            for name, values in source.lists():
                self._values.setdefault(name.lower(), []).extend(values)

    def every(self, name: str) -> list[str]:
        """Give all values of a parameter that may be repeated; refuses if there is none (code 1)."""
        values = [value for value in self._values.get(name.lower(), []) if value]
        if not values:
            given = name[0].lower() + name[1:].removesuffix("ID") + "Id" * name.endswith("ID")
            raise DevinoError(1, f"{name} can not be null or empty Parameter name: {given}")
        return values

    def one(self, name: str) -> str:
        """Give a required parameter, the first if it is repeated; refuses if it is missing (code 1)."""
        return self.every(name)[0]

    def optional(self, name: str) -> str:
        """Give a parameter, or an empty text if it is missing."""
        return next(iter(self._values.get(name.lower(), [])), "")


def minutes(text: str) -> int:
    """Read a validity in minutes; refuses what is not a whole number from 0 on (code 2)."""
    if not text.isascii() or not text.isdigit() or len(text) > _MINUTES_DIGITS:
        raise DevinoError(2, "Invalid argument Parameter name: validity")
    return int(text)


def authorise(face: Face, parameters: Parameters, sessions: Sessions) -> None:
    """Let the caller in by its session id or its login and password, or refuse (codes 1, 3, 4)."""
    match face:
        case Face.SESSION:
            match sessions.check(parameters.one("SessionID")):
                case SessionCheck.VALID:
                    return
                case SessionCheck.EXPIRED:
                    raise DevinoError(4, "SessionID expired")
                case SessionCheck.UNKNOWN:
                    raise DevinoError(3)
        case Face.V2:
            log_in(parameters, sessions)


def log_in(parameters: Parameters, sessions: Sessions) -> None:
    """Compare login and password with the account's, or refuse (codes 1, 4)."""
    if not sessions.admits(parameters.one("Login"), parameters.one("Password")):
        raise DevinoError(4, "Invalid user login or password")


def destination(text: str) -> str:
    """Give the digits of a destination address, or refuse (code 6)."""
    number = parse_address(text)
    if number is None:
        raise DevinoError(6, "Invalid destination address")
    return number


def guarded(carry_out: Callable[[], Response]) -> Response:
    """Answer a request, with the error of table 17 if it is refused."""
    try:
        return carry_out()
    except DevinoError as error:
        return error_answer(error.code, error.words)


def error_answer(code: int, words: str = "") -> Response:
    """Give the answer for an error of table 17."""
    row = ERRORS[code]
    return json_answer({"Code": code, "Desc": words or row.words}, row.status)


def fault_answer(fault: Fault) -> Response:
    """Give the service's own server error."""
    return error_answer(fault.code)


def json_answer(document: object, status: int = 200) -> Response:
    """Give JSON as the service writes it: UTF-8 as it is, slashes escaped, cache headers of the manual."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    response = Response(text, status, content_type="application/json; charset=utf-8")
    response.headers["Cache-Control"] = "private"
    return response


def json_date(moment: float | None) -> str | None:
    """Write Unix seconds as the service's JSON writes dates: milliseconds in `/Date(ms)/`."""
    return None if moment is None else f"/Date({round(moment * 1000)})/"


def json_stamp(moment: float | None) -> str:
    """Write a date that is never null: the first moment of the calendar stands for none."""
    return json_date(moment) or _NO_DATE
