from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.link_ports import NotOpened
from security_service.domain.secret import KeyRing
from security_service.links.sealed_text import TextSealer

RING = KeyRing({1: b"1" * 32})
SEALER = TextSealer(RING)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_text_opens_only_for_what_it_was_sealed_for(text: bytes, about: str) -> None:
    sealed = SEALER.seal(text, about)
    assert SEALER.open(sealed, about) == text
    assert SEALER.open(sealed, about + "x") == NotOpened()


def test_a_text_is_sealed_differently_each_time_and_cannot_be_read() -> None:
    first, second = SEALER.seal(b"Code 481516", "a"), SEALER.seal(b"Code 481516", "a")
    assert first != second
    assert b"481516" not in first


@given(st.integers(0, 45), st.integers(1, 255))
def test_a_sealed_text_with_any_changed_byte_does_not_open(at: int, change: int) -> None:
    sealed = bytearray(SEALER.seal(b"Your code: 481516", "a"))
    assert len(sealed) == 46
    sealed[at] ^= change
    assert SEALER.open(bytes(sealed), "a") == NotOpened()


@given(st.binary(max_size=40))
def test_bytes_that_nobody_sealed_do_not_open(data: bytes) -> None:
    assert SEALER.open(data, "a") == NotOpened()


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    newer = TextSealer(KeyRing({1: b"1" * 32, 2: b"2" * 32}))
    assert newer.open(SEALER.seal(b"text", "a"), "a") == b"text"
    sealed = newer.seal(b"text", "a")
    assert sealed[0] == 2
    assert SEALER.open(sealed, "a") == NotOpened()


@pytest.mark.parametrize("key", [b"2" * 32, b"1" * 31 + b"2"])
def test_another_key_opens_nothing(key: bytes) -> None:
    assert TextSealer(KeyRing({1: key})).open(SEALER.seal(b"text", "a"), "a") == NotOpened()
