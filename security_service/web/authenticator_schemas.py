"""What the management API takes and gives of authenticator apps; OpenAPI is made of these schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load

from security_service.domain.secret import Code
from security_service.web.admin_schemas import ReasonSchema

_CODE: Final = re.compile(r"[0-9 ]{1,16}")


@dataclass(frozen=True, slots=True)
class ConfirmBody:
    """The first code of an authenticator, and why it is enrolled."""

    code: Code = field(repr=False)
    reason: str


def _digits(text: str) -> None:
    if not _CODE.fullmatch(text):
        raise ValidationError("Must be digits.")


class ConfirmSchema(Schema):
    """The first code of the authenticator that was offered."""

    reason = ReasonSchema().fields["reason"]
    code = fields.String(
        required=True, validate=_digits, metadata={"description": "six digits that the app shows"}
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> ConfirmBody:
        return ConfirmBody(Code(data["code"].strip()), data["reason"].strip())


class OfferSchema(Schema):
    """A new authenticator, shown once: whoever has it makes the subscriber's codes."""

    uri = fields.String(metadata={"description": "otpauth:// address for an app on the same device"})
    qr_svg = fields.String(metadata={"description": "the same as a QR code: an SVG element"})
    until = fields.String(metadata={"format": "date-time", "description": "when the offer ends"})


class AuthenticatorSchema(Schema):
    """How far an enrolment has come."""

    result = fields.String(metadata={"description": "what came of an action: confirmed or removed or none"})
    state = fields.String(metadata={"description": "none, offered or active"})
    since = fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "offered or confirmed at"}
    )
