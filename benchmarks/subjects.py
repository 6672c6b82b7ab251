"""Numbers and their codes by plain arithmetic, so that load generators can work them out for themselves.

The same arithmetic stands in `load.lua`.
"""

from __future__ import annotations

from typing import Final

FIRST_NUMBER: Final = 79_000_000_000
"""The first of ten million numbers that are valid as Russian mobile ones, 7 900 and seven digits."""

_FACTOR: Final = 7919
_SHIFT: Final = 13


def number(place: int) -> str:
    """Give the number at a place, 0 and up, as E.164 digits without `+`."""
    return str(FIRST_NUMBER + place)


def code(place: int) -> str:
    """Give the six digits of the code that the number at a place has."""
    return f"{((FIRST_NUMBER + place) * _FACTOR + _SHIFT) % 1_000_000:06d}"


def imsi(digits: str) -> str:
    """Give the IMSI of the SIM that a number has at the stub: 250, 01, and the number's last ten digits."""
    return f"25001{digits[-10:]}"


class Places:
    """Hands out places that nobody had before: each number is used once in a run."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, count: int) -> range:
        """Give the next `count` places."""
        first, self._next = self._next, self._next + count
        return range(first, self._next)
