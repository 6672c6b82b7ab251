"""The Merkle tree over the audit log (RFC 6962, section 2; RFC 9162, 2.1); leaves keeping it to a store.

Hashes are kept in rows, cut into tiles of 256. Row 0 holds the hashes of the leaves; hash `i` of row
`k` is the root of the complete tile `i` of row `k - 1`. A complete tile is a complete subtree eight
levels high, so what is kept is 1/255 more than the leaves' own hashes, and any proof touches a few
tiles however long the log is. Nothing but complete subtrees is kept, hence nothing is ever rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

TILE: Final = 256
HASH_BYTES: Final = 32

_TILE_HEIGHT: Final = 8


class Hashes(Protocol):
    """The hashes of a log as they are kept."""

    @property
    def size(self) -> int:
        """How many leaves there are."""
        ...

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """Give hashes `256 * index` and on of row `level`: 256 of them, fewer at the row's end."""
        ...


@dataclass(frozen=True, slots=True)
class TileHash:
    """One hash to be kept: hash `index` of row `level` (1 or more), the root of tile `index` below."""

    level: int
    index: int
    digest: bytes


class Frontier:
    """The least that lets a log grow: roots of the complete subtrees its leaves make, largest first.

    Memory is one hash per binary digit of the size, so a log of any length is read as a stream.
    """

    def __init__(self) -> None:
        self._nodes: list[tuple[int, bytes]] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Append the hash of one leaf."""
        self.push(0, leaf)

    def push(self, height: int, digest: bytes) -> None:
        """Append a complete subtree of `2 ** height` leaves; it must begin where such a one can.

        Raises ValueError when the size so far is no multiple of `2 ** height`.
        """
        if self.size & ((1 << height) - 1):
            raise ValueError(f"no subtree of height {height} begins at leaf {self.size}")
        self.size += 1 << height
        while self._nodes and self._nodes[-1][0] == height:
            digest = node_hash(self._nodes.pop()[1], digest)
            height += 1
        self._nodes.append((height, digest))

    def root(self) -> bytes:
        """Give the root of the tree over what was appended (RFC 6962, section 2.1)."""
        digest = b""
        for _, left in reversed(self._nodes):
            digest = node_hash(left, digest) if digest else left
        return digest or sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Give the hash of a leaf: the bytes of an event's canonical text in UTF-8."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def grown(hashes: Hashes, old_size: int, new_leaf_hashes: Sequence[bytes]) -> list[TileHash]:
    """Give the hashes of rows above 0 that become due when leaves are appended to `old_size` others.

    Of `hashes` only the last tile of each row is asked for, as it stood at `old_size`; whether the
    new leaves are already in it makes no difference.
    """
    due: list[TileHash] = []
    level, old, new = 0, old_size, list(new_leaf_hashes)
    while new:
        first, held = divmod(old, TILE)
        row = [*hashes.tile(level, first)[:held], *new] if held else new
        level, old = level + 1, first
        new = [_folded(row[start : start + TILE]) for start in range(0, len(row) - TILE + 1, TILE)]
        due.extend(TileHash(level, first + place, digest) for place, digest in enumerate(new))
    return due


def root(hashes: Hashes, size: int) -> bytes:
    """Give the root over the first `size` leaves; raises ValueError when there are fewer."""
    _demand(0 <= size <= hashes.size, f"{size} of {hashes.size} leaves")
    return _span(hashes, 0, size) if size else sha256(b"").digest()


def inclusion_proof(hashes: Hashes, leaf: int, size: int) -> tuple[bytes, ...]:
    """Give the audit path of leaf `leaf` (from 0) in the tree of `size` leaves (RFC 6962, section 2.1.1).

    Raises ValueError when there is no such leaf or no such size.
    """
    _demand(0 <= leaf < size <= hashes.size, f"leaf {leaf} of {size} of {hashes.size} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if leaf < middle:
            path.append(_span(hashes, middle, end))
            end = middle
        else:
            path.append(_span(hashes, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(hashes: Hashes, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """Give the proof that the tree of `new_size` begins with that of `old_size` (RFC 6962, 2.1.2).

    Raises ValueError when `old_size` is 0 or sizes are out of order.
    """
    _demand(0 < old_size <= new_size <= hashes.size, f"{old_size}, {new_size} of {hashes.size} leaves")
    path: list[bytes] = []
    start, end, whole = 0, new_size, True
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_span(hashes, middle, end))
            end = middle
        else:
            path.append(_span(hashes, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_span(hashes, start, end))
    return tuple(reversed(path))


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut leaves `start` to `end` (exclusive) into the fewest complete subtrees: (first leaf, height)."""
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        yield start, height
        start += 1 << height


def roots_of(hashes: Hashes, start: int, end: int) -> tuple[bytes, ...]:
    """Give the roots of `subtrees(start, end)`: what a stretch of the log needs of its surroundings."""
    return tuple(_complete(hashes, first, height) for first, height in subtrees(start, end))


def verify_inclusion(leaf: int, size: int, digest: bytes, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """Tell whether `digest` is the hash of leaf `leaf` in the tree of that root (RFC 9162, 2.1.3.2)."""
    if not 0 <= leaf < size:
        return False
    place, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node_hash(sibling, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == tree_root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the newer tree begins with the older one (RFC 9162, section 2.1.4.2).

    A tree of no leaves begins every tree and needs no proof.
    """
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == sha256(b"").digest()
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _span(hashes: Hashes, start: int, end: int) -> bytes:
    """Root over leaves `start` to `end`, a stretch that the tree itself makes: never empty."""
    digest = b""
    for first, height in reversed(tuple(subtrees(start, end))):
        left = _complete(hashes, first, height)
        digest = node_hash(left, digest) if digest else left
    return digest


def _complete(hashes: Hashes, first: int, height: int) -> bytes:
    level, rest = divmod(height, _TILE_HEIGHT)
    index, place = divmod(first >> (_TILE_HEIGHT * level), TILE)
    row = hashes.tile(level, index)[place : place + (1 << rest)]
    _demand(len(row) == 1 << rest, f"row {level} ends within tile {index}")
    return _folded(row)


def _folded(row: Iterable[bytes]) -> bytes:
    digests = list(row)
    while len(digests) > 1:
        digests = [node_hash(digests[at], digests[at + 1]) for at in range(0, len(digests), 2)]
    return digests[0]


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _demand(holds: bool, what: str) -> None:  # noqa: FBT001 - an assertion with words
    if not holds:
        raise ValueError(f"the tree has no such part: {what}")
