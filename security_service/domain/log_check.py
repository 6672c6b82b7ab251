"""Verify an exported log line by line under its head and published heads; leaves files and keys to others.

Memory does not grow with the log: what is kept is one hash per binary digit of its size, and the last
number of each shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from security_service.domain.audit import EventKind
from security_service.domain.log_file import Leaf, LogHeader, read_event, read_header, read_leaf
from security_service.domain.log_head import (
    CheckSignature,
    LogHead,
    SignedHead,
    Unreadable,
    count_of,
    text_of,
)
from security_service.domain.log_numbers import ShardNumbers, demand_told
from security_service.domain.log_verdict import (
    Fault,
    FaultCode,
    FaultFound,
    Place,
    Proved,
    demand_signature,
    head_facts,
)
from security_service.domain.merkle import Frontier, leaf_hash, subtrees

_WILD_MS: Final = 600_000
"""Milliseconds that a shard's clock may go back, or run ahead of the head, before that is remarked."""


def verify_log(
    lines: Iterable[bytes],
    check: CheckSignature,
    heads: Iterable[SignedHead] = (),
    *,
    whole: bool = False,
    numbers: ShardNumbers | None = None,
) -> Proved | Fault:
    """Verify an export; `heads` are published ones, smallest first, read only as far as is needed.

    `whole` demands every event's text from the first leaf to the head. Times that run wild are notes:
    a clock that was set is no forgery. Whoever verifies a log part after part hands `numbers` from one to
    the next, and they are counted on.
    """
    reading = iter(lines)
    try:
        header = read_header(next(reading, b""))
        demand_signature(header.signed.check(check), "the head of the file", header.signed.key_id)
        stretch = _Stretch(
            header, _Published(iter(heads), header.signed.head.log, check), numbers, whole=whole
        )
        for line in reading:
            stretch.take(line)
        return stretch.finish()
    except Unreadable as error:
        return Fault(FaultCode.UNREADABLE, f"the file is no export of the log: {error}")
    except FaultFound as found:
        return found.fault


def moment(at_ms: int) -> str:
    """Give Unix milliseconds for a person: ISO 8601 in UTC; the number itself where it is no moment."""
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"


class _Published:
    """Published heads in the order of their sizes, each checked before it is believed."""

    def __init__(self, heads: Iterator[SignedHead], log: str, check: CheckSignature) -> None:
        self._heads, self._log, self._check = heads, log, check
        self._last: LogHead | None = None
        self.next = self._read()
        self.went_back = 0

    def pop(self) -> LogHead:
        """Give the next head; there must be one."""
        if self.next is None:
            raise AssertionError("no head is left")
        head, self.next = self.next, None
        self._last = head
        self.next = self._read()
        if self.next is not None and self.next.at_ms < head.at_ms:
            self.went_back += 1
        return head

    def _read(self) -> LogHead | None:
        signed = next(self._heads, None)
        if signed is None:
            return None
        head, last = signed.head, self._last
        what = f"the published head of size {head.size}"
        demand_signature(signed.check(self._check), what, signed.key_id)
        if head.log != self._log:
            raise FaultFound(FaultCode.OTHER_LOG, f"{what} is of another log than the file")
        if last is not None and head.size < last.size:
            sentence = f"published heads are out of order: size {head.size} stands behind {last.size}"
            raise FaultFound(FaultCode.OUT_OF_ORDER, sentence)
        if last is not None and head.size == last.size and head.root != last.root:
            sentence = f"two heads of size {head.size} were signed with different roots: the log was forked"
            raise FaultFound(FaultCode.TWO_ROOTS, sentence)
        return head


