"""Imports, exports and bulk re-verifications over a real store."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.ports import Clock
from security_service.links.operating_system import SystemChance
from security_service.store.bans import StoredBans
from security_service.store.bulk_runs import StoredBulkRuns
from security_service.store.import_runs import StoredImportRuns
from security_service.store.installation import StoreHealth
from security_service.store.log_journal import StoredLogJournal
from security_service.store.record_batches import StoredRecordBatches, StoredRecordStream
from security_service.usecases.bulk_reverify import BulkReverify
from security_service.usecases.export_subscribers import ExportSubscribers
from security_service.usecases.import_subscribers import ImportSubscribers
from security_service.usecases.transfer_desk import TransferDesk
from security_service.usecases.view_imports import ViewImports
from tests.fakes.transfers import RING
from tests.store.rig import StoreRig


@dataclass(frozen=True, slots=True)
class TransferParts:
    """The desk, and what it keeps."""

    desk: TransferDesk
    imports: StoredImportRuns
    bulks: StoredBulkRuns


def transfer_parts(rig: StoreRig, clock: Clock) -> TransferParts:
    """Put them together."""
    runs, bulks, chance = StoredImportRuns(rig.frame), StoredBulkRuns(rig.frame), SystemChance()
    stream, journal = StoredRecordStream(rig.frame), StoredLogJournal(rig.frame)
    take = ImportSubscribers(
        StoredRecordBatches(rig.frame),
        runs,
        StoredBans(rig.frame, clock),
        RING,
        StoreHealth(rig.scripts, rig.frame.installation, clock),
        clock,
        chance,
    )
    desk = TransferDesk(
        take, ViewImports(runs, runs), ExportSubscribers(stream, journal, clock), BulkReverify(bulks, chance)
    )
    return TransferParts(desk, runs, bulks)
