"""Unlock a subscriber: forget wrong guesses, locks and the lifetime cap (design, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.audit import EventKind
from security_service.domain.ports import Subscribers
from security_service.usecases.actions import Action
from security_service.usecases.view_subscriber import SubscriberView, view_of


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Guesses and locks are forgotten."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class NothingLocked:
    """There were neither guesses nor locks; nothing was written."""

    view: SubscriberView


UnlockOutcome = Unlocked | NothingLocked


@dataclass(frozen=True, slots=True)
class Unlock:
    """Lets a locked or disabled subscriber guess again, on a person's word."""

    subscribers: Subscribers

    def run(self, action: Action) -> UnlockOutcome:
        """Unlock; the event tells how much was forgotten. Raises StoreUnavailable."""
        tenant, number = action.tenant.id, action.number
        before = self.subscribers.get(tenant, number)
        event = action.event(
            EventKind.SUBSCRIBER_UNLOCKED, {"disabled": before.disabled, "failures": before.failures}
        )
        was_locked = self.subscribers.unlock(tenant, number, event)
        view = view_of(number, self.subscribers.get(tenant, number))
        return Unlocked(view) if was_locked else NothingLocked(view)
