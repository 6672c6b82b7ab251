"""Imports, exports and bulk re-verifications put together; every face and the worker take them from here."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.store.bulk_runs import StoredBulkRuns
from security_service.store.import_runs import StoredImportRuns
from security_service.store.log_journal import StoredLogJournal
from security_service.store.record_batches import StoredRecordBatches, StoredRecordStream
from security_service.usecases.bulk_reverify import BulkReverify
from security_service.usecases.export_subscribers import ExportSubscribers
from security_service.usecases.import_subscribers import ImportSubscribers
from security_service.usecases.step_bulk import StepBulk
from security_service.usecases.transfer_desk import TransferDesk
from security_service.usecases.view_imports import ViewImports
from security_service.wiring.shared import Core


@dataclass(frozen=True, slots=True)
class Transfers:
    """What people come to, and what the worker goes on with."""

    desk: TransferDesk
    step_bulk: StepBulk


def build_transfers(settings: Settings, core: Core) -> Transfers:
    """Put them together; the store is reached at its first use."""
    frame, stored = core.stored.frame, core.stored
    runs, bulks, stream = StoredImportRuns(frame), StoredBulkRuns(frame), StoredRecordStream(frame)
    take = ImportSubscribers(
        StoredRecordBatches(frame),
        runs,
        core.bans,
        settings.keys.imsi_ring,
        stored.health,
        core.clock,
        core.chance,
    )
    desk = TransferDesk(
        take=take,
        imports=ViewImports(runs, runs),
        export=ExportSubscribers(stream, StoredLogJournal(frame), core.clock),
        bulk=BulkReverify(bulks, core.chance),
    )
    return Transfers(desk, StepBulk(bulks, bulks, stream, stored.subscribers, stored.tenants, core.chance))
