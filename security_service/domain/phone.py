"""Numbers as people and systems write them, to E.164 digits; leaves masking to the secret types."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers

from security_service.domain.mobile_numbers import is_mobile, mobile_region
from security_service.domain.secret import Msisdn

_LONGEST: Final = 32
_WRITTEN: Final = re.compile(r"\+?[0-9(][0-9 ().-]*")


def parse_msisdn(text: str, region: str) -> Msisdn | None:
    """Read a number in the tenant's region, or else as an international one without `+`.

    `text` is what the caller wrote (`+7903…`, `8903…`, `7903…`, spaces and dashes allowed);
    `region` is ISO 3166 alpha-2. Gives None where no reading is a valid number. Never raises.
    """
    if is_mobile(text, region):
        return Msisdn(text)
    digits = _parse(text, region) if len(text) <= _LONGEST else None
    return None if digits is None else Msisdn(digits)


@lru_cache(maxsize=65536)
def _parse(text: str, region: str) -> str | None:
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        return None
    readings = [written] if written.startswith("+") else [written, f"+{written}"]
    for reading in readings:
        try:
            number = phonenumbers.parse(reading, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return None


def country_of(number: Msisdn) -> str:
    """Give the ISO 3166 alpha-2 country of a number, `ZZ` where it has none."""
    return mobile_region(number.digits) or _country(number.digits)


@lru_cache(maxsize=65536)
def _country(digits: str) -> str:
    try:
        parsed = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return "ZZ"
    return phonenumbers.region_code_for_number(parsed) or "ZZ"
