"""The NumberZones port over the prefixes of libphonenumber and the system's time zones; sends nothing."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone

from security_service.domain.secret import Msisdn

_REMEMBERED: Final = 8192


class PrefixZones:
    """Mobile numbers of a wide country may be in any of its zones: then the last of them decides.

    So no message comes before the hour that was asked for, wherever its reader is.
    """

    def moment_s(self, number: Msisdn, wall: datetime) -> int:
        """Give the Unix second at which it is `wall` (without a zone) wherever the number may be.

        A number of no known zone is taken to be in UTC. A time that a change of clocks leaves out is
        read with the offset before the change, one that comes twice is its first.
        """
        return max(int(wall.replace(tzinfo=zone).timestamp()) for zone in _zones(number.digits))


@lru_cache(_REMEMBERED)
def _zones(digits: str) -> tuple[tzinfo, ...]:
    try:
        names = timezone.time_zones_for_number(phonenumbers.parse(f"+{digits}", None))
    except phonenumbers.NumberParseException:
        return (UTC,)
    return tuple(zone for name in names if (zone := _zone(name)) is not None) or (UTC,)


@cache
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
