"""The Pruning port: texts and what is personal go, leaves' hashes stay; leaves the rules to the use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select, update

from security_service.archive.appending import begin_appending
from security_service.archive.archived_event import Projection
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.projections import PROJECTIONS
from security_service.archive.tables import EVENTS
from security_service.domain.archive_ports import Prunable
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.ports import Clock

_PERSONAL: Final = ("text", "number", "reason", "code_id", "actor", "operator")


class EventPruner:
    """Prunes for one installation."""

    def __init__(
        self,
        database: ArchiveDatabase,
        installation: str,
        clock: Clock,
        projections: Sequence[Projection] = PROJECTIONS,
    ) -> None:
        self._database, self._installation, self._clock = database, installation, clock
        self._projections = tuple(projections)

    def oldest(self, kind: str, until_ms: int, but: Sequence[str]) -> Prunable | None:
        """Find whose event of a kind is the oldest before a moment, of all tenants but these ('' is none).

        None where there is no such event.
        """
        tenant = func.coalesce(EVENTS.c.tenant, "")
        asked = select(tenant).where(
            EVENTS.c.kind == kind,
            EVENTS.c.at_ms < until_ms,
            EVENTS.c.text.is_not(None),
            tenant.not_in(but),
        )
        with self._database.reading() as connection:
            found = connection.execute(asked.order_by(EVENTS.c.at_ms).limit(1)).scalar_one_or_none()
        return None if found is None else Prunable(kind, str(found), until_ms)

    def prune(self, what: Prunable, most: int) -> int:
        """Take the texts and what is personal out of `most` events; tell of it in the log; give how many.

        The hashes of the leaves stay, so that the log can be verified as before.
        """
        wanted = (
            select(EVENTS.c.leaf)
            .where(
                EVENTS.c.kind == what.kind,
                EVENTS.c.tenant == what.tenant if what.tenant else EVENTS.c.tenant.is_(None),
                EVENTS.c.at_ms < what.until_ms,
                EVENTS.c.text.is_not(None),
            )
            .order_by(EVENTS.c.at_ms)
            .limit(most)
        )
        with self._database.writing() as connection:
            log = begin_appending(connection, self._installation, ())
            pruned = connection.execute(
                update(EVENTS).where(EVENTS.c.leaf.in_(wanted)).values(dict.fromkeys(_PERSONAL))
            ).rowcount
            if pruned:
                log.add_own(_told(what, pruned), self._clock.unix_ms(), what.tenant)
                log.finish(self._projections)
        return pruned


def _told(what: Prunable, count: int) -> Event:
    facts: dict[str, Json] = {
        "count": count,
        "kind": what.kind,
        "tenant": what.tenant,
        "until_ms": what.until_ms,
    }
    return Event(EventKind.EVENTS_PRUNED, facts)
