"""Proofs out of the sealed log: an event's place, growth, a part of it; leaves files to the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.log_file import LogHeader, header_line, leaf_line
from security_service.domain.log_head import SignedHead
from security_service.domain.log_ports import LogJournal, LogLeaves, LogSearch
from security_service.domain.log_proofs import consistency_document, inclusion_document
from security_service.domain.merkle import consistency_proof, inclusion_proof, roots_of
from security_service.usecases.seal_log import LogAltered, NoSigningKey, NothingToSeal, Sealed, SealLog

_MOST_OF_A_CODE = 1000


@dataclass(frozen=True, slots=True)
class LogExport:
    """An export that is under way: what it will hold, and its lines as a stream of bytes."""

    header: LogHeader
    lines: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoSuchPart:
    """The log has no such leaf, size or code; `size` is how many leaves it has under its newest head."""

    size: int


Unsealed = NothingToSeal | NoSigningKey | LogAltered
"""Why there is no signed head to prove anything under."""


@dataclass(frozen=True, slots=True)
class ProveLog:
    """Gives proofs under the newest head, which it seals first. All may raise ArchiveUnavailable."""

    seal: SealLog
    log: LogLeaves
    search: LogSearch
    journal: LogJournal

    def export(self, actor: str, first: int = 0, end: int | None = None) -> LogExport | NoSuchPart | Unsealed:
        """Give leaves `first` to `end - 1`, all where no end is named; who took them is an event.

        Raises StoreUnavailable where that event cannot be written: then nothing is exported.
        """
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        size = sealed.signed.head.size
        end = size if end is None else end
        if not 0 <= first < end <= size:
            return NoSuchPart(size)
        header = LogHeader(
            sealed.signed, first, end, roots_of(self.log, 0, first), roots_of(self.log, end, size)
        )
        facts: dict[str, Json] = {
            "actor": actor,
            "from": first,
            "proved": True,
            "root": sealed.signed.head.root.hex(),
            "size": size,
            "to": end,
        }
        self.journal.tell("", None, Event(EventKind.AUDIT_EXPORTED, facts))
        return LogExport(header, self._lines(header))

    def _lines(self, header: LogHeader) -> Iterator[bytes]:
        yield header_line(header)
        yield from map(leaf_line, self.log.leaves(header.first, header.end))

    def inclusion(self, leaf: int) -> dict[str, Json] | NoSuchPart | Unsealed:
        """Give the proof that a leaf is in the log."""
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        found = self._inclusions([leaf], sealed.signed)
        return found[0] if found else NoSuchPart(sealed.signed.head.size)

    def of_code(self, tenant: str, code_id: str) -> list[dict[str, Json]] | NoSuchPart | Unsealed:
        """Give a proof for each event of a code."""
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        leaves = [found.leaf for found in self.search.of_code(tenant, code_id, _MOST_OF_A_CODE)]
        found = self._inclusions(leaves, sealed.signed)
        return found or NoSuchPart(sealed.signed.head.size)

    def consistency(self, old_size: int) -> dict[str, Json] | NoSuchPart | Unsealed:
        """Give the proof that the log grew out of its first `old_size` leaves."""
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        head = sealed.signed.head
        if not 0 < old_size <= head.size:
            return NoSuchPart(head.size)
        proof = consistency_proof(self.log, old_size, head.size)
        return consistency_document(head.log, old_size, head.size, proof)

    def _inclusions(self, leaves: Sequence[int], signed: SignedHead) -> list[dict[str, Json]]:
        size = signed.head.size
        return [
            inclusion_document(found, inclusion_proof(self.log, leaf, size), signed)
            for leaf in leaves
            if 0 <= leaf < size
            for found in self.log.leaves(leaf, leaf + 1)
        ]
