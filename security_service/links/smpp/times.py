"""Times of SMPP 3.4 as texts, absolute and relative (7.1.1); leaves what a time is for to others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_TIME: Final = re.compile(r"([0-9]{12})[0-9]([0-9]{2})([+R-])")
_MOST_QUARTERS: Final = 48
_UNITS_S: Final = (365 * 86_400, 30 * 86_400, 86_400, 3600, 60, 1)
"""What the pairs of digits of a relative time count; the specification leaves years and months open."""


def read_time(text: str, now_s: int) -> int | None:
    """Read `YYMMDDhhmmsstnnp` as Unix seconds, tenths left out; None for what is no such text.

    With `R` at the end it counts from `now_s`; with `+` or `-` it is a local time that is so many quarters
    of an hour ahead of UTC or behind it.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    digits, quarters, sign = found[1], int(found[2]), found[3]
    if sign == "R":
        pairs = (int(digits[at : at + 2]) for at in range(0, 12, 2))
        return now_s + sum(count * unit for count, unit in zip(pairs, _UNITS_S, strict=True))
    if quarters > _MOST_QUARTERS:
        return None
    zone = timezone(timedelta(minutes=15 * quarters * (-1 if sign == "-" else 1)))
    try:
        read = datetime.strptime(digits, "%y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:  # digits that are no date
        return None
    return round(read.timestamp())


def write_time(unix_s: int) -> str:
    """Write a moment as an absolute time in UTC."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%y%m%d%H%M%S}000+"


def write_date(unix_ms: int, utc_offset_minutes: int) -> str:
    """Write a moment as receipts have it, YYMMDDhhmm (appendix B), so many minutes ahead of UTC."""
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    return f"{datetime.fromtimestamp(unix_ms / 1000, zone):%y%m%d%H%M}"
