"""How large the archive is and how far it goes, for the operators; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.tables import LOG, POSITIONS


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """The archive's id, how many events it holds, and the number of the newest one by shard."""

    archive: str
    size: int
    newest: Mapping[str, int]


def archive_figures(database: ArchiveDatabase) -> ArchiveFigures:
    """Read them; raises ArchiveUnavailable."""
    with database.reading() as connection:
        log = connection.execute(select(LOG.c.archive, LOG.c.size)).one()
        rows = connection.execute(select(POSITIONS.c.shard, POSITIONS.c.seq)).all()
    return ArchiveFigures(log.archive, log.size, {row.shard: row.seq for row in rows})
