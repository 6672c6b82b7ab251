"""The tree over tiles agrees with RFC 6962 as it is written, recursion and all."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.merkle import (
    TILE,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    roots_of,
    subtrees,
    verify_consistency,
    verify_inclusion,
)
from tests.fakes.hashes import HeldHashes

# The inputs every implementation of Certificate Transparency tries itself on, and the roots they give.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def split(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return node_hash(slow_root(leaves[:half]), slow_root(leaves[half:]))


def slow_path(leaf: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if leaf < half:
        return [*slow_path(leaf, leaves[:half]), slow_root(leaves[half:])]
    return [*slow_path(leaf - half, leaves[half:]), slow_root(leaves[:half])]


def slow_subproof(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if whole else [slow_root(leaves)]
    half = split(len(leaves))
    if old <= half:
        return [*slow_subproof(old, leaves[:half], whole=whole), slow_root(leaves[half:])]
    return [*slow_subproof(old - half, leaves[half:], whole=False), slow_root(leaves[:half])]


def numbered(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@st.composite
def sizes(draw: st.DrawFn, least: int = 0) -> int:
    """Sizes small, around tiles' edges, and over two rows of tiles when many are drawn."""
    return draw(
        st.one_of(st.integers(least, 40), st.integers(TILE - 2, TILE + 2), st.integers(least, 5 * TILE))
    )


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_inputs_give_the_known_roots(size: int) -> None:
    hashes = HeldHashes([leaf_hash(leaf) for leaf in KNOWN_LEAVES])
    assert root(hashes, size).hex() == KNOWN_ROOTS[size - 1]


def test_the_empty_log_has_the_root_of_nothing() -> None:
    assert root(HeldHashes(), 0) == Frontier().root() == sha256(b"").digest()


@given(sizes(), sizes())
def test_a_root_is_that_of_the_definition_at_any_size_a_log_ever_had(size: int, more: int) -> None:
    leaves = numbered(size + more)
    assert root(HeldHashes(leaves), size) == slow_root(leaves[:size])


@given(st.lists(st.integers(0, 600), max_size=6))
def test_a_log_grows_to_the_same_rows_in_any_steps(steps: list[int]) -> None:
    leaves = numbered(sum(steps))
    stepped = HeldHashes()
    for step in steps:
        stepped.append(leaves[stepped.size : stepped.size + step])
    at_once = HeldHashes(leaves)
    assert [stepped.tile(1, 0), stepped.tile(2, 0)] == [at_once.tile(1, 0), at_once.tile(2, 0)]


def test_rows_above_rows_of_tiles_are_grown_and_used() -> None:
    leaves = numbered(TILE * TILE + TILE + 3)
    hashes = HeldHashes(leaves)
    assert len(hashes.tile(2, 0)) == 1
    hashes.asked.clear()
    assert root(hashes, len(leaves)) == slow_root(leaves)
    assert len(hashes.asked) < 8


@given(st.data(), sizes(least=1))
def test_an_inclusion_proof_is_that_of_the_definition_and_verifies(data: st.DataObject, size: int) -> None:
    leaf = data.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    hashes = HeldHashes(leaves)
    proof = inclusion_proof(hashes, leaf, size)
    assert list(proof) == slow_path(leaf, leaves)
    assert verify_inclusion(leaf, size, leaves[leaf], proof, root(hashes, size))


@given(st.data(), sizes(least=2))
def test_an_inclusion_proof_of_another_leaf_place_or_root_is_refused(data: st.DataObject, size: int) -> None:
    leaf, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    leaves = numbered(size)
    hashes = HeldHashes(leaves)
    proof, head = inclusion_proof(hashes, leaf, size), root(hashes, size)
    assert not verify_inclusion(leaf, size, leaves[other], proof, head)
    assert not verify_inclusion(other, size, leaves[leaf], proof, head)
    assert not verify_inclusion(leaf, size, leaves[leaf], proof, leaves[leaf])
    assert not verify_inclusion(leaf, size, leaves[leaf], proof[:-1], head)
    assert not verify_inclusion(leaf, size, leaves[leaf], (*proof, proof[-1]), head)
    assert not verify_inclusion(size, size, leaves[leaf], proof, head)


@given(st.data(), sizes(least=1))
def test_a_consistency_proof_is_that_of_the_definition_and_verifies(data: st.DataObject, size: int) -> None:
    old = data.draw(st.integers(1, size))
    leaves = numbered(size)
    hashes = HeldHashes(leaves)
    proof = consistency_proof(hashes, old, size)
    assert list(proof) == slow_subproof(old, leaves, whole=True)
    assert verify_consistency(old, root(hashes, old), size, root(hashes, size), proof)


@given(st.data(), sizes(least=2))
def test_a_log_rewritten_below_an_older_head_has_no_consistency_proof(data: st.DataObject, size: int) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = numbered(size)
    before = root(HeldHashes(leaves), old)
    leaves[changed] = leaf_hash(b"rewritten")
    after = HeldHashes(leaves)
    proof = consistency_proof(after, old, size)
    assert not verify_consistency(old, before, size, root(after, size), proof)
    assert not verify_consistency(old, root(after, old), size, root(after, size), (*proof, before))
    assert not verify_consistency(size, before, old, root(after, size), proof)


def test_the_empty_tree_begins_every_tree_without_a_proof() -> None:
    head = slow_root(numbered(5))
    assert verify_consistency(0, sha256(b"").digest(), 5, head, ())
    assert not verify_consistency(0, head, 5, head, ())
    assert not verify_consistency(3, head, 5, head, ())


@given(st.data(), sizes())
def test_a_stretch_with_the_roots_around_it_gives_the_root_of_the_whole(
    data: st.DataObject, size: int
) -> None:
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    leaves = numbered(size)
    hashes = HeldHashes(leaves)
    frontier = Frontier()
    for (first, height), digest in zip(subtrees(0, start), roots_of(hashes, 0, start), strict=True):
        assert first == frontier.size
        frontier.push(height, digest)
    for leaf in leaves[start:end]:
        frontier.add(leaf)
    assert frontier.root() == slow_root(leaves[:end])
    for (_, height), digest in zip(subtrees(end, size), roots_of(hashes, end, size), strict=True):
        frontier.push(height, digest)
    assert (frontier.size, frontier.root()) == (size, slow_root(leaves))


def test_a_subtree_is_not_appended_where_it_cannot_begin() -> None:
    frontier = Frontier()
    frontier.add(leaf_hash(b""))
    with pytest.raises(ValueError, match="no subtree of height 1 begins at leaf 1"):
        frontier.push(1, leaf_hash(b""))


def test_what_a_log_does_not_have_is_not_proved() -> None:
    hashes = HeldHashes(numbered(3))
    with pytest.raises(ValueError, match="4 of 3 leaves"):
        root(hashes, 4)
    with pytest.raises(ValueError, match="leaf 3 of 3"):
        inclusion_proof(hashes, 3, 3)
    with pytest.raises(ValueError, match="0, 3 of 3"):
        consistency_proof(hashes, 0, 3)
