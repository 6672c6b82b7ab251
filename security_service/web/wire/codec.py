"""What a codec is, and what all of them ask of a body before they read it: size and encoding.

Leaves the choice of a codec to `negotiation` and each format to its own file.
"""

from __future__ import annotations

from typing import Final, Protocol, assert_never

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    CodeType,
    GenerateCodeRequest,
    OperationName,
)

MAX_BODY_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 16
"""Levels of nesting that a body may have; a request needs two, the rest is for members that are ignored."""


class RequestCodec(Protocol):
    """A format that requests come in."""

    @property
    def name(self) -> str:
        """The format's name in paths and in `?format=`."""

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types that name the format in headers, in lower case; answers bear the first."""

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault` and nothing else."""

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault` and nothing else."""


class Codec(RequestCodec, Protocol):
    """A format that requests come in and answers leave in."""

    @property
    def content_type(self) -> str:
        """The `Content-Type` of an answer."""

    def encode(self, answer: Answer, operation: OperationName, style: AnswerStyle) -> bytes:
        """Write an answer to an operation in a tenant's style."""


def check_body_size(length: int) -> None:
    """Raise `WireFault` 106 if a body of so many bytes is too large; every decoder asks it too."""
    if length > MAX_BODY_BYTES:
        raise WireFault(FaultCode.BODY_TOO_LARGE)


def read_text(body: bytes) -> str:
    """Give the body's text without a byte order mark; raise `WireFault` (106, 108, 109) if it is none.

    The manual names UTF-8 as the only encoding (18.1), so a `charset` in the content type is not asked.
    """
    check_body_size(len(body))
    if b"\0" in body:
        # Of the encodings in use only UTF-16 and UTF-32 give a zero byte so early in a request.
        raise WireFault(FaultCode.NOT_UTF8 if b"\0" in body[:4] else FaultCode.FORBIDDEN_CHARACTER)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        sentence = f"The body is not UTF-8 text: see the byte at offset {error.start}."
        raise WireFault(FaultCode.NOT_UTF8, sentence) from None
    return text.removeprefix("\ufeff")


def code_is_text(operation: OperationName, code_type: CodeType) -> bool:
    """True where the answer's code is written as text: in the manual only GenerateCode does so."""
    match code_type:
        case CodeType.DOCUMENTED:
            return operation is OperationName.GENERATE_CODE
        case CodeType.STRING:
            return True
        case CodeType.INTEGER:
            return False
        case _:
            assert_never(code_type)
