from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.spoken import spoken


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("Код 481516", "Код 4, 8, 1, 5, 1, 6"),
        ("4815", "4, 8, 1, 5"),
        ("Код 481516.", "Код 4, 8, 1, 5, 1, 6."),
        ("481516, Etalon", "4, 8, 1, 5, 1, 6, Etalon"),
        ("Код:481516.Никому", "Код:4, 8, 1, 5, 1, 6.Никому"),
        ("Ваш код: 0042", "Ваш код: 0, 0, 4, 2"),
    ],
)
def test_a_code_is_said_digit_by_digit(said: str, heard: str) -> None:
    assert spoken(said) == heard


@pytest.mark.parametrize("said", ["в 12 часов", "24/7", "15000.50 руб", "A4815", "4815x", "12345678901", ""])
def test_what_is_no_code_is_said_as_it_stands(said: str) -> None:
    assert spoken(said) == said


@given(st.text())
def test_nothing_is_lost_or_added_but_the_pauses(said: str) -> None:
    assert spoken(said).replace(", ", "") == said.replace(", ", "")
