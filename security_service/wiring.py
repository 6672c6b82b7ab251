"""Settings to objects: the only file that names concrete classes; leaves reading settings to `config`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from security_service.config.classes import LookupTrust, Settings
from security_service.config.policy_files import read_policies
from security_service.config.sources import PluginKinds
from security_service.domain.errors import SettingsFault
from security_service.domain.policy import Policy
from security_service.domain.ports import Gateway, Meter, SimLookup
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.links.no_answer import lookup_gave_no_answer
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.race import OrderedRace
from security_service.lookups.devino_hlr import DevinoHlrLookup, DevinoHlrSettings
from security_service.lookups.imsi_soap import ImsiSoapLookup, ImsiSoapSettings
from security_service.store.audit_log import StoredAuditLog
from security_service.store.checks import StoredChecks
from security_service.store.codes import StoredCodes
from security_service.store.connection import Address, Scripts, connect, parse_address
from security_service.store.flights import StoredFlights
from security_service.store.frame import StoreFrame
from security_service.store.installation import (
    InstalledLayout,
    MasterEpoch,
    MemoryMarks,
    StoreHealth,
)
from security_service.store.jobs import StoredJobs, StoredSlots
from security_service.store.subscribers import StoredSubscribers
from security_service.store.tenants import StoredTenants
from security_service.store.wide_limits import (
    StoredNoticeCap,
    StoredSendTally,
    StoredWideLimits,
)
from security_service.usecases.add_sim import AddSim
from security_service.usecases.check_code import CheckCode
from security_service.usecases.check_sim import CheckSim, Trust
from security_service.usecases.deliver import Deliver
from security_service.usecases.generate_code import GenerateCode
from security_service.usecases.intake import Intake
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.reverify import Reverify
from security_service.usecases.send_notice import SendNotice
from security_service.usecases.set_mode import SetMode
from security_service.usecases.unlock import Unlock
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.work_jobs import WorkJobs

# Each class is called with the name of the entry and an object of the settings class beside it; that the
# two belong together is what a row says, and what tests/test_wiring.py tries.
GatewayKind = tuple[type, Callable[[str, Any], Gateway]]
LookupKind = tuple[type, Callable[[str, Any], SimLookup]]

GATEWAYS: Final[Mapping[str, GatewayKind]] = {
    "devino_rest": (DevinoRestSettings, DevinoRestGateway),
    "devino_rest_v2": (DevinoRestV2Settings, DevinoRestV2Gateway),
}

LOOKUPS: Final[Mapping[str, LookupKind]] = {
    "imsi_soap": (ImsiSoapSettings, ImsiSoapLookup),
    "devino_hlr": (DevinoHlrSettings, DevinoHlrLookup),
}


def plugin_kinds() -> PluginKinds:
    """Give the kinds of gateways and lookups with their settings classes, as `config` reads them."""
    return PluginKinds(
        gateways={kind: settings for kind, (settings, _) in GATEWAYS.items()},
        lookups={kind: settings for kind, (settings, _) in LOOKUPS.items()},
    )


@dataclass(frozen=True, slots=True)
class Outward:
    """What speaks with providers, by the names of the settings and in their order."""

    gateways: Mapping[str, Gateway]
    lookups: Mapping[str, SimLookup]
    trust: Trust


def build_outward(settings: Settings) -> Outward:
    """Build gateways, lookups and what people decided of them; connects to nothing."""
    return Outward(
        gateways={
            entry.name: GATEWAYS[entry.kind][1](entry.name, entry.settings) for entry in settings.gateways
        },
        lookups={
            entry.name: LOOKUPS[entry.kind][1](entry.name, entry.settings) for entry in settings.lookups
        },
        trust=build_trust(settings),
    )


def build_trust(settings: Settings) -> Trust:
    """Give whose word on whose SIMs may not decide."""
    return Trust(
        distrusted=frozenset(
            (entry.name, operator)
            for entry in settings.lookups
            for operator in entry.rules.distrusted_operators
        ),
        distrusted_sources=frozenset(
            entry.name for entry in settings.lookups if entry.rules.trust is LookupTrust.NEVER
        ),
    )


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
    read_audit: ReadAudit
    work_jobs: WorkJobs


def store_address(settings: Settings) -> Address:
    """Give where the store is and how to sign in; raises SettingsFault."""
    try:
        address = parse_address(settings.store.address)
    except ValueError as error:
        raise SettingsFault([f"store.address: {error}"]) from error
    username = settings.store.username or address.username
    password = settings.store.password if settings.store.password.reveal() else address.password
    return Address(
        address.host, address.port, address.path, username, password, address.database, tls=address.tls
    )


def build_scripts(settings: Settings) -> Scripts:
    """Give the store's client; connects at its first use."""
    return connect(store_address(settings), settings.store.timeout_s)


