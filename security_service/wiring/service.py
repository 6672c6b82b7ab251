"""The service put together: every use case over its ports; the faces and commands take them from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.config.policy_files import read_policies
from security_service.domain.policy import Policy
from security_service.domain.ports import Meter
from security_service.links.breaker import BreakerRule, GatewayBreakers
from security_service.links.no_answer import lookup_gave_no_answer
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.race import OrderedRace
from security_service.links.sealed_text import TextSealer
from security_service.store.arrivals import StoredArrivalBook
from security_service.store.audit_log import StoredAuditLog
from security_service.store.checks import StoredChecks
from security_service.store.codes import StoredCodes
from security_service.store.connection import Scripts
from security_service.store.flights import StoredFlights
from security_service.store.frame import StoreFrame
from security_service.store.installation import (
    StoreHealth,
)
from security_service.store.pace import StoredPace
from security_service.store.sealed_texts import StoredSealedTexts
from security_service.store.tenants import StoredTenants
from security_service.store.trust_book import StoredTrustBook
from security_service.store.wide_limits import (
    StoredNoticeCap,
    StoredWideLimits,
)
from security_service.usecases.add_sim import AddSim
from security_service.usecases.check_code import CheckCode
from security_service.usecases.check_sim import CheckSim
from security_service.usecases.deliver import Deliver
from security_service.usecases.fall_back import FallBack
from security_service.usecases.generate_code import GenerateCode
from security_service.usecases.intake import Intake
from security_service.usecases.judge_arrivals import JudgeArrivals
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.receive_push import ReceivePush
from security_service.usecases.reverify import Reverify
from security_service.usecases.send_notice import SendNotice
from security_service.usecases.set_mode import SetMode
from security_service.usecases.set_trust import SetTrust
from security_service.usecases.unlock import Unlock
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.work_jobs import WorkJobs
from security_service.wiring.outward import Outward, build_outward
from security_service.wiring.plugins import DATE_KINDS
from security_service.wiring.stored import Stored, build_stored


@dataclass(frozen=True, slots=True)
class LoadedPolicies:
    """The Policies port over documents that were read at the start."""

    documents: Mapping[str, Policy]

    def get(self, name: str) -> Policy:
        """Give the current version; raises KeyError for a name that no document has."""
        return self.documents[name]


@dataclass(frozen=True, slots=True)
class Service:
    """The service put together: every use case, and the ports that faces and commands need."""

    scripts: Scripts
    outward: Outward
    policies: LoadedPolicies
    tenants: StoredTenants
    health: StoreHealth
    chance: SystemChance
    clock: SystemClock
    generate_code: GenerateCode
    check_code: CheckCode
    view_subscriber: ViewSubscriber
    list_subscribers: ListSubscribers
    set_mode: SetMode
    reverify: Reverify
    add_sim: AddSim
    unlock: Unlock
    set_trust: SetTrust
    read_audit: ReadAudit
    work_jobs: WorkJobs
    judge_arrivals: JudgeArrivals
    receive_push: ReceivePush


@dataclass(frozen=True, slots=True)
class _Core:
    """What most use cases are put together from."""

    stored: Stored
    outward: Outward
    policies: LoadedPolicies
    sim_check: CheckSim
    deliver: Deliver
    sealer: TextSealer
    clock: SystemClock
    chance: SystemChance


def build_service(settings: Settings, meter: Meter, now: Callable[[], str] = lambda: "") -> Service:
    """Put the service together. Reads the policies; the store is reached at its first use.

    `now` gives the store's time as Unix milliseconds where it is moved by hand; '' is its own.
    Raises SettingsFault for settings and policies that cannot be used. A store that is away or
    was never initialised is no fault here: the service says so by its readiness.
    """
    clock, chance = SystemClock(), SystemChance()
    stored = build_stored(settings, clock, now)
    outward = build_outward(settings, stored.frame.scripts)
    book = StoredTrustBook(stored.frame, clock, outward.trust, settings.trust)
    sim_check = _build_sim_check(settings, outward, stored.frame, book, meter)
    core = _Core(
        stored,
        outward,
        LoadedPolicies(read_policies(settings.policies_dir)),
        sim_check,
        _build_deliver(stored, outward, meter),
        TextSealer(settings.keys.code_ring),
        clock,
        chance,
    )
    reverify = Reverify(stored.subscribers, sim_check, stored.tenants, stored.jobs, chance)
    return Service(
        scripts=stored.frame.scripts,
        outward=outward,
        policies=core.policies,
        tenants=stored.tenants,
        health=stored.health,
        chance=chance,
        clock=clock,
        generate_code=_build_generate_code(settings, core, meter),
        check_code=_build_check_code(settings, core, meter),
        view_subscriber=ViewSubscriber(stored.subscribers),
        list_subscribers=ListSubscribers(stored.subscribers),
        set_mode=SetMode(stored.subscribers),
        reverify=reverify,
        add_sim=AddSim(stored.subscribers, sim_check),
        unlock=Unlock(stored.subscribers),
        set_trust=SetTrust(book, frozenset(outward.lookups), outward.trust, clock),
        read_audit=ReadAudit(StoredAuditLog(stored.frame)),
        work_jobs=_build_work(core, reverify, meter),
        judge_arrivals=JudgeArrivals(StoredArrivalBook(stored.frame, clock), clock, meter),
        receive_push=ReceivePush(outward.readers, stored.receipts, settings.keys.api_ring, meter),
    )


def _build_generate_code(settings: Settings, core: _Core, meter: Meter) -> GenerateCode:
    stored, ring = core.stored, settings.keys.code_ring
    return GenerateCode(
        intake=Intake(ring),
        codes=StoredCodes(stored.frame),
        wide_limits=StoredWideLimits(stored.frame, core.chance),
        gate=PassGate(
            core.sim_check,
            core.policies,
            stored.tally,
            core.chance,
            core.clock,
            settings.keys.imsi_ring,
            ring,
        ),
        deliver=core.deliver,
        tally=stored.tally,
        arrivals=stored.arrivals,
        health=stored.health,
        chance=core.chance,
        clock=core.clock,
        meter=meter,
        keys=ring,
        sealer=core.sealer,
    )


def _build_check_code(settings: Settings, core: _Core, meter: Meter) -> CheckCode:
    ring = settings.keys.code_ring
    return CheckCode(
        Intake(ring),
        StoredChecks(core.stored.frame),
        core.sim_check,
        core.policies,
        core.stored.arrivals,
        core.clock,
        meter,
        ring,
    )


def _build_work(core: _Core, reverify: Reverify, meter: Meter) -> WorkJobs:
    """What the worker does, over the same ports as the faces."""
    stored, outward = core.stored, core.outward
    tenants, subscribers, jobs = stored.tenants, stored.subscribers, stored.jobs
    brings = frozenset(outward.readers)
    return WorkJobs(
        jobs=jobs,
        slots=stored.slots,
        look_behind=LookBehind(tenants, subscribers, core.sim_check, core.policies, jobs, meter),
        reverify=reverify.attempt,
        send_notice=SendNotice(tenants, StoredNoticeCap(stored.frame), core.deliver, jobs, meter),
        poll_receipt=PollReceipt(
            outward.gateways, stored.slots, jobs, stored.receipts, brings, core.clock, meter
        ),
        fall_back=FallBack(
            tenants,
            subscribers,
            core.sim_check,
            core.policies,
            StoredSealedTexts(stored.frame),
            core.sealer,
            core.deliver,
            jobs,
            core.clock,
            meter,
        ),
        meter=meter,
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
    settings: Settings, outward: Outward, frame: StoreFrame, book: StoredTrustBook, meter: Meter
) -> CheckSim:
    clock = SystemClock()
    race = OrderedRace(failed=lookup_gave_no_answer, hedge_after_s=settings.lookup_hedge_s or None)
    flights = StoredFlights(frame, clock, SystemChance())
    dating = frozenset(entry.name for entry in settings.lookups if entry.kind in DATE_KINDS)
    ring = settings.keys.imsi_ring
    pace = StoredPace(frame, clock, outward.per_second)
    return CheckSim(outward.lookups, dating, race, flights, ring, book, pace, clock, meter)
