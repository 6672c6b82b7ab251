"""Set a subscriber's mode: check, always allow, always deny (design, section 3); the gate applies it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.audit import EventKind
from security_service.domain.imsi import ImsiMember
from security_service.domain.ports import StoredSubscriber, Subscribers
from security_service.domain.subscriber import Mode, Override, Subscriber
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.actions import (
    Action,
    Leave,
    RecordKeepsMoving,
    SecondPersonNeeded,
    Write,
    write,
)
from security_service.usecases.view_subscriber import SubscriberView, view_of

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class ModeChange:
    """The mode wanted. `until` is Unix seconds, None for the tenant's longest.

    `bound` makes an override hold only for the IMSI known now. `evidence` is the token of the IMSI
    that was known when it was judged ('' for none): where another is known by now, nothing is done.
    """

    mode: Mode
    until: int | None = None
    bound: bool = False
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class ModeSet:
    """The mode is set, and this is the subscriber now."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class ModeFault:
    """The change means nothing: which member is at fault and why. Nothing was written."""

    member: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ModeConflict:
    """Another IMSI (`seen`) is known by now than the one that was judged; nothing was written."""

    seen: ImsiMember | None


ModeOutcome = ModeSet | ModeFault | ModeConflict | RecordKeepsMoving


@dataclass(frozen=True, slots=True)
class SetMode:
    """Writes a person's decision with actor, reason and the IMSI known at that moment as evidence."""

    subscribers: Subscribers

    def run(
        self, action: Action, change: ModeChange, *, alone: bool = True
    ) -> ModeOutcome | SecondPersonNeeded:
        """Set the mode; `check` clears the override. Raises StoreUnavailable.

        Not `alone`, or where the tenant demands a second person: says so, and on what evidence it
        would be done.
        """
        demanded = change.mode is Mode.ALWAYS_ALLOW and action.waits_for(FourEyesDeed.ALWAYS_ALLOW)

        def judge(
            stored: StoredSubscriber,
        ) -> Write[ModeOutcome | SecondPersonNeeded] | Leave[ModeOutcome | SecondPersonNeeded]:
            return _judge(action, change, stored, alone=alone and not demanded)

        return write(self.subscribers, action.tenant.id, action.number, judge, action.proposal)


def _judge(
    action: Action, change: ModeChange, stored: StoredSubscriber, *, alone: bool
) -> Write[ModeOutcome | SecondPersonNeeded] | Leave[ModeOutcome | SecondPersonNeeded]:
    now, before = stored.now_ms // 1000, stored.subscriber
    evidence = newest_known(before)
    fault = _fault(action.tenant, change, now, evidence)
    if fault is not None:
        return Leave(fault)
    if change.evidence is not None and change.evidence != _token(evidence):
        return Leave(ModeConflict(evidence))
    if not alone:
        return Leave(SecondPersonNeeded(evidence))
    override = None
    if change.mode is not Mode.CHECK:
        until = now + action.tenant.override_days * _DAY if change.until is None else change.until
        override = Override(change.mode, action.actor, action.reason, now, until, evidence, change.bound)
    after = replace(before, override=override)
    event = action.event(
        EventKind.MODE_SET,
        {
            "bound": change.bound,
            "evidence": _token(evidence),
            "mode": change.mode.value,
            "mode_before": before.mode_at(now).value,
            "until": None if override is None else override.until,
        },
    )
    return Write(after, (event,), ModeSet(view_of(action.number, stored, after)))


def _token(member: ImsiMember | None) -> str:
    return "" if member is None else member.token()


def newest_known(subscriber: Subscriber) -> ImsiMember | None:
    """Give the IMSI seen last: the candidate, else the member of the reference seen last."""
    if subscriber.candidate is not None:
        return subscriber.candidate.imsi
    members = subscriber.reference.members
    return max(members, key=lambda member: member.last_seen).imsi if members else None


def _fault(tenant: Tenant, change: ModeChange, now: int, evidence: ImsiMember | None) -> ModeFault | None:
    if change.mode is Mode.CHECK:
        if change.until is not None:
            return ModeFault("until", "The mode check has no end: leave until out.")
        return ModeFault("bound", "The mode check is bound to nothing.") if change.bound else None
    if change.bound and evidence is None:
        return ModeFault("bound", "No IMSI of this subscriber is known yet that the mode could be bound to.")
    if change.until is None:
        return None
    if change.until <= now:
        return ModeFault("until", "until is in the past.")
    if change.until > now + tenant.override_days * _DAY:
        return ModeFault("until", f"until is later than the longest, {tenant.override_days} days from now.")
    return None
