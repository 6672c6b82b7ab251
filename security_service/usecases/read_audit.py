"""Read the audit log of one tenant, newest event first; leaves filters to the log and form to the faces."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.audit import AuditPage, AuditQuery
from security_service.domain.ports import AuditLog


@dataclass(frozen=True, slots=True)
class ReadAudit:
    """Reads pages of events; reading leaves no event."""

    log: AuditLog

    def run(self, query: AuditQuery) -> AuditPage:
        """Give a page of canonical events. Raises StoreUnavailable and ArchiveUnavailable."""
        return self.log.page(query)
