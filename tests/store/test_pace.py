from __future__ import annotations

from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from security_service.store.pace import StoredPace
from tests.fakes.clock import HandClock
from tests.store.rig import StoreRig


def test_a_second_holds_as_many_requests_as_the_provider_allows(rig: StoreRig) -> None:
    clock = HandClock()
    pace = StoredPace(rig.frame, clock, {"sms": 10.0})
    assert all(pace.take("sms", 0.0) for _ in range(10))
    assert clock.pauses == []
    assert not pace.take("sms", 0.05)
    assert pace.take("sms", 1.0)
    assert clock.pauses == [0.1]


def test_a_place_that_was_refused_was_not_taken(rig: StoreRig) -> None:
    pace = StoredPace(rig.frame, HandClock(), {"sms": 2.0})
    assert [pace.take("sms", 0.0) for _ in range(5)] == [True, True, False, False, False]
    rig.advance(0.5)
    assert [pace.take("sms", 0.0) for _ in range(2)] == [True, False]


def test_each_gateway_has_a_pace_of_its_own_and_may_have_none(rig: StoreRig) -> None:
    pace = StoredPace(rig.frame, HandClock(), {"slow": 1.0, "free": 0.0})
    assert pace.take("slow", 0.0)
    assert not pace.take("slow", 0.0)
    assert all(pace.take("free", 0.0) for _ in range(5))
    assert all(pace.take("unlisted", 0.0) for _ in range(5))


def test_without_the_store_the_providers_own_limit_stands_alone() -> None:
    away = StoreFrame(ThinScripts(parse_address("redis://127.0.0.1:1")), lambda: Layout(64), "i1")
    assert StoredPace(away, HandClock(), {"sms": 1.0}).take("sms", 0.0)
