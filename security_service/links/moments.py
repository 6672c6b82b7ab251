"""Dates as providers write them, read as Unix milliseconds; leaves which of them counts to the callers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_UNIX_MS: Final = re.compile(r"[0-9]{11,14}")
_FIRST_YEAR: Final = 1971  # earlier ones are how providers write that there is none


def iso_ms(text: object, ahead_h: float = 0.0) -> int | None:
    """Read `2016-08-10 15:28:50` or `2020-01-14T08:27:57.7377849+03:00`; None for all else.

    `ahead_h` is how many hours the provider's clock is ahead of UTC where the text names no zone.
    """
    if not isinstance(text, str) or not _ISO.fullmatch(text.strip()):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.year < _FIRST_YEAR:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=ahead_h)))
    return round(moment.timestamp() * 1000)


def unix_ms(text: object) -> int | None:
    """Read Unix milliseconds that JSON had as a number or as a text; None for all else."""
    return int(text) if isinstance(text, str) and _UNIX_MS.fullmatch(text) else None


def iso_text(unix_s: float, ahead_h: float) -> str:
    """Write a moment in whole seconds, rounded down, with the zone: `2026-11-22T02:30:00+03:00`."""
    moment = datetime.fromtimestamp(int(unix_s), UTC).astimezone(timezone(timedelta(hours=ahead_h)))
    return moment.isoformat(timespec="seconds")
