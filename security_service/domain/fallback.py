"""What it takes to send a code's message by another channel later: types and a port; no behaviour here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from security_service.domain.jobs import Job

LEAST_LEFT_S: Final = 60
"""With fewer seconds of a code's life left no fallback is sent (design, section 2)."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A sent message that may have to leave again: the sealed text, and the job that knows its name.

    The text is kept until the code ends; the job holds neither it nor the code.
    """

    sealed: bytes = field(repr=False)
    job: Job


@dataclass(frozen=True, slots=True)
class TextTaken:
    """The sealed text, which nobody gets a second time; its code lives for `left_s` seconds more."""

    sealed: bytes = field(repr=False)
    left_s: float


class NoText(StrEnum):
    """Why there is no text to be sent: the code ended or was delivered, ends too soon, or it is gone.

    Or the subscriber was frozen since the code was made, which then is dead for good.
    """

    NOT_NEEDED = "not_needed"
    TOO_LATE = "too_late"
    TAKEN_BEFORE = "taken_before"
    FROZEN = "frozen"


class SealedTexts(Protocol):
    """The texts that wait for another channel. May raise StoreUnavailable."""

    def take(self, job: Job) -> TextTaken | NoText:
        """Give the text of the job's code, and forget it, where the code is still of use to a person.

        It is where the code is unspent and the newest of its slot, nobody knows that its message
        was delivered, and it lives for LEAST_LEFT_S seconds more.
        """
        ...
