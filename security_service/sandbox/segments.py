"""How many SMS segments a text takes, by 3GPP TS 23.038 and 23.040; leaves the text as it is."""

from __future__ import annotations

from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_GSM_WHOLE: Final = 160
_GSM_PART: Final = 153
_UCS_WHOLE: Final = 70
_UCS_PART: Final = 67
_LAST_OF_ONE_UNIT: Final = "\uffff"


def count_segments(text: str) -> int:
    """Give the number of segments of a text: 1 or more.

    160 septets fit into one GSM-7 message and 153 into each part of a longer one; with one
    character outside that alphabet it is 70 and 67 UTF-16 units. No character is cut in two.
    """
    if all(character in _BASIC or character in _EXTENDED for character in text):
        widths = [2 if character in _EXTENDED else 1 for character in text]
        return _parts(widths, _GSM_WHOLE, _GSM_PART)
    widths = [2 if character > _LAST_OF_ONE_UNIT else 1 for character in text]
    return _parts(widths, _UCS_WHOLE, _UCS_PART)


def _parts(widths: list[int], whole: int, part: int) -> int:
    if sum(widths) <= whole:
        return 1
    parts, room = 1, part
    for width in widths:
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
