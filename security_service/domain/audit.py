"""The kinds of audit events and their canonical text; leaves writing them to the store's scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.secret import Msisdn

VERSION: Final = 1

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class EventKind(StrEnum):
    """What an event says happened."""

    GATE_DECIDED = "gate_decided"
    CODE_EXISTS = "code_exists"
    CODE_SUPERSEDED = "code_superseded"
    CODE_KILLED = "code_killed"
    CODE_SENT = "code_sent"
    SEND_REFUSED = "send_refused"
    SEND_UNKNOWN = "send_unknown"
    LEASE_LOST = "lease_lost"
    CODE_CHECKED = "code_checked"
    CHECK_FINALISED = "check_finalised"
    SUBSCRIBER_LOCKED = "subscriber_locked"
    LIFETIME_WARNING = "lifetime_warning"
    SUBSCRIBER_DISABLED = "subscriber_disabled"
    SUBSCRIBER_UNLOCKED = "subscriber_unlocked"
    LIMIT_REACHED = "limit_reached"
    LIMIT_COUNTED = "limit_counted"
    RECEIPT = "receipt"
    REFERENCE_LEARNT = "reference_learnt"
    CANDIDATE_SEEN = "candidate_seen"
    RECORD_REFRESHED = "record_refreshed"
    CASE_OPENED = "case_opened"
    LATE_CHANGE = "late_change"
    LOOK_FINISHED = "look_finished"
    REVERIFY_ASKED = "reverify_asked"
    REVERIFIED = "reverified"
    REVERIFY_CONFLICT = "reverify_conflict"
    REVERIFY_EXPIRED = "reverify_expired"
    SIM_ADDED = "sim_added"
    MODE_SET = "mode_set"
    NOTICE_QUEUED = "notice_queued"
    NOTICE_SENT = "notice_sent"
    NOTICE_FAILED = "notice_failed"
    NOTICE_UNKNOWN = "notice_unknown"
    FALLBACK_SENT = "fallback_sent"
    FALLBACK_FAILED = "fallback_failed"
    FALLBACK_UNKNOWN = "fallback_unknown"
    FALLBACK_REFUSED = "fallback_refused"
    INCIDENT = "incident"
    TRUST_SET = "trust_set"
    TRUST_EASED = "trust_eased"
    TRUST_LEARNT = "trust_learnt"
    TRUST_DEMOTED = "trust_demoted"
    GATEWAY_AWAY = "gateway_away"
    GATEWAY_BACK = "gateway_back"
    TENANT_SAVED = "tenant_saved"
    KEY_ISSUED = "key_issued"
    KEY_REVOKED = "key_revoked"
    STORE_INITIALISED = "store_initialised"
    STORE_REBUILT = "store_rebuilt"
    SUBSCRIBER_FROZEN = "subscriber_frozen"
    SUBSCRIBER_IMPORTED = "subscriber_imported"
    SUBSCRIBERS_IMPORTED = "subscribers_imported"
    SUBSCRIBERS_EXPORTED = "subscribers_exported"
    BULK_REVERIFY = "bulk_reverify"
    AUTHENTICATOR_OFFERED = "authenticator_offered"
    AUTHENTICATOR_CONFIRMED = "authenticator_confirmed"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    CASE_ASSIGNED = "case_assigned"
    CASE_NOTED = "case_noted"
    CASE_CLOSED = "case_closed"
    IMSI_BANNED = "imsi_banned"
    IMSI_UNBANNED = "imsi_unbanned"
    PROPOSED = "proposed"
    PROPOSAL_APPROVED = "proposal_approved"
    PROPOSAL_REJECTED = "proposal_rejected"
    PROPOSAL_CARRIED_OUT = "proposal_carried_out"
    PERSON_SAVED = "person_saved"
    PERSON_REMOVED = "person_removed"
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    POLICY_PUBLISHED = "policy_published"
    POLICY_SHADOWED = "policy_shadowed"
    POLICY_REPLAYED = "policy_replayed"
    REPLY_RECEIVED = "reply_received"
    REPLY_HANDED_ON = "reply_handed_on"
    REPLY_NOT_HANDED_ON = "reply_not_handed_on"
    IMSI_ASKED = "imsi_asked"
    ACCOUNT_SAVED = "account_saved"
    ACCOUNT_REMOVED = "account_removed"
    ACCOUNT_REFUSED = "account_refused"
    CLIENT_SAVED = "client_saved"
    CLIENT_REMOVED = "client_removed"
    MESSAGE_TAKEN = "message_taken"
    MESSAGE_HELD = "message_held"
    MESSAGE_REFUSED = "message_refused"
    MESSAGE_SENT = "message_sent"
    MESSAGE_FAILED = "message_failed"
    MESSAGE_UNKNOWN = "message_unknown"
    MESSAGE_EXPIRED = "message_expired"
    MESSAGE_WITHDRAWN = "message_withdrawn"
    AUDIT_EXPORTED = "audit_exported"
    EVIDENCE_MADE = "evidence_made"
    EVENTS_PRUNED = "events_pruned"


_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


@dataclass(frozen=True, slots=True)
class Event:
    """An event to be: its kind and its facts; `at`, `seq` and `shard` come from the script."""

    kind: EventKind
    facts: Mapping[str, Json]


def canonical(value: Json) -> str:
    """Give RFC 8785 text of a value without floats and with ASCII member names.

    For such values the scheme is: members sorted, no white space, the shortest escapes.
    """
    return _CANONICAL(value)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events: times are Unix milliseconds, `cursor` is a page's `next`."""

    tenant: str = ""
    number: Msisdn | None = None
    kind: str = ""
    verdict: str = ""
    reason: str = ""
    since_ms: int = 0
    until_ms: int = 0
    cursor: str = ""
    count: int = 100
    code_id: str = ""
    actor: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Canonical texts of events, newest first, and the cursor of the next page (empty at the end)."""

    events: tuple[str, ...]
    next: str
