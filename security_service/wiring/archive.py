"""The archive of the audit log put together: its database, reading it, and what the worker does to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from security_service.archive.count_reader import CountReader
from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.pruner import EventPruner
from security_service.archive.reader import EventReader
from security_service.archive.writer import EventWriter
from security_service.config.classes import Settings
from security_service.domain.archive_ports import ArchiveMeter, PruneRule
from security_service.domain.errors import SettingsFault
from security_service.domain.ports import Clock
from security_service.store.audit_log import StoredTail
from security_service.store.connection import Scripts
from security_service.store.event_streams import StoredEventStreams
from security_service.store.frame import StoreFrame
from security_service.usecases.move_events import MoveEvents
from security_service.usecases.prune_events import PruneEvents
from security_service.usecases.thin_counts import ThinCounts
from security_service.usecases.whole_log import WholeLog

ARCHIVE_FILE: Final = "archive.db"
"""The file of the default archive in the data directory."""


@dataclass(frozen=True, slots=True)
class ArchiveWork:
    """What the worker does to the archive."""

    move: MoveEvents
    prune: PruneEvents
    thin: ThinCounts


def build_database(settings: Settings) -> ArchiveDatabase:
    """Give the archive's database; it is reached at its first use. Raises SettingsFault."""
    asked = settings.archive
    try:
        address = archive_address(
            asked.url, asked.password, Path(settings.data_dir) / ARCHIVE_FILE, asked.timeout_s
        )
    except ValueError as error:
        raise SettingsFault([f"archive.url: {error}"]) from None
    return ArchiveDatabase(address)


def build_whole_log(settings: Settings, database: ArchiveDatabase, frame: StoreFrame) -> WholeLog:
    """Give the log over the streams' tail and the archive."""
    return WholeLog(StoredTail(frame), EventReader(database, settings.installation_id))


def build_archive_work(
    settings: Settings, database: ArchiveDatabase, scripts: Scripts, clock: Clock, meter: ArchiveMeter
) -> ArchiveWork:
    """Give what moves events into the archive, and prunes them there."""
    owner = settings.installation_id
    rules = [PruneRule(rule.kinds, rule.tenants, rule.days) for rule in settings.archive.retention.values()]
    return ArchiveWork(
        move=MoveEvents(StoredEventStreams(scripts), EventWriter(database, owner, clock), clock, meter),
        prune=PruneEvents(EventPruner(database, owner, clock), rules, clock),
        thin=ThinCounts(CountReader(database), clock),
    )