def build_service(settings: Settings, meter: Meter, now: Callable[[], str] = lambda: "") -> Service:
    """Put the service together. Reads the policies; the store is reached at its first use.

    `now` gives the store's time as Unix milliseconds where it is moved by hand; '' is its own.
    Raises SettingsFault for settings and policies that cannot be used. A store that is away or
    was never initialised is no fault here: the service says so by its readiness.
    """
    clock, chance = SystemClock(), SystemChance()
    outward = build_outward(settings)
    policies = LoadedPolicies(read_policies(settings.policies_dir))
    stored = _build_stored(settings, clock, now)
    sim_check = CheckSim(
        outward.lookups,
        OrderedRace(failed=lookup_gave_no_answer, hedge_after_s=settings.lookup_hedge_s or None),
        StoredFlights(stored.frame, clock, chance),
        settings.keys.imsi_ring,
        outward.trust,
        clock,
        meter,
    )
    subscribers, tenants, jobs = stored.subscribers, stored.tenants, stored.jobs
    deliver = Deliver(outward.gateways, clock, meter)
    reverify = Reverify(subscribers, sim_check, tenants, jobs, chance)
    codes_ring = settings.keys.code_ring
    gate = PassGate(sim_check, policies, stored.tally, chance, clock, settings.keys.imsi_ring, codes_ring)
    intake = Intake(codes_ring)
    return Service(
        scripts=stored.frame.scripts,
        outward=outward,
        policies=policies,
        tenants=tenants,
        health=stored.health,
        chance=chance,
        clock=clock,
        generate_code=GenerateCode(
            intake=intake,
            codes=StoredCodes(stored.frame),
            wide_limits=StoredWideLimits(stored.frame),
            gate=gate,
            deliver=deliver,
            tally=stored.tally,
            health=stored.health,
            chance=chance,
            clock=clock,
            meter=meter,
            keys=codes_ring,
        ),
        check_code=CheckCode(
            intake, StoredChecks(stored.frame), sim_check, policies, clock, meter, codes_ring
        ),
        view_subscriber=ViewSubscriber(subscribers),
        list_subscribers=ListSubscribers(subscribers),
        set_mode=SetMode(subscribers),
        reverify=reverify,
        add_sim=AddSim(subscribers, sim_check),
        unlock=Unlock(subscribers),
        read_audit=ReadAudit(StoredAuditLog(stored.frame)),
        work_jobs=WorkJobs(
            jobs=jobs,
            slots=stored.slots,
            look_behind=LookBehind(tenants, subscribers, sim_check, policies, jobs, meter),
            reverify=reverify.attempt,
            send_notice=SendNotice(tenants, StoredNoticeCap(stored.frame), deliver, jobs, meter),
            poll_receipt=PollReceipt(outward.gateways, stored.slots, jobs, clock, meter),
            meter=meter,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Stored:
    """The ports over the store that several use cases share."""

    frame: StoreFrame
    health: StoreHealth
    tenants: StoredTenants
    subscribers: StoredSubscribers
    jobs: StoredJobs
    slots: StoredSlots
    tally: StoredSendTally


def _build_stored(settings: Settings, clock: SystemClock, now: Callable[[], str]) -> _Stored:
    scripts = build_scripts(settings)
    frame = StoreFrame(
        scripts,
        InstalledLayout(scripts, settings.store.expected_subscribers),
        settings.installation_id,
        epoch=MasterEpoch(scripts, clock) if settings.store.replicated else _no_epoch,
        now=now,
    )
    marks = MemoryMarks(settings.store.not_ready_percent, settings.store.refuse_percent)
    return _Stored(
        frame=frame,
        health=StoreHealth(scripts, settings.installation_id, clock, marks),
        tenants=StoredTenants(frame, settings.keys.api_ring, clock),
        subscribers=StoredSubscribers(frame),
        jobs=StoredJobs(frame),
        slots=StoredSlots(frame),
        tally=StoredSendTally(frame, clock),
    )


def _no_epoch() -> str:
    return ""
