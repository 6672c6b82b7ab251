"""Seal the audit log: sign its head, keep it, publish it outside; leaves the tree and the keys to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.log_head import LogHead, SignedHead
from security_service.domain.log_ports import (
    Heads,
    LogJournal,
    LogLeaves,
    NotPublished,
    Now,
    Published,
    PublishedDiffers,
    Publisher,
    Signer,
)
from security_service.domain.merkle import root
from security_service.domain.ports import Meter

_MOST_A_ROUND: Final = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest signed head; it is kept. `is_new` where this call signed it."""

    signed: SignedHead
    is_new: bool


@dataclass(frozen=True, slots=True)
class NothingToSeal:
    """The log has no events yet."""


@dataclass(frozen=True, slots=True)
class NoSigningKey:
    """No key is set (`archive.signing_key`); `head` is the log's head as it would be signed."""

    head: LogHead


@dataclass(frozen=True, slots=True)
class LogAltered:
    """The log is not the one whose head of `size` events was signed or published; nothing is signed on it."""

    size: int


SealOutcome = Sealed | NothingToSeal | NoSigningKey | LogAltered


class SealLog:
    """Signs a head only on a log that still begins with what the last head signed.

    What is signed is kept first and published then, by every publisher in the order of sizes; what
    could not be published is tried again on the next round. There is one head for a size, ever.
    """

    def __init__(
        self,
        log: LogLeaves,
        heads: Heads,
        signer: Signer | None,
        journal: LogJournal,
        *,
        publishers: Sequence[Publisher],
        installation: str,
        now: Now,
        meter: Meter,
    ) -> None:
        self._log, self._heads, self._signer, self._journal = log, heads, signer, journal
        self._publishers, self._installation = tuple(publishers), installation
        self._now, self._meter = now, meter
        self._alarmed: set[tuple[str, int]] = set()

    def round(self) -> None:
        """Seal and publish. Raises ArchiveUnavailable, and StoreUnavailable for an alarm untold."""
        outcome = self.seal()
        match outcome:
            case Sealed():
                if outcome.is_new:
                    self._meter.event("log_sealed", "head")
                self._publish(outcome.signed.head.size)
            case LogAltered():
                self._alarm("altered", outcome.size)
            case NothingToSeal() | NoSigningKey():
                pass
            case _:
                assert_never(outcome)

    def seal(self) -> SealOutcome:
        """Give the signed head over all that the log holds now. Raises ArchiveUnavailable."""
        last = self._heads.latest()
        size = self._log.size
        if last is not None and not self._begins_with(last.head, size):
            return LogAltered(last.head.size)
        if last is not None and last.head.size == size:
            return Sealed(last, is_new=False)
        for published in (publisher.last() for publisher in self._publishers):
            # Whoever can rewrite the archive can take its heads too; what is outside stays.
            if published is not None and not self._begins_with(published.head, self._log.size):
                return LogAltered(published.head.size)
        if size == 0:
            return NothingToSeal()
        head = LogHead(self._installation, size, root(self._log, size), self._now())
        if self._signer is None:
            return NoSigningKey(head)
        signed = SignedHead(head, self._signer.key_id, self._signer.sign(head.signed_bytes()))
        kept = self._heads.keep(signed)
        if kept.head.root != head.root:
            return LogAltered(kept.head.size)
        return Sealed(kept, is_new=kept == signed)

    def published(self, latest: int) -> Sequence[tuple[str, int]]:
        """Give each place outside with the size of the newest head that stands there.

        `latest` is the size of the newest head that was kept.
        """
        return [(publisher.name, publisher.since(latest)) for publisher in self._publishers]

    def _begins_with(self, head: LogHead, size: int) -> bool:
        return head.size <= size and root(self._log, head.size) == head.root

    def _publish(self, latest: int) -> None:
        for publisher in self._publishers:
            for signed in self._heads.after(publisher.since(latest), _MOST_A_ROUND):
                if not self._published(publisher, signed):
                    break

    def _published(self, publisher: Publisher, signed: SignedHead) -> bool:
        outcome = publisher.publish(signed)
        match outcome:
            case Published():
                return True
            case NotPublished():
                self._meter.event("head_not_published", publisher.name)
            case PublishedDiffers():
                self._alarm(f"published_{publisher.name}", outcome.size)
            case _:
                assert_never(outcome)
        return False

    def _alarm(self, what: str, size: int) -> None:
        """Count every time, write it down once in the life of this process."""
        self._meter.event("log_altered", what)
        if (what, size) in self._alarmed:
            return
        facts: dict[str, Json] = {"reason": "log_altered", "size": size, "what": what}
        self._journal.tell("", None, Event(EventKind.INCIDENT, facts))
        self._alarmed.add((what, size))
