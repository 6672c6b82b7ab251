"""Pages of short lists that are read whole; long ones have cursors of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from flask import request

PAGE: Final = 25
_LONGEST: Final = 6

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listed(Generic[_T]):
    """One page: `after` lines stand before it, `following` before the next one; 0 for none."""

    lines: Sequence[_T]
    after: int
    following: int


def listed(lines: Sequence[_T]) -> Listed[_T]:
    """Give the page that the address asks for by `after`; what cannot be read asks for the first."""
    text = request.args.get("after", "")
    start = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 0
    end = start + PAGE
    return Listed(lines[start:end], start, end if len(lines) > end else 0)
