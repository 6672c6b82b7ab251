"""What the management API takes and gives, as marshmallow schemas; OpenAPI is made of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from security_service.domain.audit import EventKind
from security_service.domain.policy import Verdict
from security_service.domain.subscriber import Mode
from security_service.usecases.reverify import ReverifyRequest
from security_service.usecases.set_mode import ModeChange

_LONGEST_REASON: Final = 500
_UNREADABLE: Final = frozenset({"Cc", "Cs"})
_CURSOR: Final = r"^[A-Za-z0-9_.:=,~-]{0,512}$"
_DIGITS: Final = r"^\+?[0-9]{0,15}$"
_REASON_WORD: Final = r"^[a-z0-9_:]{0,64}$"
_SEARCHED: Final = r"^[^\x00-\x1f\x7f]{0,64}$"
_OPERATOR: Final = r"^([0-9]{5,6})?$"
_CANDIDATE: Final = r"^[A-Za-z0-9_.:-]{0,80}$"


def _readable(text: str) -> None:
    if not text.strip() or len(text) > _LONGEST_REASON:
        raise ValidationError(f"Must be a text of 1 to {_LONGEST_REASON} characters.")
    if any(unicodedata.category(character) in _UNREADABLE for character in text):
        raise ValidationError("Holds a character that cannot be read.")


def _text(pattern: str, sentence: str, description: str) -> fields.String:
    """A text that may be left out; the pattern stands in OpenAPI, whose `$` is no line's end."""
    expression = re.compile(pattern.removesuffix("$"))

    def check(text: str) -> None:
        if not expression.fullmatch(text):
            raise ValidationError(sentence)

    return fields.String(
        load_default="", validate=check, metadata={"description": description, "pattern": pattern}
    )


def _reason() -> fields.String:
    return fields.String(
        required=True,
        validate=_readable,
        metadata={"description": "why, in a person's words; kept in the audit"},
    )


def _time(description: str, *, nullable: bool = False) -> fields.AwareDateTime:
    return fields.AwareDateTime(
        format="iso", allow_none=nullable, load_default=None, metadata={"description": description}
    )


def _cursor() -> fields.String:
    return _text(_CURSOR, "Is no cursor of ours.", "`next` of an earlier page")


def _limit(default: int, most: int) -> fields.Integer:
    return fields.Integer(
        strict=False,
        load_default=default,
        validate=validate.Range(1, most, error=f"Must be 1 to {most}."),
        metadata={"description": "most that a page holds"},
    )


# --- taken ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModeBody:
    """A change of mode and its reason."""

    change: ModeChange
    reason: str


@dataclass(frozen=True, slots=True)
class ReverifyBody:
    """A re-verify and its reason."""

    request: ReverifyRequest
    reason: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events; times are Unix milliseconds, 0 where open."""

    number: str
    kind: str
    verdict: str
    reason: str
    since_ms: int
    until_ms: int
    cursor: str
    limit: int
    code_id: str = ""
    actor: str = ""
    operator: str = ""


class ModeSchema(Schema):
    """A mode that a person sets."""

    mode = fields.Enum(Mode, by_value=True, required=True, metadata={"description": "the mode wanted"})
    reason = _reason()
    until = _time("end of the override; absent: the tenant's longest", nullable=True)
    bound = fields.Boolean(
        load_default=False, metadata={"description": "holds only for the IMSI that is known now"}
    )

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> ModeBody:
        until = None if data["until"] is None else int(data["until"].timestamp())
        return ModeBody(ModeChange(data["mode"], until, data["bound"]), data["reason"].strip())


class ReverifySchema(Schema):
    """A re-verify on a person's word."""

    reason = _reason()
    candidate = _text(
        _CANDIDATE,
        "Must be a fingerprint or a token.",
        "fingerprint or token of the IMSI that the answer must equal; absent: the record's candidate",
    )
    waive_age = fields.Boolean(load_default=False, metadata={"description": "vouches for a SIM that is new"})

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> ReverifyBody:
        return ReverifyBody(ReverifyRequest(data["candidate"], data["waive_age"]), data["reason"].strip())


class ReasonSchema(Schema):
    """An action that needs nothing but a reason."""

    reason = _reason()

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["reason"]).strip()


class NumberSchema(Schema):
    """A number in the body, so that it stands in no URL."""

    number = fields.String(required=True, metadata={"description": "in E.164 or as the region writes it"})

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> str:
        return str(data["number"])


class SearchSchema(Schema):
    """Which subscribers a list holds."""

    class Meta:
        unknown = EXCLUDE

    search = _text(_DIGITS, "Must be up to 15 digits.", "first digits of the number")
    cursor = _cursor()
    limit = _limit(50, 200)


class AuditFilterSchema(Schema):
    """Which events a page of the audit log holds."""

    class Meta:
        unknown = EXCLUDE

    number = fields.String(load_default="", metadata={"description": "the subscriber's number"})
    kind = fields.Enum(EventKind, by_value=True, load_default=None)
    verdict = fields.Enum(Verdict, by_value=True, load_default=None)
    reason = _text(_REASON_WORD, "Must be the token of a reason.", "reason token of a decision or an answer")
    code_id = _text(_SEARCHED, "Must be up to 64 characters.", "id of a code, from its decision")
    actor = _text(_SEARCHED, "Must be up to 64 characters.", "person or system that did it")
    operator = _text(_OPERATOR, "Must be an MCC and MNC: 5 or 6 digits.", "operator by its MCC and MNC")
    since = _time("first moment, included")
    until = _time("last moment, included")
    cursor = _cursor()
    limit = _limit(100, 1000)

    @post_load
    def _made(self, data: Mapping[str, Any], **_options: object) -> AuditFilter:
        kind, verdict = data["kind"], data["verdict"]
        return AuditFilter(
            number=data["number"],
            kind="" if kind is None else kind.value,
            verdict="" if verdict is None else verdict.value,
            reason=data["reason"],
            since_ms=_milliseconds(data["since"]),
            until_ms=_milliseconds(data["until"]),
            cursor=data["cursor"],
            limit=data["limit"],
            code_id=data["code_id"],
            actor=data["actor"],
            operator=data["operator"],
        )


