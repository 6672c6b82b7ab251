"""What enrolment may rely on of the store: the real one and the one in memory that its tests run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from security_service.domain.authenticator_ports import Authenticators, Freezer
from security_service.domain.authenticators import (
    AuthenticatorState,
    Enrolment,
    KeptAuthenticator,
    NotKept,
    WrongConfirmation,
)
from security_service.domain.ports import Subscribers
from security_service.domain.subscriber import Subscriber
from tests.fakes.authenticators import MemoryAuthenticators
from tests.fakes.store import MemoryStore, MemorySubscribers
from tests.store.rig import NUMBER, StoreRig
from tests.store.tickets import CONFIRMED, FROZEN, OFFERED, REMOVED

NEW = KeptAuthenticator("a1", AuthenticatorState.OFFERED, 0, b"sealed")


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one store, and its time."""

    authenticators: Authenticators
    subscribers: Subscribers
    freezer: Freezer
    move: Callable[[float], None]

    def whom(self, request: str = "r1") -> Enrolment:
        return Enrolment("demo", NUMBER, self.subscribers.get("demo", NUMBER).stored, request)

    def state(self) -> AuthenticatorState | None:
        kept = self.authenticators.get("demo", NUMBER).authenticator
        return None if kept is None else kept.state


@pytest.fixture(params=["real", "in memory"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        store = MemoryStore()
        subscribers = MemorySubscribers(store)
        yield World(MemoryAuthenticators(store), subscribers, subscribers, store.clock.move)
        return
    rig = StoreRig(request.getfixturevalue("redis_url"))
    yield World(rig.authenticators, rig.subscribers, rig.subscribers, rig.advance)
    rig.close()


def test_an_offer_is_in_force_once_it_is_confirmed(world: World) -> None:
    assert world.state() is None
    ends = world.authenticators.offer(world.whom(), NEW, OFFERED)
    now = world.authenticators.get("demo", NUMBER).now_ms
    assert isinstance(ends, int)
    assert abs(ends - now - 600_000) < 1000
    assert world.state() is AuthenticatorState.OFFERED
    world.move(30)
    since = world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED)
    kept = world.authenticators.get("demo", NUMBER).authenticator
    assert isinstance(since, int)
    assert kept == replace(NEW, state=AuthenticatorState.ACTIVE, since_ms=since)
    world.move(86_400)
    assert world.state() is AuthenticatorState.ACTIVE


def test_an_offer_ends_after_ten_minutes(world: World) -> None:
    world.authenticators.offer(world.whom(), NEW, OFFERED)
    world.move(599)
    assert world.state() is AuthenticatorState.OFFERED
    world.move(1)
    assert world.state() is None
    assert world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED) is NotKept.NO_OFFER


def test_five_wrong_codes_end_an_offer(world: World) -> None:
    world.authenticators.offer(world.whom(), NEW, OFFERED)
    left = [world.authenticators.confirm(world.whom(f"r{i}"), "a1", None, CONFIRMED) for i in range(5)]
    assert left == [WrongConfirmation(count) for count in (4, 3, 2, 1, 0)]
    assert world.state() is None
    assert world.authenticators.confirm(world.whom("r9"), "a1", 7, CONFIRMED) is NotKept.NO_OFFER
    assert not world.authenticators.remove("demo", NUMBER, REMOVED)


def test_a_newer_offer_voids_the_one_before(world: World) -> None:
    world.authenticators.offer(world.whom(), NEW, OFFERED)
    world.authenticators.offer(world.whom(), replace(NEW, id="a2"), OFFERED)
    assert world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED) is NotKept.NO_OFFER
    assert isinstance(world.authenticators.confirm(world.whom("r2"), "a2", 7, CONFIRMED), int)


def test_one_in_force_is_not_replaced_until_it_is_removed(world: World) -> None:
    world.authenticators.offer(world.whom(), NEW, OFFERED)
    world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED)
    again = replace(NEW, id="a2")
    assert world.authenticators.offer(world.whom(), again, OFFERED) is NotKept.ACTIVE
    assert world.authenticators.remove("demo", NUMBER, REMOVED)
    assert not world.authenticators.remove("demo", NUMBER, REMOVED)
    assert isinstance(world.authenticators.offer(world.whom(), again, OFFERED), int)


def test_a_record_that_moved_since_it_was_judged_keeps_nothing(world: World) -> None:
    judged = world.whom()
    world.authenticators.offer(judged, NEW, OFFERED)
    assert world.subscribers.swap("demo", NUMBER, judged.stored, Subscriber(messaged=True), [])
    assert world.authenticators.offer(judged, replace(NEW, id="a2"), OFFERED) is NotKept.MOVED
    assert world.authenticators.confirm(judged, "a1", 7, CONFIRMED) is NotKept.MOVED
    assert isinstance(world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED), int)


def test_nothing_is_kept_for_one_that_is_frozen(world: World) -> None:
    world.authenticators.offer(world.whom(), NEW, OFFERED)
    assert world.freezer.freeze("demo", NUMBER, [FROZEN])
    assert not world.freezer.freeze("demo", NUMBER, [FROZEN])
    assert world.subscribers.get("demo", NUMBER).frozen
    assert world.authenticators.offer(world.whom(), replace(NEW, id="a2"), OFFERED) is NotKept.FROZEN
    assert world.authenticators.confirm(world.whom(), "a1", 7, CONFIRMED) is NotKept.FROZEN
