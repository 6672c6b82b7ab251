from __future__ import annotations

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.secret import DIGEST_BYTES, KeyRing

PARTS = st.lists(st.text(max_size=20), max_size=5)


@given(st.binary(min_size=32, max_size=200), PARTS)
def test_a_digest_is_the_hmac_of_its_parts_with_their_lengths(key: bytes, parts: list[str]) -> None:
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    expected = hmac.new(key, message, sha256).digest()[:DIGEST_BYTES]
    assert KeyRing({7: key}).digest(7, *parts) == expected


@given(PARTS, PARTS)
def test_no_two_lists_of_parts_have_one_digest(one: list[str], other: list[str]) -> None:
    ring = KeyRing({1: b"1" * 32})
    assert (ring.digest(1, *one) == ring.digest(1, *other)) == (one == other)


def test_digests_before_do_not_change_a_digest() -> None:
    ring = KeyRing({1: b"1" * 32, 2: b"2" * 32})
    first = ring.digest(1, "a")
    assert ring.digest(2, "a") != first
    assert ring.digest(1, "b") != first
    assert ring.digest(1, "a") == first


def test_versions_come_newest_first() -> None:
    ring = KeyRing({1: b"1" * 32, 9: b"9" * 32, 3: b"3" * 32})
    assert ring.versions() == (9, 3, 1)
    assert ring.newest == 9


def test_a_ring_shows_its_versions_and_no_key() -> None:
    assert repr(KeyRing({1: b"1" * 32})) == "KeyRing(versions=[1])"


def test_a_version_that_is_not_at_hand_has_no_digest() -> None:
    with pytest.raises(KeyError):
        KeyRing({1: b"1" * 32}).digest(2, "a")
