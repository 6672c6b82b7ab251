from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import timezone
from phonenumbers.tzdata import TIMEZONE_DATA

from security_service.domain.secret import Msisdn
from security_service.links.number_zones import PrefixZones

WALL = datetime(2027, 1, 15, 16)  # noqa: DTZ001 - a wall clock has no zone
KNOWN = ["79161112211", "74951234567", "12125550123", "447911123456", "77011234567"]


def moment(digits: str, wall: datetime = WALL) -> datetime:
    return datetime.fromtimestamp(PrefixZones().moment_s(Msisdn(digits), wall), UTC)


@pytest.mark.parametrize(
    ("digits", "hour"),
    [
        ("74951234567", 13),
        # a Russian mobile number may be anywhere between Kaliningrad and Kamchatka
        ("79161112211", 14),
        ("447911123456", 16),
        # of no country
        ("999999999999", 16),
        ("", 16),
    ],
)
def test_the_moment_is_when_it_is_that_late_wherever_the_number_may_be(digits: str, hour: int) -> None:
    assert moment(digits) == datetime(2027, 1, 15, hour, tzinfo=UTC)


def test_summer_time_is_kept() -> None:
    assert moment("12125550123") == datetime(2027, 1, 15, 21, tzinfo=UTC)
    assert moment("12125550123", WALL.replace(month=7)) == datetime(2027, 7, 15, 20, tzinfo=UTC)


def test_a_time_that_the_clocks_leave_out_or_show_twice_is_one_moment() -> None:
    skipped = datetime(2027, 3, 14, 2, 30)  # noqa: DTZ001 - a wall clock has no zone
    assert moment("12125550123", skipped) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    twice = datetime(2027, 11, 7, 1, 30)  # noqa: DTZ001 - a wall clock has no zone
    assert moment("12125550123", twice) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


@given(st.sampled_from(KNOWN), st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001 - as above
def test_no_zone_of_a_number_shows_an_earlier_hour_than_was_asked_for(digits: str, wall: datetime) -> None:
    at = PrefixZones().moment_s(Msisdn(digits), wall.replace(minute=0, second=0, microsecond=0))
    names = timezone.time_zones_for_number(phonenumbers.parse(f"+{digits}", None))
    shown = [datetime.fromtimestamp(at, ZoneInfo(name)).replace(tzinfo=None) for name in names]
    # a clock that is put back may show an hour less than one that was read before
    assert all((wall - one).total_seconds() < 2 * 3600 for one in shown)


def test_the_system_knows_every_zone_that_numbers_may_be_in() -> None:
    names = {name for zones in TIMEZONE_DATA.values() for name in zones}
    assert {name for name in names if ZoneInfo(name).key != name} == set()
