"""What the management API takes and gives of policies; OpenAPI is made of these schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from security_service.domain.policy_document import MOST_CHARACTERS
from security_service.web.admin_schemas import AuditFilterSchema, ReasonSchema

_NAME: Final = r"^[a-z0-9_-]{0,64}$"
_VERSION: Final = r"^[A-Za-z0-9._-]{0,32}$"


def _matching(pattern: str, description: str, *, required: bool = False) -> fields.String:
    meta = {"description": description, "pattern": pattern}
    check = validate.Regexp(pattern.removesuffix("$") + r"\Z", error="Cannot be taken.")
    if required:
        return fields.String(required=True, validate=check, metadata=meta)
    return fields.String(load_default="", validate=check, metadata=meta)


def _document() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(1, MOST_CHARACTERS, error=f"Must be 1 to {MOST_CHARACTERS} characters."),
        metadata={"description": "the policy document, TOML"},
    )


def _expected() -> fields.String:
    return _matching(_VERSION, "version in force that was seen; empty for a policy that is new")


# --- taken ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiffBody:
    """A draft and what it is held against."""

    document: str
    policy: str
    version: str


@dataclass(frozen=True, slots=True)
class PublishBody:
    """A document to be put in force."""

    document: str
    expected: str
    reason: str
    acknowledge_warnings: bool


@dataclass(frozen=True, slots=True)
class RollBackBody:
    """An earlier version to be put in force again."""

    version: str
    expected: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrialBody:
    """A document to be tried beside the one in force."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrialFilter:
    """Which decisions a report is about; `since_ms` is Unix milliseconds, 0 where open."""

    since_ms: int
    cursor: str
    limit: int


@dataclass(frozen=True, slots=True)
class ReplayBody:
    """A document and the period it is tried on; times are Unix milliseconds, 0 where open."""

    document: str
    since_ms: int
    until_ms: int
    policy: str


class DraftSchema(Schema):
    """A draft to be checked."""

    document = _document()

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["document"])


class DiffSchema(Schema):
    """A draft to be held against what is in force, or against another version."""

    document = _document()
    policy = _matching(_NAME, "name of the policy it is held against; absent: the draft's own")
    version = _matching(_VERSION, "version it is held against; absent: the one in force")

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> DiffBody:
        return DiffBody(data["document"], data["policy"], data["version"])


