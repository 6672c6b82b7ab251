"""Add a second SIM (twin, travel) to a subscriber's reference (design, section 3): ask, add the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.audit import EventKind
from security_service.domain.imsi import ImsiMember, SealedImsi, added
from security_service.domain.lookup import NoData
from security_service.domain.ports import SimCheck, SimFinding, StoredSubscriber, Subscribers
from security_service.domain.subscriber import NEW_SUBSCRIBER
from security_service.domain.tenants import FourEyesDeed
from security_service.usecases.actions import (
    Action,
    Leave,
    RecordKeepsMoving,
    SecondPersonNeeded,
    SimBanned,
    Write,
    lookup_facts,
    write,
)
from security_service.usecases.view_subscriber import SubscriberView, view_of

MOST_SIMS: Final = 4
"""A person carries a few SIMs under one number; a set without a bound would trust anything in time."""


@dataclass(frozen=True, slots=True)
class SimAdded:
    """The SIM that is in the network now is trusted beside the others."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class AlreadyTrusted:
    """The SIM in the network now is in the reference; nothing was written."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class NoReference:
    """There is no SIM yet that a second could stand beside: re-verify instead."""


@dataclass(frozen=True, slots=True)
class TooManySims:
    """The reference is full; re-verify replaces it."""


@dataclass(frozen=True, slots=True)
class AddConflict:
    """The SIM in the network now (`seen`) is not the candidate that was judged; nothing was stored."""

    seen: ImsiMember


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No source named the SIM now; nothing was stored."""

    no_data: NoData


AddOutcome = (
    SimAdded
    | AlreadyTrusted
    | NoReference
    | TooManySims
    | AddConflict
    | NoAnswer
    | SimBanned
    | RecordKeepsMoving
)
_Judged = AddOutcome | SecondPersonNeeded


@dataclass(frozen=True, slots=True)
class AddSim:
    """Adds the SIM that the network names now, on a person's word."""

    subscribers: Subscribers
    sim_check: SimCheck

    def run(self, action: Action, judged: str = "", *, alone: bool = True) -> AddOutcome | SecondPersonNeeded:
        """Ask whose SIM it is and add it. A candidate that is there must be it. Raises StoreUnavailable.

        `judged` is the token of the IMSI that was judged, '' where nobody judged one before. Not
        `alone`, or where the tenant demands a second person: says so, and which SIM would be added.
        """
        if not self.subscribers.get(action.tenant.id, action.number).subscriber.reference:
            return NoReference()
        tenant = action.tenant
        finding = self.sim_check.ask(tenant, action.number, NEW_SUBSCRIBER, tenant.lookup_deadline_s)
        sealed = finding.answer.imsi
        if sealed is None:
            return NoAnswer(finding.answer.no_data or NoData.UNAVAILABLE)
        if finding.answer.banned:
            return SimBanned(sealed.newest())
        if judged and not any(member.token() == judged for member in sealed.members):
            return AddConflict(sealed.newest())
        may_write = alone and not action.waits_for(FourEyesDeed.ADD_SIM)

        def judge(stored: StoredSubscriber) -> Write[_Judged] | Leave[_Judged]:
            return _judge(action, stored, sealed, finding, alone=may_write)

        return write(self.subscribers, tenant.id, action.number, judge, action.proposal)


def _judge(
    action: Action, stored: StoredSubscriber, sealed: SealedImsi, finding: SimFinding, *, alone: bool
) -> Write[_Judged] | Leave[_Judged]:
    before = stored.subscriber
    if not before.reference:
        return Leave(NoReference())
    reference = added(before.reference, sealed, stored.now_ms // 1000)
    if reference == before.reference:
        return Leave(AlreadyTrusted(view_of(action.number, stored)))
    if before.candidate is not None and not sealed.equals(before.candidate.imsi):
        return Leave(AddConflict(sealed.newest()))
    if len(reference.members) > MOST_SIMS:
        return Leave(TooManySims())
    if not alone:
        return Leave(SecondPersonNeeded(sealed.newest()))
    after = replace(before, reference=reference, candidate=None)
    newest = sealed.newest()
    event = action.event(
        EventKind.SIM_ADDED,
        {
            "imsi": newest.token(),
            "lookups": lookup_facts(finding.traces),
            "mcc_mnc": newest.mcc_mnc,
            "members": len(reference.members),
            "source": finding.answer.source,
            "tokens": [member.token() for member in sealed.members],
        },
    )
    return Write(after, (event,), SimAdded(view_of(action.number, stored, after)))
