from __future__ import annotations

from collections import Counter
from itertools import cycle
from random import Random

import pytest

from security_service.domain.messages import Channel
from security_service.domain.routing import Candidate, Leg, Route, legs_for, order
from security_service.domain.secret import Msisdn

NUMBER = Msisdn("79161234567")
KNOWN = {
    "a": Candidate("a", Channel.SMS),
    "b": Candidate("b", Channel.SMS),
    "away": Candidate("away", Channel.SMS, is_away=True),
    "broken": Candidate("broken", Channel.SMS, is_broken=True),
    "call": Candidate("call", Channel.VOICE),
    "mail": Candidate("mail", Channel.EMAIL),
}
SMS_THEN_CALL = (Channel.SMS, Channel.VOICE)


def ordered(*legs: Leg, draw: float = 0.0) -> list[str]:
    return order(legs, KNOWN.get, SMS_THEN_CALL, lambda: draw)


def test_channels_come_in_the_tenants_order_and_others_are_left_out() -> None:
    assert ordered(Leg("call"), Leg("mail"), Leg("a")) == ["a", "call"]


def test_within_a_channel_each_leg_comes_first_as_often_as_its_weight_says() -> None:
    random = Random(7)  # noqa: S311 - draws for a test, the same at every run
    first = Counter(
        order((Leg("a", 3), Leg("b", 1)), KNOWN.get, SMS_THEN_CALL, random.random)[0] for _ in range(4000)
    )
    assert 2850 < first["a"] < 3150


def test_a_leg_of_weight_0_is_only_a_last_resort() -> None:
    for draw in (0.0, 0.5, 0.999):
        assert ordered(Leg("a", 0), Leg("b"), Leg("call"), draw=draw) == ["b", "a", "call"]


@pytest.mark.parametrize("ill", ["away", "broken"])
def test_an_ill_gateway_goes_behind_the_others_of_its_channel_and_stays_in_the_route(ill: str) -> None:
    assert ordered(Leg(ill, 100), Leg("a"), Leg("call")) == ["a", ill, "call"]


def test_a_gateway_that_nobody_configured_is_passed_over() -> None:
    assert ordered(Leg("gone"), Leg("a")) == ["a"]


def test_every_leg_is_offered_once() -> None:
    draws = cycle((0.1, 0.9, 0.5))
    legs = (Leg("a", 2), Leg("b", 5), Leg("away"), Leg("call"))
    assert sorted(order(legs, KNOWN.get, SMS_THEN_CALL, lambda: next(draws))) == ["a", "away", "b", "call"]


def test_the_first_route_that_fits_decides() -> None:
    mobile = Route((Leg("a"),), prefixes=("7916",))
    operator = Route((Leg("b"),), operators=("25001",))
    russian = Route((Leg("call"),), countries=("RU",))
    fallback = (Leg("mail"),)

    def chosen(number: str, country: str, mcc_mnc: str) -> str:
        legs = legs_for((mobile, operator, russian), fallback, Msisdn(number), country, mcc_mnc)
        return legs[0].gateway

    assert chosen("79161234567", "RU", "25001") == "a"
    assert chosen("79261234567", "RU", "25001") == "b"
    assert chosen("79261234567", "RU", "") == "call"
    assert chosen("375291234567", "BY", "25701") == "mail"


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Leg("a", -1)
