"""The ports of subscribers' authenticator apps as the store keeps them; no behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.authenticators import (
    Enrolment,
    Kept,
    KeptAuthenticator,
    NotKept,
    WrongConfirmation,
)
from security_service.domain.secret import Msisdn


class Authenticators(Protocol):
    """What the store keeps of subscribers' authenticators. Every method may raise StoreUnavailable."""

    def get(self, tenant: str, number: Msisdn) -> Kept:
        """Read one; an offer whose time ran out is none."""
        ...

    def offer(self, enrolment: Enrolment, offered: KeptAuthenticator, event: Event) -> int | NotKept:
        """Keep an offer in place of an earlier one; gives the Unix millisecond at which it ends."""
        ...

    def confirm(
        self, enrolment: Enrolment, offer_id: str, step: int | None, event: Event
    ) -> int | WrongConfirmation | NotKept:
        """Make an offer the authenticator in force; gives the millisecond of that.

        `step` None counts a wrong code. The event is written where it is confirmed.
        """
        ...

    def remove(self, tenant: str, number: Msisdn, event: Event) -> bool:
        """Forget one, offered or in force; False where there was none (then nothing is written)."""
        ...


class Freezer(Protocol):
    """Stops everything for a subscriber at once. May raise StoreUnavailable."""

    def freeze(self, tenant: str, number: Msisdn, events: Sequence[Event]) -> bool:
        """Disable a subscriber until a person unlocks, and end every code, ticket and message that waits.

        `events` are written with it. False where it was frozen before (then nothing is written).
        """
        ...
