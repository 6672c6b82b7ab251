"""What every action of a person on a subscriber shares: who, whom, why, writing it once; holds no rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.imsi import ImsiMember
from security_service.domain.jobs import Job
from security_service.domain.ports import LookupTrace, StoredSubscriber, Subscribers
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import FourEyesDeed, Tenant

R = TypeVar("R")
Outcome_co = TypeVar("Outcome_co", covariant=True)

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Action:
    """Who acts on which subscriber, and why; all of it stands in the audit.

    `roles` are the actor's. `approved_by` names the second person of an approved proposal, and
    `proposal` that proposal's id; both are '' where the actor acts alone. `bulk` is the id of the bulk
    re-verification that this is part of, '' for none.
    """

    tenant: Tenant
    number: Msisdn
    actor: str
    reason: str
    request_id: str
    roles: frozenset[Role] = frozenset()
    approved_by: str = ""
    proposal: str = ""
    bulk: str = ""

    def waits_for(self, deed: FourEyesDeed) -> bool:
        """True where the tenant demands a second person for such a deed and there is none yet."""
        return deed in self.tenant.four_eyes and not self.approved_by

    def event(self, kind: EventKind, facts: dict[str, Json]) -> Event:
        """Give an event of this action: the facts with people, reason and request beside them."""
        told: dict[str, Json] = {
            "actor": self.actor, "reason": self.reason, "request_id": self.request_id, **facts
        }  # fmt: skip
        if self.approved_by:
            told |= {"approved_by": self.approved_by, "proposal": self.proposal}
        if self.bulk:
            told["bulk"] = self.bulk
        return Event(kind, told)


@dataclass(frozen=True, slots=True)
class Write(Generic[Outcome_co]):
    """What one attempt wants written, and what it answers once that is done."""

    subscriber: Subscriber
    events: tuple[Event, ...]
    outcome: Outcome_co
    jobs: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class Leave(Generic[Outcome_co]):
    """Nothing is to be written; this is the answer."""

    outcome: Outcome_co


@dataclass(frozen=True, slots=True)
class SecondPersonNeeded:
    """It would be done, but not by one person alone; nothing was written.

    `judged` is the IMSI that it is about, which must still be the one when it is done; None where
    it is about none.
    """

    judged: ImsiMember | None


@dataclass(frozen=True, slots=True)
class SimBanned:
    """The SIM in the network now (`seen`) was banned after a fraud: nobody may trust it."""

    seen: ImsiMember


@dataclass(frozen=True, slots=True)
class RecordKeepsMoving:
    """Others changed the record at every attempt: nothing was written, and the action may be tried again."""


def write(
    subscribers: Subscribers,
    tenant: str,
    number: Msisdn,
    judge: Callable[[StoredSubscriber], Write[R] | Leave[R]],
    once: str = "",
) -> R | RecordKeepsMoving:
    """Judge the record as it is and write by compare-and-set; judge anew where it moved meanwhile.

    `once` is the id of the proposal that this carries out: the record remembers it, and nothing is
    written for it a second time. Raises StoreUnavailable.
    """
    for _ in range(_ATTEMPTS):
        stored = subscribers.get(tenant, number)
        if once and stored.subscriber.has_carried_out(once):
            break
        judged = judge(stored)
        if isinstance(judged, Leave):
            return judged.outcome
        after = judged.subscriber.carrying_out(once) if once else judged.subscriber
        if subscribers.swap(tenant, number, stored.stored, after, judged.events, judged.jobs):
            return judged.outcome
    return RecordKeepsMoving()


def lookup_facts(traces: Sequence[LookupTrace]) -> list[Json]:
    """Give questions to sources as facts of an event."""
    return [
        {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
        for trace in traces
    ]
