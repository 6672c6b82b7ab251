"""Texts of messages as SMPP carries them: alphabets and parts of long ones; leaves sessions to others.

GSM-7 goes unpacked, a septet a byte (3GPP TS 23.038); what a part holds is what `domain/segments.py` counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION, Encoding, segments
from security_service.links.smpp.bodies import UDH_INDICATOR
from security_service.links.smpp.pdu import Tag, Tlv

MOST_PARTS: Final = 255

_DEFAULT_ALPHABET: Final = 0
_LATIN1: Final = 3
_UCS2: Final = 8
_ESCAPE: Final = 0x1B
_EXTENSION_CODES: Final = (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65)
_UNREADABLE: Final = "\ufffd"
_LAST_OF_LATIN1: Final = "\xff"
_LONGEST_PAYLOAD: Final = 65_535


def _gsm7_codes() -> dict[str, bytes]:
    # The table has the escape at 0x1B, which the alphabet, as a text, leaves out.
    codes = {one: bytes((at + (at >= _ESCAPE),)) for at, one in enumerate(GSM7_BASIC)}
    pairs = zip(GSM7_EXTENSION, _EXTENSION_CODES, strict=True)
    return codes | {one: bytes((_ESCAPE, code)) for one, code in pairs}


_GSM7: Final = _gsm7_codes()
_FROM_GSM7: Final = {code: one for one, code in _GSM7.items()}


class Alphabet(StrEnum):
    """What texts of GSM-7's characters are sent in; all others are sent in UCS-2."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    UCS2 = "ucs2"


class Segmentation(StrEnum):
    """How the parts of a long text are marked as such (Devino manual 3.3)."""

    SAR = "sar"
    UDH = "udh"
    PAYLOAD = "payload"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text as a PDU carries it."""

    text: bytes = field(repr=False)
    data_coding: int
    esm_class: int = 0
    tlvs: tuple[Tlv, ...] = ()


def encode_gsm7(text: str) -> bytes:
    """Give a text in GSM-7, unpacked; raises KeyError for a character that it has not."""
    return b"".join([_GSM7[character] for character in text])


def decode_gsm7(data: bytes) -> str:
    """Read GSM-7, unpacked; an unknown pair of escape and code is read as the code alone (23.038, 6.2.1)."""
    characters: list[str] = []
    at = 0
    while at < len(data):
        pair = data[at : at + 2]
        code = pair if pair in _FROM_GSM7 else pair[:1]
        if code[0] != _ESCAPE or len(code) == 2:
            characters.append(_FROM_GSM7.get(code, _UNREADABLE))
        at += len(code)
    return "".join(characters)


def decode(data: bytes, data_coding: int) -> str | None:
    """Read a text without its user data header; None for a coding that holds no text that is known here."""
    match data_coding:
        case 0x00:
            return decode_gsm7(data)
        case 0x01 | 0x03:
            return data.decode("latin-1")
        case 0x08:
            return data.decode("utf-16-be", errors="replace")
        case _:
            return None


def parts_of(text: str, alphabet: Alphabet, how: Segmentation, reference: int) -> tuple[Part, ...]:
    """Give a text as the parts that are sent one by one; one that fits a single message is one part.

    `alphabet` is for texts that are all of GSM-7's characters, `reference` keeps the parts of different
    texts to one number apart (its low bits are used). By payload the centre parts the text. Raises
    ValueError for a text that takes more parts, or a longer payload, than there can be.
    """
    form = _form(text, alphabet)
    if sum(width for _, width in form.pieces) <= form.whole:
        return (Part(form.joined(), form.data_coding),)
    if how is Segmentation.PAYLOAD:
        payload = form.joined()
        if len(payload) > _LONGEST_PAYLOAD:
            raise ValueError("the text is longer than a payload can be")
        return (Part(b"", form.data_coding, tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, payload),)),)
    texts = form.split()
    if len(texts) > MOST_PARTS:
        raise ValueError("the text takes more parts than there can be")
    mark = _with_sar if how is Segmentation.SAR else _with_udh
    return tuple(
        mark(Part(one, form.data_coding), reference, len(texts), at) for at, one in enumerate(texts, 1)
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """A text character by character, each as bytes and its width; `whole` and `part` are widths too."""

    data_coding: int
    pieces: Sequence[tuple[bytes, int]]
    whole: int
    part: int

    def joined(self) -> bytes:
        return b"".join(piece for piece, _ in self.pieces)

    def split(self) -> list[bytes]:
        texts, text, room = [], bytearray(), self.part
        for piece, width in self.pieces:
            if width > room:
                texts.append(bytes(text))
                text, room = bytearray(), self.part
            text += piece
            room -= width
        return [*texts, bytes(text)]


def _form(text: str, alphabet: Alphabet) -> _Form:
    is_gsm7 = segments(text).encoding is Encoding.GSM7
    if is_gsm7 and alphabet is Alphabet.GSM7:
        return _Form(_DEFAULT_ALPHABET, [(code := _GSM7[one], len(code)) for one in text], 160, 153)
    # Latin-1 has neither Greek letters nor the euro: such a text goes in UCS-2.
    if is_gsm7 and alphabet is Alphabet.LATIN1 and all(one <= _LAST_OF_LATIN1 for one in text):
        return _Form(_LATIN1, [(one.encode("latin-1"), len(_GSM7[one])) for one in text], 160, 153)
    units = [one.encode("utf-16-be", errors="surrogatepass") for one in text]
    return _Form(_UCS2, [(unit, len(unit)) for unit in units], 140, 134)


def _with_sar(part: Part, reference: int, count: int, at: int) -> Part:
    """Mark a part by optional parameters (SMPP 3.4, 5.3.2.22 to 5.3.2.24)."""
    tlvs = (
        Tlv(Tag.SAR_MSG_REF_NUM, (reference & 0xFFFF).to_bytes(2, "big")),
        Tlv(Tag.SAR_TOTAL_SEGMENTS, bytes((count,))),
        Tlv(Tag.SAR_SEGMENT_SEQNUM, bytes((at,))),
    )
    return replace(part, tlvs=tlvs)


def _with_udh(part: Part, reference: int, count: int, at: int) -> Part:
    """Mark a part by a header of six bytes before its text (Devino manual 3.3; 23.040, 9.2.3.24.1)."""
    header = bytes((5, 0, 3, reference & 0xFF, count, at))
    return replace(part, text=header + part.text, esm_class=UDH_INDICATOR)
