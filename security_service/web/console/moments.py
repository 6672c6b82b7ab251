"""Moments as forms write them, in the visit's zone: days and minutes; leaves showing them to `shown`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_LONGEST = 19


def day_ms(text: str, zone: ZoneInfo) -> int | None:
    """Read `2026-01-31` as the Unix milliseconds at which that day begins; None for anything else."""
    return minute_ms(f"{text}T00:00", zone)


def minute_ms(text: str, zone: ZoneInfo) -> int | None:
    """Read `2026-01-31T12:00` as Unix milliseconds; None for anything else."""
    if len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return max(int(moment.replace(tzinfo=zone).timestamp() * 1000), 0)
    except (ValueError, OverflowError):
        return None


def minute_text(at_ms: int, zone: ZoneInfo) -> str:
    """Write Unix milliseconds as a field of a form does: `2026-01-31T12:00`."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%dT%H:%M")
