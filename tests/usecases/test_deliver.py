from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from security_service.domain.arrivals import PairState
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    OutcomeUnknown,
    Refused,
)
from security_service.domain.routing import Leg, Route
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver, Delivery
from tests.fakes.clock import HandClock
from tests.fakes.routing import FirstChance, FreePace, MemoryArrivals, MemoryBreakers
from tests.usecases.behind_the_scenes import CountingMeter, ScriptedGateway

TENANT = Tenant("demo")
MESSAGE = Message(Msisdn("79161234567"), MessageText("Код 123456"), "ETALON", 300, "c1")
OPERATOR = "25001"


@dataclass
class Scene:
    """Two SMS gateways and what routing knows of them."""

    clock: HandClock = field(default_factory=HandClock)
    breakers: MemoryBreakers = field(default_factory=MemoryBreakers)
    pace: FreePace = field(default_factory=FreePace)
    arrivals: MemoryArrivals = field(default_factory=MemoryArrivals)
    chance: FirstChance = field(default_factory=FirstChance)
    meter: CountingMeter = field(default_factory=CountingMeter)

    def __post_init__(self) -> None:
        self.first = ScriptedGateway(self.clock, "first")
        self.second = ScriptedGateway(self.clock, "second")

    def send(self, tenant: Tenant = TENANT, within_s: float = 10.0) -> Delivery:
        deliver = Deliver(
            {"first": self.first, "second": self.second},
            self.breakers,
            self.pace,
            self.arrivals,
            self.chance,
            self.clock,
            self.meter,
        )
        return deliver.send(tenant, MESSAGE, within_s, channels=tenant.channels, operator=OPERATOR)


def test_the_first_gateway_that_takes_the_message_ends_the_route() -> None:
    scene = Scene()
    assert scene.send() == Delivery(Accepted("first", ("m1",)), (("first", "accepted"),))
    assert scene.second.sent == []


def test_what_surely_did_not_leave_is_offered_to_the_next_gateway() -> None:
    scene = Scene()
    scene.first.outcome = Failed("first", "connect_failed")
    assert scene.send().outcome == Accepted("second", ("m1",))
    assert scene.breakers.recorded == [("first", True), ("second", False)]


@pytest.mark.parametrize(
    "outcome", [Refused("first", "argument_invalid"), OutcomeUnknown("first", "timeout")]
)
def test_a_refusal_and_an_unknown_outcome_end_the_route(outcome: Refused | OutcomeUnknown) -> None:
    scene = Scene()
    scene.first.outcome = outcome
    assert scene.send().outcome == outcome
    assert scene.second.sent == []


def test_a_tenant_may_have_messages_of_unknown_outcome_offered_again() -> None:
    scene = Scene()
    scene.first.outcome = OutcomeUnknown("first", "timeout")
    assert scene.send(replace(TENANT, resend_unknown=True)).outcome == Accepted("second", ("m1",))


@pytest.mark.parametrize("later", [Failed("second", "connect_failed"), Refused("second", "x")])
def test_what_may_have_left_by_one_gateway_is_not_undone_by_another_that_refuses(
    later: Failed | Refused,
) -> None:
    scene = Scene()
    scene.first.outcome = OutcomeUnknown("first", "timeout")
    scene.second.outcome = later
    assert scene.send(replace(TENANT, resend_unknown=True)).outcome == scene.first.outcome


def test_the_deadline_holds_over_all_gateways() -> None:
    scene = Scene()
    scene.first.takes_s = 10.0
    scene.first.outcome = Failed("first", "connect_timeout")
    assert scene.send().outcome == Failed("first", "connect_timeout")
    assert scene.second.sent == []


def test_an_open_breaker_keeps_a_gateway_from_being_asked() -> None:
    scene = Scene(breakers=MemoryBreakers("first"))
    assert scene.send().outcome == Accepted("second", ("m1",))
    assert scene.first.sent == []


def test_with_every_breaker_open_the_answer_comes_at_once() -> None:
    scene = Scene(breakers=MemoryBreakers("first", "second"))
    assert scene.send().outcome == Failed("second", "breaker_open")


def test_a_provider_whose_pace_is_used_up_is_passed_over() -> None:
    scene = Scene(pace=FreePace("first"))
    assert scene.send().outcome == Accepted("second", ("m1",))


def test_codes_that_stopped_arriving_send_the_traffic_of_that_operator_elsewhere() -> None:
    scene = Scene()
    scene.arrivals.states["first", OPERATOR] = PairState.AWAY
    assert scene.send().outcome == Accepted("second", ("m1",))


@pytest.mark.parametrize(("share", "taken_by"), [(0.05, "first"), (0.5, "second")])
def test_a_pair_that_is_tried_again_gets_a_tenth_of_its_traffic(share: float, taken_by: str) -> None:
    scene = Scene(chance=FirstChance(share))
    scene.arrivals.states["first", OPERATOR] = PairState.PROBED
    outcome = scene.send().outcome
    assert outcome.gateway == taken_by


def test_without_the_store_the_route_is_as_it_is_written() -> None:
    scene = Scene()
    scene.arrivals.is_down = True
    assert scene.send().outcome == Accepted("first", ("m1",))


def test_a_route_for_the_number_comes_before_the_plain_list() -> None:
    tenant = replace(TENANT, gateways=("first",), routes=(Route((Leg("second"),), prefixes=("7916",)),))
    assert Scene().send(tenant).outcome == Accepted("second", ("m1",))


def test_without_a_gateway_of_the_tenants_channels_nothing_is_sent() -> None:
    tenant = replace(TENANT, channels=(Channel.VOICE,))
    assert Scene().send(tenant) == Delivery(Failed("", "no_gateway_for_this_route"), ())
