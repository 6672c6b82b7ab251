from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION, Encoding, Segments, segments

GSM, UCS = Encoding.GSM7, Encoding.UCS2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(GSM, 0, 1)),
        ("a" * 160, Segments(GSM, 160, 1)),
        ("a" * 161, Segments(GSM, 161, 2)),
        ("a" * 306, Segments(GSM, 306, 2)),
        ("a" * 307, Segments(GSM, 307, 3)),
        ("€" * 80, Segments(GSM, 160, 1)),
        ("€" * 81, Segments(GSM, 162, 2)),
        # 152 septets and an escape would end the first part: the pair goes to the second.
        ("a" * 152 + "€" + "a" * 152, Segments(GSM, 306, 3)),
        ("a" * 151 + "€" + "a" * 153, Segments(GSM, 306, 2)),
        ("я" * 70, Segments(UCS, 70, 1)),
        ("я" * 71, Segments(UCS, 71, 2)),
        ("я" * 134, Segments(UCS, 134, 2)),
        ("я" * 135, Segments(UCS, 135, 3)),
        ("😀" * 35, Segments(UCS, 70, 1)),
        ("😀" * 36, Segments(UCS, 72, 2)),
        # 66 units and half a pair would end the first part: the pair goes to the second.
        ("я" * 66 + "😀" + "я" * 66, Segments(UCS, 134, 3)),
        ("я" * 65 + "😀" + "я" * 67, Segments(UCS, 134, 2)),
        ("a" * 159 + "я", Segments(UCS, 160, 3)),
        ("Ç", Segments(GSM, 1, 1)),
        ("ç", Segments(UCS, 1, 1)),
        ("`", Segments(UCS, 1, 1)),
        ("line\nline\r\f", Segments(GSM, 12, 1)),
        ("{code}[~]^\\|", Segments(GSM, 20, 1)),
    ],
)
def test_known_texts_take_the_segments_that_networks_count(text: str, expected: Segments) -> None:
    assert segments(text) == expected


def test_the_alphabet_has_its_127_characters_and_10_more() -> None:
    assert len(set(GSM7_BASIC)) == len(GSM7_BASIC) == 127
    assert len(set(GSM7_EXTENSION)) == len(GSM7_EXTENSION) == 10
    assert not set(GSM7_BASIC) & set(GSM7_EXTENSION)


@given(st.text(GSM7_BASIC + GSM7_EXTENSION + "я😀", max_size=400))
def test_a_text_needs_as_many_segments_as_its_units_or_a_few_more(text: str) -> None:
    counted = segments(text)
    whole, part = (160, 153) if counted.encoding is GSM else (70, 67)
    least = 1 if counted.units <= whole else -(-counted.units // part)
    most = 1 if counted.units <= whole else -(-counted.units // (part - 1))
    assert least <= counted.count <= most


@given(st.text(max_size=200))
def test_ucs2_units_are_those_of_utf16(text: str) -> None:
    counted = segments(text)
    if counted.encoding is UCS:
        assert counted.units == len(text.encode("utf-16-be", "surrogatepass")) // 2
