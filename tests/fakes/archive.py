"""An archive that holds nothing yet, for tests of what the streams hold."""

from __future__ import annotations

from security_service.domain.archive_ports import FoundEvents, Place
from security_service.domain.audit import AuditQuery


class EmptyArchive:
    """Implements ArchivedEvents."""

    def id(self) -> str:
        return "empty"

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        return FoundEvents((), None)
