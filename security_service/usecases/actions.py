"""What every action of a person on a subscriber shares: who, whom, why, writing it once; holds no rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.jobs import Job
from security_service.domain.ports import LookupTrace, StoredSubscriber, Subscribers
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

R = TypeVar("R")
Outcome_co = TypeVar("Outcome_co", covariant=True)

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Action:
    """Who acts on which subscriber, and why; all of it stands in the audit."""

    tenant: Tenant
    number: Msisdn
    actor: str
    reason: str
    request_id: str

    def event(self, kind: EventKind, facts: dict[str, Json]) -> Event:
        """Give an event of this action: the facts with actor, reason and request beside them."""
        return Event(
            kind, {"actor": self.actor, "reason": self.reason, "request_id": self.request_id, **facts}
        )


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
class RecordKeepsMoving:
    """Others changed the record at every attempt: nothing was written, and the action may be tried again."""


def write(
    subscribers: Subscribers,
    tenant: str,
    number: Msisdn,
    judge: Callable[[StoredSubscriber], Write[R] | Leave[R]],
) -> R | RecordKeepsMoving:
    """Judge the record as it is and write by compare-and-set; judge anew where it moved meanwhile.

    Raises StoreUnavailable.
    """
    for _ in range(_ATTEMPTS):
        stored = subscribers.get(tenant, number)
        judged = judge(stored)
        if isinstance(judged, Leave):
            return judged.outcome
        if subscribers.swap(tenant, number, stored.stored, judged.subscriber, judged.events, judged.jobs):
            return judged.outcome
    return RecordKeepsMoving()


def lookup_facts(traces: Sequence[LookupTrace]) -> list[Json]:
    """Give questions to sources as facts of an event."""
    return [
        {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
        for trace in traces
    ]
