"""Numbers in the forms that the manual prints, to plain digits; leaves their validity to the network."""

from __future__ import annotations

from typing import Final

_PUNCTUATION: Final = str.maketrans("", "", "+-(). ")
_SHORTEST: Final = 7
_LONGEST: Final = 15
_RUSSIAN: Final = 11


def parse_address(text: str) -> str | None:
    """Give the digits of a number, or None where it is not one.

    `79031234567`, `+79031234567` and `89031234567` are the same number (Devino manual, table 3);
    spaces, dashes, dots and brackets do not count. Numbers have 7 to 15 digits.
    """
    digits = text.strip().translate(_PUNCTUATION)
    if not digits.isascii() or not digits.isdigit() or not _SHORTEST <= len(digits) <= _LONGEST:
        return None
    if len(digits) == _RUSSIAN and digits.startswith("8"):
        return "7" + digits[1:]
    return digits
