"""A SIM that was banned after a fraud: it gets nothing, and no way leads it into a reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.bans import Ban
from security_service.domain.codes import Admitted, Caller, Opened, Subject
from security_service.domain.gate import Decision
from security_service.domain.imsi import IMSI_DIGITS, Grade, Reference, learnt, seal
from security_service.domain.jobs import Job, JobKind
from security_service.domain.lookup import NoData, SimNotSeen
from security_service.domain.operation import Operation
from security_service.domain.policy import Verdict
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber
from security_service.domain.tenants import FirstContact, Tenant
from security_service.links.no_answer import lookup_gave_no_answer
from security_service.links.race import OrderedRace
from security_service.store.bans import StoredBans
from security_service.store.flights import StoredFlights
from security_service.usecases.actions import Action, SimBanned
from security_service.usecases.add_sim import AddSim
from security_service.usecases.check_sim import CheckSim
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.reverify import Reverify, ReverifyPending, ReverifyRequest
from tests.fakes.lookups import FakeLookup
from tests.fakes.routing import FreePace
from tests.fakes.sim import NEW_SIM, OLD_SIM
from tests.fakes.store import CountedChance, MemoryStore, MemoryTenants
from tests.fakes.tally import NoTally
from tests.fakes.trust import MemoryTrust
from tests.store.rig import UNLIMITED, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, OnePolicy
from tests.usecases.people_desk import RigClock
from tests.usecases.policies import Desk

KEYS = KeyRing({1: b"k" * 32, 2: b"n" * 32})
BANK = Tenant("bank", limits=UNLIMITED)
NUMBER = Msisdn("79161112211")
EMPTY = Reference()


class Bank:
    """Gate, look behind and people's actions over one SIM check, which knows the bans of a real store."""

    def __init__(self, rig: StoreRig) -> None:
        self.rig, self.clock, self.chance = rig, RigClock(rig), CountedChance()
        self.lookup = FakeLookup("hlr")
        self.bans = StoredBans(rig.frame, self.clock)
        self.check = CheckSim(
            {"hlr": self.lookup},
            frozenset(),
            OrderedRace(failed=lookup_gave_no_answer),
            StoredFlights(rig.frame, self.clock, self.chance),
            KEYS,
            MemoryTrust(),
            FreePace(),
            self.clock,
            CountingMeter(),
            self.bans,
        )
        self.policies = Desk(rig).book
        self.gate = PassGate(
            self.check, self.policies, NoTally(), self.chance, self.clock, KEYS, KeyRing({1: b"c" * 32})
        )
        self.tenant = BANK
        self.tenants = MemoryTenants(MemoryStore(), ("a", BANK))
        self.reverify = Reverify(rig.subscribers, self.check, self.tenants, rig.jobs, self.chance)

    def in_network(self, imsi: str) -> None:
        """Whose SIM the number has now."""
        self.lookup.then.pop(NUMBER.digits, None)
        self.lookup.sims[NUMBER.digits] = imsi

    def ban(self, imsi: str = NEW_SIM, version: int = 1) -> None:
        """What a case closed as fraud leaves behind, under one of the keys."""
        ring = KeyRing({version: KEYS.keys[version]})
        sealed = seal(Imsi(imsi), IMSI_DIGITS, imsi[:5], ring, BANK.imsi_form)
        ban = Ban(BANK.id, sealed.newest().token(), NUMBER, "s001-7", "anna")
        assert self.bans.put(ban, Event(EventKind.IMSI_BANNED, {"actor": "anna"}))

    def put(self, subscriber: Subscriber) -> None:
        """Write a record as another process would."""
        stored = self.rig.subscribers.get(BANK.id, NUMBER).stored
        assert self.rig.subscribers.swap(BANK.id, NUMBER, stored, subscriber, ())

    def record(self) -> Subscriber:
        return self.rig.subscribers.get(BANK.id, NUMBER).subscriber

    def known(self, imsi: str = OLD_SIM) -> Subscriber:
        sealed = seal(Imsi(imsi), IMSI_DIGITS, imsi[:5], KEYS, BANK.imsi_form)
        since = self.rig.now_ms // 1000 - 30 * 86_400
        return replace(NEW_SUBSCRIBER, reference=learnt(sealed, since, Grade.FIRST_SEEN), messaged=True)

    def message(self, imsi_code: str | None = None) -> Decision:
        """Lead one message through the gate, and write what the verdict leaves behind."""
        subject, caller = Subject(self.tenant, NUMBER, Operation()), Caller(self.rig.token())
        admitted = self.rig.admit(subject, caller)
        assert isinstance(admitted, Admitted), admitted
        passage = self.gate.begin(subject, imsi_code, admitted)
        facts, decision, passage = self.gate.judge(passage, self.clock.monotonic() + 10)
        written = self.gate.write_up(caller, passage, facts, decision, None)
        assert self.rig.codes.open(written) == Opened()
        return decision

    def action(self) -> Action:
        return Action(self.tenant, NUMBER, "anna", "the client called", "r1")

    def decided(self) -> dict[str, Any]:
        """The facts of the newest decision."""
        (text,) = self.rig.log.page(AuditQuery(kind="gate_decided", count=1)).events
        facts: dict[str, Any] = json.loads(text)["facts"]
        return facts


@pytest.fixture
def bank(redis_url: str) -> Iterator[Bank]:
    rig = StoreRig(redis_url)
    bank = Bank(rig)
    bank.in_network(NEW_SIM)
    yield bank
    rig.close()


