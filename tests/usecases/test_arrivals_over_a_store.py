"""A gateway whose codes nobody enters is left and comes back, over a real store, time by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

import pytest

from security_service.domain.audit import AuditQuery
from security_service.domain.limits import Limits
from security_service.domain.messages import Accepted
from security_service.domain.tenants import Tenant
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.sealed_text import TextSealer
from security_service.store.arrivals import StoredArrivalBook, StoredArrivals
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCode, CheckCodeRequest
from security_service.usecases.check_step_up import CheckStepUp
from security_service.usecases.deliver import Deliver
from security_service.usecases.generate_code import GenerateCode, GenerateCodeRequest
from security_service.usecases.intake import Intake, Request
from security_service.usecases.judge_arrivals import JudgeArrivals
from security_service.usecases.pass_gate import PassGate
from tests.fakes.clock import HandClock
from tests.fakes.routing import FirstChance, FreePace, MemoryBreakers
from tests.fakes.sim import OLD_SIM, ScriptedSim
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.tally import NoTally
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, ScriptedGateway, ShippedPolicies
from tests.usecases.test_fallback_over_a_store import code_of

BANK: Final = Tenant(
    "bank", code_length=10, gateways=("first", "second"), limits=Limits(requests=(), checks=(), sends=())
)


@dataclass
class StoreClock(HandClock):
    """A clock by hand whose wall time is the store's."""

    rig: StoreRig

    def __post_init__(self) -> None:
        super().__init__()

    def unix_ms(self) -> int:
        return self.rig.now_ms


class Traffic:
    """Subscribers who ask for codes and enter those that arrive, and a judge every two seconds."""

    def __init__(self, rig: StoreRig) -> None:
        self.rig, self.clock, self.meter = rig, StoreClock(rig), CountingMeter()
        self.first = ScriptedGateway(self.clock, "first")
        self.second = ScriptedGateway(self.clock, "second")
        self.numbers = count(79_160_000_000)
        self.arrivals = StoredArrivals(rig.frame, self.clock)
        book = StoredArrivalBook(rig.frame, self.clock)
        self.judge = JudgeArrivals(book, self.clock, self.meter)
        gateways = {"first": self.first, "second": self.second}
        chance, policies, sim = FirstChance(), ShippedPolicies(), ScriptedSim(OLD_SIM)
        intake, tally = Intake(RING), NoTally()
        self.generate_code = GenerateCode(
            intake=intake,
            codes=rig.codes,
            wide_limits=rig.wide,
            gate=PassGate(sim, policies, tally, chance, self.clock, RING, RING),
            deliver=Deliver(
                gateways, MemoryBreakers(), FreePace(), self.arrivals, chance, self.clock, self.meter
            ),
            tally=tally,
            arrivals=self.arrivals,
            health=SetHealth(MemoryStore()),
            chance=chance,
            clock=self.clock,
            meter=self.meter,
            keys=RING,
            sealer=TextSealer(RING),
        )
        step_up = CheckStepUp(rig.checks, AuthenticatorApp(), None)
        self.check_code = CheckCode(
            intake, rig.checks, sim, policies, self.arrivals, self.clock, self.meter, RING, step_up
        )

    def codes(self, sends: int, *, arrive: bool) -> None:
        """So many new subscribers get a code; those that arrive are entered five seconds later."""
        asked = [str(next(self.numbers)) for _ in range(sends)]
        entered: list[tuple[str, str]] = []
        for number in asked:
            before = len(self.first.sent)
            answer = self.generate_code.run(GenerateCodeRequest(self._request(number)))
            assert answer == Answered(0, "sent")
            gateway = self.first if len(self.first.sent) > before else self.second
            if arrive or gateway is self.second:
                entered.append((number, code_of(gateway)))
        self.wait(5)
        for number, code in entered:
            assert self.check_code.run(CheckCodeRequest(self._request(number), code)) == Answered(0, "valid")
        self.arrivals.flush()

    def wait(self, seconds: float) -> None:
        self.arrivals.flush()
        for _ in range(int(seconds)):
            self.rig.advance(1)
            self.clock.move(1)
            if self.clock.now % 2 == 0:
                self.judge.run()

    def shares(self, sends: int) -> tuple[int, int]:
        """How many of so many codes each gateway gets."""
        before = len(self.first.sent), len(self.second.sent)
        self.codes(sends, arrive=True)
        return len(self.first.sent) - before[0], len(self.second.sent) - before[1]

    def _request(self, number: str) -> Request:
        return Request(BANK, self.rig.token(), number)


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


def test_traffic_leaves_a_gateway_whose_codes_stop_arriving_and_comes_back(rig: StoreRig) -> None:
    traffic = Traffic(rig)
    for _ in range(8):
        traffic.codes(10, arrive=True)
    traffic.wait(30)
    assert traffic.shares(5) == (5, 0)
    assert isinstance(traffic.first.outcome, Accepted)

    traffic.wait(30)
    traffic.codes(20, arrive=False)
    traffic.wait(25)
    assert traffic.shares(5) == (0, 5)

    traffic.wait(300)
    for _ in range(4):
        traffic.codes(10, arrive=True)
        traffic.wait(30)
    assert traffic.shares(5) == (5, 0)
    away, back = (rig.log.page(AuditQuery(kind=kind)).events for kind in ("gateway_away", "gateway_back"))
    assert (len(away), len(back)) == (1, 1)
    assert '"baseline_entered":' in away[0]
    assert '"gateway":"first"' in away[0]
