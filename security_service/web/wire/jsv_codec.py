"""JSV, ServiceStack's mixture of JSON and CSV. Leaves the meaning of members to `members`.

`{DestinationNumber:79169492211,LimitKeys:[a,b]}`: names and values without quotes, white space counts, and a
text with one of `[]{},"` in it stands in quotes, with quotes doubled.
"""

from __future__ import annotations

import re
from typing import Final, final

from security_service.web.wire.codec import MAX_DEPTH, read_text
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.members import NamedValues, check_code_request, generate_code_request
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    GenerateCodeRequest,
    MemberCase,
    OperationName,
)

# Possessive, so that no text is read twice: the time is linear in the body's length.
_QUOTED: Final = re.compile(r'"((?:[^"]++|"")*+)"')
_PLAIN_NAME: Final = re.compile(r'[^\[\]{},":]*+')
_PLAIN_VALUE: Final = re.compile(r'[^\[\]{},"]*+')
_NEEDS_QUOTES: Final = re.compile(r'[\[\]{},"\r\n]')


@final
class JsvCodec:
    """`{DestinationNumber:79169492211}` and `{Code:0,Description:Code Sent}`."""

    name = "jsv"
    media_types = ("application/jsv", "text/jsv")
    content_type = "application/jsv; charset=utf-8"

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault`."""
        return generate_code_request(_members(body))

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault`."""
        return check_code_request(_members(body))

    def encode(self, answer: Answer, operation: OperationName, style: AnswerStyle) -> bytes:
        """Write an answer; JSV does not tell text from numbers, so the code is the same in every style."""
        del operation  # all answers have the same members, and only XML names the operation
        description = answer.description
        if _NEEDS_QUOTES.search(description):
            description = '"' + description.replace('"', '""') + '"'
        if style.member_case is MemberCase.CAMEL:
            return f"{{code:{answer.code},description:{description}}}".encode()
        return f"{{Code:{answer.code},Description:{description}}}".encode()


def _members(body: bytes) -> NamedValues:
    """Give the members of the one object in the body; white space around it does not count."""
    text = read_text(body).strip()
    if not text.startswith("{"):
        raise WireFault(FaultCode.WRONG_SHAPE, "The JSV is not one object.")
    members, end = _object(text, 1, 1)
    if end != len(text):
        raise _unreadable(end)
    return members


def _object(text: str, at: int, depth: int) -> tuple[tuple[tuple[str, object], ...], int]:
    """Read an object after its opening brace; give its members and the place after its closing brace."""
    members: list[tuple[str, object]] = []
    if text.startswith("}", at):
        return (), at + 1
    while True:
        name, at = _token(text, at, _PLAIN_NAME)
        if not text.startswith(":", at):
            raise _unreadable(at)
        value, at = _value(text, at + 1, depth)
        members.append((name, value))
        if text.startswith("}", at):
            return tuple(members), at + 1
        if not text.startswith(",", at):
            raise _unreadable(at)
        at += 1


def _list(text: str, at: int, depth: int) -> tuple[list[object], int]:
    """Read a list after its opening bracket; give its values and the place after its closing bracket."""
    values: list[object] = []
    if text.startswith("]", at):
        return values, at + 1
    while True:
        value, at = _value(text, at, depth)
        values.append(value)
        if text.startswith("]", at):
            return values, at + 1
        if not text.startswith(",", at):
            raise _unreadable(at)
        at += 1


def _value(text: str, at: int, depth: int) -> tuple[object, int]:
    """Read a value; objects become tuples of pairs, so that lists stay apart from them."""
    opening = text[at : at + 1]
    if opening not in {"{", "["}:
        return _token(text, at, _PLAIN_VALUE)
    if depth == MAX_DEPTH:
        raise WireFault(FaultCode.TOO_DEEP)
    if opening == "{":
        return _object(text, at + 1, depth + 1)
    return _list(text, at + 1, depth + 1)


def _token(text: str, at: int, plain: re.Pattern[str]) -> tuple[str, int]:
    """Read a text in quotes or one without; a pattern for plain text also matches none at all."""
    if text.startswith('"', at):
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise _unreadable(at)
        return quoted[1].replace('""', '"'), quoted.end()
    match = plain.match(text, at)
    end = at if match is None else match.end()
    return text[at:end], end


def _unreadable(at: int) -> WireFault:
    """Give the fault of a body that is no JSV at a place."""
    return WireFault(FaultCode.UNREADABLE_BODY, f"The body cannot be read as JSV: see character {at}.")
