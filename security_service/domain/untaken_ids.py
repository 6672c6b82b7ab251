"""Ids for messages that were not taken, where others of the same call were; keeps nothing anywhere.

An answer that lists ids number by number must say something for each of them. Such an id holds all that is
to be told, so that nothing needs to be stored of what never was; who makes one up learns what he wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MARK: Final = 1 << 62
"""No message of the store has an id so great: theirs have 52, 6 and 4 bits (see `message_id_of`)."""
_TIME_BITS: Final = 42
DRAWN: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class Untaken:
    """A message that was not taken at a time (Unix milliseconds); `is_unknown`: or nobody knows."""

    at_ms: int
    is_unknown: bool = False


def untaken_id(untaken: Untaken, drawn: int) -> str:
    """Give an id for it; what is drawn keeps those of one millisecond apart, up to 32 768 of them.

    The last four bits are free for segments.
    """
    at = untaken.at_ms & ((1 << _TIME_BITS) - 1)
    return str(_MARK | at << 20 | (drawn % DRAWN) << 5 | int(untaken.is_unknown) << 4)


def read_untaken(segment_id: str) -> Untaken | None:
    """Read an id or that of a segment; None where it is none of these."""
    if not segment_id.isascii() or not segment_id.isdecimal() or len(segment_id) > 19:
        return None
    number = int(segment_id)
    if number >> 62 != 1:
        return None
    return Untaken((number - _MARK) >> 20, bool(number >> 4 & 1))
