from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.json_body import members, read_json, text, whole


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_keep_every_digit_as_numbers_and_as_texts(number: int) -> None:
    for document in (number, str(number)):
        assert whole(read_json(json.dumps(document).encode())) == number


def test_an_id_longer_than_any_number_stays_a_text() -> None:
    assert read_json(b"[579700854169272358579700854169272358]") == ["579700854169272358579700854169272358"]


def test_an_amount_is_no_binary_fraction() -> None:
    assert read_json(b"20015.30") == "20015.30"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"<html>"])
def test_what_is_not_json_is_none(body: bytes) -> None:
    assert read_json(body) is None


@pytest.mark.parametrize("read", [None, True, ["1"], "", "1.5", "x", "1" * 19, "²", "١", "--1"])
def test_what_is_no_whole_number_is_none(read: object) -> None:
    assert whole(read) is None


def test_members_are_found_by_names_in_lower_case_and_only_in_an_object() -> None:
    assert members({"Error_Code": "1"}) == {"error_code": "1"}
    assert members([{"a": "1"}]) == {}


def test_a_text_is_a_text_and_nothing_else() -> None:
    read: list[object] = ["a", None, True, {}, []]
    assert [text(one) for one in read] == ["a", "", "", "", ""]
