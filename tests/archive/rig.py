"""A store with streams and an archive behind it; what is right is for the tests to say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import redis
from sqlalchemy import select

from security_service.archive.archived_event import Projection
from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.hashes import ArchivedHashes
from security_service.archive.reader import EventReader
from security_service.archive.tables import EVENTS, LEAVES
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import StreamEntry
from security_service.domain.audit import AuditQuery, canonical
from security_service.domain.merkle import Frontier, leaf_hash, root
from security_service.domain.secret import Secret
from security_service.store.audit_log import StoredTail
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.event_streams import StoredEventStreams
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from security_service.usecases.move_events import MoveEvents
from security_service.usecases.whole_log import WholeLog
from tests.fakes.clock import HandClock

NOON_MS: Final = 1_800_000_000_000


@dataclass(slots=True)
class ArchiveFigures:
    """What a mover tells the operators."""

    events: int = 0
    waiting: int = 0
    waited_s: float = 0.0
    told: list[tuple[str, str]] = field(default_factory=list)

    def moved(self, events: int) -> None:
        self.events += events

    def lag(self, events: int, seconds: float) -> None:
        self.waiting, self.waited_s = events, seconds

    def event(self, name: str, label: str) -> None:
        self.told.append((name, label))


def database_of(url: str, folder: Path | None = None) -> ArchiveDatabase:
    """The database of a URL with the newest schema; '' is SQLite in the folder."""
    file = (folder or Path("/nowhere")) / "archive.db"
    database = ArchiveDatabase(archive_address(url, Secret(""), file, 30.0))
    database.migrate()
    return database


def event_text(shard: str, seq: int, **facts: Any) -> str:  # noqa: ANN401 - facts are any JSON
    """An event as a script would write it."""
    subject = {"number": facts.pop("number", "79031234567"), "tenant": facts.pop("tenant", "demo")}
    kind, at = facts.pop("kind", "mode_set"), facts.pop("at", NOON_MS)
    outcome = facts.pop("outcome", {})
    return canonical(
        {
            "at": at,
            "facts": facts,
            "kind": kind,
            "outcome": outcome,
            "seq": seq,
            "shard": shard,
            "subject": subject,
            "v": 1,
        }
    )


def entry(shard: str, seq: int, at_ms: int = NOON_MS, **facts: Any) -> StreamEntry:  # noqa: ANN401 - as above
    """An entry of a stream that one event a millisecond is written to."""
    return StreamEntry(f"{at_ms + seq}-0", event_text(shard, seq, at=at_ms + seq, **facts))


def texts_of(database: ArchiveDatabase) -> dict[tuple[str, int], str]:
    """Everything that is archived and kept, by shard and number."""
    with database.reading() as connection:
        rows = connection.execute(select(EVENTS.c.shard, EVENTS.c.seq, EVENTS.c.text))
        return {(row.shard, row.seq): row.text for row in rows}


def sequence_of(database: ArchiveDatabase, shard: str) -> list[int]:
    """The numbers of a shard's events in the order of the leaves."""
    with database.reading() as connection:
        asked = select(EVENTS.c.seq).where(EVENTS.c.shard == shard).order_by(EVENTS.c.leaf)
        return list(connection.execute(asked).scalars())


def is_sound(database: ArchiveDatabase) -> bool:
    """Whether leaves have no holes, hash what is archived, and the kept tiles give the tree's root."""
    with database.reading() as connection:
        rows = connection.execute(
            select(LEAVES.c.leaf, LEAVES.c.hash, EVENTS.c.text)
            .join(EVENTS, EVENTS.c.leaf == LEAVES.c.leaf)
            .order_by(LEAVES.c.leaf)
        ).all()
        hashes = ArchivedHashes(connection)
        kept = root(hashes, hashes.size)
    computed = Frontier()
    for row in rows:
        computed.add(bytes(row.hash))
    return (
        [row.leaf for row in rows] == list(range(len(rows)))
        and all(row.text is None or leaf_hash(row.text.encode()) == bytes(row.hash) for row in rows)
        and kept == computed.root()
    )


class MovingRig:
    """Streams in a real store, a mover, and the whole log."""

    def __init__(self, url: str, database: ArchiveDatabase, projections: Sequence[Projection] = ()) -> None:
        self.redis: Any = redis.Redis.from_url(url)
        self.scripts = ThinScripts(parse_address(url), within_s=10.0)
        self.database = database
        self.clock, self.figures = HandClock(), ArchiveFigures()
        self.streams = StoredEventStreams(self.scripts)
        self.writer = EventWriter(database, "i1", self.clock, projections)
        self.mover = MoveEvents(self.streams, self.writer, self.clock, self.figures)
        layout = Layout(64)
        frame = StoreFrame(self.scripts, lambda: layout, "i1")
        self.tail = StoredTail(frame)
        self.log = WholeLog(self.tail, EventReader(database, "i1"))
        self.written: dict[tuple[str, int], str] = {}
        self.at_ms = NOON_MS

    def close(self) -> None:
        self.redis.close()
        self.scripts.close()

    def write(self, shard: str, count: int = 1, **facts: Any) -> None:  # noqa: ANN401 - as above
        """Write events to a shard's stream, as its scripts do."""
        pipeline = self.redis.pipeline(transaction=False)
        seq = max((seq for of, seq in self.written if of == shard), default=0)
        for number in range(seq + 1, seq + 1 + count):
            self.at_ms += 1
            text = event_text(shard, number, at=self.at_ms, **facts)
            self.written[shard, number] = text
            pipeline.xadd(f"{{{shard}}}:events", {"e": text}, id=f"{self.at_ms}-*")
        pipeline.execute()

    def waiting(self) -> dict[tuple[str, int], str]:
        """What the streams hold, by shard and number."""
        found = {}
        for shard in ("s000", "s001", "s063", "m"):
            for _, fields in self.redis.xrange(f"{{{shard}}}:events"):
                event = json.loads(fields[b"e"])
                found[shard, event["seq"]] = fields[b"e"].decode()
        return found

    def read_all(self, query: AuditQuery) -> list[dict[str, Any]]:
        """All pages of a query."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.log.page(query)
            found += [json.loads(text) for text in page.events]
            if not page.next:
                return found
            query = replace(query, cursor=page.next)
