"""What most use cases share, put together once: ports over the store, the gate, the ways out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.config.policy_files import read_policies
from security_service.domain.ports import Meter
from security_service.links.breaker import BreakerRule, GatewayBreakers
from security_service.links.no_answer import lookup_gave_no_answer
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.race import OrderedRace
from security_service.links.sealed_text import TextSealer
from security_service.store.bans import StoredBans
from security_service.store.flights import StoredFlights
from security_service.store.frame import StoreFrame
from security_service.store.pace import StoredPace
from security_service.store.policy_book import StoredPolicyBook
from security_service.store.reports import StoredReports
from security_service.store.trust_book import StoredTrustBook
from security_service.usecases.check_sim import CheckSim
from security_service.usecases.deliver import Deliver
from security_service.usecases.pass_gate import PassGate
from security_service.wiring.outward import Outward, build_outward
from security_service.wiring.plugins import DATE_KINDS
from security_service.wiring.stored import Stored, build_stored


@dataclass(frozen=True, slots=True)
class Core:
    """What most use cases are put together from; `book` is what is known of the lookups' trust."""

    stored: Stored
    outward: Outward
    policies: StoredPolicyBook
    sim_check: CheckSim
    deliver: Deliver
    gate: PassGate
    sealer: TextSealer
    book: StoredTrustBook
    bans: StoredBans
    reports: StoredReports
    clock: SystemClock
    chance: SystemChance


def build_core(settings: Settings, meter: Meter, now: Callable[[], str]) -> Core:
    """Put it together; reads the policies. Raises SettingsFault. `now` as for the service."""
    clock, chance = SystemClock(), SystemChance()
    stored = build_stored(settings, clock, now)
    outward = build_outward(settings, stored.frame.scripts)
    book = StoredTrustBook(stored.frame, clock, outward.trust, settings.trust)
    bans = StoredBans(stored.frame, clock)
    sim_check = _build_sim_check(settings, outward, stored.frame, book, bans, meter)
    policies = StoredPolicyBook(stored.frame, clock, read_policies(settings.policies_dir))
    code_ring = settings.keys.code_ring
    return Core(
        stored=stored,
        outward=outward,
        policies=policies,
        sim_check=sim_check,
        deliver=_build_deliver(stored, outward, meter),
        gate=PassGate(sim_check, policies, stored.tally, chance, clock, settings.keys.imsi_ring, code_ring),
        sealer=TextSealer(code_ring),
        book=book,
        bans=bans,
        reports=StoredReports(stored.frame, settings.relay.reports_kept_days, settings.relay.reports_kept),
        clock=clock,
        chance=chance,
    )


def _build_deliver(stored: Stored, outward: Outward, meter: Meter) -> Deliver:
    clock = SystemClock()
    return Deliver(
        outward.gateways,
        GatewayBreakers(BreakerRule(), clock.monotonic),
        StoredPace(stored.frame, clock, outward.per_second),
        stored.arrivals,
        SystemChance(),
        clock,
        meter,
    )


def _build_sim_check(
    settings: Settings,
    outward: Outward,
    frame: StoreFrame,
    book: StoredTrustBook,
    bans: StoredBans,
    meter: Meter,
) -> CheckSim:
    clock = SystemClock()
    race = OrderedRace(failed=lookup_gave_no_answer, hedge_after_s=settings.lookup_hedge_s or None)
    flights = StoredFlights(frame, clock, SystemChance())
    dating = frozenset(entry.name for entry in settings.lookups if entry.kind in DATE_KINDS)
    ring = settings.keys.imsi_ring
    pace = StoredPace(frame, clock, outward.per_second)
    return CheckSim(outward.lookups, dating, race, flights, ring, book, pace, clock, meter, bans)
