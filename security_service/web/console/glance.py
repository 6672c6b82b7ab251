"""A subscriber's state in one word and a tone: what somebody must see before anything else."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.subscriber import Mode
from security_service.usecases.view_subscriber import SubscriberView
from security_service.web.console.notices import Tone


@dataclass(frozen=True, slots=True)
class Glance:
    """`state` is the word's key after `subscriber.state.`; `trusted_since` is Unix seconds, 0 without any.

    `do_not_call`: the SIM has changed, and whoever answers the number may be a fraudster.
    """

    state: str
    tone: Tone
    trusted_since: int = 0
    do_not_call: bool = False


def glance_of(view: SubscriberView) -> Glance:
    """Give the state that matters most."""
    subscriber = view.subscriber
    members = subscriber.reference.members
    since = min((member.first_seen for member in members), default=0)
    has_candidate = subscriber.candidate is not None
    if view.frozen:
        return Glance("frozen", Tone.BAD, since, has_candidate)
    if view.disabled:
        return Glance("disabled", Tone.BAD, since, has_candidate)
    match subscriber.mode_at(view.now):
        case Mode.ALWAYS_DENY:
            return Glance("always_deny", Tone.BAD, since, has_candidate)
        case Mode.ALWAYS_ALLOW:
            return Glance("always_allow", Tone.WARN, since, has_candidate)
        case Mode.CHECK:
            pass
    if has_candidate:
        return Glance("changed", Tone.BAD, since, do_not_call=True)
    if view.locked_until:
        return Glance("locked", Tone.WARN, since)
    return Glance("trusted", Tone.GOOD, since) if members else Glance("unknown", Tone.INFO)
