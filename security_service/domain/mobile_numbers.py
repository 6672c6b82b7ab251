"""Mobile numbers written with their calling code, told by one pattern: most of what the service is given.

A short cut past the library's parser, over the library's own data; whatever it does not know for certain
is left to that parser. It costs a tenth, and both must always agree: tests/domain/test_mobile_numbers.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers

_DIGITS: Final = re.compile(r"[1-9][0-9]{7,14}")
_NEVER: Final = re.compile(r"(?!)")
_LONGEST_CALLING_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class _Plan:
    """One region: what is one of its mobiles, what is any of its numbers, what would be stripped."""

    region: str
    calling_code: str
    mobile: re.Pattern[str]
    lengths: frozenset[int]
    national: re.Pattern[str]
    leading: re.Pattern[str]
    national_prefix: re.Pattern[str]
    international_prefix: re.Pattern[str]

    def mobile_part(self, digits: str) -> str:
        """The national part of a mobile of the region, empty where the digits are none for certain."""
        part = digits[len(self.calling_code) :]
        is_certain = (
            digits.startswith(self.calling_code)
            and len(part) in self.lengths
            and self.mobile.fullmatch(part)
            and self.national.fullmatch(part)
            and self.leading.match(part)
            and not part.startswith("0")
            and not self.national_prefix.match(part)
        )
        return part if is_certain else ""


def is_mobile(digits: str, region: str) -> bool:
    """Tell whether digits without `+` are, read in a region, a mobile number of it with its calling code.

    False where they might also be read in another way, or are no such number.
    """
    plan = _plan(region)
    return bool(
        plan
        and _DIGITS.fullmatch(digits)
        and plan.mobile_part(digits)
        and not plan.national.fullmatch(digits)
        and not plan.international_prefix.match(digits)
    )


def mobile_region(digits: str) -> str:
    """Give the region whose mobile number the E.164 digits are; empty where that is not certain."""
    if not _DIGITS.fullmatch(digits):
        return ""
    for length in range(1, _LONGEST_CALLING_CODE + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions:
            plan = _plan(regions[0])
            return plan.region if plan and plan.mobile_part(digits) else ""
    return ""


@lru_cache(maxsize=256)
def _plan(region: str) -> _Plan | None:
    """The plan of a region that is the first to be asked for its calling code; None for any other."""
    data = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if data is None or data.country_code is None:
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(data.country_code, ())
    if not regions or regions[0] != region:
        return None
    general, mobile = data.general_desc, data.mobile
    if not (general and general.national_number_pattern and mobile and mobile.national_number_pattern):
        return None
    lengths = set(general.possible_length)
    return _Plan(
        region,
        str(data.country_code),
        re.compile(mobile.national_number_pattern),
        frozenset(lengths & set(mobile.possible_length) if mobile.possible_length else lengths),
        re.compile(general.national_number_pattern),
        re.compile(data.leading_digits or ""),
        _pattern(data.national_prefix_for_parsing),
        _pattern(data.international_prefix),
    )


def _pattern(text: str | None) -> re.Pattern[str]:
    return re.compile(text) if text else _NEVER
