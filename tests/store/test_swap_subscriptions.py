"""Subscriptions to SIM swaps in the store: each script once and again, bounds, and that nothing stays."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.secret import Msisdn
from security_service.domain.swap_subscriptions import (
    EndReason,
    SwapSubscription,
    ends_letter,
    swap_letter,
    tried_again,
)
from security_service.store.swap_subscriptions import StoredSwapSubscriptions
from tests.store.rig import NUMBER, OTHER, START_MS, StoreRig

ONE = SwapSubscription(
    "a1",
    "demo",
    "app",
    NUMBER,
    "https://bank.example/in",
    START_MS,
    START_MS + 3_600_000,
    sealed_token=b"\xff",
)


def _told(store: StoredSwapSubscriptions, leaf: int, sim: str = "", now: int = START_MS) -> list[str]:
    last = ends_letter(ONE, EndReason.MAX_EVENTS, now)
    store.tell(swap_letter(ONE, leaf, now, now), leaf, sim or f"sim{leaf}", last)
    return [one.id for one in store.claim("demo", now + 1)]


def test_a_subscription_is_found_by_its_number_until_it_ends(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(ONE)
    assert list(store.of_number("demo", NUMBER)) == [ONE] == list(store.all_of("demo"))
    assert list(store.of_number("demo", OTHER)) == [] == list(store.of_number("other", NUMBER))
    assert store.find("other", "a1") is None
    letter = ends_letter(ONE, EndReason.DELETED, START_MS)
    assert [store.end(letter), store.end(letter)] == [True, False]
    assert list(store.of_number("demo", NUMBER)) == [] == list(store.all_of("demo"))
    assert list(store.claim("demo", START_MS)) == [letter]


def test_a_leaf_and_a_sim_are_told_once_each(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(ONE)
    assert _told(store, 7, "x") == ["a1.7"]
    assert _told(store, 7, "y") == _told(store, 3, "y") == _told(store, 8, "x") == []
    assert _told(store, 9, "y") == ["a1.9"]


def test_the_last_event_brings_the_end_with_it(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(replace(ONE, most_events=2))
    assert _told(store, 1) == ["a1.1"]
    assert _told(store, 2) == ["a1.2", "a1.ends"]
    assert _told(store, 3) == []
    assert store.find("demo", "a1") is None


def test_nothing_is_told_behind_the_end(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(ONE)
    assert list(store.run_out("demo", ONE.ends_ms - 1)) == []
    assert list(store.run_out("demo", ONE.ends_ms)) == [ONE]
    assert _told(store, 1, now=ONE.ends_ms) == []


def test_a_letter_waits_for_its_next_attempt_unless_it_was_forgotten(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(ONE)
    assert _told(store, 1) == ["a1.1"]
    again = tried_again(swap_letter(ONE, 1, START_MS, START_MS), START_MS)
    assert again is not None
    store.put_off(*again)
    assert list(store.claim("demo", again[1] - 1)) == []
    assert list(store.claim("demo", again[1])) == [again[0]]
    store.done(again[0])
    store.put_off(*again)
    assert list(store.claim("demo", START_MS + 10**9)) == []


def test_a_tenant_has_so_many_and_no_more(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame, most=1)
    assert store.put(ONE)
    assert not store.put(replace(ONE, id="a2", number=Msisdn("79990000000")))
    assert store.put(replace(ONE, id="a2", tenant="other"))


def test_every_key_goes_away_by_itself(rig: StoreRig) -> None:
    store = StoredSwapSubscriptions(rig.frame)
    assert store.put(ONE)
    assert store.put(replace(ONE, id="a2", ends_ms=START_MS + 1))
    assert _told(store, 1) == ["a1.1"]
    lives = {key: rig.redis.pttl(key) for key in rig.redis.scan_iter("{sub:*")}
    assert len(lives) == 6
    assert min(lives.values()) > 3_600_000
