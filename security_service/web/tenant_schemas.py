"""What the management API takes and gives of tenants, API keys and trust; OpenAPI is made of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from security_service.domain.messages import Channel
from security_service.domain.trust import HOUR_S, TrustCause, TrustWord
from security_service.usecases.keep_api_keys import LONGEST_GRACE_S
from security_service.usecases.set_trust import LONGEST_EASING_S
from security_service.web.admin_schemas import ReasonSchema

_VERSION: Final = r"^([0-9a-f]{16})?$"
_ID: Final = r"^[a-z0-9-]{0,32}$"
_KEY_NAME: Final = r"^([a-z0-9][a-z0-9_.-]{0,31})?$"
_MOST_HOURS: Final = LONGEST_EASING_S // HOUR_S


def _matching(pattern: str, description: str) -> fields.String:
    check = validate.Regexp(pattern.removesuffix("$") + r"\Z", error="Cannot be taken.")
    return fields.String(
        load_default="", validate=check, metadata={"description": description, "pattern": pattern}
    )


# --- taken ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TenantBody:
    """What a tenant is to be, and the state that it takes the place of."""

    document: Mapping[str, object]
    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class WordBody:
    """A word on a source and an operator, and why."""

    word: TrustWord
    reason: str


@dataclass(frozen=True, slots=True)
class EaseBody:
    """For how many hours changed SIMs step up, and why."""

    hours: int
    reason: str


class TenantFilterSchema(Schema):
    """Where a page of tenants begins."""

    class Meta:
        unknown = EXCLUDE

    cursor = _matching(_ID, "a page's `next`")

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["cursor"])


class TenantBodySchema(Schema):
    """A tenant's whole document."""

    document = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "every setting of docs/settings.md; one that is absent has its default"},
    )
    version = _matching(_VERSION, "version that was looked at; empty for a tenant that is to be made")
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> TenantBody:
        return TenantBody(data["document"], data["version"], data["reason"].strip())


class KeyBodySchema(Schema):
    """The name of an API key that is to be."""

    name = _matching(_KEY_NAME, "1 to 32 of a-z 0-9 _ . -; else drawn")

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["name"])


class EndSchema(Schema):
    """When an API key ends."""

    after_s = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(0, LONGEST_GRACE_S),
        metadata={"description": "seconds that it goes on; 0 ends it at once"},
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> int:
        return int(data["after_s"])


class WordSchema(Schema):
    """Whether a source is believed on an operator's SIMs."""

    word = fields.Enum(TrustWord, by_value=True, required=True)
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> WordBody:
        return WordBody(data["word"], data["reason"].strip())


class EaseSchema(Schema):
    """An operator that replaces many SIMs."""

    hours = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, _MOST_HOURS),
        metadata={"description": "how long changed SIMs step up in place of a denial; 0 ends it"},
    )
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> EaseBody:
        return EaseBody(data["hours"], data["reason"].strip())


# --- given ------------------------------------------------------------------------------------


class TenantLineSchema(Schema):
    """A tenant in a list."""

    id = fields.String()
    name = fields.String()
    region = fields.String(metadata={"description": "ISO 3166"})
    policy = fields.String()
    version = fields.String(metadata={"description": "names this state of the document"})


class TenantPageSchema(Schema):
    """Tenants that the key may act for, by id."""

    tenants = fields.List(fields.Nested(TenantLineSchema))
    next = fields.String(metadata={"description": "cursor of the next page, empty at the end"})


class TenantSchema(Schema):
    """A tenant with every setting."""

    id = fields.String()
    version = fields.String(metadata={"description": "names this state of the document"})
    document = fields.Dict(keys=fields.String())
    warnings = fields.List(
        fields.String(), metadata={"description": "what is weak but allowed; after a change only"}
    )


class KeySchema(Schema):
    """An API key without the key."""

    id = fields.String(metadata={"description": "tells it from others of the same name"})
    name = fields.String()
    issued_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    ends_at = fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "null: it goes on"}
    )


class KeyListSchema(Schema):
    """A tenant's API keys, by name."""

    keys = fields.List(fields.Nested(KeySchema))


class IssuedKeySchema(KeySchema):
    """An API key that is in now."""

    key = fields.String(metadata={"description": "the key itself, shown only now"})


class TrustSchema(Schema):
    """Whose word on whose SIMs may decide."""

    source = fields.String()
    operator = fields.String(metadata={"description": "MCC-MNC; empty: answers that name none"})
    in_force = fields.Enum(TrustWord, by_value=True)
    configured = fields.Enum(TrustWord, by_value=True)
    cause = fields.Enum(TrustCause, by_value=True, allow_none=True)
    by = fields.String(allow_none=True)
    at = fields.String(allow_none=True, metadata={"format": "date-time"})
    eased_until = fields.String(allow_none=True, metadata={"format": "date-time"})


class GatewaySchema(Schema):
    """A configured gateway."""

    name = fields.String()
    kind = fields.String()
    channel = fields.Enum(Channel, by_value=True)


class LookupSchema(Schema):
    """A configured source of lookups, with the word of the settings on it."""

    name = fields.String()
    kind = fields.String()
    word = fields.Enum(TrustWord, by_value=True)


class ProvidersSchema(Schema):
    """What is configured, and what people and the sources themselves made of it."""

    gateways = fields.List(fields.Nested(GatewaySchema))
    lookups = fields.List(fields.Nested(LookupSchema))
    trust = fields.List(fields.Nested(TrustSchema))
