"""List subscribers by the beginning of their number; leaves order and cursors to the store."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.ports import Subscribers
from security_service.usecases.view_subscriber import SubscriberView, view_of


@dataclass(frozen=True, slots=True)
class SubscriberPage:
    """One page; `next` is the cursor of the following one, empty at the end."""

    subscribers: tuple[SubscriberView, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ListSubscribers:
    """Reads a page of records, one round trip each and one for the page."""

    subscribers: Subscribers

    def run(self, tenant: str, search: str, after: str, count: int) -> SubscriberPage:
        """Give subscribers whose digits begin with `search`. Raises StoreUnavailable.

        `after` is the cursor of an earlier page, empty for the first; at most `count` are given.
        """
        numbers, following = self.subscribers.page(tenant, search, after, count)
        views = tuple(view_of(number, self.subscribers.get(tenant, number)) for number in numbers)
        return SubscriberPage(views, following)
