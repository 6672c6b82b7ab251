"""How many SMS segments a text takes (3GPP TS 23.038 and 23.040); leaves shortening it to people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GSM7_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet without its escape, in the order of the table."""

GSM7_EXTENSION: Final = "\f^{}\\[~]|€"
"""Characters that take two septets: an escape and the character."""

_WIDTHS: Final = dict.fromkeys(GSM7_BASIC, 1) | dict.fromkeys(GSM7_EXTENSION, 2)
_LAST_OF_ONE_UNIT: Final = "\uffff"


class Encoding(StrEnum):
    """The alphabet a text travels in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes: `units` are septets in GSM-7 and UTF-16 units in UCS-2, headers apart."""

    encoding: Encoding
    units: int
    count: int


_WHOLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}


def segments(text: str) -> Segments:
    """Count the segments of a text: 1 or more.

    A text of one segment holds 160 septets or 70 UTF-16 units, a part of a longer one 153 or 67.
    No escape is parted from its character and no surrogate pair is cut in two.
    """
    septets = [_WIDTHS.get(character) for character in text]
    if None not in septets:
        return _counted(Encoding.GSM7, (width for width in septets if width is not None))
    return _counted(Encoding.UCS2, (2 if character > _LAST_OF_ONE_UNIT else 1 for character in text))


def _counted(encoding: Encoding, widths: Iterable[int]) -> Segments:
    units, count, room = 0, 1, _PART[encoding]
    for width in widths:
        units += width
        if width > room:
            count, room = count + 1, _PART[encoding]
        room -= width
    return Segments(encoding, units, 1 if units <= _WHOLE[encoding] else count)
