"""What the management API takes and gives about imports, exports and bulk re-verifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from security_service.domain.transfers import MOST_REFUSED_KEPT, BulkSource, BulkState
from security_service.web.admin_schemas import ReasonSchema

_MOST_NUMBERS: Final = 4000
_ID: Final = r"^([0-9a-f]{32})?$"
_SENTENCE: Final = f"Must hold at most {_MOST_NUMBERS} numbers; the command line and the console take more."


@dataclass(frozen=True, slots=True)
class ImportWish:
    """How a file is to be imported."""

    id: str
    file: str
    replaces: bool


class ImportWishSchema(Schema):
    """How the file of the body is to be imported."""

    class Meta:
        unknown = EXCLUDE

    id = fields.String(
        load_default="",
        validate=validate.Regexp(_ID.removesuffix("$") + r"\Z", error="Must be 32 hexadecimal digits."),
        metadata={"description": "id of the run, to ask for its progress meanwhile", "pattern": _ID},
    )
    file = fields.String(
        load_default="",
        validate=validate.Length(max=100, error="Must be at most 100 characters."),
        metadata={"description": "name of the file; it stands in the audit"},
    )
    replace = fields.Boolean(
        load_default=False, metadata={"description": "rows stand in for references that are there"}
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> ImportWish:
        name = "".join(letter for letter in data["file"] if letter.isprintable())
        return ImportWish(data["id"], name, data["replace"])


class RefusedFilterSchema(Schema):
    """Which refused rows a page holds."""

    class Meta:
        unknown = EXCLUDE

    first = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MOST_REFUSED_KEPT, error="Is behind the last row that is kept."),
        metadata={"description": "how many rows to pass over: `next` of an earlier page"},
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000, error="Must be 1 to 1000."))


@dataclass(frozen=True, slots=True)
class BulkBody:
    """A bulk re-verification to begin."""

    reason: str
    source: BulkSource
    rate: int
    before: datetime | None
    numbers: tuple[str, ...]


class BulkBeginSchema(Schema):
    """Whom to re-verify, why, and how many a second."""

    reason = ReasonSchema().fields["reason"]
    source = fields.Enum(BulkSource, by_value=True, required=True)
    rate = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(0, 1000, error="Must be 0 to 1000."),
        metadata={"description": "numbers a second, at most the tenant's bulk_reverify_per_s; 0: that many"},
    )
    before = fields.AwareDateTime(
        format="iso",
        load_default=None,
        metadata={"description": "for `older`: references that were not seen since then"},
    )
    numbers = fields.List(
        fields.String(validate=validate.Length(max=32, error="Is no number.")),
        load_default=[],
        validate=validate.Length(max=_MOST_NUMBERS, error=_SENTENCE),
        metadata={"description": "for `numbers`"},
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> BulkBody:
        reason, numbers = data["reason"].strip(), tuple(data["numbers"])
        return BulkBody(reason, data["source"], data["rate"], data["before"], numbers)


class BulkMarkSchema(Schema):
    """What a run is to do."""

    state = fields.Enum(BulkState, by_value=True, required=True)

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> BulkState:
        state: BulkState = data["state"]
        return state


class CountsSchema(Schema):
    """Rows or numbers by what became of them."""

    read = fields.Integer()
    written = fields.Integer()
    left = fields.Integer(metadata={"description": "rows that had nothing to add"})
    refused = fields.Integer()
    asked = fields.Integer()
    same = fields.Integer()
    changed = fields.Integer(metadata={"description": "another SIM answered; nothing was stored"})
    no_data = fields.Integer()
    passed_over = fields.Integer()
    waiting = fields.Integer()


class ImportSchema(Schema):
    """One import."""

    id = fields.String()
    state = fields.String()
    fault = fields.String(metadata={"description": "why the whole file was refused"})
    file = fields.String()
    actor = fields.String()
    replaces = fields.Boolean()
    started = fields.String()
    told = fields.String()
    counts = fields.Nested(CountsSchema)


class ImportListSchema(Schema):
    """The newest imports."""

    imports = fields.List(fields.Nested(ImportSchema))


class RefusedRowSchema(Schema):
    """One row that was refused."""

    line = fields.Integer()
    reason = fields.String()


class RefusedPageSchema(Schema):
    """A page of refused rows; `next` is 0 at the end."""

    rows = fields.List(fields.Nested(RefusedRowSchema))
    next = fields.Integer()


class CsvSchema(Schema):
    """Text of lines, the first of which names the columns."""


class BulkSchema(Schema):
    """One bulk re-verification."""

    id = fields.String()
    state = fields.String()
    source = fields.String()
    rate = fields.Integer()
    total = fields.Integer()
    actor = fields.String()
    reason = fields.String()
    started = fields.String()
    counts = fields.Nested(CountsSchema)
    unreadable = fields.List(fields.Integer(), metadata={"description": "places that are no number, from 1"})


class BulkListSchema(Schema):
    """The newest bulk re-verifications."""

    runs = fields.List(fields.Nested(BulkSchema))
