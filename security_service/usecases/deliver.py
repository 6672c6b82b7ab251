"""Hand one message to the gateways of a route in order; leaves what it means for a code to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from security_service.domain.arrivals import PairState
from security_service.domain.errors import StoreUnavailable
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    OutcomeUnknown,
    Refused,
    SendOutcome,
)
from security_service.domain.phone import country_of
from security_service.domain.ports import Chance, Clock, Gateway, Meter
from security_service.domain.route_ports import Arrivals, Breakers, Pace
from security_service.domain.routing import Candidate, Leg, legs_for, order
from security_service.domain.tenants import Tenant

_PROBED_SHARE: Final = 0.1
"""How much of its traffic a pair gets that is tried again after codes stopped arriving through it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message ended, and every gateway that was tried with its outcome token."""

    outcome: SendOutcome
    tried: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Offers a message along a tenant's route until a gateway takes it, refuses it or stays silent."""

    gateways: Mapping[str, Gateway]
    breakers: Breakers
    pace: Pace
    arrivals: Arrivals
    chance: Chance
    clock: Clock
    meter: Meter

    def send(
        self,
        tenant: Tenant,
        message: Message,
        within_s: float,
        *,
        channels: Sequence[Channel],
        operator: str = "",
    ) -> Delivery:
        """Send within `within_s` seconds in all, by `channels` in their order.

        `operator` is the number's MCC-MNC, empty where nobody told it. Only `failed` lets the
        next gateway be tried; an unknown outcome only where the tenant says so, since the
        message may have left (design, section 2).
        """
        ends = self.clock.monotonic() + within_s
        tried: list[tuple[str, str]] = []
        outcome: SendOutcome = Failed("", "no_gateway_for_this_route")
        for name in self._route(tenant, message, channels, operator):
            left = ends - self.clock.monotonic()
            if left <= 0:
                break
            last, outcome = outcome, self._hand_over(self.gateways[name], message, left)
            tried.append((name, outcome_token(outcome)))
            if isinstance(last, OutcomeUnknown) and isinstance(outcome, Failed | Refused):
                # what an earlier gateway may have sent is not made undone by a later one's refusal
                outcome = last
            if not self._goes_on(tenant, outcome):
                break
        return Delivery(outcome, tuple(tried))

    @staticmethod
    def _goes_on(tenant: Tenant, outcome: SendOutcome) -> bool:
        return isinstance(outcome, Failed) or (isinstance(outcome, OutcomeUnknown) and tenant.resend_unknown)

    def _route(
        self, tenant: Tenant, message: Message, channels: Sequence[Channel], operator: str
    ) -> list[str]:
        country = country_of(message.to)
        legs = legs_for(tenant.routes, self._in_order(tenant), message.to, country, operator)
        return order(legs, partial(self._candidate, operator), channels, self.chance.share)

    def _in_order(self, tenant: Tenant) -> list[Leg]:
        """The tenant's plain list: the first takes all, each further one is a last resort."""
        names = tenant.gateways or tuple(self.gateways)
        return [Leg(name, weight=int(place == 0)) for place, name in enumerate(names)]

    def _candidate(self, operator: str, name: str) -> Candidate | None:
        gateway = self.gateways.get(name)
        if gateway is None:
            return None
        return Candidate(
            name,
            gateway.channel,
            is_away=self._is_away(name, operator),
            is_broken=self.breakers.is_open(name),
        )

    def _is_away(self, gateway: str, operator: str) -> bool:
        try:
            state = self.arrivals.state(gateway, operator)
        except StoreUnavailable:
            # what is known of arrivals only orders a route: without it the route is as it is written
            return False
        match state:
            case PairState.ARRIVES:
                return False
            case PairState.AWAY:
                return True
            case PairState.PROBED:
                return self.chance.share() >= _PROBED_SHARE
            case _:
                assert_never(state)

    def _hand_over(self, gateway: Gateway, message: Message, within_s: float) -> SendOutcome:
        began = self.clock.monotonic()
        if not self.breakers.admits(gateway.name):
            return Failed(gateway.name, "breaker_open")
        if not self.pace.take(gateway.name, within_s):
            self.breakers.record(gateway.name, failed=False)
            return Failed(gateway.name, "pace_of_the_provider")
        left = within_s - (self.clock.monotonic() - began)
        outcome = gateway.send(message, left) if left > 0 else Failed(gateway.name, "deadline_passed")
        self.breakers.record(gateway.name, failed=isinstance(outcome, Failed | OutcomeUnknown))
        self.meter.gateway(gateway.name, outcome_token(outcome), self.clock.monotonic() - began)
        return outcome


def outcome_token(outcome: SendOutcome) -> str:
    """Give the token of an outcome for metrics and the audit."""
    match outcome:
        case Accepted():
            return "accepted"
        case Refused():
            return f"refused:{outcome.reason}"
        case Failed():
            return f"failed:{outcome.reason}"
        case OutcomeUnknown():
            return f"unknown:{outcome.reason}"
        case _:
            assert_never(outcome)
