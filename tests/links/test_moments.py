from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.moments import iso_ms, iso_text, unix_ms

SECOND = 1377761466


@pytest.mark.parametrize(
    ("text", "ahead_h", "moment"),
    [
        ("2013-08-29T07:31:06", 0.0, SECOND * 1000),
        ("2013-08-29 07:31:06", 0.0, SECOND * 1000),
        ("2013-08-29T07:31", 0.0, (SECOND - 6) * 1000),
        ("2013-08-29T07:31:06.1234567", 0.0, SECOND * 1000 + 123),
        ("2013-08-29T07:31:06Z", 5.0, SECOND * 1000),
        ("2013-08-29T10:31:06+03:00", 0.0, SECOND * 1000),
        ("2013-08-29 10:31:06", 3.0, SECOND * 1000),
        (" 2013-08-29T13:01:06 ", 5.5, SECOND * 1000),
        ("0001-01-01T00:00:00", 0.0, None),
        ("1970-01-01T00:00:00", 0.0, None),
        ("2013-13-29T07:31:06", 0.0, None),
        ("2013-08-29T25:31:06", 0.0, None),
        ("2013-08-29", 0.0, None),
        ("29.08.2013 07:31", 0.0, None),
        ("20130829T073106", 0.0, None),
        ("", 0.0, None),
        (None, 0.0, None),
        (SECOND, 0.0, None),
    ],
)
def test_a_date_is_read_in_its_zone_or_in_the_providers(
    text: object, ahead_h: float, moment: int | None
) -> None:
    assert iso_ms(text, ahead_h) == moment


@given(st.text())
def test_any_text_is_a_moment_or_none(text: str) -> None:
    assert iso_ms(text) is None or iso_ms(text, 3.0) is not None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1527861323068", 1527861323068),
        ("15278613230680000", None),
        ("1527861323", None),
        ("-1527861323068", None),
        ("", None),
        (1527861323068, None),
    ],
)
def test_unix_milliseconds_are_read_from_texts_of_that_size(text: object, moment: int | None) -> None:
    assert unix_ms(text) == moment


def test_a_moment_is_written_by_the_providers_clock_with_its_zone() -> None:
    assert iso_text(SECOND + 0.9, 3.0) == "2013-08-29T10:31:06+03:00"


@given(st.integers(40_000_000, 4_102_444_800), st.integers(-12, 14))
def test_what_is_written_is_read_back(second: int, ahead_h: int) -> None:
    written = iso_text(second, ahead_h)
    assert iso_ms(written) == second * 1000
    assert datetime.fromisoformat(written).astimezone(UTC).timestamp() == second
