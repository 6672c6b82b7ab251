from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION, Encoding, segments
from security_service.links.smpp.pdu import Tag, Tlv
from security_service.links.smpp.text import (
    Alphabet,
    Part,
    Segmentation,
    decode,
    decode_gsm7,
    encode_gsm7,
    parts_of,
)

GSM7_TEXTS = st.text(st.sampled_from(GSM7_BASIC + GSM7_EXTENSION), max_size=500)
ANY_TEXTS = st.text(max_size=300)
SPLIT = [Segmentation.SAR, Segmentation.UDH]

# Codes of 3GPP TS 23.038, 6.2.1 and 6.2.1.1, written down by hand at the table's corners.
GSM7_CODES = {
    "@": b"\x00",
    "£": b"\x01",
    "\n": b"\x0a",
    "Δ": b"\x10",
    "Ξ": b"\x1a",
    "Æ": b"\x1c",
    "É": b"\x1f",
    " ": b" ",
    "¤": b"\x24",
    "0": b"0",
    "¡": b"\x40",
    "A": b"A",
    "Ä": b"\x5b",
    "§": b"\x5f",
    "¿": b"\x60",
    "z": b"z",
    "ä": b"\x7b",
    "à": b"\x7f",
    "\f": b"\x1b\x0a",
    "^": b"\x1b\x14",
    "{": b"\x1b\x28",
    "}": b"\x1b\x29",
    "\\": b"\x1b\x2f",
    "[": b"\x1b\x3c",
    "~": b"\x1b\x3d",
    "]": b"\x1b\x3e",
    "|": b"\x1b\x40",
    "€": b"\x1b\x65",
}


def body_of(part: Part) -> bytes:
    """The text of a part without its header."""
    return part.text[6:] if part.esm_class else part.text


@pytest.mark.parametrize(("character", "code"), GSM7_CODES.items())
def test_a_character_has_the_code_of_the_table(character: str, code: bytes) -> None:
    assert encode_gsm7(character) == code
    assert decode_gsm7(code) == character


@given(GSM7_TEXTS)
def test_gsm7_comes_out_as_it_went_in(text: str) -> None:
    assert decode_gsm7(encode_gsm7(text)) == text


@given(st.binary(max_size=50))
def test_any_bytes_are_read_as_some_text(data: bytes) -> None:
    assert len(decode_gsm7(data)) <= len(data)


def test_an_unknown_pair_is_read_as_its_code_and_a_code_past_the_table_as_a_mark() -> None:
    assert decode_gsm7(b"\x1bA\x80\x1b") == "A\ufffd"


@pytest.mark.parametrize(
    ("data", "data_coding", "text"),
    [
        (b"\x00\x02", 0, "@$"),
        (b"abc", 1, "abc"),
        (b"\xe9", 3, "é"),
        ("Код".encode("utf-16-be"), 8, "Код"),
        (b"\x01\x02", 4, None),
    ],
)
def test_a_text_is_read_by_its_coding(data: bytes, data_coding: int, text: str | None) -> None:
    assert decode(data, data_coding) == text


@pytest.mark.parametrize("how", SPLIT)
@given(text=ANY_TEXTS | GSM7_TEXTS, reference=st.integers(0, 2**32))
def test_there_are_as_many_parts_as_were_counted_and_together_they_are_the_text(
    how: Segmentation, text: str, reference: int
) -> None:
    parts = parts_of(text, Alphabet.GSM7, how, reference)
    assert len(parts) == segments(text).count
    is_gsm7 = segments(text).encoding is Encoding.GSM7
    assert {part.data_coding for part in parts} == {0 if is_gsm7 else 8}
    joined = b"".join(body_of(part) for part in parts)
    if is_gsm7:
        assert decode_gsm7(joined) == text
    else:
        assert joined.decode("utf-16-be", errors="surrogatepass") == text