# --- the gate ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("known", ["nothing", "another", "itself"])
def test_a_banned_sim_gets_no_message_whatever_is_known_of_the_number(
    bank: Bank, version: int, known: str
) -> None:
    if known != "nothing":
        bank.put(bank.known(NEW_SIM if known == "itself" else OLD_SIM))
    before = bank.record().reference
    bank.ban(version=version)
    decision = bank.message()
    assert (decision.verdict, decision.rule, decision.reason) == (
        Verdict.DENY, "imsi_banned", "imsi_banned",
    )  # fmt: skip
    assert {one.imsi for one in bank.record().reference.members} == {one.imsi for one in before.members}
    assert bank.decided()["sim"]["banned"] is True


def test_the_same_message_goes_out_where_nothing_is_banned(bank: Bank) -> None:
    assert bank.message().verdict is Verdict.SEND
    assert bank.record().reference


def test_an_imsi_code_that_names_the_banned_sim_opens_no_door(bank: Bank) -> None:
    bank.tenant = replace(BANK, caller_owns_reference=True)
    bank.put(bank.known())
    bank.ban()
    assert bank.message(NEW_SIM).reason == "imsi_banned"
    assert bank.record().reference == bank.known().reference


def override(bank: Bank, mode: Mode, *, bound: bool) -> Override:
    now = bank.rig.now_ms // 1000
    evidence = bank.known(NEW_SIM).reference.members[0].imsi
    return Override(mode, "anna", "vip", now, now + 99, evidence, bound)


def test_an_override_bound_to_the_banned_sim_does_not_help_it(bank: Bank) -> None:
    bank.put(replace(bank.known(), override=override(bank, Mode.ALWAYS_ALLOW, bound=True)))
    assert bank.message().reason == "always_allow"
    bank.ban()
    assert bank.message().reason == "imsi_banned"


def test_an_override_that_holds_for_any_sim_is_not_asked_and_sees_no_ban(bank: Bank) -> None:
    bank.put(replace(bank.known(), override=override(bank, Mode.ALWAYS_ALLOW, bound=False)))
    bank.ban()
    assert bank.message().reason == "always_allow"
    assert bank.lookup.asked == []


def test_always_deny_keeps_its_own_reason(bank: Bank) -> None:
    bank.put(replace(bank.known(), override=override(bank, Mode.ALWAYS_DENY, bound=True)))
    bank.ban()
    assert bank.message().reason == "always_deny"


def test_a_banned_sim_on_another_number_opens_a_case_there(bank: Bank) -> None:
    bank.put(bank.known())
    bank.ban()
    bank.message()
    (text,) = bank.rig.log.page(AuditQuery(kind="case_opened")).events
    assert json.loads(text)["facts"]["reason"] == "imsi_banned"


def test_a_lifted_ban_lets_the_sim_in_within_a_second(bank: Bank) -> None:
    bank.ban()
    assert bank.message().reason == "imsi_banned"
    (ban,) = bank.bans.every(BANK.id)
    bank.bans.lift(ban, Event(EventKind.IMSI_UNBANNED, {"actor": "boris"}))
    bank.rig.advance(1)
    assert bank.message().verdict is Verdict.SEND


# --- every way into a reference -----------------------------------------------------------------------------


def test_a_re_verify_refuses_it(bank: Bank) -> None:
    bank.put(bank.known())
    bank.ban()
    assert isinstance(bank.reverify.ask(bank.action(), ReverifyRequest(waive_age=True)), SimBanned)
    assert bank.record().reference == bank.known().reference
    (text,) = bank.rig.log.page(AuditQuery(kind="reverify_conflict")).events
    assert json.loads(text)["facts"]["why"] == "imsi_banned"


def test_a_first_re_verify_of_a_number_nobody_knew_refuses_it_too(bank: Bank) -> None:
    bank.ban()
    assert isinstance(bank.reverify.ask(bank.action(), ReverifyRequest()), SimBanned)
    assert bank.record().reference == EMPTY


def test_a_re_verify_that_waited_for_the_phone_refuses_it(bank: Bank) -> None:
    bank.put(bank.known())
    bank.lookup.then[NUMBER.digits] = SimNotSeen("hlr", NoData.ABSENT, "off")
    assert isinstance(bank.reverify.ask(bank.action(), ReverifyRequest()), ReverifyPending)
    bank.ban()
    bank.in_network(NEW_SIM)
    bank.rig.advance(30)
    (job,) = bank.rig.jobs.claim(9, 60.0)
    bank.reverify.attempt(job)
    assert bank.record().pending is None
    assert {one.imsi for one in bank.record().reference.members} == {
        one.imsi for one in bank.known().reference.members
    }


def test_it_is_no_second_sim(bank: Bank) -> None:
    bank.put(bank.known())
    bank.ban()
    assert isinstance(AddSim(bank.rig.subscribers, bank.check).run(bank.action()), SimBanned)
    assert bank.record().reference == bank.known().reference


def test_a_look_behind_a_first_message_does_not_learn_it(bank: Bank) -> None:
    bank.tenant = replace(BANK, first_contact=FirstContact.SEND_THEN_LOOK)
    bank.ban()
    assert bank.message().reason == "first_contact"
    look = LookBehind(
        bank.tenants, bank.rig.subscribers, bank.check, OnePolicy(), bank.rig.jobs, CountingMeter()
    )
    (job,) = [one for one in bank.rig.jobs.claim(9, 60.0) if one.kind is JobKind.LOOK]
    look.attempt(job)
    assert bank.record().reference == EMPTY
    assert bank.message().reason == "imsi_banned"


def test_a_look_that_waits_behind_a_ban_does_not_learn_it_later(bank: Bank) -> None:
    look = LookBehind(
        bank.tenants, bank.rig.subscribers, bank.check, OnePolicy(), bank.rig.jobs, CountingMeter()
    )
    bank.ban()
    look.attempt(Job("l1", JobKind.LOOK, BANK.id, NUMBER, (("code", "c1"), ("purpose", "default"))))
    assert bank.record().reference == EMPTY
