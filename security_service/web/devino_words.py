"""Codes and words of the two-factor face (Devino manual 18.3, 18.4), as printed; codecs write them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from security_service.usecases.answers import CheckAnswer, GenerateAnswer
from security_service.web.wire.messages import Answer, OperationName

_GENERATE_CODE: Final[Mapping[GenerateAnswer, str]] = {
    GenerateAnswer.SENT: "Code Sent",
    GenerateAnswer.UNKNOWN_KEY: "Invalid ApiKey",
    GenerateAnswer.INVALID_NUMBER: "Invalid Phone",
    GenerateAnswer.LIMIT: "Limit requsts by time is over",
    GenerateAnswer.INTERNAL: "Internal Server Error",
    GenerateAnswer.NOT_SENT: "Error sending message",
    GenerateAnswer.GATE_REFUSED: "Invalid IMSI Code",
    GenerateAnswer.CODE_EXISTS: "Code Exist",
}
_CHECK_CODE: Final[Mapping[CheckAnswer, str]] = {
    CheckAnswer.VALID: "Valid Code",
    CheckAnswer.UNKNOWN_KEY: "Invalid ApiKey",
    CheckAnswer.INVALID_NUMBER: "Invalid Phone",
    CheckAnswer.LIMIT: "Limit requsts by time is over",
    CheckAnswer.INTERNAL: "Internal Server Error",
    CheckAnswer.NOT_FOUND: "Code not Found",
    CheckAnswer.EXPIRED: "Code Expired",
}


def _answers(words: Mapping[GenerateAnswer, str] | Mapping[CheckAnswer, str]) -> Mapping[int, Answer]:
    return MappingProxyType({int(code): Answer(int(code), word) for code, word in words.items()})


ANSWERS: Final[Mapping[OperationName, Mapping[int, Answer]]] = MappingProxyType(
    {
        OperationName.GENERATE_CODE: _answers(_GENERATE_CODE),
        OperationName.CHECK_CODE: _answers(_CHECK_CODE),
    }
)
"""Every documented answer of both operations, by its code."""

UNKNOWN_KEY: Final = GenerateAnswer.UNKNOWN_KEY.value
INTERNAL: Final = GenerateAnswer.INTERNAL.value
"""Both operations give these two meanings the same code."""


class FaceFault(IntEnum):
    """Codes of the envelope that the face itself gives, beside those of the wire; never given twice."""

    BAD_MEMBER = 120
    BAD_IDEMPOTENCY_KEY = 121
    METHOD_NOT_ALLOWED = 122
    BODY_NOT_RECEIVED = 123


FACE_SENTENCES: Final[Mapping[FaceFault, str]] = MappingProxyType(
    {
        FaceFault.BAD_MEMBER: "A member can be read but means nothing.",
        FaceFault.BAD_IDEMPOTENCY_KEY: "The Idempotency-Key is not 1 to 255 visible ASCII characters.",
        FaceFault.METHOD_NOT_ALLOWED: "Only POST is allowed here.",
        FaceFault.BODY_NOT_RECEIVED: "The body did not arrive whole.",
    }
)


class FaceRefusal(Exception):
    """A request that the face refuses before any use case; `fault` tells why."""

    def __init__(self, fault: FaceFault) -> None:
        self.fault: Final = fault
        super().__init__(FACE_SENTENCES[fault])