def _milliseconds(moment: datetime | None) -> int:
    return 0 if moment is None else max(int(moment.timestamp() * 1000), 0)


# --- given ------------------------------------------------------------------------------------


class ImsiSchema(Schema):
    """An IMSI as it may be shown: never itself, and only the beginning of its keyed digest."""

    fingerprint = fields.String(metadata={"description": "key version, representation, 8 hex digits"})
    key_version = fields.Integer()
    representation = fields.String()
    mcc_mnc = fields.String()


class MemberSchema(ImsiSchema):
    """A trusted IMSI."""

    grade = fields.String(metadata={"description": "first_seen, dated or confirmed"})
    first_seen = fields.String(metadata={"format": "date-time"})
    last_seen = fields.String(metadata={"format": "date-time"})
    age_waived = fields.Boolean()


class CandidateSchema(ImsiSchema):
    """The last IMSI seen that is not trusted."""

    first_seen = fields.String(metadata={"format": "date-time"})
    last_seen = fields.String(metadata={"format": "date-time"})


class PendingSchema(Schema):
    """A re-verify that waits for an answer."""

    actor = fields.String()
    reason = fields.String()
    asked_at = fields.String(metadata={"format": "date-time"})
    until = fields.String(metadata={"format": "date-time"})
    expected = fields.Nested(ImsiSchema, allow_none=True)
    age_waived = fields.Boolean()


class SubscriberSchema(Schema):
    """One subscriber; `since` to `evidence` speak of the override in force, null without one."""

    number = fields.String()
    mode = fields.Enum(Mode, by_value=True)
    since = fields.String(allow_none=True, metadata={"format": "date-time"})
    until = fields.String(allow_none=True, metadata={"format": "date-time"})
    actor = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    bound = fields.Boolean(allow_none=True)
    evidence = fields.Nested(ImsiSchema, allow_none=True)
    reference = fields.List(fields.Nested(MemberSchema))
    candidate = fields.Nested(CandidateSchema, allow_none=True)
    retired = fields.Integer(metadata={"description": "how many IMSIs were trusted once"})
    pending_reverify = fields.Nested(PendingSchema, allow_none=True)
    locked_until = fields.String(allow_none=True, metadata={"format": "date-time"})
    failures = fields.Integer(metadata={"description": "consecutive wrong guesses"})
    disabled = fields.Boolean(metadata={"description": "waits for an unlock by a person"})
    frozen = fields.Boolean(metadata={"description": "disabled by a person, who stopped all at once"})


class ResultSchema(Schema):
    """What came of an action, and the subscriber after it."""

    result = fields.String()
    until = fields.String(metadata={"format": "date-time", "description": "end of a pending re-verify"})
    no_data = fields.String(metadata={"description": "why a pending re-verify has no answer yet"})
    proposal = fields.String(metadata={"description": "id of the proposal that waits for a second person"})
    expires_at = fields.String(metadata={"format": "date-time", "description": "end of that proposal"})
    subscriber = fields.Nested(SubscriberSchema)


class SubscriberPageSchema(Schema):
    """A page of subscribers."""

    subscribers = fields.List(fields.Nested(SubscriberSchema))
    next = fields.String(metadata={"description": "cursor of the next page, empty at the end"})


class AuditPageSchema(Schema):
    """A page of the audit log, newest event first."""

    events = fields.List(fields.Dict(keys=fields.String()))
    next = fields.String(metadata={"description": "cursor of the next page, empty at the end"})


class EvidenceSchema(Schema):
    """The evidence pack of one code, signed with the key of the log; `audit verify` checks it."""

    body = fields.Dict(keys=fields.String(), metadata={"description": "what is signed, as canonical JSON"})
    etalon = fields.String(metadata={"description": "evidence"})
    key = fields.String(metadata={"description": "id of the key that signed"})
    signature = fields.String(metadata={"description": "Ed25519 signature over the body, in hex"})
    v = fields.Integer()


class ProblemFaultSchema(Schema):
    """One member that cannot be taken."""

    member = fields.String(metadata={"description": "its name, empty where it is none of ours"})
    sentence = fields.String()


class ProblemSchema(Schema):
    """A problem (RFC 9457)."""

    type = fields.String(metadata={"description": "a URN, or about:blank where the status says it all"})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.List(fields.Nested(ProblemFaultSchema))
    expected = fields.String(metadata={"description": "fingerprint of the IMSI that was judged"})
    seen = fields.String(metadata={"description": "token of the IMSI in the network, fit as `candidate`"})
    no_data = fields.String(metadata={"description": "why no source names the SIM"})
    in_force = fields.String(metadata={"description": "version of a policy that decides now"})
    highest = fields.String(metadata={"description": "highest version that a policy had"})
    codes_left = fields.Integer(metadata={"description": "wrong codes until an authenticator's offer ends"})