class PublishSchema(Schema):
    """A document to be put in force."""

    document = _document()
    expected = _expected()
    reason = ReasonSchema().fields["reason"]
    acknowledge_warnings = fields.Boolean(
        load_default=False, metadata={"description": "the checker's warnings were read"}
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> PublishBody:
        return PublishBody(
            data["document"], data["expected"], data["reason"].strip(), data["acknowledge_warnings"]
        )


class RollBackSchema(Schema):
    """An earlier version to be put in force again."""

    version = _matching(r"^[A-Za-z0-9._-]{1,32}$", "the version that comes back", required=True)
    expected = _expected()
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> RollBackBody:
        return RollBackBody(data["version"], data["expected"], data["reason"].strip())


class TrialSchema(Schema):
    """A document to be tried beside the one in force."""

    document = _document()
    reason = ReasonSchema().fields["reason"]

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> TrialBody:
        return TrialBody(data["document"], data["reason"].strip())


class TrialFilterSchema(Schema):
    """Which decisions a report is about."""

    class Meta:
        unknown = EXCLUDE

    since = AuditFilterSchema().fields["since"]
    cursor = AuditFilterSchema().fields["cursor"]
    limit = fields.Integer(
        strict=False,
        load_default=5_000,
        validate=validate.Range(1, 20_000, error="Must be 1 to 20000."),
        metadata={"description": "most decisions that are looked at"},
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> TrialFilter:
        return TrialFilter(_milliseconds(data["since"]), data["cursor"], data["limit"])


class ReplayBeginSchema(Schema):
    """A document and the period of the past it is tried on."""

    document = _document()
    since = AuditFilterSchema().fields["since"]
    until = AuditFilterSchema().fields["until"]
    policy = _matching(_NAME, "only decisions of policies of this name; absent: all of the tenant")

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> ReplayBody:
        since_ms, until_ms = _milliseconds(data["since"]), _milliseconds(data["until"])
        return ReplayBody(data["document"], since_ms, until_ms, data["policy"])


class StepSchema(Schema):
    """Going on takes nothing: an empty object."""

    @post_load
    def _made(self, _data: Mapping[str, Any], **_options: object) -> None:
        return None


def _milliseconds(moment: datetime | None) -> int:
    return 0 if moment is None else max(int(moment.timestamp() * 1000), 0)


# --- given ------------------------------------------------------------------------------------


class PolicyVersionSchema(Schema):
    """One document that was in force or is on trial."""

    version = fields.String()
    sha256 = fields.String()
    actor = fields.String(metadata={"description": "who published it; empty for an installation's file"})
    reason = fields.String()
    at = fields.String(allow_none=True, metadata={"format": "date-time"})


class PolicyDocumentSchema(PolicyVersionSchema):
    """A document with its text."""

    document = fields.String(metadata={"description": "TOML"})


class PolicySchema(Schema):
    """What holds for one name, every version that was in force, and what is on trial."""

    name = fields.String()
    in_force = fields.String(metadata={"description": "version that decides"})
    from_file = fields.Boolean(metadata={"description": "nothing of this name was published yet"})
    versions = fields.List(fields.Nested(PolicyVersionSchema), metadata={"description": "highest first"})
    shadow = fields.Nested(PolicyDocumentSchema, allow_none=True)


class PolicyListSchema(Schema):
    """All policies by name."""

    policies = fields.List(fields.Nested(PolicySchema))


class GroupSchema(Schema):
    """Cases that differ in nothing that is named here."""

    values = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    cases = fields.Integer()


class GroupsSchema(Schema):
    """A set of cases in few words."""

    groups = fields.List(fields.Nested(GroupSchema))
    left_out = fields.Integer(metadata={"description": "cases beyond the groups"})


class UnreachableSchema(Schema):
    """A rule that decides nothing."""

    rule = fields.String()
    taken_by = fields.List(fields.String(), metadata={"description": "rules that decide its cases"})


class FindingsSchema(Schema):
    """All that the checker has to say of a draft."""

    policy = fields.String(metadata={"description": "name@version"})
    sha256 = fields.String()
    cases = fields.Integer(metadata={"description": "how many cases can come up"})
    acceptable = fields.Boolean(metadata={"description": "false: it cannot be published"})
    warnings = fields.Boolean(metadata={"description": "must be acknowledged to publish it"})
    misplaced_hold = fields.List(fields.String(), metadata={"description": "rules that hold codes"})
    failed = fields.List(
        fields.Integer(), metadata={"description": "places of expected cases that are decided otherwise"}
    )
    unreachable = fields.List(fields.Nested(UnreachableSchema))
    only_last = fields.Nested(GroupsSchema)
    text = fields.List(fields.String(), metadata={"description": "the same in lines for people"})


class ChangeSchema(GroupsSchema):
    """Cases that another outcome is given to."""

    before = fields.String(metadata={"description": "verdict (reason, notice)"})
    after = fields.String()


class DifferenceSchema(Schema):
    """What a draft changes, case by case."""

    old = fields.String(metadata={"description": "name@version"})
    new = fields.String()
    cases = fields.Integer()
    settings = fields.List(fields.String())
    changes = fields.List(fields.Nested(ChangeSchema))


class PublishedSchema(Schema):
    """What is in force now."""

    result = fields.String()
    policy = fields.String()
    version = fields.String()
    before = fields.String(metadata={"description": "version that was in force, empty without one"})


class RulingSchema(Schema):
    """What a policy says of one message."""

    verdict = fields.String()
    reason = fields.String()
    rule = fields.String()
    policy = fields.String()


class DifferingSchema(Schema):
    """A decision whose verdict would be another."""

    number = fields.String()
    at = fields.String(metadata={"format": "date-time"})
    amount = fields.String(allow_none=True)
    currency = fields.String(allow_none=True)
    before = fields.Nested(RulingSchema)
    after = fields.Nested(RulingSchema)


class TallyRowSchema(Schema):
    """How many decisions went from one verdict and rule to another."""

    before = fields.String()
    before_rule = fields.String()
    after = fields.String()
    after_rule = fields.String()
    count = fields.Integer()


class TallySchema(Schema):
    """Counts of compared decisions, and the first thousand of those that differ."""

    compared = fields.Integer()
    differing = fields.Integer()
    passed_over = fields.Integer(metadata={"description": "decisions that cannot be compared"})
    rows = fields.List(fields.Nested(TallyRowSchema))
    listed = fields.List(fields.Nested(DifferingSchema))


class TrialReportSchema(TallySchema):
    """What a trial has said; `next` goes on from there."""

    next = fields.String(metadata={"description": "cursor of the next part, empty at the end"})


class ReplaySchema(TallySchema):
    """A replay as its last step left it."""

    id = fields.String()
    policy = fields.String(metadata={"description": "name@version that is tried"})
    sha256 = fields.String()
    of_policy = fields.String(metadata={"description": "only decisions of this policy; empty: all"})
    since = fields.String(metadata={"format": "date-time"})
    until = fields.String(metadata={"format": "date-time"})
    percent = fields.Integer(metadata={"description": "how much of the period is done; 100 at the end"})
    done = fields.Boolean()
