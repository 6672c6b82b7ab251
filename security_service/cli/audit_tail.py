"""The newest events, and those that come while one looks; leaves filters and printing to the command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from security_service.domain.audit import AuditQuery
from security_service.domain.ports import Clock
from security_service.usecases.read_audit import ReadAudit

_ROUND_S: Final = 1.0
_LATE_MS: Final = 10_000
"""So late an event may come: each shard has a stream of its own, and one may be read before another."""


def newest(log: ReadAudit, query: AuditQuery, count: int) -> list[str]:
    """Give the newest `count` events that answer a query, the newest one last."""
    found: list[str] = []
    for event in _events(log, query):
        found.append(event)
        if len(found) == count:
            break
    return found[::-1]


def follow(log: ReadAudit, query: AuditQuery, told: Sequence[str], clock: Clock) -> Iterator[str]:
    """Give events as they come, each once; those of `told` are known. Ends only with its reader."""
    ends_ms = query.until_ms
    seen = {_place(event): _moment(event) for event in told}
    newest_ms = max(seen.values(), default=clock.unix_ms())
    # What is older than all that was told was left out on purpose.
    floor_ms = max(query.since_ms, min(seen.values(), default=newest_ms))
    while not ends_ms or clock.unix_ms() <= ends_ms:
        since = max(floor_ms, newest_ms - _LATE_MS)
        fresh = [one for one in _events(log, replace(query, since_ms=since)) if _place(one) not in seen]
        for event in reversed(fresh):
            seen[_place(event)] = _moment(event)
            yield event
        newest_ms = max(newest_ms, max(seen.values(), default=0))
        seen = {place: at for place, at in seen.items() if at >= newest_ms - 2 * _LATE_MS}
        clock.pause(_ROUND_S)


def _events(log: ReadAudit, query: AuditQuery) -> Iterator[str]:
    """Give all matching events, newest first, page by page."""
    while True:
        page = log.run(query)
        yield from page.events
        if not page.next:
            return
        query = replace(query, cursor=page.next)


def _place(event: str) -> tuple[str, int]:
    read = json.loads(event)
    return read["shard"], read["seq"]


def _moment(event: str) -> int:
    return int(json.loads(event)["at"])
