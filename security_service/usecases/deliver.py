"""Hand one message to the gateways of a route in order; leaves what it means for a code to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from security_service.domain.messages import (
    Accepted,
    Failed,
    Message,
    OutcomeUnknown,
    Refused,
    SendOutcome,
)
from security_service.domain.ports import Clock, Gateway, Meter
from security_service.domain.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message ended, and every gateway that was tried with its outcome token."""

    outcome: SendOutcome
    tried: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Tries a tenant's gateways in order until one takes the message, refuses it or stays silent."""

    gateways: Mapping[str, Gateway]
    clock: Clock
    meter: Meter

    def send(self, tenant: Tenant, message: Message, within_s: float) -> Delivery:
        """Send within `within_s` seconds in all.

        Only `failed` lets the next gateway be tried: an unknown outcome is never sent again by
        itself (design, section 2).
        """
        ends = self.clock.monotonic() + within_s
        tried: list[tuple[str, str]] = []
        outcome: SendOutcome = Failed("", "no_gateway_configured")
        for gateway in self._route(tenant):
            left = ends - self.clock.monotonic()
            if left <= 0:
                break
            outcome = self._hand_over(gateway, message, left)
            tried.append((gateway.name, outcome_token(outcome)))
            if not isinstance(outcome, Failed):
                break
        return Delivery(outcome, tuple(tried))

    def _route(self, tenant: Tenant) -> list[Gateway]:
        if tenant.gateways:
            return [self.gateways[name] for name in tenant.gateways if name in self.gateways]
        return list(self.gateways.values())

    def _hand_over(self, gateway: Gateway, message: Message, within_s: float) -> SendOutcome:
        began = self.clock.monotonic()
        outcome = gateway.send(message, within_s)
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
