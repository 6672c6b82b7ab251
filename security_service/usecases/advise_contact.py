"""Say whether a number may be called or texted now, without sending anything; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.contact import ContactAdvice, contact_advice
from security_service.domain.imsi import NOT_ASKED
from security_service.domain.ports import SimCheck, Subscribers
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant


@dataclass(frozen=True, slots=True)
class AdviseContact:
    """Advises from what is stored or, where the caller wants it, from a fresh look at the SIM."""

    subscribers: Subscribers
    sim_check: SimCheck

    def run(self, tenant: Tenant, number: Msisdn, *, look: bool) -> ContactAdvice:
        """Advise; `look` asks the sources first. Raises StoreUnavailable."""
        stored = self.subscribers.get(tenant.id, number)
        sim = NOT_ASKED
        if look:
            sim = self.sim_check.ask(tenant, number, stored.subscriber, tenant.lookup_deadline_s).answer
        return contact_advice(stored.subscriber, stored.now_ms // 1000, sim, frozen=stored.frozen)
