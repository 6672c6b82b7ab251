"""Times of the protocol, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.smpp.times import read_time, write_date, write_time

NOW = 1_700_000_000  # 2023-11-14 22:13:20 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("000000000100000R", NOW + 60),
        ("000001000000000R", NOW + 86_400),
        ("000100000000000R", NOW + 30 * 86_400),
        ("010000000000000R", NOW + 365 * 86_400),
        ("231114221320000+", NOW),
        ("231114221320900+", NOW),
        ("231115011320012+", NOW),
        ("231114171320020-", NOW),
    ],
)
def test_absolute_and_relative_times_are_read(text: str, seconds: int) -> None:
    assert read_time(text, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "231114221320000",
        "231114221320000R ",
        "231314221320000+",
        "230230221320000+",
        "231114221320049+",
        "23111422132000+",
        "2311142213200000R",
        "٠٠٠٠٠٠٠٠٠١٠٠٠٠٠R",
        "abc",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text, NOW) is None


@given(st.integers(min_value=0, max_value=2_000_000_000))
def test_a_time_that_was_written_is_read_again(unix_s: int) -> None:
    assert read_time(write_time(unix_s), NOW) == unix_s


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{15}[+R-]", fullmatch=True))
def test_reading_never_fails(text: str) -> None:
    assert isinstance(read_time(text, NOW), int | None)


def test_dates_of_receipts_are_in_the_zone_that_is_asked_for() -> None:
    assert write_date(NOW * 1000, 0) == "2311142213"
    assert write_date(NOW * 1000, 180) == "2311150113"
