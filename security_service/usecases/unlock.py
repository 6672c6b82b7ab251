"""Unlock a subscriber: forget wrong guesses, locks and the lifetime cap (design, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.audit import EventKind
from security_service.domain.ports import Subscribers
from security_service.domain.tenants import FourEyesDeed
from security_service.usecases.actions import Action, SecondPersonNeeded
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
"""What becomes of an unlock that one person may do."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Lets a locked or disabled subscriber guess again, on a person's word."""

    subscribers: Subscribers

    def run(self, action: Action, *, alone: bool = True) -> UnlockOutcome | SecondPersonNeeded:
        """Unlock; the event tells how much was forgotten. Raises StoreUnavailable.

        Not `alone`, or at the lifetime cap where the tenant demands a second person: says so. What
        was unlocked by a proposal is not unlocked by it again.
        """
        tenant, number = action.tenant.id, action.number
        before = self.subscribers.get(tenant, number)
        is_demanded = before.disabled and action.waits_for(FourEyesDeed.UNLOCK_DISABLED)
        if is_demanded or not alone:
            is_locked = before.disabled or before.failures > 0
            return SecondPersonNeeded(None) if is_locked else NothingLocked(view_of(number, before))
        event = action.event(
            EventKind.SUBSCRIBER_UNLOCKED, {"disabled": before.disabled, "failures": before.failures}
        )
        was_locked = self.subscribers.unlock(tenant, number, event, action.proposal)
        view = view_of(number, self.subscribers.get(tenant, number))
        return Unlocked(view) if was_locked else NothingLocked(view)
