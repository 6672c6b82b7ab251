from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from security_service.links.xml_text import fits_xml


@pytest.mark.parametrize("text", ["", "Код 1234 <&>\t\r\n", "🙂", "\x7f\x85"])
def test_what_xml_can_write_fits(text: str) -> None:
    assert fits_xml(text)


@pytest.mark.parametrize("text", ["\x00", "a\x0bb", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_write_does_not_fit(text: str) -> None:
    assert not fits_xml(text)


@given(st.text(st.characters(codec=None)))
def test_the_rule_is_that_of_the_writer(text: str) -> None:
    element = etree.Element("a")
    try:
        element.text = text
        etree.tostring(element, encoding="utf-8")
        writes = True
    except (ValueError, UnicodeEncodeError):
        writes = False
    assert fits_xml(text) is writes
