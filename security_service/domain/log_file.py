"""The exported log as lines: a header under a signed head, then one line a leaf; leaves checking to others.

Line 1 is an object of the members `after`, `before`, `etalon`, `from`, `head`, `to`, `v`. The lines behind
it hold leaves `from` to `to - 1`. A leaf's line is `{"event":…,"hash":"…","leaf":17}`, where the event's text
stands byte for byte as it was hashed; where retention took the text, the line is `{"hash":"…","leaf":17}`.
`before` and `after` are the roots of the subtrees around a part of the log, so that a part verifies alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.audit import Json, canonical
from security_service.domain.log_head import (
    SignedHead,
    Unreadable,
    count_of,
    exactly,
    hashes_of,
    read_json,
    signed_head_of,
)

FORM: Final = "audit-log"
VERSION: Final = 1
LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line at most: whatever is longer is no line of an export."""

_HEADER: Final = frozenset({"after", "before", "etalon", "from", "head", "to", "v"})
_EVENT: Final = frozenset({"at", "facts", "kind", "outcome", "seq", "shard", "subject", "v"})
_EVENT_BEGINS: Final = b'{"event":'
_LEAF_ENDS: Final = re.compile(rb'"hash":"([0-9a-f]{64})","leaf":(0|[1-9][0-9]{0,17})\}\Z')


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: its number from 0, its hash as it was kept, and its text, None where retention took it."""

    number: int
    digest: bytes
    text: bytes | None


@dataclass(frozen=True, slots=True)
class LogHeader:
    """What an export says of itself: leaves `first` to `end - 1` of the log that `signed` is the head of."""

    signed: SignedHead
    first: int
    end: int
    before: Sequence[bytes] = ()
    after: Sequence[bytes] = ()

    @property
    def is_whole(self) -> bool:
        """True where the export holds every leaf under its head."""
        return self.first == 0 and self.end == self.signed.head.size


def header_line(header: LogHeader) -> bytes:
    """Give line 1, with its end."""
    members: dict[str, Json] = {
        "after": [one.hex() for one in header.after],
        "before": [one.hex() for one in header.before],
        "etalon": FORM,
        "from": header.first,
        "head": header.signed.members(),
        "to": header.end,
        "v": VERSION,
    }
    return canonical(members).encode("utf-8") + b"\n"


def read_header(line: bytes) -> LogHeader:
    """Read line 1; raises Unreadable."""
    read = exactly(read_json(line), _HEADER, "the header of an exported log")
    if read["etalon"] != FORM or read["v"] != VERSION:
        raise Unreadable("not an exported log of a version that this program knows")
    header = LogHeader(
        signed=signed_head_of(read["head"]),
        first=count_of(read["from"]),
        end=count_of(read["to"]),
        before=hashes_of(read["before"]),
        after=hashes_of(read["after"]),
    )
    if not header.first <= header.end <= header.signed.head.size:
        raise Unreadable("a header whose leaves are not among those of its head")
    return header


def leaf_line(leaf: Leaf) -> bytes:
    """Give the line of a leaf, with its end."""
    tail = b'"hash":"%s","leaf":%d}\n' % (leaf.digest.hex().encode("ascii"), leaf.number)
    return b"{" + tail if leaf.text is None else _EVENT_BEGINS + leaf.text + b"," + tail


def read_leaf(line: bytes) -> Leaf:
    """Read the line of a leaf; the text of its event is not looked into. Raises Unreadable."""
    tail = _LEAF_ENDS.search(line, max(len(line) - 120, 0))
    if tail is None:
        raise Unreadable("not the line of a leaf")
    digest, number = bytes.fromhex(tail[1].decode("ascii")), int(tail[2])
    head = line[: tail.start()]
    if head == b"{":
        return Leaf(number, digest, None)
    if not head.startswith(_EVENT_BEGINS) or not head.endswith(b","):
        raise Unreadable("not the line of a leaf")
    return Leaf(number, digest, head[len(_EVENT_BEGINS) : -1])


def read_event(text: bytes) -> Mapping[str, object]:
    """Read an event's text, which must have the members of the frame (decision 0009); raises Unreadable."""
    return exactly(read_json(text), _EVENT, "an event")


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give lines without their ends of bytes cut anyhow; raises Unreadable for an endless one."""
    held = b""
    for chunk in chunks:
        held += chunk
        if b"\n" not in chunk:
            if len(held) > LONGEST_LINE:
                raise Unreadable("a line that is longer than any line of an export")
            continue
        *lines, held = held.split(b"\n")
        yield from lines
    if held:
        yield held
