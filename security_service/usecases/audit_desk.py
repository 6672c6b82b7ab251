"""All that people do with the audit log, in one group for the faces; does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.usecases.check_log import CheckLog
from security_service.usecases.export_audit import ExportAudit
from security_service.usecases.make_evidence import MakeEvidence
from security_service.usecases.prove_log import ProveLog
from security_service.usecases.seal_log import SealLog
from security_service.usecases.search_audit import SearchAudit


@dataclass(frozen=True, slots=True)
class AuditDesk:
    """The use cases of the audit log. `public_pem` is the key that verifies its heads, empty without one."""

    search: SearchAudit
    export: ExportAudit
    seal: SealLog
    prove: ProveLog
    check: CheckLog
    evidence: MakeEvidence
    public_pem: str = ""
