"""The StreamTail port: events out of the shards' streams, newest first; leaves older ones to the archive."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from typing import Any, Final

from security_service.domain.archive_ports import FoundEvents, Place, StreamEntry
from security_service.domain.audit import AuditQuery
from security_service.domain.event_columns import columns_of, is_answer
from security_service.store.event_streams import STREAMS, archive_in_force, read_entry
from security_service.store.frame import StoreFrame
from security_service.store.keys import shard_key

_BATCH: Final = 200
_MOST_READ: Final = 200_000


class StoredTail:
    """Reads one shard where the query names a number, else all of them merged by their places."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def archive(self) -> str:
        """Give the id of the archive that the streams are moved to; '' where there is none yet."""
        return archive_in_force(self._frame.scripts)

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        """Give the newest `count` events that answer a query and stand before a place.

        Fewer where very many entries had to be read for them: `read_to` says how far that went.
        """
        streams = [self._events(shard, query, before) for shard in self._shards(query)]
        merged = heapq.merge(*streams, key=lambda one: one[0], reverse=True)
        found: list[tuple[Place, str]] = []
        for read, (place, event, text) in enumerate(merged, 1):
            if is_answer(query, columns_of(event)):
                found.append((place, text))
            if len(found) == count or read == _MOST_READ:
                return FoundEvents(found, place)
        return FoundEvents(found, None)

    def _shards(self, query: AuditQuery) -> tuple[str, ...]:
        if query.number is not None:
            return (self._frame.layout.of(query.tenant, query.number).shard,)
        return STREAMS

    def _events(
        self, shard: str, query: AuditQuery, before: Place | None
    ) -> Iterator[tuple[Place, dict[str, Any], str]]:
        """Events of one shard that stand before a place, newest first, each read and as text."""
        for entry in self._entries(shard, query, before):
            event = json.loads(entry.text)
            place = Place(entry.at_ms, shard, event["seq"])
            if before is None or place < before:
                yield place, event, entry.text

    def _entries(self, shard: str, query: AuditQuery, before: Place | None) -> Iterator[StreamEntry]:
        newest = "+" if not query.until_ms else str(query.until_ms)
        if before is not None:
            newest = str(before.at_ms)
        oldest = "-" if not query.since_ms else str(query.since_ms)
        batch = 16 if query.number is None else _BATCH
        while True:
            reply = self._frame.scripts.command(
                "XREVRANGE", shard_key(shard, "events"), newest, oldest, "COUNT", batch
            )
            entries = [read_entry(entry) for entry in reply] if isinstance(reply, list) else []
            for entry in entries:
                yield entry
                newest = f"({entry.entry_id}"
            if len(entries) < batch:
                return
            batch = _BATCH
