"""Dates of SIM swaps as providers tell them, as stretches of time; leaves the answer to each lookup.

Some tell a moment, some a day, some hours ago, and some a value that stands for none. A stretch keeps
what was told and no more; a value that stands for none is never read as a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_LONG_FRACTION: Final = re.compile(r"(\.[0-9]{6})[0-9]+")
_FIRST_YEAR: Final = 1992
"""The year of the first SIM card in a network; whatever lies before it stands for *none*."""

_SENTINELS: Final = frozenset({"01-01-1900", "01.01.1900", "1900-01-01", "1970-01-01", "0001-01-01"})
"""How *none* is written where no date-time is."""

_DAY_S: Final = 86_400
_SKEW_S: Final = 86_400
"""How far a provider's clock or day may be ahead of ours."""

HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Stretch:
    """A swap lies between these Unix seconds, both included; without `earliest`, somewhere up to `latest`."""

    earliest: int | None
    latest: int


class NoDate(StrEnum):
    """Why a value dates nothing."""

    UNREADABLE = "date_unreadable"
    SENTINEL = "date_sentinel"
    IN_FUTURE = "date_in_future"


def read_moment(text: str, now: int) -> Stretch | NoDate:
    """Read an RFC 3339 date-time with its zone; `now` is Unix seconds.

    One of midnight sharp is taken for a day that was given without a time: the swap may have been at
    its end. A date of 1900 or 1970 is a sentinel, one that lies over a day ahead is no date at all.
    """
    if text.strip() in _SENTINELS:
        return NoDate.SENTINEL
    if not _RFC_3339.fullmatch(text):
        return NoDate.UNREADABLE
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text.upper()))
    except ValueError:
        return NoDate.UNREADABLE
    if moment.year < _FIRST_YEAR:
        return NoDate.SENTINEL
    earliest = int(moment.timestamp())
    if earliest > now + _SKEW_S:
        return NoDate.IN_FUTURE
    is_day = moment.time() == time()
    return Stretch(min(earliest, now), min(earliest + _DAY_S - 1, now) if is_day else min(earliest, now))


def within(hours: int, now: int) -> Stretch:
    """Give the stretch of a swap of which only is known that it lies at most so many hours back."""
    return Stretch(now - hours * HOUR_S, now)


def between(one: int, other: int, now: int) -> Stretch:
    """Give the stretch between two counts of hours back, in whichever order they are told."""
    return Stretch(now - max(one, other) * HOUR_S, now - min(one, other) * HOUR_S)


def none_within(hours: int, now: int) -> Stretch:
    """Give what it means that there was no swap for so many hours: the last one was before them."""
    return Stretch(None, now - hours * HOUR_S)