class _Stretch:
    """The leaves of one file as they come."""

    def __init__(
        self, header: LogHeader, published: _Published, numbers: ShardNumbers | None, *, whole: bool
    ) -> None:
        self._header, self._published, self._whole = header, published, whole
        self._head = header.signed.head
        if whole and not header.is_whole:
            sentence = f"the file holds {_span(header)}, not the whole log"
            raise FaultFound(FaultCode.NOT_WHOLE, sentence)
        self._tree = Frontier()
        self._push(0, header.first, header.before)
        self._numbers = numbers or ShardNumbers(from_first=header.first == 0)
        self._good = header.first
        self._times: dict[str, int] = {}
        self._wild_first = self._wild_count = self._compared = self._not_compared = 0
        while published.next is not None and published.next.size < header.first:
            published.pop()
            self._not_compared += 1
        self._compare()

    def take(self, line: bytes) -> None:
        """Take the line of the next leaf; raises FaultFound."""
        expected = self._tree.size
        if expected >= self._header.end:
            sentence = f"the file goes on behind leaf {expected - 1}, the last that its header names"
            raise FaultFound(FaultCode.TOO_LONG, sentence, Place(expected))
        try:
            leaf = read_leaf(line)
            place, at, told = _stands(leaf)
        except Unreadable as error:
            raise FaultFound(
                FaultCode.UNREADABLE, f"leaf {expected} cannot be read: {error}", Place(expected)
            ) from None
        if leaf.number != expected:
            sentence = f"leaf {leaf.number} stands where leaf {expected} should: removed, added or moved"
            raise FaultFound(FaultCode.OUT_OF_ORDER, sentence, place)
        if leaf.text is None:
            self._prune(leaf)
        else:
            self._read(leaf, leaf.text, place, at, told)
        self._tree.add(leaf.digest)
        self._compare()

    def finish(self) -> Proved:
        """See what only the end shows; raises FaultFound."""
        header, head, size = self._header, self._head, self._tree.size
        if size < header.end:
            sentence = f"the file ends before leaf {size}; its header names {_span(header)}"
            raise FaultFound(FaultCode.CUT_OFF, sentence, Place(size))
        self._push(header.end, head.size, header.after)
        if self._tree.root() != head.root:
            raise FaultFound(FaultCode.ROOT_DIFFERS, self._differs(head, header.end), Place(self._good))
        if header.is_whole:
            demand_told(self._numbers)
        while (ahead := self._published.next) is not None:
            if ahead.size > head.size:
                raise FaultFound(FaultCode.CUT_OFF, _cut(ahead, head), Place(head.size))
            self._published.pop()
            self._not_compared += 1
        return Proved(self._sentences(), self._notes(), self._facts())

    def _prune(self, leaf: Leaf) -> None:
        if self._whole:
            sentence = f"leaf {leaf.number} is a hash alone: its text was pruned, so the log is not whole"
            raise FaultFound(FaultCode.NOT_WHOLE, sentence, Place(leaf.number))
        self._numbers.prune(leaf.number)

    def _read(self, leaf: Leaf, text: bytes, place: Place, at: int, told: int) -> None:
        if leaf_hash(text) != leaf.digest:
            sentence = f"leaf {leaf.number} (event {place.seq} of shard {place.shard}) was changed"
            raise FaultFound(FaultCode.CHANGED, f"{sentence}: its text is not what was hashed", place)
        self._numbers.take(place)
        self._numbers.told_pruned += told
        if at < self._times.get(place.shard, 0) - _WILD_MS or at > self._head.at_ms + _WILD_MS:
            self._wild_first = leaf.number if not self._wild_count else self._wild_first
            self._wild_count += 1
        self._times[place.shard] = at

    def _compare(self) -> None:
        """Hold the tree so far against every published head of its size."""
        size = self._tree.size
        while (head := self._published.next) is not None and head.size == size:
            if self._tree.root() != head.root:
                raise FaultFound(FaultCode.ROOT_DIFFERS, self._differs(head, size), Place(self._good))
            self._published.pop()
            self._compared += 1
            self._good = size

    def _differs(self, head: LogHead, end: int) -> str:
        """Between the last head that held and this one something is not as it was signed."""
        leaves = f"leaves {self._good} to {end - 1}" if end > self._good else "the leaves around this part"
        return (
            f"{leaves} are not those that the head of {moment(head.at_ms)} ({head.size} events) signs: "
            "an event was changed, added, removed or moved"
        )

    def _push(self, start: int, end: int, roots: Iterable[bytes]) -> None:
        try:
            for (_, height), digest in zip(subtrees(start, end), roots, strict=True):
                self._tree.push(height, digest)
        except ValueError:
            raise FaultFound(
                FaultCode.UNREADABLE, "the header does not hold the hashes around its part of the log"
            ) from None

    def _sentences(self) -> tuple[str, ...]:
        head = self._head
        under = f"under the head of {moment(head.at_ms)} signed with key {self._header.signed.key_id}"
        sentences = [f"{_span(self._header)} of log {head.log} are as they were sealed, {under}"]
        if self._compared:
            sentences.append(f"{self._compared} published head(s) agree with it")
        return tuple(sentences)

    def _notes(self) -> tuple[str, ...]:
        notes, numbers = [], self._numbers
        if not self._header.is_whole:
            notes.append(f"this is a part of {self._head.size} leaves; the rest was not looked at")
        if numbers.pruned:
            notes.append(
                f"{numbers.pruned} leaves are hashes alone, the first is leaf {numbers.first_pruned}"
            )
        if self._wild_count:
            notes.append(f"{self._wild_count} events bear odd times, the first is leaf {self._wild_first}")
        if self._published.went_back:
            notes.append(
                f"{self._published.went_back} published head(s) are dated before the one they follow"
            )
        if self._not_compared:
            notes.append(f"{self._not_compared} published head(s) lie outside this part: not compared")
        return tuple(notes)

    def _facts(self) -> dict[str, str | int | bool | None]:
        header = self._header
        return {
            **{
                name: value
                for name, value in head_facts(header.signed).items()
                if isinstance(value, str | int)
            },
            "from": header.first,
            "heads": self._compared,
            "kind": "log",
            "pruned": self._numbers.pruned,
            "to": header.end,
        }


def _stands(leaf: Leaf) -> tuple[Place, int, int]:
    """Read where an event says that it stands, its Unix ms, and how many prunings it tells of.

    Raises Unreadable.
    """
    if leaf.text is None:
        return Place(leaf.number), 0, 0
    event = read_event(leaf.text)
    place = Place(leaf.number, text_of(event["shard"]), count_of(event["seq"]))
    facts = event["facts"]
    told = 0
    if event["kind"] == EventKind.EVENTS_PRUNED and isinstance(facts, dict):
        told = count_of(facts.get("count"))
    return place, count_of(event["at"]), told


def _span(header: LogHeader) -> str:
    if header.is_whole:
        return f"all {header.end} leaves"
    return f"leaves {header.first} to {header.end - 1} of {header.signed.head.size}"


def _cut(ahead: LogHead, head: LogHead) -> str:
    return (
        f"the log was cut off or is older than what was published: the head of {moment(ahead.at_ms)} signs "
        f"{ahead.size} events, the file ends after {head.size}"
    )
