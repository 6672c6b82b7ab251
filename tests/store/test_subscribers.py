"""Records outside the hot path: what is read beside them, and lists of numbers."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.audit import Event, EventKind
from security_service.domain.ports import StoredSubscriber
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER
from tests.store.rig import FREE, NUMBER, StoreRig, messaged, subject

SET = [Event(EventKind.MODE_SET, {})]


def test_a_number_never_seen_is_empty(rig: StoreRig) -> None:
    assert rig.subscribers.get("demo", NUMBER) == StoredSubscriber(NEW_SUBSCRIBER, b"", rig.now_ms)


def test_the_latest_lock_of_any_source_is_shown(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    rig.guess(whom, 5)
    rig.advance(30)
    rig.generate(whom, rig.caller("stranger"))
    rig.guess(whom, 5, "stranger")
    seen = rig.subscribers.get("demo", NUMBER)
    assert (seen.locked_until_ms, seen.failures, seen.disabled) == (rig.now_ms + 60_000, 10, False)
    rig.advance(60)
    assert rig.subscribers.get("demo", NUMBER).locked_until_ms == 0


def test_pages_list_every_number_of_a_tenant_once(rig: StoreRig) -> None:
    numbers = [Msisdn(f"7903{number:07d}") for number in range(150)]
    for number in numbers:
        assert rig.subscribers.swap("demo", number, b"", messaged(), SET)
    assert rig.subscribers.swap("second", NUMBER, b"", messaged(), SET)
    listed: list[Msisdn] = []
    after, pages = "", 0
    while pages == 0 or after:
        page, after = rig.subscribers.page("demo", "", after, 20)
        listed += page
        pages += 1
    assert sorted(listed) == numbers
    assert pages > 3


def test_a_search_is_by_the_first_digits(rig: StoreRig) -> None:
    for digits in ("79031111111", "79032222222", "79160000000"):
        assert rig.subscribers.swap("demo", Msisdn(digits), b"", messaged(), SET)
    assert rig.subscribers.page("demo", "7903", "", 100) == (
        [Msisdn("79031111111"), Msisdn("79032222222")],
        "",
    )
    assert rig.subscribers.page("demo", "7904", "", 100) == ([], "")
    assert rig.subscribers.page("dem", "", "", 100) == ([], "")


def test_a_record_is_one_tenants(rig: StoreRig) -> None:
    assert rig.subscribers.swap("demo", NUMBER, b"", messaged(), SET)
    assert rig.subscribers.get("second", NUMBER).stored == b""
    assert rig.kinds(subject(tenant=replace(FREE, id="second"))) == ["mode_set"]


def test_an_unlock_of_a_number_without_locks_tells_nothing(rig: StoreRig) -> None:
    assert not rig.subscribers.unlock("demo", NUMBER, Event(EventKind.SUBSCRIBER_UNLOCKED, {}))
    assert rig.kinds(subject()) == []
