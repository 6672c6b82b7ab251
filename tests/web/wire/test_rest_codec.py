from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.web.wire.rest_codec import (
    Parameters,
    RestError,
    RestRefusal,
    in_utc,
    json_date,
    json_stamp,
    milliseconds,
    read_date,
    read_pairs,
    write_error,
    write_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=20))
def test_pairs_come_back_as_they_were_written(pairs: list[tuple[str, str]]) -> None:
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    assert read_pairs(body.encode()) == pairs


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        pairs = read_pairs(body)
    except RestRefusal as refusal:
        pairs, told = [], refusal.error
        assert told is RestError.ARGUMENT_INVALID
    assert all(isinstance(value, str) for pair in pairs for value in pair)


def test_the_first_value_that_is_not_empty_counts_whatever_the_case_of_its_name() -> None:
    told = Parameters([("data", ""), ("DATA", "a"), ("Data", "b")])
    assert (told.one("dAta"), told.every("Data"), told.one("other")) == ("a", ["a", "b"], "")
    with pytest.raises(RestRefusal) as refused:
        told.demand("Data", "SourceAddress")
    assert refused.value.words == "SourceAddress can not be null or empty Parameter name: sourceAddress"


@given(TEXTS)
def test_json_holds_nothing_that_a_page_is_made_of_and_reads_back(text: str) -> None:
    written = write_json([text])
    assert json.loads(written) == [text]
    assert not set("<>&'\u2028\u2029") & set(written)


def test_errors_and_dates_are_written_as_the_manual_prints_them() -> None:
    assert write_error(RestError.UNAUTHORIZED, "SessionID expired") == '{"Code":4,"Desc":"SessionID expired"}'
    assert write_json([json_date(1294045911213), json_date(0), json_stamp(0)]) == (
        '["\\/Date(1294045911213)\\/",null,"\\/Date(-62135596800000)\\/"]'
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2011-01-28T16:00:00", datetime(2011, 1, 28, 16, tzinfo=UTC)),
        ("2012-01-18 00:00:00", datetime(2012, 1, 18, tzinfo=UTC)),
        ("2012-01-18", datetime(2012, 1, 18, tzinfo=UTC)),
        ("2011-01-28T16:00:00+03:00", datetime(2011, 1, 28, 16, tzinfo=timezone(timedelta(hours=3)))),
    ],
)
def test_dates_are_read_in_the_forms_that_callers_write(text: str, moment: datetime) -> None:
    assert in_utc(read_date(text, "x")) == moment
    assert milliseconds(read_date(text, "x")) == moment.timestamp() * 1000


@given(
    st.one_of(TEXTS, st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True))
)
def test_no_date_breaks_the_reader(text: str) -> None:
    try:
        moment = milliseconds(read_date(text, "x"))
    except RestRefusal as refusal:
        moment, words = 0, refusal.words
        assert words == "Invalid argument Parameter name: x"
    assert 0 <= moment < 253_402_300_800_000


def test_a_date_for_wall_clocks_tells_no_zone() -> None:
    assert read_date("2011-01-28T16:00:00", "x", zone_may_be_told=False).tzinfo is None
    with pytest.raises(RestRefusal):
        read_date("2011-01-28T16:00:00Z", "x", zone_may_be_told=False)
