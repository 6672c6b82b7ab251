"""What people do with many subscribers at once, in one place for the faces; holds nothing of its own."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.usecases.bulk_reverify import BulkReverify
from security_service.usecases.export_subscribers import ExportSubscribers
from security_service.usecases.import_subscribers import ImportSubscribers
from security_service.usecases.view_imports import ViewImports


@dataclass(frozen=True, slots=True)
class TransferDesk:
    """The use cases of imports, exports and bulk re-verifications."""

    take: ImportSubscribers
    imports: ViewImports
    export: ExportSubscribers
    bulk: BulkReverify
