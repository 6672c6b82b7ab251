"""The ports of the archive of the audit log (design, section 5) and what passes through; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.audit import AuditQuery, Event


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an event stands among all: Unix milliseconds of its entry, its shard, its number there."""

    at_ms: int
    shard: str
    seq: int


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """An entry of a shard's stream: its id (`milliseconds-number`) and the event's canonical text."""

    entry_id: str
    text: str = field(repr=False)

    @property
    def at_ms(self) -> int:
        """When the stream took it, in Unix milliseconds."""
        return int(self.entry_id.partition("-")[0])


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """Events that answer a query, newest first, each with its place.

    `read_to` is the place down to which everything was looked at (it is the last one's where there
    was no more room); None where all was.
    """

    events: Sequence[tuple[Place, str]]
    read_to: Place | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Events of a shard that never came: those after number `after` and before `before`."""

    shard: str
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that says something else than what is archived under its number, or that cannot be read.

    `is_news` is true where this was not told of before.
    """

    shard: str
    seq: int
    is_news: bool


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of handing entries to the archive; all of it is durable.

    `archived` gives by shard how many of its entries, from the first on, the archive holds now;
    `added` counts those that it did not hold before.
    """

    archived: Mapping[str, int]
    added: int
    gaps: tuple[Gap, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class PruneRule:
    """Whose events of which kinds may lose their texts, and after how long.

    No tenants: those of every tenant, and of none.
    """

    kinds: tuple[str, ...]
    tenants: tuple[str, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Prunable:
    """Events of one kind and tenant ('' for none) before a moment."""

    kind: str
    tenant: str
    until_ms: int


class EventStreams(Protocol):
    """The streams that events are written to. Every method may raise StoreUnavailable."""

    def claim(self, archive: str, *, adopt: bool = False) -> str:
        """Give the id of the archive that the streams are moved to: `archive` where there was none yet.

        With `adopt` it is `archive` from now on, whichever it was.
        """
        ...

    def read(self, count: int) -> Mapping[str, Sequence[StreamEntry]]:
        """Give the oldest entries of every shard that has some, oldest first, `count` of each at most."""
        ...

    def trim(self, shard: str, upto: StreamEntry) -> bool:
        """Let go of the entries up to this one; False, and nothing done, where that entry is not there."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """Give how many entries each shard's stream holds."""
        ...


class StreamTail(Protocol):
    """Reads events out of the streams, before they are archived. May raise StoreUnavailable."""

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        """Give the newest `count` events that answer a query and stand before a place."""
        ...

    def archive(self) -> str:
        """Give the id of the archive that the streams are moved to; '' where there is none yet."""
        ...


class Archive(Protocol):
    """The events in SQL. Every method may raise ArchiveUnavailable."""

    def id(self) -> str:
        """Give the archive's own id."""
        ...

    def append(self, entries: Mapping[str, Sequence[StreamEntry]]) -> Appended:
        """Take entries of streams, oldest first, in one transaction; those it holds already are passed over.

        A shard with a conflict is taken up to it. Gaps and conflicts leave an incident in the log.
        """
        ...

    def tell(self, events: Sequence[Event]) -> None:
        """Append events of the archive's own."""
        ...


class ArchivedEvents(Protocol):
    """Reads events of the archive. Every method may raise ArchiveUnavailable."""

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        """Give the newest `count` events that answer a query and stand before a place."""
        ...

    def id(self) -> str:
        """Give the archive's own id."""
        ...


class Pruning(Protocol):
    """Takes texts out of the archive. Every method may raise ArchiveUnavailable."""

    def oldest(self, kind: str, until_ms: int, but: Sequence[str]) -> Prunable | None:
        """Find whose event of a kind is the oldest before a moment, of all tenants but these ('' is none).

        None where there is no such event.
        """
        ...

    def prune(self, what: Prunable, most: int) -> int:
        """Take the texts and what is personal out of `most` events; tell of it in the log; give how many.

        The hashes of the leaves stay, so that the log can be verified as before.
        """
        ...


class ArchiveMeter(Protocol):
    """Figures of the archive for the operators."""

    def moved(self, events: int) -> None:
        """Count events that were archived."""
        ...

    def lag(self, events: int, seconds: float) -> None:
        """Show how many events wait in the streams, and for how long the oldest had waited."""
        ...

    def event(self, name: str, label: str) -> None:
        """Count a gap, a conflict, an archive that is away: a name and one label."""
        ...
