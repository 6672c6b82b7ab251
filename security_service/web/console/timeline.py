"""The time line of one number: its events out of the audit, newest first, group by group and page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.secret import Msisdn
from security_service.usecases.read_audit import ReadAudit

PAGE: Final = 40
_MOST_PAGES: Final = 10
"""A group that is rare in a long history is looked for this many pages deep, then on the next page."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was written: `at` in Unix seconds, facts of the writer and what the script found."""

    at: float
    kind: EventKind
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Events newest first, and the cursor of the next page (empty at the end)."""

    events: tuple[Told, ...]
    next: str


def read_time_line(
    audit: ReadAudit, tenant: str, number: Msisdn, kinds: frozenset[EventKind], cursor: str
) -> TimeLine:
    """Give a page of a number's events of some kinds (none named: all). Raises StoreUnavailable."""
    found: list[Told] = []
    for _ in range(_MOST_PAGES):
        page = audit.run(AuditQuery(tenant=tenant, number=number, cursor=cursor, count=PAGE))
        cursor = page.next
        told = (told_of(text) for text in page.events)
        found += [one for one in told if one is not None and (not kinds or one.kind in kinds)]
        if len(found) >= PAGE or not cursor:
            break
    return TimeLine(tuple(found), cursor)


def told_of(text: str) -> Told | None:
    """Read an event's canonical text; None for a kind that a newer release wrote."""
    event = json.loads(text)
    if event["kind"] not in set(EventKind):
        return None
    return Told(event["at"] / 1000, EventKind(event["kind"]), {**event["facts"], **event["outcome"]})
