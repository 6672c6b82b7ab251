"""The part of the management API's table that is about tenants, API keys, and whose word counts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from security_service.domain.access import Role
from security_service.web.route import DECIDE, READ, Route
from security_service.web.services import WebServices
from security_service.web.tenant_schemas import (
    EaseSchema,
    EndSchema,
    IssuedKeySchema,
    KeyBodySchema,
    KeyListSchema,
    KeySchema,
    ProvidersSchema,
    TenantBodySchema,
    TenantFilterSchema,
    TenantPageSchema,
    TenantSchema,
    TrustSchema,
    WordSchema,
)
from security_service.web.tenant_views import TenantViews

_ADMIN: Final = frozenset({Role.ADMIN})
_LOOK: Final = frozenset({Role.AUDITOR})
_UNKNOWN: Final = {HTTPStatus.NOT_FOUND: "There is none of that name or id"}
_MOVED: Final = {**_UNKNOWN, HTTPStatus.CONFLICT: "Another state is there than the one that was looked at"}
_NOT_DECIDED: Final = {**_UNKNOWN, HTTPStatus.CONFLICT: "The settings say never"}


def tenant_routes(services: WebServices) -> tuple[Route, ...]:
    """Give these routes; a tenant and its keys are an admin's, whose word counts is a lead's."""
    views = TenantViews(services.management)
    one, trust = "/tenants/<tenant>", "/trust/<source>/<operator>"
    return (
        Route("list_tenants", "GET", "/tenants", views.page, _LOOK, TenantPageSchema, TenantFilterSchema),
        Route("view_tenant", "GET", one, views.view, _LOOK, TenantSchema, problems=_UNKNOWN),
        Route("put_tenant", "PUT", one, views.put, _ADMIN, TenantSchema, TenantBodySchema, _MOVED),
        Route("list_keys", "GET", f"{one}/keys", views.keys, _LOOK, KeyListSchema, problems=_UNKNOWN),
        Route(
            "issue_key", "POST", f"{one}/keys", views.issue, _ADMIN, IssuedKeySchema, KeyBodySchema, _UNKNOWN
        ),
        Route(
            "end_key", "DELETE", f"{one}/keys/<key>", views.end, _ADMIN, KeySchema, EndSchema, _UNKNOWN
        ),
        Route("list_providers", "GET", "/providers", views.providers, READ, ProvidersSchema),
        Route("set_trust", "PUT", trust, views.word, DECIDE, TrustSchema, WordSchema, _NOT_DECIDED),
        Route(
            "ease_trust", "POST", f"{trust}/ease", views.ease, DECIDE, TrustSchema, EaseSchema, _NOT_DECIDED
        ),
    )  # fmt: skip
