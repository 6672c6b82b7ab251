"""The ports of sealing and proving the audit log, and what passes through; no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.log_file import Leaf
from security_service.domain.log_head import SignedHead
from security_service.domain.secret import Msisdn


@dataclass(frozen=True, slots=True)
class FoundLeaf:
    """An event that was looked for: its leaf and its canonical text."""

    leaf: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Published:
    """The head is where it was to be published, and stays there."""


@dataclass(frozen=True, slots=True)
class NotPublished:
    """The head did not get there; `reason` is a token. It is tried again on the next round."""

    reason: str


@dataclass(frozen=True, slots=True)
class PublishedDiffers:
    """Another head of that size, or a later one, stands there already: one of both logs was forged."""

    size: int


PublishOutcome = Published | NotPublished | PublishedDiffers


class Signer(Protocol):
    """Signs with the key of the log."""

    @property
    def key_id(self) -> str:
        """The id under which verifiers know the key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Give the signature over a message."""
        ...


class LogLeaves(Protocol):
    """The sealed log as it is kept; also `Hashes` of the tree. May raise ArchiveUnavailable."""

    @property
    def size(self) -> int:
        """How many leaves there are."""
        ...

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """Give hashes `256 * index` and on of row `level` of the tree."""
        ...

    def leaves(self, first: int, end: int) -> Iterator[Leaf]:
        """Give leaves `first` to `end - 1` in order, as a stream."""
        ...


class LogSearch(Protocol):
    """Finds events with their leaves; what was pruned is passed over. May raise ArchiveUnavailable."""

    def of_code(self, tenant: str, code_id: str, most: int) -> Sequence[FoundLeaf]:
        """Give a code's events by their leaves, the first ones where there are more than `most`."""
        ...

    def latest(self, tenant: str, number: Msisdn, kinds: Sequence[str], before: int) -> Sequence[FoundLeaf]:
        """Give a number's events of these kinds below leaf `before`: newest first, 100 at most."""
        ...

    def managed(self, kinds: Sequence[str], before: int) -> Iterator[FoundLeaf]:
        """Give events of these kinds that are about no number, below leaf `before`, newest first."""
        ...


class Heads(Protocol):
    """The signed heads that are kept. May raise ArchiveUnavailable."""

    def latest(self) -> SignedHead | None:
        """Give the head of the greatest size."""
        ...

    def keep(self, signed: SignedHead) -> SignedHead:
        """Keep a head, durably; where there is one of that size already, that one is given and stays."""
        ...

    def after(self, size: int, most: int) -> Sequence[SignedHead]:
        """Give heads greater than `size`, smallest first."""
        ...


class Publisher(Protocol):
    """A place outside where heads are published."""

    @property
    def name(self) -> str:
        """Its name in metrics."""
        ...

    def last(self) -> SignedHead | None:
        """Give the newest head that stands there; None where there is none, or the place cannot tell."""
        ...

    def since(self, latest: int) -> int:
        """Give the size above which heads are still to be published; `latest` is that of the newest head."""
        ...

    def publish(self, signed: SignedHead) -> PublishOutcome:
        """Add a head; it is there for good when this returns `Published`."""
        ...


class LogJournal(Protocol):
    """Writes down that somebody took something out of the log. May raise StoreUnavailable."""

    def tell(self, tenant: str, number: Msisdn | None, event: Event) -> None:
        """Write an event about a number, or about none."""
        ...


Now = Callable[[], int]
"""Gives Unix milliseconds."""
