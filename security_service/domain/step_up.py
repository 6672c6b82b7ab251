"""When an authenticator app may stand in for a message to a SIM in question; leaves its codes to `links`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from security_service.domain.imsi import SimAnswer, SimState
from security_service.domain.policy import AgeBand
from security_service.domain.secret import Msisdn
from security_service.domain.sim_change import SETTLED_S, age_band
from security_service.domain.subscriber import Subscriber

TICKET_LIFE_S: Final = 300
"""Seconds in which a code of the authenticator must be given (design, section 3: step_up)."""

AUTHENTICATOR_DIGITS: Final = 6
"""Digits of an authenticator's codes, whatever the tenant's own codes have."""

OFFER_LIFE_S: Final = 600
"""Seconds in which an authenticator that was offered must be confirmed."""

OFFER_GUESSES: Final = 5
"""Wrong codes that end an offer."""


@dataclass(frozen=True, slots=True)
class EnrolledAuthenticator:
    """A confirmed authenticator as the gate sees it: its id, and the millisecond of its confirmation."""

    id: str
    since_ms: int


class StepUpMeans(StrEnum):
    """What there is to step up with; the word stands in the audit."""

    NONE = "none"
    READY = "ready"
    TOO_NEW = "too_new"


def means_of(
    authenticator: EnrolledAuthenticator | None, sim: SimAnswer, subscriber: Subscriber, now: int
) -> StepUpMeans:
    """Tell whether an authenticator counts at `now` (Unix seconds).

    It counts only where it was confirmed before the SIM in question could be in anybody's hands: who
    swapped a SIM must not enrol an authenticator of his own and step up with that.
    """
    if authenticator is None:
        return StepUpMeans.NONE
    since = in_question_since(sim, subscriber, now)
    if since is not None and authenticator.since_ms >= since * 1000:
        return StepUpMeans.TOO_NEW
    return StepUpMeans.READY


def in_question_since(sim: SimAnswer, subscriber: Subscriber, now: int) -> int | None:
    """Give the Unix second from which the SIM may have been another person's; None where nothing says so.

    The earliest of: the first sight of the candidate, the first sight of a SIM that is new, and the
    swap date that a source gave for it. A trusted SIM is in question for ten days.
    """
    moments = [] if subscriber.candidate is None else [subscriber.candidate.first_seen]
    swapped_at = sim.swapped_at
    match sim.state:
        case SimState.CHANGED:
            moments += [now] if swapped_at is None else [now, swapped_at]
        case SimState.FIRST_SEEN if swapped_at is None:
            moments.append(now)
        case SimState.SAME if sim.matched is not None:
            if age_band(sim, now) not in {AgeBand.OLDER, AgeBand.NONE}:
                moments.append(sim.matched.first_seen if swapped_at is None else swapped_at)
        case SimState.FIRST_SEEN | SimState.SAME | SimState.NO_DATA | SimState.NOT_ASKED:
            if swapped_at is not None and now - swapped_at < SETTLED_S:
                moments.append(swapped_at)
        case _:
            assert_never(sim.state)
    return min(moments, default=None)


def sealed_about(tenant: str, number: Msisdn) -> str:
    """Give what a sealed secret is bound to, so that it opens for one tenant's number only."""
    return f"authenticator:{tenant}:{number.digits}"


@dataclass(frozen=True, slots=True)
class TicketFound:
    """A live ticket holds the slot: the code given has to be held against an authenticator.

    `sealed` is the authenticator's secret; `now_ms` is the store's time, which names the time step.
    """

    id: str
    sealed: bytes = field(repr=False)
    now_ms: int


@dataclass(frozen=True, slots=True)
class TicketProof:
    """What came of that for one ticket: the time step whose code it was, None where it was none's."""

    ticket: str
    step: int | None