@given(text=ANY_TEXTS | GSM7_TEXTS)
def test_every_part_holds_what_a_segment_holds_and_cuts_no_character(text: str) -> None:
    for part in parts_of(text, Alphabet.GSM7, Segmentation.UDH, 1):
        size = len(body_of(part))
        if part.esm_class:
            assert size <= (153 if part.data_coding == 0 else 134)
        else:
            assert size <= (160 if part.data_coding == 0 else 140)
        decoded = decode(body_of(part), part.data_coding)
        assert decoded is not None
        assert not part.esm_class or text.find(decoded) >= 0 or "\ufffd" in decoded


@pytest.mark.parametrize(
    ("text", "count"),
    [("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("Ж" * 70, 1), ("Ж" * 71, 2), ("Ж" * 135, 3)],
)
def test_the_edges_are_those_of_the_manual(text: str, count: int) -> None:
    assert len(parts_of(text, Alphabet.GSM7, Segmentation.SAR, 1)) == count


def test_sar_marks_parts_by_three_parameters() -> None:
    first, second = parts_of("Ж" * 80, Alphabet.GSM7, Segmentation.SAR, 0x12ABCD)
    assert first.tlvs == (
        Tlv(Tag.SAR_MSG_REF_NUM, b"\xab\xcd"),
        Tlv(Tag.SAR_TOTAL_SEGMENTS, b"\x02"),
        Tlv(Tag.SAR_SEGMENT_SEQNUM, b"\x01"),
    )
    assert second.tlvs[-1] == Tlv(Tag.SAR_SEGMENT_SEQNUM, b"\x02")
    assert (len(first.text), first.esm_class) == (134, 0)


def test_udh_marks_parts_by_a_header_of_six_bytes() -> None:
    first, second = parts_of("Ж" * 80, Alphabet.GSM7, Segmentation.UDH, 0x12ABCD)
    assert first.text[:6] == bytes((5, 0, 3, 0xCD, 2, 1))
    assert second.text[:6] == bytes((5, 0, 3, 0xCD, 2, 2))
    assert (first.esm_class, first.tlvs, len(first.text)) == (0x40, (), 140)


def test_by_payload_a_long_text_is_one_part_and_a_short_one_a_plain_message() -> None:
    (long,) = parts_of("Ж" * 80, Alphabet.GSM7, Segmentation.PAYLOAD, 1)
    assert (long.text, long.data_coding) == (b"", 8)
    assert long.tlvs == (Tlv(Tag.MESSAGE_PAYLOAD, ("Ж" * 80).encode("utf-16-be")),)
    assert parts_of("Ж", Alphabet.GSM7, Segmentation.PAYLOAD, 1) == (Part("Ж".encode("utf-16-be"), 8),)


@pytest.mark.parametrize(
    ("text", "alphabet", "part"),
    [
        ("Code {1}", Alphabet.GSM7, Part(b"Code \x1b\x281\x1b\x29", 0)),
        ("Code {é}", Alphabet.LATIN1, Part(b"Code {\xe9}", 3)),
        ("Code €", Alphabet.LATIN1, Part("Code €".encode("utf-16-be"), 8)),
        ("Code 1", Alphabet.UCS2, Part("Code 1".encode("utf-16-be"), 8)),
        ("Код 1", Alphabet.LATIN1, Part("Код 1".encode("utf-16-be"), 8)),
    ],
)
def test_the_alphabet_is_used_where_it_can_hold_the_text(text: str, alphabet: Alphabet, part: Part) -> None:
    assert parts_of(text, alphabet, Segmentation.SAR, 1) == (part,)


def test_a_part_in_latin1_leaves_room_for_what_it_takes_in_gsm7() -> None:
    parts = parts_of("{" * 100, Alphabet.LATIN1, Segmentation.SAR, 1)
    assert [len(part.text) for part in parts] == [76, 24]


@pytest.mark.parametrize(
    ("text", "how"), [("x" * 153 * 255 + "xx", Segmentation.UDH), ("Ж" * 40_000, Segmentation.PAYLOAD)]
)
def test_a_text_past_what_the_protocol_can_part_is_refused(text: str, how: Segmentation) -> None:
    with pytest.raises(ValueError, match="the text"):
        parts_of(text, Alphabet.GSM7, how, 1)


def test_a_text_is_not_printed() -> None:
    assert "481516" not in repr(parts_of("481516", Alphabet.GSM7, Segmentation.SAR, 1))
