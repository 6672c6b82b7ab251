"""What people do with the audit log, put together over the log, its seals and the store."""

from __future__ import annotations

from security_service.domain.ports import AuditLog, Clock
from security_service.store.frame import StoreFrame
from security_service.store.log_journal import StoredLogJournal
from security_service.usecases.audit_desk import AuditDesk
from security_service.usecases.export_audit import ExportAudit
from security_service.usecases.search_audit import SearchAudit
from security_service.wiring.sealing import Sealing


def build_audit_desk(log: AuditLog, sealing: Sealing, frame: StoreFrame, clock: Clock) -> AuditDesk:
    """Put the use cases together; `log` is the whole audit log."""
    search = SearchAudit(log, clock)
    return AuditDesk(
        search=search,
        export=ExportAudit(search, StoredLogJournal(frame), clock),
        seal=sealing.seal,
        prove=sealing.prove,
        check=sealing.check,
        evidence=sealing.evidence,
        public_pem="" if sealing.signer is None else sealing.signer.public_pem(),
    )
