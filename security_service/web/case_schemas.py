"""What the management API takes and gives of cases and bans; OpenAPI is made of these schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from security_service.domain.cases import LONGEST_NOTE, CaseOutcome, CaseState
from security_service.web.admin_schemas import AuditFilterSchema, ReasonSchema, SearchSchema

_NAME: Final = r"^[A-Za-z0-9_.:@+-]{0,160}$"
_OPERATOR: Final = r"^[0-9]{0,6}$"
_BAN: Final = r"^[0-9]{1,3}:[A-Za-z0-9_.-]{1,32}:[0-9a-f]{16,32}$"


def _note(text: str) -> None:
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise ValidationError(f"Must be a text of 1 to {LONGEST_NOTE} characters.")
    if any(not (character.isprintable() or character in "\n\t") for character in text):
        raise ValidationError("Holds a character that cannot be read.")


def _matching(pattern: str, description: str, *, required: bool = False) -> fields.String:
    meta = {"description": description, "pattern": pattern}
    check = validate.Regexp(pattern.removesuffix("$") + r"\Z", error="Cannot be taken.")
    if required:
        return fields.String(required=True, validate=check, metadata=meta)
    return fields.String(load_default="", validate=check, metadata=meta)


# --- taken ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a page holds."""

    state: CaseState | None
    assignee: str
    operator: str
    number: str
    cursor: str
    limit: int


@dataclass(frozen=True, slots=True)
class CloseBody:
    """How a case ends, and why."""

    outcome: CaseOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class LiftBody:
    """Which ban is lifted, and why."""

    imsi: str
    reason: str


class CaseFilterSchema(Schema):
    """Which cases a page holds."""

    class Meta:
        unknown = EXCLUDE

    state = fields.Enum(CaseState, by_value=True, load_default=None)
    assignee = _matching(_NAME, "who has it; `-` for nobody")
    operator = _matching(_OPERATOR, "MCC-MNC")
    number = fields.String(load_default="", metadata={"description": "the subscriber's number"})
    cursor = SearchSchema().fields["cursor"]
    limit = SearchSchema().fields["limit"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> CaseFilter:
        return CaseFilter(**data)


class PeriodSchema(Schema):
    """A period; an absent bound is open."""

    class Meta:
        unknown = EXCLUDE

    since = AuditFilterSchema().fields["since"]
    until = AuditFilterSchema().fields["until"]


class AssignSchema(Schema):
    """Who gets a case."""

    assignee = _matching(_NAME, "name of a person; empty gives the case back")

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["assignee"])


class NoteSchema(Schema):
    """What is written on a case."""

    note = fields.String(required=True, validate=_note, metadata={"description": "kept in the audit"})

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["note"]).strip()


class CloseSchema(Schema):
    """How a case ends."""

    outcome = fields.Enum(
        CaseOutcome,
        by_value=True,
        required=True,
        metadata={"description": "fraud bans the SIM in question for the tenant"},
    )
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> CloseBody:
        return CloseBody(data["outcome"], data["reason"].strip())


class LiftSchema(Schema):
    """Which ban is lifted."""

    imsi = _matching(_BAN, "`imsi` of the list of bans", required=True)
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> LiftBody:
        return LiftBody(data["imsi"], data["reason"].strip())


# --- given ------------------------------------------------------------------------------------


class CaseSchema(Schema):
    """One mismatch of a SIM that somebody has to judge."""

    id = fields.String()
    number = fields.String()
    opened_at = fields.String(metadata={"format": "date-time"})
    reason = fields.String(metadata={"description": "of the decision that opened it"})
    imsi = fields.String(metadata={"description": "fingerprint of the SIM in question"})
    amount = fields.Integer(
        allow_none=True, metadata={"description": "greatest amount at stake, in minor units"}
    )
    currency = fields.String()
    band = fields.String(metadata={"description": "the amount as the policy bands it"})
    operator = fields.String(metadata={"description": "MCC-MNC"})
    code_id = fields.String()
    purpose = fields.String()
    assignee = fields.String()
    state = fields.Enum(CaseState, by_value=True)
    outcome = fields.Enum(CaseOutcome, by_value=True, allow_none=True)
    closed_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    closed_by = fields.String()
    closed_how = fields.String(
        allow_none=True, metadata={"description": "person, or trusted where the SIM was re-verified"}
    )
    last_note_at = fields.String(allow_none=True, metadata={"format": "date-time"})


class CasePageSchema(Schema):
    """Open cases first, the greatest amount first among them, then the oldest."""

    cases = fields.List(fields.Nested(CaseSchema))
    next = fields.String(metadata={"description": "cursor of the next page, empty at the end"})


class CaseNoteSchema(Schema):
    """What somebody wrote on a case."""

    at = fields.String(metadata={"format": "date-time"})
    actor = fields.String()
    note = fields.String()


class CaseViewSchema(CaseSchema):
    """A case with what was written on it."""

    notes = fields.List(fields.Nested(CaseNoteSchema))


class AlarmsSchema(Schema):
    """How the cases of one operator ended."""

    operator = fields.String(metadata={"description": "MCC-MNC, empty where unknown"})
    closed = fields.Integer()
    customer_confirmed = fields.Integer()
    fraud = fields.Integer()
    of_unknown = fields.Integer(data_key="unknown", attribute="unknown")
    false_alarms_percent = fields.Float()


class AlarmListSchema(Schema):
    """The measured rate of false alarms by operator."""

    operators = fields.List(fields.Nested(AlarmsSchema))


class BanSchema(Schema):
    """A SIM that the tenant never trusts."""

    imsi = fields.String(metadata={"description": "name of the banned SIM: part of its keyed digest"})
    number = fields.String(metadata={"description": "subscriber of the case"})
    case = fields.String()
    by = fields.String()
    at = fields.String(metadata={"format": "date-time"})


class BanListSchema(Schema):
    """A tenant's bans, newest first."""

    bans = fields.List(fields.Nested(BanSchema))
