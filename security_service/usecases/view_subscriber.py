"""View one subscriber; leaves writing it down to the faces."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.ports import StoredSubscriber, Subscribers
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber


@dataclass(frozen=True, slots=True)
class SubscriberView:
    """A subscriber as people see it at `now`; times are Unix seconds, `locked_until` is 0 where free.

    `failures` counts consecutive wrong guesses; `disabled` waits for a person, `frozen` by one.
    """

    number: Msisdn
    subscriber: Subscriber
    now: int
    locked_until: int
    failures: int
    disabled: bool
    frozen: bool = False


def view_of(number: Msisdn, stored: StoredSubscriber, subscriber: Subscriber | None = None) -> SubscriberView:
    """Give the view of a record that was read, or of what was written in its place."""
    now = stored.now_ms // 1000
    locked_until = -(-stored.locked_until_ms // 1000)
    return SubscriberView(
        number,
        stored.subscriber if subscriber is None else subscriber,
        now,
        locked_until if stored.locked_until_ms > stored.now_ms else 0,
        stored.failures,
        stored.disabled,
        stored.frozen,
    )


@dataclass(frozen=True, slots=True)
class ViewSubscriber:
    """Reads one record; a number that was never met has an empty one."""

    subscribers: Subscribers

    def run(self, tenant: str, number: Msisdn) -> SubscriberView:
        """Give a tenant's subscriber. Raises StoreUnavailable."""
        return view_of(number, self.subscribers.get(tenant, number))
