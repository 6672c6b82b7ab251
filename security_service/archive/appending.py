"""Appending to the log within one transaction: leaves, tiles, positions; leaves saying what to callers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from security_service.archive.archived_event import ArchivedEvent, Projection
from security_service.archive.hashes import ArchivedHashes
from security_service.archive.tables import EVENTS, LEAVES, LOG, POSITIONS, TILES
from security_service.domain.audit import VERSION, Event, Json, canonical
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.event_columns import EventColumns, columns_of
from security_service.domain.merkle import grown, leaf_hash

OWN: Final = "a"
"""The shard of events that are written into the archive itself: what was pruned, incidents of moving."""


@dataclass(slots=True)
class Position:
    """How far a shard is archived; `told_seq` is the conflict that was told of since it last moved."""

    entry_id: str = "0-0"
    seq: int = 0
    told_seq: int | None = None
    is_stored: bool = False


@dataclass(slots=True)
class Appending:
    """What one transaction adds to the log. It holds the log's row, so that there is one at a time."""

    connection: Connection
    size: int
    positions: dict[str, Position]
    events: list[ArchivedEvent] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, shard: str, entry_id: str, at_ms: int, text: str, read: dict[str, Any]) -> None:
        """Add one event of a shard, whose position moves to it."""
        subject, position = read["subject"], self.position(shard)
        columns = columns_of(read)
        event = ArchivedEvent(
            self.size + len(self.events),
            shard,
            read["seq"],
            at_ms,
            columns.kind,
            str(subject.get("tenant", "")),
            str(subject.get("number", "")),
            text,
            read,
        )
        self.events.append(event)
        self.rows.append(_row(event, columns))
        position.entry_id, position.seq, position.told_seq = entry_id, read["seq"], None

    def add_own(self, event: Event, at_ms: int, tenant: str = "") -> None:
        """Add one event of the archive's own, as the scripts of the store would write it."""
        seq = self.position(OWN).seq + 1
        read: dict[str, Json] = {
            "at": at_ms,
            "facts": dict(event.facts),
            "kind": event.kind.value,
            "outcome": {},
            "seq": seq,
            "shard": OWN,
            "subject": {"tenant": tenant} if tenant else {},
            "v": VERSION,
        }
        text = canonical(read)
        self.add(OWN, f"{at_ms}-0", at_ms, text, json.loads(text))

    def position(self, shard: str) -> Position:
        """Give how far a shard is archived."""
        return self.positions.setdefault(shard, Position())

    def finish(self, projections: Sequence[Projection]) -> None:
        """Write all that was added."""
        self._write_positions()
        if not self.events:
            return
        hashes = [leaf_hash(event.text.encode()) for event in self.events]
        due = grown(ArchivedHashes(self.connection), self.size, hashes)
        self.connection.execute(insert(EVENTS), self.rows)
        self.connection.execute(
            insert(LEAVES),
            [{"leaf": event.leaf, "hash": one} for event, one in zip(self.events, hashes, strict=True)],
        )
        if due:
            rows = [{"level": tile.level, "idx": tile.index, "hash": tile.digest} for tile in due]
            self.connection.execute(insert(TILES), rows)
        self.connection.execute(update(LOG).values(size=self.size + len(self.events)))
        for project in projections:
            project(self.connection, self.events)

    def _write_positions(self) -> None:
        for shard, position in self.positions.items():
            values = {
                "entry_id": position.entry_id,
                "seq": position.seq,
                "told_seq": position.told_seq,
            }
            if position.is_stored:
                self.connection.execute(update(POSITIONS).where(POSITIONS.c.shard == shard).values(values))
            elif position != Position():
                self.connection.execute(insert(POSITIONS).values(shard=shard, **values))


def begin_appending(connection: Connection, installation: str, shards: Sequence[str]) -> Appending:
    """Take the log's row until the transaction ends, and read how far shards are archived.

    Raises ArchiveUnavailable where the archive holds the events of another installation.
    """
    log = connection.execute(select(LOG).with_for_update()).one()
    if log.installation is None:
        connection.execute(update(LOG).values(installation=installation))
    elif log.installation != installation:
        raise ArchiveUnavailable("it holds the events of another installation")
    stored = connection.execute(select(POSITIONS).where(POSITIONS.c.shard.in_([*shards, OWN])))
    positions = {row.shard: Position(row.entry_id, row.seq, row.told_seq, is_stored=True) for row in stored}
    return Appending(connection, log.size, positions)


def _row(event: ArchivedEvent, columns: EventColumns) -> dict[str, object]:
    return {
        "leaf": event.leaf,
        "shard": event.shard,
        "seq": event.seq,
        "at_ms": event.at_ms,
        "kind": columns.kind,
        "tenant": columns.tenant or None,
        "number": columns.number or None,
        "verdict": columns.verdict or None,
        "reason": columns.reason or None,
        "code_id": columns.code_id or None,
        "actor": columns.actor or None,
        "operator": columns.operator or None,
        "text": event.text,
    }
