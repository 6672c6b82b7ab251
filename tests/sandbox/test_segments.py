from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.sandbox.segments import count_segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
        ("a" * 70 + "ж", 2),
    ],
)
def test_segments_are_counted_at_every_edge(text: str, segments: int) -> None:
    assert count_segments(text) == segments


@given(st.text(max_size=400))
def test_a_longer_text_never_takes_fewer_segments(text: str) -> None:
    assert count_segments(text) <= count_segments(text + "ж") <= count_segments(text + "жж" * 67)
