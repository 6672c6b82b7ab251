"""Whether a number may be called or texted now: one route of the management API over one use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from security_service.web.admin_session import number_of, tenant_of_request
from security_service.web.route import READ, Route
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document, moment


class ContactQuerySchema(Schema):
    """How the advice is wanted."""

    look = fields.Boolean(
        load_default=False, metadata={"description": "ask the network now; else by what is known"}
    )


class ContactSchema(Schema):
    """Advice on a number, and every reason for it."""

    contact = fields.String(
        metadata={"enum": ["safe", "unsafe", "unknown"], "description": "unknown: do not rely on it"}
    )
    reasons = fields.List(fields.String())
    seen_at = fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "when the trusted SIM was last seen"}
    )


def contact_routes(services: WebServices) -> Sequence[Route]:
    """Give the route."""

    def view(asked: dict[str, Any], number: str) -> Document:
        """Advise whether a number may be called or texted now; sends nothing and changes nothing."""
        tenant = tenant_of_request(services)
        advice = services.advise_contact.run(tenant, number_of(number, tenant), look=asked["look"])
        return {
            "contact": advice.safety.value,
            "reasons": list(advice.reasons),
            "seen_at": moment(advice.seen_at) if advice.seen_at else None,
        }

    return (
        Route(
            "advise_contact", "GET", "/subscribers/<number>/contact", view, READ, ContactSchema,
            ContactQuerySchema,
        ),
    )  # fmt: skip
