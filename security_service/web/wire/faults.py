"""What is wrong with a request that cannot be read: a closed list of codes above the documented ones.

Leaves to the face how a fault is answered (same envelope, in the asked format) and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, final


@final
class FaultCode(IntEnum):
    """Codes of the envelope beyond the Devino manual 18.3 and 18.4. A number is never given twice."""

    UNREADABLE_BODY = 100
    IDEMPOTENCY_CONFLICT = 101
    WRONG_CONTENT_TYPE = 102
    WRONG_KIND = 103
    TOO_LONG = 104
    MEMBER_TWICE = 105
    BODY_TOO_LARGE = 106
    TOO_DEEP = 107
    NOT_UTF8 = 108
    FORBIDDEN_CHARACTER = 109
    FORBIDDEN_XML = 110
    WRONG_SHAPE = 111
    UNKNOWN_FORMAT = 112


FAULT_SENTENCES: Final[Mapping[FaultCode, str]] = MappingProxyType(
    {
        FaultCode.UNREADABLE_BODY: "The body cannot be read in its format.",
        FaultCode.IDEMPOTENCY_CONFLICT: "The Idempotency-Key was used before with another body.",
        FaultCode.WRONG_CONTENT_TYPE: (
            "The Content-Type is missing or not one of application/json, application/xml, application/jsv, "
            "text/csv, application/x-www-form-urlencoded."
        ),
        FaultCode.WRONG_KIND: "A member is neither text nor a number.",
        FaultCode.TOO_LONG: "A member is too long.",
        FaultCode.MEMBER_TWICE: "A member is given more than once.",
        FaultCode.BODY_TOO_LARGE: "The body is larger than 64 KiB.",
        FaultCode.TOO_DEEP: "The body is nested too deeply.",
        FaultCode.NOT_UTF8: "The body is not UTF-8 text.",
        FaultCode.FORBIDDEN_CHARACTER: "The body holds a character that is not allowed.",
        FaultCode.FORBIDDEN_XML: "The XML holds a document type declaration, which is not allowed.",
        FaultCode.WRONG_SHAPE: "The body does not hold exactly one request.",
        FaultCode.UNKNOWN_FORMAT: "The asked format is not one of json, xml, jsv, csv.",
    }
)


@final
class WireFault(Exception):
    """A request that cannot be read, or not be taken as it is written.

    `code` is the number for the envelope, `sentence` its description in English. The sentence names the
    fault and the member, and never echoes a value: it goes into answers and logs.
    """

    def __init__(self, code: FaultCode, sentence: str | None = None) -> None:
        self.code: Final = code
        self.sentence: Final = FAULT_SENTENCES[code] if sentence is None else sentence
        super().__init__(self.sentence)

    @property
    def http_status(self) -> int:
        """HTTP status of the answer: 413 for a body that is too large, else 400 (design, section 2)."""
        if self.code is FaultCode.BODY_TOO_LARGE:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
        return HTTPStatus.BAD_REQUEST.value
