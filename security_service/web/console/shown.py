"""How times, numbers and durations are written on pages, in the visit's language and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from markupsafe import Markup

from security_service.domain.secret import Msisdn
from security_service.web.console.visit import UTC_ZONE
from security_service.web.console.words import Locale, Words

_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name; UTC where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(UTC_ZONE)


def time_tag(seconds: float, locale: Locale, zone: ZoneInfo, *, precise: bool = False) -> Markup:
    """Give a `<time>`: the zone's wall clock to read, ISO 8601 with its offset as the title.

    `seconds` is Unix time; `precise` shows seconds too.
    """
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    clock = moment.strftime("%H:%M:%S" if precise else "%H:%M")
    if locale is Locale.RU:
        shown = f"{moment:%d.%m.%Y} {clock}"
    else:
        shown = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year} {clock}"
    iso = moment.isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{} ({})">{}</time>').format(
        iso, iso, moment.tzname() or zone.key, shown
    )


def zone_words(zone: ZoneInfo, seconds: float) -> str:
    """Give a zone as the foot of a page names it: `Europe/Moscow, UTC+03:00`."""
    offset = datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%z")
    return UTC_ZONE if zone.key == UTC_ZONE else f"{zone.key}, UTC{offset[:3]}:{offset[3:]}"


def span(seconds: float, words: Words) -> str:
    """Give a duration in its greatest whole unit: `3 days`, `5 minutes`."""
    for key, unit in (("span.days", _DAY), ("span.hours", _HOUR), ("span.minutes", _MINUTE)):
        if seconds >= unit:
            return words.count(key, int(seconds // unit))
    return words.count("span.seconds", max(int(seconds), 0))


def number_shown(number: Msisdn) -> str:
    """Give a number as people read it aloud: `+7 916 111-22-11`. It stands on pages only."""
    try:
        parsed = phonenumbers.parse(f"+{number.digits}", None)
    except phonenumbers.NumberParseException:
        return f"+{number.digits}"
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
