"""Reading the archive in pages, newest first, each by one index; leaves the streams' tail to the store."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.tables import EVENTS, LOG
from security_service.domain.archive_ports import FoundEvents, Place
from security_service.domain.audit import AuditQuery
from security_service.domain.errors import ArchiveUnavailable

# What leaves the fewest events to be read, first: the index of the first one that is asked for is taken.
_NARROWEST: Final = ("code_id", "number", "actor", "operator", "reason", "verdict", "kind")
_WITHOUT_TENANT: Final = frozenset({"code_id", "actor"})


class EventReader:
    """Implements the port ArchivedEvents for one installation."""

    def __init__(self, database: ArchiveDatabase, installation: str) -> None:
        self._database, self._installation = database, installation

    def id(self) -> str:
        """Give the archive's own id."""
        with self._database.reading() as connection:
            return str(connection.execute(select(LOG.c.archive)).scalar_one())

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        """Give the newest `count` events that answer a query and stand before a place."""
        with self._database.reading() as connection:
            owner = connection.execute(select(LOG.c.installation)).scalar_one()
            if owner not in {None, self._installation}:
                raise ArchiveUnavailable("it holds the events of another installation")
            rows = connection.execute(newest_statement(query, before, count)).all()
        events = [(Place(row.at_ms, row.shard, row.seq), str(row.text)) for row in rows]
        return FoundEvents(events, events[-1][0] if len(events) == count else None)


def newest_statement(query: AuditQuery, before: Place | None, count: int) -> Select[Any]:
    """Give the question that a page is: places and texts, newest first."""
    return (
        select(EVENTS.c.at_ms, EVENTS.c.shard, EVENTS.c.seq, EVENTS.c.text)
        .where(EVENTS.c.text.is_not(None), *_filters(query), *_bounds(query, before))
        .order_by(EVENTS.c.at_ms.desc(), EVENTS.c.shard.desc(), EVENTS.c.seq.desc())
        .limit(count)
    )


def _filters(query: AuditQuery) -> list[ColumnElement[bool]]:
    """Give what must hold. Only the narrowest may choose the index.

    A database without statistics may take a kind of a million events for narrower than a number.
    """
    wanted = {
        "code_id": query.code_id,
        "number": "" if query.number is None else query.number.digits,
        "actor": query.actor,
        "operator": query.operator,
        "reason": query.reason,
        "verdict": query.verdict,
        "kind": query.kind,
    }
    narrowest = next((name for name in _NARROWEST if wanted[name]), "")
    filters = [
        EVENTS.c[name] == value if name == narrowest else _unindexed(name, value)
        for name, value in wanted.items()
        if value
    ]
    if query.tenant:
        if narrowest in _WITHOUT_TENANT:
            filters.append(_unindexed("tenant", query.tenant))
        else:
            filters.append(EVENTS.c.tenant == query.tenant)
    return filters


def _unindexed(name: str, value: str) -> ColumnElement[bool]:
    return func.coalesce(EVENTS.c[name], "") == value


def _bounds(query: AuditQuery, before: Place | None) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if query.since_ms:
        bounds.append(EVENTS.c.at_ms >= query.since_ms)
    if query.until_ms:
        bounds.append(EVENTS.c.at_ms <= query.until_ms)
    if before is not None:
        bounds.append(EVENTS.c.at_ms <= before.at_ms)
        bounds.append(
            or_(
                EVENTS.c.at_ms < before.at_ms,
                EVENTS.c.shard < before.shard,
                and_(EVENTS.c.shard == before.shard, EVENTS.c.seq < before.seq),
            )
        )
    return bounds
