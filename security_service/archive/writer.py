"""The Archive port: entries of streams become leaves of the log, each once; leaves trimming to the mover."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from security_service.archive.appending import Appending, begin_appending
from security_service.archive.archived_event import Projection
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.projections import PROJECTIONS
from security_service.archive.tables import EVENTS, LEAVES, LOG
from security_service.domain.archive_ports import Appended, Conflict, Gap, StreamEntry
from security_service.domain.audit import Event, EventKind
from security_service.domain.merkle import leaf_hash
from security_service.domain.ports import Clock

_LONGEST_KIND: Final = 64
_MEMBERS: Final[tuple[tuple[str, type], ...]] = (
    ("facts", dict),
    ("kind", str),
    ("outcome", dict),
    ("seq", int),
    ("shard", str),
    ("subject", dict),
)


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with what it says; None where it is no event of its shard."""

    entry: StreamEntry
    event: dict[str, Any] | None

    @property
    def seq(self) -> int:
        """The event's number within its shard; 0 for what is no event."""
        return 0 if self.event is None else int(self.event["seq"])


@dataclass(slots=True)
class _Outcome:
    """What came of one call, while it goes on."""

    archived: dict[str, int] = field(default_factory=dict)
    added: int = 0
    gaps: list[Gap] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


class EventWriter:
    """Appends for one installation; `projections` run in the same transaction."""

    def __init__(
        self,
        database: ArchiveDatabase,
        installation: str,
        clock: Clock,
        projections: Sequence[Projection] = PROJECTIONS,
    ) -> None:
        self._database, self._installation, self._clock = database, installation, clock
        self._projections = tuple(projections)

    def id(self) -> str:
        """Give the archive's own id."""
        with self._database.reading() as connection:
            return str(connection.execute(select(LOG.c.archive)).scalar_one())

    def append(self, entries: Mapping[str, Sequence[StreamEntry]]) -> Appended:
        """Take entries of streams, oldest first, in one transaction; those it holds already are passed over.

        A shard with a conflict is taken up to it. Gaps and conflicts leave an incident in the log.
        """
        # Read before the log is held, so that it is held for as short as can be.
        read = {shard: [_read(shard, entry) for entry in given] for shard, given in entries.items()}
        outcome = _Outcome()
        with self._database.writing() as connection:
            log = begin_appending(connection, self._installation, list(read))
            for shard, given in read.items():
                _take(log, shard, given, outcome)
            now_ms = self._clock.unix_ms()
            for incident in _incidents(outcome):
                log.add_own(incident, now_ms)
            log.finish(self._projections)
        return Appended(outcome.archived, outcome.added, tuple(outcome.gaps), tuple(outcome.conflicts))

    def tell(self, events: Sequence[Event]) -> None:
        """Append events of the archive's own."""
        with self._database.writing() as connection:
            log = begin_appending(connection, self._installation, ())
            for event in events:
                log.add_own(event, self._clock.unix_ms())
            log.finish(self._projections)


def _take(log: Appending, shard: str, given: Sequence[_Read], outcome: _Outcome) -> None:
    """Add what is new of one shard; stop at the first entry that cannot be."""
    position = log.position(shard)
    known = _digests(log.connection, shard, [one.seq for one in given if 0 < one.seq <= position.seq])
    outcome.archived[shard] = 0
    for one in given:
        if one.event is None or (one.seq <= position.seq and known.get(one.seq) != _digest(one)):
            outcome.conflicts.append(Conflict(shard, one.seq, is_news=position.told_seq != one.seq))
            position.told_seq = one.seq
            return
        if one.seq > position.seq:
            if one.seq > position.seq + 1:
                outcome.gaps.append(Gap(shard, position.seq, one.seq))
            log.add(shard, one.entry.entry_id, one.entry.at_ms, one.entry.text, one.event)
            outcome.added += 1
        outcome.archived[shard] += 1


def _digest(one: _Read) -> bytes:
    return leaf_hash(one.entry.text.encode())


def _digests(connection: Connection, shard: str, numbers: Sequence[int]) -> dict[int, bytes]:
    """Give the hashes of a shard's archived events by their numbers; what is pruned has its hash too."""
    if not numbers:
        return {}
    found = connection.execute(
        select(EVENTS.c.seq, LEAVES.c.hash)
        .join(LEAVES, LEAVES.c.leaf == EVENTS.c.leaf)
        .where(EVENTS.c.shard == shard, EVENTS.c.seq.between(min(numbers), max(numbers)))
    )
    return {row.seq: bytes(row.hash) for row in found}


def _incidents(outcome: _Outcome) -> list[Event]:
    told = [
        Event(
            EventKind.INCIDENT,
            {"after": gap.after, "before": gap.before, "of_shard": gap.shard, "what": "archive_gap"},
        )
        for gap in outcome.gaps
    ]
    return told + [
        Event(
            EventKind.INCIDENT,
            {"of_seq": conflict.seq, "of_shard": conflict.shard, "what": "archive_conflict"},
        )
        for conflict in outcome.conflicts
        if conflict.is_news
    ]


def _read(shard: str, entry: StreamEntry) -> _Read:
    """Parse an entry; whatever is no event of its shard is none."""
    try:
        entry.text.encode()
        event = json.loads(entry.text)
    except ValueError:
        return _Read(entry, None)
    if not isinstance(event, dict) or not all(isinstance(event.get(name), kind) for name, kind in _MEMBERS):
        return _Read(entry, None)
    is_ours = event["shard"] == shard and event["seq"] > 0 and len(event["kind"]) <= _LONGEST_KIND
    return _Read(entry, event if is_ours else None)
