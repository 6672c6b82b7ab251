"""The AuditLog port: pages of events out of the shards' streams, newest first."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from typing import Final

from security_service.domain.audit import AuditPage, AuditQuery
from security_service.store.connection import Reply
from security_service.store.frame import StoreFrame, raw, words
from security_service.store.keys import MANAGEMENT, all_shards, shard_key

_BATCH: Final = 200
_MOST_READ: Final = 200_000


class StoredAuditLog:
    """Reads one shard where the query names a number, else all of them merged by time."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def page(self, query: AuditQuery) -> AuditPage:
        """Give matching events, newest first, with the cursor of the next page.

        The cursor names the last entry given; a page ends early where very many entries had to
        be read for it, and its cursor then goes on from there.
        """
        shards = self._shards(query)
        start = _read_cursor(query.cursor)
        streams = [self._entries(shard, query, start) for shard in shards]
        merged = heapq.merge(*streams, key=lambda entry: entry[0], reverse=True)
        found: list[str] = []
        last: tuple[int, int, str] | None = None
        for count, (place, text) in enumerate(merged):
            if start is not None and place >= start:
                continue
            if len(found) == query.count or count >= _MOST_READ:
                return AuditPage(tuple(found), _cursor(last))
            last = place
            if _matches(query, text):
                found.append(text)
        return AuditPage(tuple(found), "")

    def _shards(self, query: AuditQuery) -> list[str]:
        if query.number is not None:
            return [self._frame.layout.of(query.tenant, query.number).shard]
        return [*all_shards(), MANAGEMENT]

    def _entries(
        self, shard: str, query: AuditQuery, start: tuple[int, int, str] | None
    ) -> Iterator[tuple[tuple[int, int, str], str]]:
        """Entries of one shard newest first, each with its place: (milliseconds, number, shard)."""
        newest = "+" if not query.until_ms else str(query.until_ms)
        if start is not None:
            newest = f"{start[0]}"
        oldest = "-" if not query.since_ms else str(query.since_ms)
        batch = 16 if query.number is None else _BATCH
        while True:
            reply = self._frame.scripts.command(
                "XREVRANGE", shard_key(shard, "events"), newest, oldest, "COUNT", batch
            )
            entries = reply if isinstance(reply, list) else []
            for entry in entries:
                entry_id, text = _read_entry(entry)
                milliseconds, _, number = entry_id.partition("-")
                yield (int(milliseconds), int(number), shard), text
                newest = f"({entry_id}"
            if len(entries) < batch:
                return
            batch = _BATCH


def _read_entry(entry: Reply) -> tuple[str, str]:
    if not isinstance(entry, list) or not isinstance(entry[1], list):
        raise TypeError("a stream entry is an id and its fields")
    return words(entry[0]), raw(entry[1][1]).decode("utf-8")


def _matches(query: AuditQuery, text: str) -> bool:
    event = json.loads(text)
    facts, outcome, subject = event["facts"], event["outcome"], event["subject"]
    return (
        (not query.tenant or subject.get("tenant") == query.tenant)
        and (query.number is None or subject.get("number") == query.number.digits)
        and (not query.kind or event["kind"] == query.kind)
        and (not query.verdict or facts.get("verdict") == query.verdict)
        and (not query.reason or query.reason in {facts.get("reason"), outcome.get("reason")})
    )


def _cursor(place: tuple[int, int, str] | None) -> str:
    return "" if place is None else f"{place[0]}-{place[1]}-{place[2]}"


def _read_cursor(cursor: str) -> tuple[int, int, str] | None:
    milliseconds, _, rest = cursor.partition("-")
    number, _, shard = rest.partition("-")
    if not (milliseconds.isdigit() and number.isdigit() and shard):
        return None
    return int(milliseconds), int(number), shard
