"""JSON, the format of the manual's examples. Leaves the meaning of members to `members`."""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn, final

from security_service.web.wire.codec import MAX_DEPTH, code_is_text, read_text
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.members import (
    NamedValues,
    NumberText,
    check_code_request,
    generate_code_request,
)
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    GenerateCodeRequest,
    MemberCase,
    OperationName,
)


def _no_number(_name: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise WireFault(FaultCode.UNREADABLE_BODY, "The body holds NaN or Infinity, which are not JSON.")


# An object becomes a tuple of pairs: names given twice stay visible, and arrays, which are lists, stay apart.
# Numbers stay text, so that 100.50 is not 100.5 and no number is too long to be read. Control characters are
# let through here because the members' own check names the member.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=tuple,
    parse_int=NumberText,
    parse_float=NumberText,
    parse_constant=_no_number,
    strict=False,
)
_QUOTE: Final = json.JSONEncoder(ensure_ascii=False).encode
# A string (to its end, or to the text's end if it is not closed) or one bracket. Possessive, so that it never
# goes back over what it has read: the time is linear in the text's length.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


@final
class JsonCodec:
    """`{"DestinationNumber":"79169492211"}` and `{"Code":"0","Description":"Code Sent"}`."""

    name = "json"
    media_types = ("application/json", "text/json")
    content_type = "application/json; charset=utf-8"

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault`."""
        return generate_code_request(_members(body))

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault`."""
        return check_code_request(_members(body))

    def encode(self, answer: Answer, operation: OperationName, style: AnswerStyle) -> bytes:
        """Write an answer without white space, the code as text or as a number as the style says."""
        code = f'"{answer.code}"' if code_is_text(operation, style.code_type) else str(answer.code)
        description = _QUOTE(answer.description)
        if style.member_case is MemberCase.CAMEL:
            return f'{{"code":{code},"description":{description}}}'.encode()
        return f'{{"Code":{code},"Description":{description}}}'.encode()


def _members(body: bytes) -> NamedValues:
    """Give the members of the one object in the body."""
    text = read_text(body)
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        sentence = f"The body cannot be read as JSON: see character {error.pos}."
        raise WireFault(FaultCode.UNREADABLE_BODY, sentence) from None
    if not isinstance(value, tuple):
        raise WireFault(FaultCode.WRONG_SHAPE, "The JSON is not one object.")
    return value


def _check_depth(text: str) -> None:
    """Raise `WireFault` 107 before the recursive parser meets a text that is nested too deeply."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        token = match[0]
        if token in {"{", "["}:
            depth += 1
            if depth > MAX_DEPTH:
                raise WireFault(FaultCode.TOO_DEEP)
        elif token in {"}", "]"}:
            depth -= 1
