"""A code from GenerateCode to its fallback by voice and to CheckCode, over a real store, time by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import Subject
from security_service.domain.jobs import JobKind
from security_service.domain.messages import Channel, Receipt, ReceiptState
from security_service.domain.operation import Operation
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCode, CheckCodeRequest
from security_service.usecases.check_step_up import CheckStepUp
from security_service.usecases.deliver import Deliver
from security_service.usecases.fall_back import FallBack
from security_service.usecases.generate_code import GenerateCode, GenerateCodeRequest
from security_service.usecases.intake import Intake, Request
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.send_notice import SendNotice
from security_service.usecases.work_jobs import WorkJobs
from tests.fakes.cases import MemoryBans
from tests.fakes.clock import HandClock
from tests.fakes.receipts import MemoryInbox
from tests.fakes.routing import FreePace, MemoryArrivals, MemoryBreakers
from tests.fakes.sim import NEW_SIM, OLD_SIM, ScriptedSim
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.tally import NoTally
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import (
    CountingMeter,
    MemoryTenants,
    ScriptedGateway,
    ShippedPolicies,
)
from tests.usecases.relay_parts import IdleRelayParts
from tests.usecases.whole_work import NoCap

NUMBER: Final = Msisdn("79161112211")
BANK: Final = Tenant(
    "bank",
    code_length=10,
    resend_after_s=5,
    gateways=("sms", "voice"),
    fallback_channels=(Channel.VOICE,),
    fallback_after_s=30,
)
"""Codes so long that no digest and no time holds one by chance."""


class Service:
    """Both operations and the worker over one store, an SMS gateway and a voice gateway."""

    def __init__(self, rig: StoreRig) -> None:
        self.rig, self.clock, self.meter = rig, HandClock(), CountingMeter()
        self.sms = ScriptedGateway(self.clock, "sms")
        self.voice = ScriptedGateway(self.clock, "voice", channel=Channel.VOICE)
        self.sim = ScriptedSim(OLD_SIM)
        self.arrivals = MemoryArrivals()
        self.subject = Subject(BANK, NUMBER, Operation())
        gateways = {"sms": self.sms, "voice": self.voice}
        chance, policies, tenants = SystemChance(), ShippedPolicies(), MemoryTenants(BANK)
        sealer, intake, tally = TextSealer(RING), Intake(RING), NoTally()
        deliver = Deliver(
            gateways, MemoryBreakers(), FreePace(), self.arrivals, chance, self.clock, self.meter
        )
        self.generate_code = GenerateCode(
            intake=intake,
            codes=rig.codes,
            wide_limits=rig.wide,
            gate=PassGate(self.sim, policies, tally, chance, self.clock, RING, RING),
            deliver=deliver,
            tally=tally,
            arrivals=self.arrivals,
            health=SetHealth(MemoryStore()),
            chance=chance,
            clock=self.clock,
            meter=self.meter,
            keys=RING,
            sealer=sealer,
        )
        step_up = CheckStepUp(rig.checks, AuthenticatorApp(), None)
        self.check_code = CheckCode(
            intake, rig.checks, self.sim, policies, self.arrivals, self.clock, self.meter, RING, step_up
        )
        inbox, jobs = MemoryInbox(), rig.jobs
        self.work_jobs = WorkJobs(
            jobs,
            rig.slots,
            LookBehind(tenants, rig.subscribers, self.sim, policies, jobs, self.meter),
            lambda job: None,
            SendNotice(tenants, NoCap(), deliver, jobs, self.meter),
            PollReceipt(gateways, rig.slots, jobs, inbox, frozenset(), self.clock, self.meter),
            self._fall_back(tenants, deliver, policies, sealer),
            *IdleRelayParts(tenants, deliver, jobs, gateways, self.clock, self.meter).all(),
            KeepBans(MemoryBans(MemoryStore()), jobs),
            self.meter,
        )

    def _fall_back(
        self, tenants: MemoryTenants, deliver: Deliver, policies: ShippedPolicies, sealer: TextSealer
    ) -> FallBack:
        return FallBack(
            tenants,
            self.rig.subscribers,
            self.sim,
            policies,
            self.rig.waiting_texts,
            sealer,
            deliver,
            self.rig.jobs,
            self.clock,
            self.meter,
        )

    def generate(self) -> str:
        """A code that left by SMS; gives it as the person reads it."""
        request = Request(BANK, self.rig.token(), NUMBER.digits)
        assert self.generate_code.run(GenerateCodeRequest(request)) == Answered(0, "sent")
        return code_of(self.sms)

    def check(self, code: str) -> Answered:
        request = Request(BANK, self.rig.token(), NUMBER.digits)
        answer = self.check_code.run(CheckCodeRequest(request, code))
        assert isinstance(answer, Answered)
        return answer

    def wait(self, seconds: float) -> None:
        self.rig.advance(seconds)
        self.clock.move(seconds)

    def work(self) -> list[JobKind]:
        """Do all that is due; gives what was done."""
        claimed = self.rig.jobs.claim(99, 60)
        for job in claimed:
            self.work_jobs.run(job)
        return [job.kind for job in claimed]

    def facts(self, kind: str) -> list[dict[str, Any]]:
        return [event["facts"] for event in self.rig.events(self.subject) if event["kind"] == kind]

    def told(self) -> list[str]:
        """The kinds of events of fallbacks."""
        return [kind for kind in self.rig.kinds(self.subject) if kind.startswith("fallback")]

    def everything(self) -> str:
        """All names and values that the store holds."""
        client = self.rig.redis
        read = {
            b"hash": client.hgetall,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"stream": client.xrange,
            b"string": client.get,
            b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        }
        return "".join(f"{key} {read[client.type(key)](key)}\n" for key in client.scan_iter())


def code_of(gateway: ScriptedGateway) -> str:
    """The code in the newest message of a gateway."""
    message, _ = gateway.sent[-1]
    found = re.search(r"[0-9]{10}", message.text.reveal())
    assert found is not None
    return found[0]


@pytest.fixture
def service(redis_url: str) -> Iterator[Service]:
    rig = StoreRig(redis_url)
    yield Service(rig)
    rig.close()


def test_a_code_that_nobody_enters_is_called_out_after_its_time_and_is_good_once(service: Service) -> None:
    code = service.generate()
    service.wait(29.9)
    service.work()
    assert service.voice.sent == []
    service.wait(0.1)
    assert JobKind.FALLBACK in service.work()
    ((call, _),) = service.voice.sent
    assert (code_of(service.voice), call.to, call.life_s) == (code, NUMBER, 270)
    assert len(service.sms.sent) == 1
    (sent,) = service.facts("fallback_sent")
    assert (sent["gateway"], sent["message_ids"], sent["sim"]) == ("voice", ["m1"], "same")
    assert service.check(code) == Answered(0, "valid")
    assert service.check(code) == Answered(5, "spent")


def test_an_entry_after_the_call_speaks_for_no_gateway(service: Service) -> None:
    code = service.generate()
    service.wait(30)
    service.work()
    assert service.check(code).code == 0
    assert ([gateway for gateway, _ in service.arrivals.sends], service.arrivals.entries) == (["sms"], [])


def test_a_code_that_was_entered_is_not_called_out(service: Service) -> None:
    assert service.check(service.generate()).code == 0
    service.wait(30)
    assert JobKind.FALLBACK in service.work()
    assert (service.voice.sent, service.told()) == ([], [])


@pytest.mark.parametrize("state", [ReceiptState.DELIVERED, ReceiptState.UNDELIVERED])
def test_a_final_receipt_makes_the_call_needless(service: Service, state: ReceiptState) -> None:
    service.sms.receipts["m1"] = Receipt(state, "told")
    service.generate()
    service.wait(2)
    assert service.work() == [JobKind.RECEIPT]
    service.wait(28)
    assert service.work() == [JobKind.FALLBACK]
    assert (service.voice.sent, service.told()) == ([], [])


def test_a_message_without_a_final_receipt_is_called_out(service: Service) -> None:
    service.sms.receipts["m1"] = Receipt(ReceiptState.PENDING, "on its way")
    service.generate()
    for _ in range(15):
        service.wait(2)
        service.work()
    assert len(service.voice.sent) == 1


def test_a_newer_code_is_called_out_in_the_place_of_the_one_before(service: Service) -> None:
    service.generate()
    service.wait(10)
    newer = service.generate()
    service.wait(20)
    service.work()
    assert service.voice.sent == []
    service.wait(10)
    service.work()
    assert code_of(service.voice) == newer


def test_a_thief_who_took_the_number_over_is_not_called_and_the_code_dies(service: Service) -> None:
    code = service.generate()
    service.sim.script = [NEW_SIM]
    service.wait(30)
    assert JobKind.FALLBACK in service.work()
    assert service.voice.sent == []
    assert service.facts("fallback_refused")[0]["reason"] == "sim_changed"
    assert service.work() == [JobKind.LOOK]
    kinds = service.rig.kinds(service.subject)
    for kind in ("fallback_refused", "code_killed", "case_opened", "late_change", "look_finished"):
        assert kinds.count(kind) == 1, kind
    assert service.check(code) == Answered(5, "dead")


def test_one_that_was_frozen_meanwhile_is_not_called_even_once_unlocked(service: Service) -> None:
    service.generate()
    subscribers = service.rig.subscribers
    assert subscribers.freeze(BANK.id, NUMBER, [Event(EventKind.SUBSCRIBER_FROZEN, {})])
    assert subscribers.unlock(BANK.id, NUMBER, Event(EventKind.SUBSCRIBER_UNLOCKED, {}))
    service.wait(30)
    assert JobKind.FALLBACK in service.work()
    assert service.voice.sent == []
    (refused,) = service.facts("fallback_refused")
    assert refused["reason"] == "frozen"


def test_a_worker_that_comes_late_calls_nobody_for_less_than_a_minute(service: Service) -> None:
    code = service.generate()
    service.wait(240.5)
    assert JobKind.FALLBACK in service.work()
    assert (service.voice.sent, service.told()) == ([], ["fallback_failed"])
    assert service.facts("fallback_failed")[0]["reason"] == "too_late"
    assert service.check(code).code == 0


def test_a_worker_that_died_over_a_call_leaves_it_unknown(service: Service) -> None:
    service.generate()
    service.wait(30)
    assert JobKind.FALLBACK in [job.kind for job in service.rig.jobs.claim(99, 60)]
    service.wait(60)
    assert JobKind.FALLBACK in service.work()
    assert (service.voice.sent, service.told()) == ([], ["fallback_unknown"])
    service.wait(60)
    assert JobKind.FALLBACK not in service.work()


def test_the_store_never_holds_the_code_in_the_clear_and_its_seal_only_while_it_waits(
    service: Service,
) -> None:
    code = service.generate()
    assert service.rig.sealed(service.subject) is not None
    assert (code in service.everything(), NUMBER.digits in service.everything()) == (False, True)
    service.wait(30)
    service.work()
    assert code_of(service.voice) == code
    assert service.rig.sealed(service.subject) is None
    assert code not in service.everything()


def test_a_tenant_without_other_channels_leaves_nothing_behind(service: Service) -> None:
    plain = replace(BANK, fallback_channels=())
    request = Request(plain, service.rig.token(), NUMBER.digits)
    assert service.generate_code.run(GenerateCodeRequest(request)) == Answered(0, "sent")
    assert service.rig.sealed(service.subject) is None
    service.wait(30)
    assert JobKind.FALLBACK not in service.work()
