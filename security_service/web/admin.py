"""The management API: one table of what may be done by whom, and its frame; views stand apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import flask_smorest
from flask import Flask, request

from security_service.domain.access import Role
from security_service.web.admin_schemas import (
    AuditFilterSchema,
    AuditPageSchema,
    EvidenceSchema,
    ModeSchema,
    NumberSchema,
    ProblemSchema,
    ReasonSchema,
    ResultSchema,
    ReverifySchema,
    SearchSchema,
    SubscriberPageSchema,
    SubscriberSchema,
)
from security_service.web.admin_session import TENANT_HEADER, open_session
from security_service.web.audit_views import AuditViews
from security_service.web.authenticator_schemas import AuthenticatorSchema, ConfirmSchema, OfferSchema
from security_service.web.authenticator_views import AuthenticatorViews
from security_service.web.contact_routes import contact_routes
from security_service.web.policy_routes import policy_routes
from security_service.web.problems import MEDIA_TYPE
from security_service.web.route import READ, REVERIFY, Route
from security_service.web.services import WebServices
from security_service.web.streamed_bodies import let_stream
from security_service.web.subscriber_views import SubscriberViews
from security_service.web.tenant_routes import tenant_routes
from security_service.web.transfer_routes import transfer_routes
from security_service.web.work_routes import work_routes

BLUEPRINT: Final = "management"
PREFIX: Final = "/api/v1"

_AUDIT: Final = frozenset({Role.AUDITOR, Role.LEAD})
_ENROL: Final = frozenset({Role.ENROLLER, Role.LEAD})
_SEE_ENROLMENT: Final = READ | _ENROL

_CONFLICT: Final = {HTTPStatus.CONFLICT: "The SIM in the network is not the one that was judged"}
_NO_EVIDENCE: Final = {
    HTTPStatus.NOT_FOUND: "The archive holds no decision about such a code (yet)",
    HTTPStatus.CONFLICT: "Nothing can be signed: no key is set, or the archive was altered",
}
_NOT_ENROLLED: Final = {HTTPStatus.CONFLICT: "Nothing was enrolled; the type says why"}


def routes(subscribers: SubscriberViews, audit: AuditViews, apps: AuthenticatorViews) -> Sequence[Route]:
    """Give the whole API; the one place that says which roles may do what."""
    one = "/subscribers/<number>"
    app = f"{one}/authenticator"
    return (
        Route(
            "list_subscribers", "GET", "/subscribers", subscribers.page, READ, SubscriberPageSchema,
            SearchSchema,
        ),
        Route("find_subscriber", "POST", "/subscribers/find", subscribers.find, READ, SubscriberSchema,
              NumberSchema),
        Route("view_subscriber", "GET", one, subscribers.view, READ, SubscriberSchema),
        Route(
            "set_mode", "PUT", f"{one}/mode", subscribers.mode, REVERIFY, SubscriberSchema, ModeSchema,
            waits=True,
        ),
        Route(
            "reverify", "POST", f"{one}/reverify", subscribers.reverify, REVERIFY, ResultSchema,
            ReverifySchema, _CONFLICT, waits=True,
        ),
        Route(
            "add_sim", "POST", f"{one}/sims", subscribers.add_sim, REVERIFY, ResultSchema, ReasonSchema,
            _CONFLICT, waits=True,
        ),
        Route(
            "unlock", "POST", f"{one}/unlock", subscribers.unlock, REVERIFY, ResultSchema, ReasonSchema,
            waits=True,
        ),
        Route("freeze", "POST", f"{one}/freeze", subscribers.freeze, REVERIFY, ResultSchema, ReasonSchema),
        Route("view_authenticator", "GET", app, apps.view, _SEE_ENROLMENT, AuthenticatorSchema),
        Route(
            "offer_authenticator", "POST", app, apps.offer, _ENROL, OfferSchema, ReasonSchema, _NOT_ENROLLED
        ),
        Route(
            "confirm_authenticator", "POST", f"{app}/confirm", apps.confirm, _ENROL, AuthenticatorSchema,
            ConfirmSchema, _NOT_ENROLLED,
        ),
        Route("remove_authenticator", "DELETE", app, apps.remove, _ENROL, AuthenticatorSchema, ReasonSchema),
        Route("read_audit", "GET", "/audit", audit.page, _AUDIT, AuditPageSchema, AuditFilterSchema),
        Route(
            "make_evidence", "GET", "/evidence/<code_id>", audit.evidence, _AUDIT, EvidenceSchema,
            problems=_NO_EVIDENCE,
        ),
    )  # fmt: skip


def create_admin(services: WebServices) -> flask_smorest.Blueprint:
    """Give the blueprint of the management API; every route is guarded before its view runs."""
    blueprint = flask_smorest.Blueprint(
        BLUEPRINT, __name__, url_prefix=PREFIX, description="Subscribers and the audit log"
    )
    roles: dict[str, frozenset[Role]] = {}
    streams: set[str] = set()
    views = SubscriberViews(services), AuditViews(services), AuthenticatorViews(services)
    further = (
        *work_routes(services),
        *policy_routes(services),
        *tenant_routes(services),
        *contact_routes(services),
        *transfer_routes(services),
    )
    for route in (*routes(*views), *further):
        roles[f"{BLUEPRINT}.{route.name}"] = route.roles
        if route.streams:
            let_stream(blueprint, route.name)
            streams.add(f"{BLUEPRINT}.{route.name}")
        blueprint.add_url_rule(
            route.path, endpoint=route.name, view_func=_documented(blueprint, route), methods=[route.method]
        )

    def guard() -> None:
        endpoint = str(request.endpoint)
        open_session(services, roles[endpoint], streams=endpoint in streams)

    blueprint.before_request(guard)
    return blueprint


def _documented(blueprint: flask_smorest.Blueprint, route: Route) -> Callable[..., Any]:
    """Put reading, writing and documentation round a view."""
    view = blueprint.response(HTTPStatus.OK, route.gives, content_type=route.produces)(route.view)
    if route.waits:
        view = blueprint.alt_response(
            HTTPStatus.ACCEPTED,
            schema=ResultSchema,
            description="A second person must approve; or no data yet, and it goes on behind the scenes",
        )(view)
    if route.takes is not None:
        location = "query" if route.method == "GET" or route.streams else "json"
        view = blueprint.arguments(route.takes, location=location)(view)
    documented: Callable[..., Any] = blueprint.doc(
        operationId=route.name, responses=_problem_documents(route), **_streamed_document(route)
    )(view)
    return documented


def _streamed_document(route: Route) -> dict[str, object]:
    if not route.streams:
        return {}
    text = {"text/csv": {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": text}}


def _problem_documents(route: Route) -> dict[str, object]:
    """Document what may go wrong; the members of a problem are the same everywhere."""
    statuses: dict[HTTPStatus, str] = {
        HTTPStatus.UNAUTHORIZED: "The key is absent or unknown",
        HTTPStatus.FORBIDDEN: "The key's roles or tenants do not allow it",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Members, parameters or the number cannot be taken",
        HTTPStatus.SERVICE_UNAVAILABLE: "The store does not answer",
        **route.problems,
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    documents: dict[str, object] = {
        str(status.value): {"description": description, "content": content}
        for status, description in statuses.items()
    }
    return {**documents, "default": {"description": "Any other problem", "content": content}}


def register_admin(app: Flask, services: WebServices) -> str:
    """Put the management API and its OpenAPI document into the application.

    Gives the name of the blueprint that serves the document.
    """
    app.config.update(
        API_TITLE="Etalon management API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"security": [{"bearer": []}]},
    )
    api = flask_smorest.Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    api.spec.components.schema("Problem", schema=ProblemSchema)
    api.register_blueprint(create_admin(services), parameters=[_tenant_parameter()])
    return "api-docs"


def _tenant_parameter() -> dict[str, object]:
    return {
        "in": "header",
        "name": TENANT_HEADER,
        "required": False,
        "schema": {"type": "string"},
        "description": "tenant that is meant; also ?tenant=; absent: the key's own",
    }
