"""Make, show and end a client's subscriptions to SIM swaps; leaves telling of swaps to `tell_swaps`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from security_service.domain.link_ports import Sealer
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance, Clock, Meter
from security_service.domain.swap_subscriptions import (
    LONGEST_LIFE_MS,
    EndReason,
    Sink,
    SwapRequest,
    SwapSubscription,
    SwapSubscriptions,
    ends_letter,
    token_about,
)
from security_service.domain.tenants import Tenant


class NotSubscribed(StrEnum):
    """Why there is no subscription."""

    NO_SUCH_NUMBER = "no_such_number"
    SINK = "sink"
    ALREADY_OVER = "already_over"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class KeepSwapSubscriptions:
    """A client sees its own subscriptions only, whoever else its tenant has. Raises StoreUnavailable."""

    store: SwapSubscriptions
    sink: Sink
    sealer: Sealer
    chance: Chance
    clock: Clock
    meter: Meter

    def create(self, tenant: Tenant, client: str, asked: SwapRequest) -> SwapSubscription | NotSubscribed:
        """Subscribe; CAMARA sim-swap-subscriptions 0.2, `POST /subscriptions`."""
        if not self.sink.is_allowed(asked.sink):
            return NotSubscribed.SINK
        number = parse_msisdn(asked.number, tenant.region)
        if number is None:
            return NotSubscribed.NO_SUCH_NUMBER
        now = self.clock.unix_ms()
        ends = min(asked.asked_end_ms or now + LONGEST_LIFE_MS, now + LONGEST_LIFE_MS)
        reason = EndReason.EXPIRED
        if asked.token_ends_ms and asked.token_ends_ms < ends:
            ends, reason = asked.token_ends_ms, EndReason.TOKEN_EXPIRED
        if ends <= now:
            return NotSubscribed.ALREADY_OVER
        name, sealed = self.chance.token(), b""
        if asked.token is not None:
            sealed = self.sealer.seal(asked.token.reveal().encode(), token_about(tenant.id, name))
        made = SwapSubscription(
            name,
            tenant.id,
            client,
            number,
            asked.sink,
            now,
            ends,
            reason,
            asked.asked_end_ms,
            asked.most_events,
            sealed,
        )
        if not self.store.put(made):
            return NotSubscribed.TOO_MANY
        self.meter.event("swap_subscription", "made")
        return made

    def listed(self, tenant: Tenant, client: str) -> Sequence[SwapSubscription]:
        """Give a client's subscriptions, by age."""
        now = self.clock.unix_ms()
        return [one for one in self.store.all_of(tenant.id) if one.client == client and one.ends_ms > now]

    def find(self, tenant: Tenant, client: str, subscription_id: str) -> SwapSubscription | None:
        """Give one of a client's; None for another's, and for one that ended."""
        found = self.store.find(tenant.id, subscription_id)
        is_theirs = found is not None and found.client == client and found.ends_ms > self.clock.unix_ms()
        return found if is_theirs else None

    def delete(self, tenant: Tenant, client: str, subscription_id: str) -> bool:
        """End one of a client's, and have its sink told; False where there is none."""
        found = self.find(tenant, client, subscription_id)
        if found is None:
            return False
        ended = self.store.end(ends_letter(found, EndReason.DELETED, self.clock.unix_ms()))
        self.meter.event("swap_subscription", "deleted")
        return ended
