"""Who calls the management API in this request, for which tenant, about whom; refuses with problems."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final, cast

from flask import g, request
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import RequestEntityTooLarge

from security_service.domain.access import Actor, Role
from security_service.domain.phone import parse_msisdn
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action
from security_service.usecases.four_eyes import Reviewer
from security_service.usecases.work_cases import CaseWorker
from security_service.web.auth import EVERY_TENANT, Principal, bearer_key
from security_service.web.problems import Problem, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.wire.codec import MAX_BODY_BYTES

TENANT_HEADER: Final = "X-Etalon-Tenant"

_UNAUTHORIZED: Final = Problem(
    HTTPStatus.UNAUTHORIZED,
    "unknown-key",
    "A known key is needed as Authorization: Bearer.",
    headers={"WWW-Authenticate": 'Bearer realm="etalon"'},
)
_FORBIDDEN: Final = Problem(HTTPStatus.FORBIDDEN, "role-missing", "None of this key's roles may do this.")
_OTHER_TENANT: Final = Problem(
    HTTPStatus.FORBIDDEN, "other-tenant", "This key may not act for the tenant that is asked for."
)
_NO_TENANT: Final = Problem(
    HTTPStatus.BAD_REQUEST, "tenant-missing", f"Name the tenant in {TENANT_HEADER} or as ?tenant=."
)
_UNKNOWN_TENANT: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-tenant", "There is no such tenant.")
_INVALID_NUMBER: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-number", "The number is not valid in the tenant's region."
)
_UNREADABLE: Final = Problem(HTTPStatus.BAD_REQUEST, "", "The body cannot be read as JSON.")
_NOT_JSON: Final = Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "", "The body must be application/json.")


def open_session(services: WebServices, roles: frozenset[Role], *, streams: bool = False) -> None:
    """Find out who calls, and whether one of their roles may do this; raise `ProblemRaised` if not.

    Where the view `streams` its body, the body is left to it.
    """
    g.request_id = services.chance.token()
    bind_contextvars(request_id=g.request_id)
    key = bearer_key(request.headers.get("Authorization", ""))
    principal = None if key is None else services.admin_keys.find(key)
    if principal is None:
        raise ProblemRaised(_UNAUTHORIZED)
    if not principal.actor.may(*roles):
        raise ProblemRaised(_FORBIDDEN)
    if request.method in {"POST", "PUT", "DELETE"} and not streams:
        _check_body()
    g.principal = principal


def _check_body() -> None:
    """Raise where the schemas would meet what the parser of JSON breaks on: depth, digits, encoding."""
    if not request.is_json:
        raise ProblemRaised(_NOT_JSON)
    body = request.get_data()
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemRaised(_UNREADABLE) from None


def tenant_of_request(services: WebServices) -> Tenant:
    """Give the tenant that header or query name, else the caller's own; raise `ProblemRaised`."""
    principal = _principal()
    named = request.headers.get(TENANT_HEADER) or request.args.get("tenant") or principal.default_tenant()
    if not named:
        raise ProblemRaised(_NO_TENANT)
    if not principal.may_act_for(named):
        raise ProblemRaised(_OTHER_TENANT)
    tenant = services.tenants.get(named)
    if tenant is None:
        raise ProblemRaised(_UNKNOWN_TENANT)
    return tenant


def number_of(text: str, tenant: Tenant) -> Msisdn:
    """Read a number in the tenant's region; raise `ProblemRaised`."""
    number = parse_msisdn(text, tenant.region)
    if number is None:
        raise ProblemRaised(_INVALID_NUMBER)
    return number


def action_on(services: WebServices, number: str, reason: str) -> Action:
    """Give the action of this caller on a number of this tenant; raise `ProblemRaised`."""
    tenant = tenant_of_request(services)
    actor = _principal().actor
    return Action(tenant, number_of(number, tenant), actor.name, reason, request_id(), actor.roles)


def reviewer_of(services: WebServices) -> Reviewer:
    """Give this caller as one who decides proposals of this tenant; raise `ProblemRaised`."""
    return Reviewer(tenant_of_request(services), _principal().actor, request_id())


def worker_of(services: WebServices) -> CaseWorker:
    """Give this caller as one who works on cases of this tenant; raise `ProblemRaised`."""
    return CaseWorker(tenant_of_request(services).id, _principal().actor, request_id())


def acts_for_every_tenant() -> None:
    """Raise `ProblemRaised` where this caller may act for some tenants only: a policy decides for all."""
    if _principal().tenants != EVERY_TENANT:
        raise ProblemRaised(_OTHER_TENANT)


def may_act_for(tenant: str) -> bool:
    """Tell whether this caller may act for a tenant."""
    return _principal().may_act_for(tenant)


def must_act_for(tenant: str) -> None:
    """Raise `ProblemRaised` where this caller may not act for the tenant that a path names."""
    if not may_act_for(tenant):
        raise ProblemRaised(_OTHER_TENANT)


def request_id() -> str:
    """Give the id of this request, which stands in the events of what it does."""
    return cast("str", g.request_id)


def who_acts() -> Actor:
    """Give the caller as one who acts."""
    return _principal().actor


def actor_name() -> str:
    """Give the name under which the caller stands in the audit."""
    return _principal().actor.name


def _principal() -> Principal:
    return cast("Principal", g.principal)
