from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.mobile_numbers import is_mobile, mobile_region

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def _by_the_library(text: str, region: str) -> str | None:
    """What the library reads, as it stands or else with a `+`: E.164 digits, None for no valid number."""
    for reading in (text, f"+{text}"):
        try:
            number = phonenumbers.parse(reading, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return None


@st.composite
def digits_near_a_mobile(draw: st.DrawFn) -> tuple[str, str]:
    """A calling code with a mobile number of some region, some digits changed, and a region to read it in."""
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    national = list(str(example.national_number) if example else "912345678")
    for place in draw(st.lists(st.integers(0, len(national) - 1), max_size=len(national))):
        national[place] = draw(st.sampled_from("0123456789"))
    written = f"{phonenumbers.country_code_for_region(region)}{''.join(national)}"
    return written, draw(st.sampled_from((region, region, *REGIONS)))


@given(digits_near_a_mobile())
def test_what_is_told_to_be_a_mobile_is_read_alike_by_the_library(case: tuple[str, str]) -> None:
    written, region = case
    if is_mobile(written, region):
        assert _by_the_library(written, region) == written


@given(digits_near_a_mobile())
def test_the_region_of_a_mobile_is_the_one_that_the_library_gives(case: tuple[str, str]) -> None:
    digits, _ = case
    found = mobile_region(digits)
    if found:
        number = phonenumbers.parse(f"+{digits}", None)
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.region_code_for_number(number) == found


@pytest.mark.parametrize(
    ("digits", "region"), [("79031234567", "RU"), ("996555123456", "KG"), ("375291234567", "BY")]
)
def test_a_mobile_with_the_calling_code_of_its_region_is_told(digits: str, region: str) -> None:
    assert is_mobile(digits, region)
    assert mobile_region(digits) == region


@pytest.mark.parametrize(
    "text", ["89031234567", "9031234567", "+79031234567", "7903123456", "74951234567", "7903 1234567", ""]
)
def test_what_is_not_plainly_a_mobile_is_left_to_the_library(text: str) -> None:
    assert not is_mobile(text, "RU")


def test_a_region_that_shares_a_calling_code_is_left_to_the_library() -> None:
    assert not is_mobile("77011234567", "KZ")
    assert mobile_region("77011234567") == ""


def test_an_unknown_region_has_no_mobiles() -> None:
    assert not is_mobile("79031234567", "ZZ")
