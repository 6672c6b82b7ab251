"""The view on the audit log: filters in, events as they were written out."""

from __future__ import annotations

import json

from security_service.domain.audit import AuditQuery
from security_service.web.admin_schemas import AuditFilter
from security_service.web.admin_session import number_of, tenant_of_request
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document


class AuditViews:
    """What the management API shows of the audit log."""

    def __init__(self, services: WebServices) -> None:
        self._services = services

    def page(self, asked: AuditFilter) -> Document:
        """Read events of the tenant, newest first; all filters given must hold."""
        tenant = tenant_of_request(self._services)
        query = AuditQuery(
            tenant=tenant.id,
            number=number_of(asked.number, tenant) if asked.number else None,
            kind=asked.kind,
            verdict=asked.verdict,
            reason=asked.reason,
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
            cursor=asked.cursor,
            count=asked.limit,
        )
        page = self._services.read_audit.run(query)
        return {"events": [json.loads(event) for event in page.events], "next": page.next}
