"""The service put together: every use case over its ports; the faces and commands take them from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security_service.archive.count_reader import CountReader
from security_service.archive.engine import ArchiveDatabase
from security_service.config.classes import Settings
from security_service.domain.ports import Meter
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.verdict_signer import Es256Signer
from security_service.store.arrivals import StoredArrivalBook
from security_service.store.checks import StoredChecks
from security_service.store.codes import StoredCodes
from security_service.store.connection import Scripts
from security_service.store.installation import (
    StoreHealth,
)
from security_service.store.policy_book import StoredPolicyBook
from security_service.store.policy_drafts import StoredPolicyDrafts
from security_service.store.tenants import StoredTenants
from security_service.store.wide_limits import (
    StoredWideLimits,
)
from security_service.usecases.advise_contact import AdviseContact
from security_service.usecases.audit_desk import AuditDesk
from security_service.usecases.check_code import CheckCode
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.usecases.freeze import Freeze
from security_service.usecases.generate_code import GenerateCode
from security_service.usecases.intake import Intake
from security_service.usecases.judge_arrivals import JudgeArrivals
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.view_now import ViewNow
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.vouch_for_code import VouchForCode
from security_service.usecases.work_jobs import WorkJobs
from security_service.wiring.archive import build_database, build_whole_log
from security_service.wiring.auditing import build_audit_desk
from security_service.wiring.camara import OpenGateway, build_open_gateway
from security_service.wiring.deeds import Deeds, build_deeds
from security_service.wiring.mail import MailDesk
from security_service.wiring.management import build_management
from security_service.wiring.outward import Outward
from security_service.wiring.people import People, build_people
from security_service.wiring.policies import build_policy_desk
from security_service.wiring.relay import Relay, build_relay
from security_service.wiring.sealing import Sealing, build_sealing
from security_service.wiring.shared import Core, build_core
from security_service.wiring.step_up import build_check_step_up, build_enrolment
from security_service.wiring.transfers import Transfers, build_transfers
from security_service.wiring.work import build_work


@dataclass(frozen=True, slots=True)
class Service:
    """The service put together: every use case, and the ports that faces and commands need."""

    scripts: Scripts
    archive: ArchiveDatabase
    sealing: Sealing
    outward: Outward
    policies: StoredPolicyBook
    tenants: StoredTenants
    health: StoreHealth
    chance: SystemChance
    clock: SystemClock
    generate_code: GenerateCode
    check_code: CheckCode
    verdicts: Es256Signer | None
    view_subscriber: ViewSubscriber
    advise_contact: AdviseContact
    list_subscribers: ListSubscribers
    deeds: Deeds
    freeze: Freeze
    enrol_authenticator: EnrolAuthenticator
    management: ManagementDesk
    read_audit: ReadAudit
    view_now: ViewNow
    audit_desk: AuditDesk
    policy_desk: PolicyDesk
    policy_drafts: StoredPolicyDrafts
    work_jobs: WorkJobs
    judge_arrivals: JudgeArrivals
    relay: Relay
    mail: MailDesk
    people: People | None
    transfers: Transfers
    open_gateway: OpenGateway


def build_service(settings: Settings, meter: Meter, now: Callable[[], str] = lambda: "") -> Service:
    """Put the service together. Reads the policies; the store is reached at its first use.

    `now` gives the store's time as Unix milliseconds where it is moved by hand; '' is its own.
    Raises SettingsFault for settings and policies that cannot be used. A store that is away or
    was never initialised is no fault here: the service says so by its readiness.
    """
    core = build_core(settings, meter, now)
    signer = Es256Signer(settings.keys.verdict_ring) if settings.keys.verdict_ring else None
    stored, outward, clock = core.stored, core.outward, core.clock
    archive = build_database(settings)
    log = build_whole_log(settings, archive, stored.frame)
    policy_desk = build_policy_desk(core, log)
    relay = build_relay(settings, core, archive, meter)
    sealing = build_sealing(settings, archive, stored.frame, clock, meter)
    deeds = build_deeds(settings, core, archive, policy_desk, meter)
    generate_code = _build_generate_code(settings, core, meter)
    check_code = _build_check_code(settings, core, meter, signer)
    return Service(
        scripts=stored.frame.scripts,
        archive=archive,
        sealing=sealing,
        outward=outward,
        policies=core.policies,
        tenants=stored.tenants,
        health=stored.health,
        chance=core.chance,
        clock=clock,
        generate_code=generate_code,
        check_code=check_code,
        verdicts=signer,
        view_subscriber=ViewSubscriber(stored.subscribers),
        advise_contact=AdviseContact(stored.subscribers, core.sim_check),
        list_subscribers=ListSubscribers(stored.subscribers),
        deeds=deeds,
        freeze=Freeze(stored.subscribers, stored.subscribers),
        enrol_authenticator=build_enrolment(settings, core),
        management=build_management(settings, core, relay.accounts),
        read_audit=ReadAudit(log),
        view_now=ViewNow(CountReader(archive), log, clock),
        audit_desk=build_audit_desk(log, sealing, stored.frame, clock),
        policy_desk=policy_desk,
        policy_drafts=StoredPolicyDrafts(stored.frame),
        work_jobs=build_work(core, relay, deeds.reverify, meter),
        judge_arrivals=JudgeArrivals(StoredArrivalBook(stored.frame, clock), clock, meter),
        relay=relay,
        mail=MailDesk(settings.mail, core, relay, deeds.four_eyes, meter),
        people=build_people(settings, core),
        transfers=build_transfers(settings, core),
        open_gateway=build_open_gateway(settings, core, generate_code, check_code, meter),
    )


def _build_generate_code(settings: Settings, core: Core, meter: Meter) -> GenerateCode:
    stored, ring = core.stored, settings.keys.code_ring
    return GenerateCode(
        intake=Intake(ring),
        codes=StoredCodes(stored.frame),
        wide_limits=StoredWideLimits(stored.frame, core.chance),
        gate=core.gate,
        deliver=core.deliver,
        tally=stored.tally,
        arrivals=stored.arrivals,
        health=stored.health,
        chance=core.chance,
        clock=core.clock,
        meter=meter,
        keys=ring,
        sealer=core.sealer,
        steps_up=settings.keys.vault_ring is not None,
    )


def _build_check_code(settings: Settings, core: Core, meter: Meter, signer: Es256Signer | None) -> CheckCode:
    ring, checks = settings.keys.code_ring, StoredChecks(core.stored.frame)
    return CheckCode(
        Intake(ring),
        checks,
        core.sim_check,
        core.policies,
        core.stored.arrivals,
        core.clock,
        meter,
        ring,
        build_check_step_up(settings, checks),
        VouchForCode(signer, settings.installation_id, core.clock) if signer else None,
    )
