"""The ports of what accounts send and read: pace, clocks of numbers, incoming messages; no behaviour here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from security_service.domain.incoming import KeptIncoming
from security_service.domain.secret import Msisdn

T = TypeVar("T")


class AccountPace(Protocol):
    """The messages a second that each account may bring, over all processes. May raise StoreUnavailable."""

    def take(self, account: str, a_second: int, places: int) -> int:
        """Take places; 0 where they are taken, else the milliseconds until one is free (none is taken).

        One free place is enough for all: what is above the pace is waited for before the next call.
        """
        ...


class NumberZones(Protocol):
    """The time zones that numbers are in. Never raises."""

    def moment_s(self, number: Msisdn, wall: datetime) -> int:
        """Give the Unix second at which it is `wall` (without a zone) wherever the number may be."""
        ...


class SideBySide(Protocol):
    """Many calls that wait for the store, made at once."""

    def results(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Make all calls and give what they gave, in their order."""
        ...


class IncomingList(Protocol):
    """What subscribers wrote to a tenant. May raise StoreUnavailable."""

    def of(self, tenant: str, since_ms: int, until_ms: int, count: int) -> Sequence[KeptIncoming]:
        """Give a tenant's messages of a period by Unix milliseconds, the oldest first, `count` at most."""
        ...
