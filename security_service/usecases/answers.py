"""What the two operations of chapter 18 answer: code, reason, verdict; leaves words to the faces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class GenerateAnswer(IntEnum):
    """Codes of GenerateCode (Devino manual 18.3)."""

    SENT = 0
    UNKNOWN_KEY = 1
    INVALID_NUMBER = 2
    LIMIT = 3
    INTERNAL = 4
    NOT_SENT = 5
    GATE_REFUSED = 6
    CODE_EXISTS = 7


class CheckAnswer(IntEnum):
    """Codes of CheckCode (Devino manual 18.4)."""

    VALID = 0
    UNKNOWN_KEY = 1
    INVALID_NUMBER = 2
    LIMIT = 3
    INTERNAL = 4
    NOT_FOUND = 5
    EXPIRED = 6


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of either operation.

    `reason` is a stable token for metrics and logs, never for the wire. `verdict` is there where
    the gate refused; `retry_after_s` where trying again later may help; `signed` is the JWS of a
    verdict that was asked for.
    """

    code: int
    reason: str
    verdict: str = ""
    retry_after_s: int | None = None
    signed: str = ""


@dataclass(frozen=True, slots=True)
class BadMember:
    """A member of the request can be read but means nothing: HTTP 400 with this sentence."""

    member: str
    sentence: str


@dataclass(frozen=True, slots=True)
class IdempotencyConflict:
    """The idempotency key came before with another body: HTTP 400, code 101."""


OperationResult = Answered | BadMember | IdempotencyConflict
