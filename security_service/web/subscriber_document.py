"""How a subscriber is written for people and programs: fingerprints, never an IMSI nor a whole digest."""

from __future__ import annotations

from datetime import UTC, datetime

from security_service.domain.imsi import Candidate, ImsiMember, ReferenceMember
from security_service.domain.subscriber import PendingReverify
from security_service.usecases.candidates import fingerprint
from security_service.usecases.view_subscriber import SubscriberView

Document = dict[str, object]


def moment(seconds: int) -> str:
    """Give Unix seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def subscriber_document(view: SubscriberView) -> Document:
    """Give the members of `SubscriberSchema`."""
    subscriber = view.subscriber
    override = subscriber.override_at(view.now)
    evidence = None if override is None else override.evidence
    return {
        "number": view.number.digits,
        "mode": subscriber.mode_at(view.now),
        "since": None if override is None else moment(override.since),
        "until": None if override is None else moment(override.until),
        "actor": None if override is None else override.actor,
        "reason": None if override is None else override.reason,
        "bound": None if override is None else override.bound,
        "evidence": None if evidence is None else _imsi(evidence),
        "reference": [_member(member) for member in subscriber.reference.members],
        "candidate": None if subscriber.candidate is None else _candidate(subscriber.candidate),
        "retired": len(subscriber.reference.retired),
        "pending_reverify": None if subscriber.pending is None else _pending(subscriber.pending),
        "locked_until": moment(view.locked_until) if view.locked_until else None,
        "failures": view.failures,
        "disabled": view.disabled,
        "frozen": view.frozen,
    }


def _imsi(member: ImsiMember) -> Document:
    return {
        "fingerprint": fingerprint(member),
        "key_version": member.key_version,
        "representation": member.representation,
        "mcc_mnc": member.mcc_mnc,
    }


def _member(member: ReferenceMember) -> Document:
    return {
        **_imsi(member.imsi),
        "grade": member.grade.word,
        "first_seen": moment(member.first_seen),
        "last_seen": moment(member.last_seen),
        "age_waived": member.age_waived,
    }


def _candidate(candidate: Candidate) -> Document:
    return {
        **_imsi(candidate.imsi),
        "first_seen": moment(candidate.first_seen),
        "last_seen": moment(candidate.last_seen),
    }


def _pending(pending: PendingReverify) -> Document:
    return {
        "actor": pending.actor,
        "reason": pending.reason,
        "asked_at": moment(pending.asked_at),
        "until": moment(pending.until),
        "expected": None if pending.expected is None else _imsi(pending.expected),
        "age_waived": pending.age_waived,
    }
