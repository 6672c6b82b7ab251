"""The views on the audit log: filters in, events as they were written out; and evidence out of it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response

from security_service.domain.audit import AuditQuery
from security_service.usecases.make_evidence import EventAltered, EvidenceMade, NoSuchCode
from security_service.usecases.seal_log import LogAltered, NoSigningKey, NothingToSeal
from security_service.web.admin_schemas import AuditFilter
from security_service.web.admin_session import actor_name, number_of, tenant_of_request
from security_service.web.problems import Problem, ProblemRaised
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document

_NO_CODE: Final = Problem(
    HTTPStatus.NOT_FOUND,
    "unknown-code",
    "The archive holds no decision about such a code of this tenant (yet).",
)
_NO_KEY: Final = Problem(
    HTTPStatus.CONFLICT,
    "no-signing-key",
    "No signing key is set: nothing can be signed.",
)
_ALTERED: Final = Problem(
    HTTPStatus.CONFLICT,
    "archive-altered",
    "The archive is not the log that was sealed: it was altered, and nothing is signed on it.",
)


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
            code_id=asked.code_id,
            actor=asked.actor,
            operator=asked.operator,
        )
        page = self._services.read_audit.run(query)
        return {"events": [json.loads(event) for event in page.events], "next": page.next}

    def evidence(self, code_id: str) -> Response:
        """Give the evidence pack of one of the tenant's codes as a file; raise `ProblemRaised`."""
        tenant, make = tenant_of_request(self._services), self._services.evidence
        if make is None:
            raise ProblemRaised(_NO_KEY)
        outcome = make.run(tenant.id, code_id, actor_name())
        match outcome:
            case EvidenceMade():
                named = {"Content-Disposition": "attachment; filename=evidence.json"}
                return SecuredResponse(outcome.pack, content_type="application/json", headers=named)
            case NoSuchCode() | NothingToSeal():
                raise ProblemRaised(_NO_CODE)
            case NoSigningKey():
                raise ProblemRaised(_NO_KEY)
            case LogAltered() | EventAltered():
                raise ProblemRaised(_ALTERED)
            case _:
                assert_never(outcome)
