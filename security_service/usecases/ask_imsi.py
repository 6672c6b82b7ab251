"""Tell an entitled tenant which SIM a number has (Devino manual 19.2); leaves envelopes to the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from security_service.domain.audit import Event, EventKind
from security_service.domain.imsi import IMSI_DIGITS, ImsiForm, SimAnswer, hex_digest
from security_service.domain.limits import LimitReached
from security_service.domain.log_ports import LogJournal
from security_service.domain.lookup import Liveness, NoData, SimSeen
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Health, Meter, WideLimits
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.domain.tenants import ImsiAnswer, Tenant


class SimNaming(Protocol):
    """Asks which SIM a number has, without holding it against a reference."""

    def name_sim(self, tenant: Tenant, number: Msisdn, within_s: float) -> SimSeen | SimAnswer:
        """Give the SIM, or why none is to be had; may raise StoreUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ImsiTold:
    """What is told: the IMSI in the form that the tenant is entitled to, and where the SIM is registered."""

    imsi: Secret
    switch: str
    mcc_mnc: str
    country: str
    roaming: bool
    is_live: bool


@dataclass(frozen=True, slots=True)
class ImsiUntold:
    """The sources gave no IMSI: why."""

    no_data: NoData


@dataclass(frozen=True, slots=True)
class NotANumber:
    """The number is not valid in the tenant's region."""


ImsiOutcome = ImsiTold | ImsiUntold | NotANumber | LimitReached


@dataclass(frozen=True, slots=True)
class AskImsi:
    """Asks for a tenant; every answer is an event, and no event or log holds the IMSI.

    `keys` is the ring of IMSIs: a keyed answer is an HMAC of one tenant's, under the oldest key, so that
    it stays the same while keys rotate and no two tenants can compare notes.
    """

    sims: SimNaming
    wide_limits: WideLimits
    health: Health
    journal: LogJournal
    meter: Meter
    keys: KeyRing

    def run(self, tenant: Tenant, number_text: str, account: str, request_id: str) -> ImsiOutcome:
        """Ask about one number for an account; raises StoreUnavailable."""
        number = parse_msisdn(number_text, tenant.region)
        if number is None:
            return NotANumber()
        if tenant.limits.has_wide:
            reached = self.wide_limits.take(tenant, number, account, ())
            if reached is not None:
                self.meter.event("limit", reached.window)
                return reached
        answer = self.sims.name_sim(tenant, number, tenant.lookup_deadline_s)
        told = answer.no_data.value if isinstance(answer, SimAnswer) and answer.no_data else "told"
        facts = {"account": account, "answer": told, "request_id": request_id, "source": answer.source}
        self.journal.tell(tenant.id, number, Event(EventKind.IMSI_ASKED, facts))
        self.meter.event("imsi_asked", told)
        if isinstance(answer, SimAnswer):
            return ImsiUntold(answer.no_data or NoData.UNAVAILABLE)
        return ImsiTold(
            imsi=self._entitled(tenant, answer),
            switch=answer.msc,
            mcc_mnc=answer.mcc_mnc,
            country=answer.country,
            roaming=bool(answer.roaming),
            is_live=answer.liveness is Liveness.LIVE,
        )

    def is_available(self) -> bool:
        """Tell whether the service can be asked at present."""
        return not self.health.faults()

    def _entitled(self, tenant: Tenant, seen: SimSeen) -> Secret:
        if tenant.imsi_answer is ImsiAnswer.FORM and seen.representation == IMSI_DIGITS:
            form, digits = tenant.imsi_form, seen.imsi.reveal()
            return Secret(digits if form is ImsiForm.DIGITS else hex_digest(digits, form))
        oldest = min(self.keys.keys)
        parts = ("answer", tenant.id, seen.representation, seen.imsi.reveal())
        return Secret(self.keys.digest(oldest, *parts).hex())
