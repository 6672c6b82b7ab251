"""Whether it is safe to call or text a number now, from what is known of it; asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.imsi import NOT_ASKED, SimAnswer, SimState
from security_service.domain.lookup import NoData
from security_service.domain.sim_change import SETTLED_S
from security_service.domain.subscriber import Mode, Subscriber

_FRESH_S: Final = 24 * 3600
_GONE: Final = frozenset({NoData.UNKNOWN_SUBSCRIBER, NoData.BARRED})


class Safety(StrEnum):
    """Whether a person of the bank may call or text the number."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ContactAdvice:
    """The advice and every reason for it; `seen_at` is when the trusted SIM was last seen (Unix s, or 0)."""

    safety: Safety
    reasons: tuple[str, ...]
    seen_at: int


def contact_advice(
    subscriber: Subscriber, now: int, sim: SimAnswer = NOT_ASKED, *, frozen: bool = False
) -> ContactAdvice:
    """Advise at `now` (Unix seconds); `sim` is a fresh answer where one was asked for.

    What speaks against the number beats what is not known, and that beats what speaks for it: a bank's
    clerk who calls a thief gives away more than one who does not reach a customer.
    """
    against, unknown = _against(subscriber, now, sim, frozen=frozen), _unknown(subscriber, now, sim)
    members = subscriber.reference.members
    seen_at = now if sim.state is SimState.SAME else max((member.last_seen for member in members), default=0)
    if against:
        return ContactAdvice(Safety.UNSAFE, tuple(against), seen_at)
    if unknown:
        return ContactAdvice(Safety.UNKNOWN, tuple(unknown), seen_at)
    return ContactAdvice(Safety.SAFE, ("sim_unchanged",), seen_at)


def _against(subscriber: Subscriber, now: int, sim: SimAnswer, *, frozen: bool) -> list[str]:
    reasons = []
    if (subscriber.candidate is not None and sim.state is not SimState.SAME) or sim.state is SimState.CHANGED:
        reasons.append("sim_changed")
    if subscriber.mode_at(now) is Mode.ALWAYS_DENY:
        reasons.append("always_deny")
    if frozen:
        reasons.append("frozen")
    if sim.banned:
        reasons.append("sim_banned")
    if sim.no_data in _GONE:
        reasons.append(sim.no_data.value)
    return reasons


def _unknown(subscriber: Subscriber, now: int, sim: SimAnswer) -> list[str]:
    """An answer of now settles it; else the reference must be old enough to trust and seen of late."""
    if not subscriber.reference:
        return ["no_reference"]
    if sim.no_data is not None:
        return [sim.no_data.value]
    reasons = []
    members = subscriber.reference.members
    newest = max(members, key=lambda member: member.last_seen)
    if sim.state is SimState.NOT_ASKED and now - newest.last_seen > _FRESH_S:
        reasons.append("not_seen_today")
    if not newest.age_waived and now - newest.first_seen < SETTLED_S:
        reasons.append("sim_is_new")
    return reasons
