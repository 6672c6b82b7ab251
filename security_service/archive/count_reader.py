"""Reads counts, and takes away those that greater steps hold too; leaves when to do so to the use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select

from security_service.archive.count_tables import COUNTS
from security_service.archive.engine import ArchiveDatabase
from security_service.domain.counts import Counted, CountRow, Step

_AT_ONCE: Final = 240
"""Steps that one transaction takes away, so that nobody waits long for it."""


class CountReader:
    """Implements the ports Counts and CountThinning."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self._database = database

    def rows(
        self, tenant: str, step: Step, since_ms: int, until_ms: int, whats: Sequence[Counted]
    ) -> Sequence[CountRow]:
        """Give a tenant's counts of the steps that begin in a period, oldest first."""
        wanted = {one.value: one for one in whats}
        asked = (
            select(
                COUNTS.c.at,
                COUNTS.c.what,
                COUNTS.c.name,
                COUNTS.c.label,
                COUNTS.c["count"],
                COUNTS.c.total_ms,
            )
            .where(
                COUNTS.c.tenant == tenant,
                COUNTS.c.step == step.value,
                COUNTS.c.at >= since_ms,
                COUNTS.c.at < until_ms,
                COUNTS.c.what.in_(sorted(wanted)),
            )
            .order_by(COUNTS.c.at)
        )
        with self._database.reading() as connection:
            return [
                CountRow(at, wanted[what], name, label, count, total_ms)
                for at, what, name, label, count, total_ms in connection.execute(asked).all()
            ]

    def thin(self, step: Step, until_ms: int) -> bool:
        """Take away some of the oldest counts of a step before a moment; False where none are left."""
        of_step = COUNTS.c.step == step.value
        with self._database.reading() as connection:
            oldest = connection.execute(select(func.min(COUNTS.c.at)).where(of_step)).scalar()
        if oldest is None or oldest >= until_ms:
            return False
        end_ms = min(until_ms, oldest + _AT_ONCE * step.ms)
        with self._database.writing() as connection:
            connection.execute(delete(COUNTS).where(of_step, COUNTS.c.at < end_ms))
        return True
