"""Hold a tenant's senders against what providers tell of their accounts; registers none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.sender_ports import ListsSenders
from security_service.domain.senders import (
    ListedSenders,
    SendersNotTold,
    SenderStanding,
)
from security_service.domain.tenants import Tenant

_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class CheckedSenders:
    """How the tenant's senders stand with one gateway; `reason` is why its provider did not tell, or ''."""

    gateway: str
    standings: Mapping[str, SenderStanding]
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """True where every sender may be used."""
        return not self.reason and set(self.standings.values()) <= {SenderStanding.ADMITTED}


@dataclass(frozen=True, slots=True)
class CheckSenders:
    """Asks the gateways whose providers can list senders; of digits alone none has to be registered."""

    gateways: Mapping[str, ListsSenders]

    def run(self, tenant: Tenant) -> tuple[CheckedSenders, ...]:
        """Ask every gateway that the tenant may send through and that can tell."""
        wanted = [one for one in dict.fromkeys((tenant.sender, *tenant.senders)) if not one.isdigit()]
        return tuple(
            _checked(name, wanted, gateway)
            for name, gateway in self.gateways.items()
            if not tenant.gateways or name in tenant.gateways or _is_routed(tenant, name)
        )


def _checked(name: str, wanted: list[str], gateway: ListsSenders) -> CheckedSenders:
    answer = gateway.senders(_WITHIN_S)
    match answer:
        case ListedSenders():
            told = {one.name: one.standing for one in answer.senders}
            return CheckedSenders(name, {one: told.get(one, SenderStanding.ABSENT) for one in wanted})
        case SendersNotTold():
            return CheckedSenders(name, {}, answer.reason)
        case _:
            assert_never(answer)


def _is_routed(tenant: Tenant, gateway: str) -> bool:
    return any(leg.gateway == gateway for route in tenant.routes for leg in route.legs)
