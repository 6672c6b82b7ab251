"""Both operations, enrolment, re-verify and freeze over a real store, with a SIM that the test swaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pyotp

from security_service.domain.codes import Subject
from security_service.domain.link_ports import Sealer
from security_service.domain.operation import Operation
from security_service.domain.secret import Code, KeyRing, Msisdn
from security_service.domain.tenants import Tenant
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.usecases.actions import Action
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCode, CheckCodeRequest
from security_service.usecases.check_step_up import CheckStepUp
from security_service.usecases.deliver import Deliver
from security_service.usecases.enrol_authenticator import (
    AuthenticatorConfirmed,
    AuthenticatorOffered,
    EnrolAuthenticator,
)
from security_service.usecases.freeze import Freeze
from security_service.usecases.generate_code import GenerateCode, GenerateCodeRequest
from security_service.usecases.intake import Intake, Request
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.reverify import Reverified, Reverify, ReverifyRequest
from tests.fakes.clock import HandClock
from tests.fakes.routing import FreePace, MemoryArrivals, MemoryBreakers
from tests.fakes.sim import OLD_SIM, ScriptedSim
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.tally import NoTally
from tests.store.rig import RING, UNLIMITED, StoreRig
from tests.usecases.behind_the_scenes import (
    CountingMeter,
    MemoryTenants,
    ScriptedGateway,
    ShippedPolicies,
)

NUMBER: Final = Msisdn("79161112211")
BANK: Final = Tenant("bank", name="Банк", policy="strict", limits=UNLIMITED)
VAULT: Final = KeyRing({1: b"v" * 32})
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Phone:
    """An authenticator app with one secret in it."""

    secret: str

    def shows(self, at_s: int) -> str:
        return pyotp.TOTP(self.secret).at(at_s)


class Bank:
    """What a bank does with a customer; time and SIM are the test's."""

    def __init__(self, rig: StoreRig, *, vault: KeyRing | None = VAULT, tenant: Tenant = BANK) -> None:
        self.rig, self.tenant, self.meter = rig, tenant, CountingMeter()
        self.sim = ScriptedSim(OLD_SIM)
        self.sms = ScriptedGateway(HandClock(), "sms")
        self.sealer: Sealer | None = TextSealer(vault, "test") if vault else None
        chance, clock, app, policies = SystemChance(), HandClock(), AuthenticatorApp(), ShippedPolicies()
        arrivals, tally, intake = MemoryArrivals(), NoTally(), Intake(RING)
        deliver = Deliver(
            {"sms": self.sms}, MemoryBreakers(), FreePace(), arrivals, chance, clock, self.meter
        )
        self.generate_code = GenerateCode(
            intake=intake,
            codes=rig.codes,
            wide_limits=rig.wide,
            gate=PassGate(self.sim, policies, tally, chance, clock, RING, RING),
            deliver=deliver,
            tally=tally,
            arrivals=arrivals,
            health=SetHealth(MemoryStore()),
            chance=chance,
            clock=clock,
            meter=self.meter,
            keys=RING,
            sealer=TextSealer(RING),
            steps_up=vault is not None,
        )
        step_up = CheckStepUp(rig.checks, app, self.sealer)
        self.check_code = CheckCode(
            intake, rig.checks, self.sim, policies, arrivals, clock, self.meter, RING, step_up
        )
        self.enrolment = EnrolAuthenticator(
            rig.subscribers, rig.authenticators, self.sim, app, self.sealer, chance
        )
        self.reverify = Reverify(rig.subscribers, self.sim, MemoryTenants(tenant), rig.jobs, chance)
        self.freeze = Freeze(rig.subscribers, rig.subscribers)

    @property
    def now(self) -> int:
        return self.rig.now_ms // 1000

    @property
    def whom(self) -> Subject:
        return Subject(self.tenant, NUMBER, Operation())

    def action(self) -> Action:
        return Action(self.tenant, NUMBER, "backend", "at the branch", self.rig.token())

    def swap_sim(self, imsi: str) -> None:
        self.sim.script = [imsi]

    def request(self, amount: str | None = "1500.00", purpose: str | None = "pay") -> Request:
        currency, payee = ("RUB", "ООО Ромашка") if amount else (None, None)
        return Request(self.tenant, self.rig.token(), NUMBER.digits, purpose, amount, currency, payee)

    def pay(self, amount: str | None = "1500.00", purpose: str | None = "pay") -> Answered:
        """GenerateCode."""
        answered = self.generate_code.run(GenerateCodeRequest(self.request(amount, purpose)))
        assert isinstance(answered, Answered)
        return answered

    def enter(
        self,
        code: str,
        amount: str = "1500.00",
        *,
        purpose: str | None = "pay",
        key: str = "",
        number: bool = False,
    ) -> Answered:
        """CheckCode."""
        request = replace(self.request(amount, purpose), idempotency_key=key)
        answered = self.check_code.run(CheckCodeRequest(request, code, code_was_number=number))
        assert isinstance(answered, Answered)
        return answered

    def offer(self) -> Phone:
        """Offer an authenticator and take the secret in as an app does."""
        offered = self.enrolment.offer(self.action())
        assert isinstance(offered, AuthenticatorOffered), offered
        return Phone(parse_qs(urlsplit(offered.uri.reveal()).query)["secret"][0])

    def enrol(self) -> Phone:
        phone = self.offer()
        confirmed = self.enrolment.confirm(self.action(), Code(phone.shows(self.now)))
        assert isinstance(confirmed, AuthenticatorConfirmed), confirmed
        return phone

    def trust(self) -> None:
        """A person re-verifies the SIM that is in the network now."""
        outcome = self.reverify.ask(self.action(), ReverifyRequest())
        assert isinstance(outcome, Reverified), outcome

    def decided(self) -> dict[str, object]:
        """The facts of the newest verdict."""
        found = [event for event in self.rig.events(self.whom) if event["kind"] == "gate_decided"]
        facts: dict[str, object] = found[-1]["facts"]
        return facts
