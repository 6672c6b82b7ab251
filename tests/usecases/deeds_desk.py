"""Four eyes, cases and bans over a real store and a real archive; what is right is for the tests to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from security_service.archive.case_reader import CaseReader
from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.writer import EventWriter
from security_service.domain.access import Actor, Role
from security_service.domain.audit import AuditQuery, Event, EventKind, Json
from security_service.domain.cases import Case, CaseQuery
from security_service.domain.imsi import Candidate, Grade, learnt
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance
from security_service.store.audit_log import StoredTail
from security_service.store.bans import StoredBans
from security_service.store.case_desk import StoredCaseDesk
from security_service.store.event_streams import StoredEventStreams
from security_service.store.proposals import StoredProposals
from security_service.usecases.actions import Action
from security_service.usecases.add_sim import AddSim
from security_service.usecases.carry_out import CarryOut
from security_service.usecases.four_eyes import FourEyes, Reviewer
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.move_events import MoveEvents
from security_service.usecases.reverify import Reverify
from security_service.usecases.set_mode import SetMode
from security_service.usecases.unlock import Unlock
from security_service.usecases.work_cases import CaseWorker, WorkCases
from tests.archive.rig import ArchiveFigures
from tests.fakes.proposals import OneTenant
from tests.fakes.sim import NEW_SIM, OLD_SIM, ScriptedSim, sealed
from tests.fakes.store import MemoryStore, MemoryTenants
from tests.store.rig import StoreRig
from tests.usecases.people_desk import RigClock
from tests.usecases.policies import Desk

BANK: Final = Tenant("bank")
OTHER_BANK: Final = Tenant("odd")
NUMBER: Final = Msisdn("79161112211")
DAY: Final = 86_400


class DeedsDesk:
    """Every use case that people come to, and short ways to act as somebody."""

    def __init__(self, rig: StoreRig, folder: Path) -> None:
        self.rig, self.clock, self.chance = rig, RigClock(rig), SystemChance()
        self.sim = ScriptedSim(NEW_SIM)
        self.tenants = MemoryTenants(MemoryStore(), ("a", BANK), ("b", OTHER_BANK))
        self.bank = BANK
        self.bans = StoredBans(rig.frame, self.clock)
        self.policies = Desk(rig)
        subscribers = rig.subscribers
        self.reverify = Reverify(subscribers, self.sim, self.tenants, rig.jobs, self.chance)
        self.carry_out = CarryOut(
            subscribers,
            SetMode(subscribers),
            self.reverify,
            AddSim(subscribers, self.sim),
            Unlock(subscribers),
            self.policies.do.publish,
            self.policies.do.roll_back,
        )
        self.proposals = StoredProposals(rig.frame)
        self.four_eyes = FourEyes(
            self.carry_out, self.proposals, self.tenants, OneTenant(BANK.id, OTHER_BANK.id), self.chance
        )
        self.database = ArchiveDatabase(archive_address("", Secret(""), folder / "archive.db", 30.0))
        self.cases = CaseReader(self.database)
        self.mover = MoveEvents(
            StoredEventStreams(rig.scripts),
            EventWriter(self.database, "i1", self.clock),
            self.clock,
            ArchiveFigures(),
        )
        self.keep_bans = KeepBans(self.bans, rig.jobs)
        self.desk = StoredCaseDesk(rig.frame)
        self.work = WorkCases(self.cases, self.desk, self.mover, self.keep_bans, self.chance)

    def close(self) -> None:
        self.database.close()

    # --- people

    def demand(self, *deeds: str, tenant: Tenant = BANK) -> None:
        """Let a tenant demand a second person for some deeds."""
        changed = replace(tenant, four_eyes=deeds)  # type: ignore[arg-type]  # by their words
        self.tenants.put(changed)
        if tenant.id == BANK.id:
            self.bank = changed

    def action(self, name: str = "anna", *roles: Role, number: Msisdn = NUMBER) -> Action:
        """An action of somebody, a lead where nothing else is said."""
        return Action(self.bank, number, name, "the client called", "r1", frozenset(roles or (Role.LEAD,)))

    def reviewer(self, name: str = "boris", *roles: Role, tenant: Tenant | None = None) -> Reviewer:
        """Somebody who decides, a lead where nothing else is said."""
        actor = Actor(name, frozenset(roles or (Role.LEAD,)))
        return Reviewer(tenant or self.bank, actor, "r2")

    def worker(self, name: str = "anna", *roles: Role, tenant: str = BANK.id) -> CaseWorker:
        """Somebody who works on cases, an analyst where nothing else is said."""
        return CaseWorker(tenant, Actor(name, frozenset(roles or (Role.ANALYST,))), "r3")

    # --- subscribers

    @property
    def now(self) -> int:
        """The store's time in Unix seconds."""
        return self.rig.now_ms // 1000

    def put(self, subscriber: Subscriber, number: Msisdn = NUMBER) -> None:
        """Write a record as another process would."""
        stored = self.rig.subscribers.get(BANK.id, number).stored
        assert self.rig.subscribers.swap(BANK.id, number, stored, subscriber, ())

    def record(self, number: Msisdn = NUMBER) -> Subscriber:
        """The record as it is."""
        return self.rig.subscribers.get(BANK.id, number).subscriber

    def known(self, imsi: str = OLD_SIM) -> Subscriber:
        """A subscriber whose reference is one SIM, trusted for thirty days."""
        reference = learnt(sealed(imsi), self.now - 30 * DAY, Grade.FIRST_SEEN)
        return replace(NEW_SUBSCRIBER, reference=reference, messaged=True)

    def suspected(self, imsi: str = NEW_SIM) -> Subscriber:
        """A subscriber whose SIM was seen to change a minute ago."""
        seen = self.now - 60
        return replace(self.known(), candidate=Candidate(sealed(imsi).newest(), seen, seen))

    # --- events

    def tell(self, kind: EventKind, facts: Mapping[str, Json], number: Msisdn = NUMBER) -> None:
        """Write an event of a subscriber as the gate would, the record as it is."""
        held = self.rig.subscribers.get(BANK.id, number)
        event = Event(kind, facts)
        assert self.rig.subscribers.swap(BANK.id, number, held.stored, held.subscriber, [event])

    def open_case(self, imsi: str = NEW_SIM, number: Msisdn = NUMBER, **facts: Json) -> Case:
        """Let the gate open a case, and give it as the archive has it."""
        told: dict[str, Json] = {
            "amount": 150_000,
            "band": "high",
            "code_id": "",
            "currency": "RUB",
            "imsi": sealed(imsi).newest().token(),
            "operator": imsi[:5],
            "purpose": "transfer",
            "reason": "sim_changed",
            **facts,
        }
        before = {case.id for case in self.cases.page(CaseQuery(BANK.id, count=1000)).cases}
        self.tell(EventKind.CASE_OPENED, told, number)
        self.mover.run()
        after = self.cases.page(CaseQuery(BANK.id, count=1000)).cases
        (opened,) = [case for case in after if case.id not in before]
        return opened

    def events(self, kind: EventKind) -> list[dict[str, Any]]:
        """Events of a kind that are still in the streams, oldest first."""
        found = StoredTail(self.rig.frame).newest(AuditQuery(kind=kind.value), None, 1000)
        return [json.loads(text) for _, text in found.events][::-1]

    def facts(self, kind: EventKind) -> dict[str, Any]:
        """The facts of the one event of a kind."""
        (event,) = self.events(kind)
        facts: dict[str, Any] = event["facts"]
        return facts
