"""Requests to the ASO Broker, checked as its API wants them; leaves carrying them out to `aso_broker`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from security_service.sandbox.addresses import parse_address

CALL: Final = "call"

_CHANNELS: Final = ("sms", CALL)
_MOST_IDS: Final = 1000
_MOST_CALL_BYTES: Final = 2000
_DEFAULT_TTL: Final = 24 * 3600
_HOUR: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_PRIORITIES: Final = frozenset({"low", "normal", "high", "realtime", "2", "4", "6", "8"})
_CALL_CONTENTS: Final = frozenset({"text", "file", "menu"})

ERRORS: Final[dict[int, str]] = {
    100: "Internal server error",
    101: "Syntax error",
    102: "Account lock",
    103: "Empty channel",
    104: "Invalid priority",
    105: "Too much IDs",
    202: "Empty recipient",
    204: "Empty email address",
    205: "Empty message-id",
    206: "Invalid variables",
    301: "Invalid localtime",
    302: "Invalid start-datetime",
    303: "Invalid end-datetime",
    304: "Invalid allowed-starttime",
    305: "Invalid allowed-endtime",
    306: "Invalid send-evenly",
    401: "Empty originator",
    402: "Empty application",
    403: "Empty ttl",
    404: "Empty content",
    405: "Content error",
    406: "Invalid content",
    407: "Invalid ttl",
    408: "Invalid attached files",
    410: "Invalid retry-attempts",
    411: "Invalid retry-timeout",
}
"""Table 2.2 of the API."""


class AsoError(Exception):
    """A request that the broker refuses, with a code of table 2.2."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        self.words = ERRORS[code]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One channel of a message: what it says, from whom, and for how many seconds it is tried."""

    channel: str
    text: str = field(repr=False)
    originator: str
    ttl: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to one number: its channels in the order of the request; `not_before` is Unix seconds."""

    message_id: str
    number: str
    attempts: tuple[Attempt, ...]
    not_before: float


def read_messages(body: bytes, now: float) -> list[Wanted]:
    """Read the body of `send` (2.1): what a message does not say is said for all of them above it."""
    document = _document(body)
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise AsoError(101)
    shared = {name: value for name, value in document.items() if name != "messages"}
    return [_wanted({**shared, **one}, now) for one in messages]


def read_ids(body: bytes) -> list[str]:
    """Read the body of `getStatus` (2.2); ids may be written as numbers, as in the examples."""
    ids = _document(body).get("message-id")
    if not isinstance(ids, list):
        raise AsoError(101)
    if not ids:
        raise AsoError(205)
    if len(ids) > _MOST_IDS:
        raise AsoError(105)
    return [str(each) for each in ids]


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        raise AsoError(101) from None
    if not isinstance(document, dict):
        raise AsoError(101)
    return document


def _wanted(message: Mapping[str, Any], now: float) -> Wanted:
    number = parse_address(str(message.get("recipient") or ""))
    message_id = str(message.get("message-id") or "")
    if number is None:
        raise AsoError(202)
    if not message_id:
        raise AsoError(205)
    if str(message.get("priority") or "normal") not in _PRIORITIES:
        raise AsoError(104)
    template = _template(message)
    # The order of the members is that of the channels: the API names no other.
    channels = [name for name in message if name in _CHANNELS] or (["sms"] if template is not None else [])
    if not channels:
        raise AsoError(103)
    several = len(channels) > 1
    attempts = tuple(_attempt(name, message.get(name), template, several=several) for name in channels)
    return Wanted(message_id, number, attempts, _not_before(message.get("timing"), now))


def _template(message: Mapping[str, Any]) -> str | None:
    """Give the text of a template, None without one: here every template is its variables' values."""
    variables = message.get("variables") or {}
    if not isinstance(variables, dict):
        raise AsoError(206)
    return " ".join(str(value) for value in variables.values()) if message.get("template-id") else None


def _attempt(channel: str, settings: object, template: str | None, *, several: bool) -> Attempt:
    own = {} if settings is None and template is not None else settings
    if not isinstance(own, dict):
        raise AsoError(405)
    content = own.get("content")
    if not content and template is None:
        raise AsoError(404)
    text = _text(channel, content) if content else template or ""
    if channel == CALL:
        _whole(own, "retry-attempts", 410)
        _whole(own, "retry-timeout", 411)
    ttl = _whole(own, "ttl", 407)
    if ttl == 0:
        raise AsoError(407)
    if ttl is None and several:
        raise AsoError(403)
    return Attempt(channel, text, str(own.get("originator") or "broker"), ttl or _DEFAULT_TTL)


def _text(channel: str, content: object) -> str:
    if not isinstance(content, dict):
        raise AsoError(405)
    given = {name for name, value in content.items() if value}
    text = content.get("text")
    if channel == CALL and (len(given & _CALL_CONTENTS) != 1 or len(str(text).encode()) > _MOST_CALL_BYTES):
        raise AsoError(406)
    if not isinstance(text, str) or not text:
        raise AsoError(406)
    return text


def _given(settings: Mapping[str, Any], name: str) -> str | None:
    value = settings.get(name)
    return None if value is None or value == "" else str(value)


def _whole(settings: Mapping[str, Any], name: str, code: int) -> int | None:
    """Read a number from 0 on, which may be written as a text as in the examples."""
    text = _given(settings, name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise AsoError(code)
    return int(text)


def _not_before(timing: object, now: float) -> float:
    """Check the times of 2.1.2.2 and give the one from which the message may go out."""
    given = timing if isinstance(timing, dict) else {}
    for name, allowed, code in (("localtime", {"0", "1"}, 301), ("send-evenly", {"0", "1"}, 306)):
        if _given(given, name) not in {None, *allowed}:
            raise AsoError(code)
    for name, code in (("allowed-starttime", 304), ("allowed-endtime", 305)):
        hour = _given(given, name)
        if hour is not None and not _HOUR.fullmatch(hour.strip()):
            raise AsoError(code)
    _moment(given, "end-datetime", 303)
    starts = _moment(given, "start-datetime", 302)
    return now if starts is None else max(now, starts)


def _moment(timing: Mapping[str, Any], name: str, code: int) -> float | None:
    text = _given(timing, name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AsoError(code) from None
