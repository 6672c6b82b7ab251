"""Parameters, dates, JSON and errors of Devino REST (manual 1 and 2); leaves meaning to the face."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import IntEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

MOST_NUMBERS: Final = 2999
"""Numbers that one call may bring (Devino manual 2.3.3)."""

LONGEST_REQUEST: Final = 256 * 1024
"""Bytes of a form: as many numbers with their names, and the longest text."""

_MOST_PARAMETERS: Final = MOST_NUMBERS + 65
_NO_DATE_MS: Final = -62135596800000
_DATE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?P<zone>Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9990

# As ASP.NET writes JSON: nothing in it can end a script element or an attribute of a page.
_ESCAPED: Final = str.maketrans(
    {
        "/": "\\/",
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "'": "\\u0027",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
        "\x7f": "\\u007f",
    }
)


class RestError(IntEnum):
    """Codes of errors (Devino manual, table 17 of chapter 1, table 16 of chapter 2)."""

    ARGUMENT_MISSING = 1
    ARGUMENT_INVALID = 2
    SESSION_INVALID = 3
    UNAUTHORIZED = 4
    NO_CREDITS = 5
    OPERATION_INVALID = 6
    FORBIDDEN = 7
    GATEWAY = 8
    INTERNAL = 9

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status that the table prints beside the code."""
        return ERRORS[self][0]

    @property
    def words(self) -> str:
        """What `Desc` says where nothing is more exact."""
        return ERRORS[self][1]


ERRORS: Final[Mapping[RestError, tuple[HTTPStatus, str]]] = MappingProxyType(
    {
        RestError.ARGUMENT_MISSING: (HTTPStatus.BAD_REQUEST, "Argument cannot be null or empty"),
        RestError.ARGUMENT_INVALID: (HTTPStatus.BAD_REQUEST, "Invalid argument"),
        RestError.SESSION_INVALID: (HTTPStatus.BAD_REQUEST, "Invalid session id"),
        RestError.UNAUTHORIZED: (HTTPStatus.UNAUTHORIZED, "Unauthorized access"),
        RestError.NO_CREDITS: (HTTPStatus.FORBIDDEN, "Not enough credits"),
        RestError.OPERATION_INVALID: (HTTPStatus.BAD_REQUEST, "Invalid operation"),
        RestError.FORBIDDEN: (HTTPStatus.FORBIDDEN, "Forbidden"),
        RestError.GATEWAY: (HTTPStatus.INTERNAL_SERVER_ERROR, "Gateway error"),
        RestError.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error"),
    }
)


class RestRefusal(Exception):
    """Ends a request with an error; `retry_after_s` is told where waiting helps."""

    def __init__(self, error: RestError, words: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(error)
        self.error: Final = error
        self.words: Final = words or error.words
        self.retry_after_s: Final = retry_after_s


class Parameters:
    """Parameters from query and form alike, names in any case; where a name is repeated the first counts."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value:
                self._values.setdefault(name.lower(), []).append(value)

    def demand(self, *names: str) -> None:
        """Refuse (code 1) where one of these is missing or empty."""
        for name in names:
            if name.lower() not in self._values:
                given = name[0].lower() + name[1:]
                raise RestRefusal(
                    RestError.ARGUMENT_MISSING, f"{name} can not be null or empty Parameter name: {given}"
                )

    def one(self, name: str) -> str:
        """Give a parameter, or an empty text where it is missing."""
        return next(iter(self._values.get(name.lower(), ())), "")

    def every(self, name: str) -> Sequence[str]:
        """Give all values of a parameter that may be repeated."""
        return self._values.get(name.lower(), ())


def read_pairs(encoded: bytes) -> list[tuple[str, str]]:
    """Read URL-encoded pairs in UTF-8; refuses (code 2) other encodings and more than a call may bring."""
    try:
        return parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        raise RestRefusal(RestError.ARGUMENT_INVALID, "The parameters are not in UTF-8") from None
    except ValueError:
        raise RestRefusal(RestError.ARGUMENT_INVALID, "Too many parameters") from None


def read_date(text: str, name: str, *, zone_may_be_told: bool = True) -> datetime:
    """Read `2011-01-28T16:00:00`, refuses (code 2) what is none; without a zone there is none in it."""
    shape = _DATE.fullmatch(text)
    if shape is not None and (zone_may_be_told or shape["zone"] is None):
        with suppress(ValueError):
            moment = datetime.fromisoformat(text)
            if _FIRST_YEAR <= moment.year <= _LAST_YEAR:
                return moment
    raise RestRefusal(RestError.ARGUMENT_INVALID, f"Invalid argument Parameter name: {name}")


def in_utc(moment: datetime) -> datetime:
    """Give a date that tells no zone as one in GMT+00:00 (Devino manual 1.4.1)."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Give a date, in UTC where it tells no zone, as Unix milliseconds."""
    return int(in_utc(moment).timestamp() * 1000)


def json_date(at_ms: int) -> str | None:
    """Write Unix milliseconds as `/Date(ms)/`; None where it has not come to that (0)."""
    return f"/Date({at_ms})/" if at_ms else None


def json_stamp(at_ms: int) -> str:
    """Write a date that is never null: the first moment of the calendar stands for none."""
    return f"/Date({at_ms or _NO_DATE_MS})/"


def write_json(document: object) -> str:
    """Write JSON as the service does: letters as they are, slashes and what pages are made of escaped."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)


def write_error(error: RestError, words: str) -> str:
    """Write an error: `{"Code":4,"Desc":"…"}`."""
    return write_json({"Code": error.value, "Desc": words})
