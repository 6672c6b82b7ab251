from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.sandbox.addresses import parse_address


@pytest.mark.parametrize(
    "written", ["79031234567", "+79031234567", "89031234567", " 79031234567", "8 (903) 123-45-67"]
)
def test_the_documented_forms_are_one_number(written: str) -> None:
    assert parse_address(written) == "79031234567"


@pytest.mark.parametrize("written", ["996555123456", "+375291234567", "8210112345"])
def test_an_eight_is_a_trunk_prefix_only_before_ten_digits(written: str) -> None:
    assert parse_address(written) == written.removeprefix("+")


@pytest.mark.parametrize(
    "written", ["", "123456", "1" * 16, "BANK", "7903123456x", "٧٩٠٣١٢٣٤٥٦٧", "7903\x00"]
)
def test_what_is_no_number_is_none(written: str) -> None:
    assert parse_address(written) is None


@given(st.text())
def test_an_address_is_digits_and_is_read_the_same_again(written: str) -> None:
    number = parse_address(written)
    if number is not None:
        assert number.isascii()
        assert number.isdigit()
        assert parse_address(f"+{number}") == number
