from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.swap_dates import (
    NoDate,
    Stretch,
    between,
    none_within,
    read_moment,
    within,
)

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
HOUR, DAY = 3600, 86_400

moments = st.integers(1_000_000, 1_789_000_000_000_000).map(
    lambda microseconds: datetime(1992, 1, 2, tzinfo=UTC) + timedelta(microseconds=microseconds // 2)
)


@given(moments, st.integers(-12 * 60, 14 * 60), st.integers(0, 9))
def test_a_moment_is_read_whatever_its_zone_and_precision(
    moment: datetime, offset_minutes: int, digits: int
) -> None:
    local = moment.astimezone(timezone(timedelta(minutes=offset_minutes)))
    fraction = f".{local.microsecond:06}000"[: digits + 1] if digits else ""
    zone = local.strftime("%z")
    text = f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{zone[:3]}:{zone[3:]}"
    read = read_moment(text, NOW)
    assert isinstance(read, Stretch)
    assert read.earliest == int(moment.timestamp())
    # A midnight that was told to the second could be a day without a time.
    assert read.latest - read.earliest in {0, DAY - 1}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-09-21T12:13:20Z", Stretch(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        ("2026-09-21t12:13:20z", Stretch(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        ("2026-09-21T15:13:20+0300", Stretch(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        ("2026-09-19T00:00:00Z", Stretch(1_789_776_000, 1_789_862_399)),
        ("2026-09-21T00:00:00Z", Stretch(1_789_948_800, NOW)),
        ("2026-09-22T10:00:00Z", Stretch(NOW, NOW)),
        ("2026-09-23T14:13:20Z", NoDate.IN_FUTURE),
        ("1900-01-01T00:00:00Z", NoDate.SENTINEL),
        ("1970-01-01T03:00:00+03:00", NoDate.SENTINEL),
        ("1991-12-31T23:59:59Z", NoDate.SENTINEL),
        ("01-01-1900", NoDate.SENTINEL),
        ("1900-01-01", NoDate.SENTINEL),
        ("02-01-1900", NoDate.UNREADABLE),
        ("2026-09-21", NoDate.UNREADABLE),
        ("2026-09-21T12:13:20", NoDate.UNREADABLE),
        ("2026-13-01T00:00:00Z", NoDate.UNREADABLE),
        ("1790000000", NoDate.UNREADABLE),
        ("", NoDate.UNREADABLE),
    ],
)
def test_a_date_is_a_stretch_a_sentinel_or_nothing(text: str, read: Stretch | NoDate) -> None:
    assert read_moment(text, NOW) == read


def test_hours_back_are_stretches_too() -> None:
    assert within(24, NOW) == Stretch(NOW - DAY, NOW)
    assert between(24, 48, NOW) == between(48, 24, NOW) == Stretch(NOW - 2 * DAY, NOW - DAY)
    assert none_within(24, NOW) == Stretch(None, NOW - DAY)
