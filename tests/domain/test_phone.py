from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.phone import country_of, parse_msisdn
from security_service.domain.secret import Msisdn


@pytest.mark.parametrize(
    "text",
    [
        "+79031234567",
        "79031234567",
        "89031234567",
        "9031234567",
        "8 (903) 123-45-67",
        "+7 903 123 45 67",
        " +7-903-123-45-67 ",
        "8.903.123.45.67",
    ],
)
def test_one_russian_number_is_one_however_it_is_written(text: str) -> None:
    assert parse_msisdn(text, "RU") == Msisdn("79031234567")


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("996555123456", "KG"),
        ("375291234567", "BY"),
        ("998901234567", "UZ"),
        ("380501234567", "UA"),
        ("77011234567", "KZ"),
        ("4915112345678", "DE"),
        ("79169492211", "RU"),
    ],
)
def test_a_number_that_is_not_valid_in_the_region_is_read_as_an_international_one(
    digits: str, country: str
) -> None:
    number = parse_msisdn(digits, "RU")
    assert number == Msisdn(digits)
    assert parse_msisdn(f"+{digits}", "RU") == number
    assert country_of(Msisdn(digits)) == country


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "abc",
        "12345",
        "+7903123456",
        "790312345678",
        "+89031234567",
        "7+9031234567",
        "79031234567+1",
        "++79031234567",
        "79031234567;ext=5",
        "tel:+79031234567",
        "89031234567\x00",
        "٨٩٠٣١٢٣٤٥٦٧",
        "８９０３１２３４５６７",
        "8" * 33,
    ],
)
def test_what_is_no_valid_number_is_none(text: str) -> None:
    assert parse_msisdn(text, "RU") is None


def test_a_national_number_belongs_to_the_region_of_the_tenant() -> None:
    assert parse_msisdn("0555123456", "KG") == Msisdn("996555123456")
    assert parse_msisdn("79031234567", "KG") == Msisdn("79031234567")


def test_an_unknown_region_still_reads_international_numbers() -> None:
    assert parse_msisdn("79031234567", "XX") == Msisdn("79031234567")


def test_a_number_of_no_country_says_so() -> None:
    assert country_of(Msisdn("0")) == "ZZ"


@given(st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    number = parse_msisdn(text, "RU")
    assert number is None or parse_msisdn(f"+{number.digits}", "RU") == number
