"""Freeze a subscriber now: whatever is under way for it comes to nothing; leaves unlocking to `unlock`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from security_service.domain.audit import Event, EventKind
from security_service.domain.authenticator_ports import Freezer
from security_service.domain.ports import Subscribers
from security_service.usecases.actions import Action
from security_service.usecases.view_subscriber import SubscriberView, view_of


@dataclass(frozen=True, slots=True)
class Frozen:
    """Frozen until a person unlocks."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class AlreadyFrozen:
    """It was frozen before; nothing was written."""

    view: SubscriberView


FreezeOutcome = Frozen | AlreadyFrozen


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stops a subscriber on a person's word, be it the fraud team's or the subscriber's own.

    Both operations answer 3 until a person unlocks. Every code and ticket made by then is dead for good,
    even after that, and no message of it leaves by another channel.
    """

    subscribers: Subscribers
    freezer: Freezer

    def run(self, action: Action, further: Sequence[Event] = ()) -> FreezeOutcome:
        """Freeze at once, with `further` events where it was not frozen before. Raises StoreUnavailable."""
        tenant, number = action.tenant.id, action.number
        frozen = action.event(EventKind.SUBSCRIBER_FROZEN, {})
        is_new = self.freezer.freeze(tenant, number, (frozen, *further))
        view = view_of(number, self.subscribers.get(tenant, number))
        return Frozen(view) if is_new else AlreadyFrozen(view)
