"""Bans in the store: known within a second, under every key at hand, lifted for good."""

from __future__ import annotations

import json

import pytest

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.bans import Ban
from security_service.domain.secret import KeyRing
from security_service.store.bans import StoredBans
from tests.fakes.clock import HandClock
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed
from tests.store.rig import NUMBER, StoreRig

BY_HAND = {"actor": "anna", "reason": "fraud", "request_id": "r1"}
BANNED = Event(EventKind.IMSI_BANNED, BY_HAND)
LIFTED = Event(EventKind.IMSI_UNBANNED, {**BY_HAND, "reason": "a mistake"})


class Bans:
    """One process's memory of the bans."""

    def __init__(self, rig: StoreRig) -> None:
        self.clock = HandClock()
        self.stored = StoredBans(rig.frame, self.clock)

    def hold(self, imsi: str = NEW_SIM, tenant: str = "demo") -> bool:
        return self.stored.is_banned(tenant, sealed(imsi))


@pytest.fixture
def bans(rig: StoreRig) -> Bans:
    return Bans(rig)


def ban(imsi: str = NEW_SIM, case: str = "s001-7", tenant: str = "demo") -> Ban:
    return Ban(tenant, sealed(imsi).newest().token(), NUMBER, case, "anna")


def test_a_ban_holds_for_its_tenant_and_its_imsi_only(bans: Bans) -> None:
    assert not bans.hold()
    assert bans.stored.put(ban(), BANNED)
    assert (bans.hold(), bans.hold(OLD_SIM), bans.hold(tenant="odd")) == (True, False, False)


def test_another_process_knows_of_it_within_a_second(rig: StoreRig, bans: Bans) -> None:
    other = Bans(rig)
    assert not other.hold()
    bans.stored.put(ban(), BANNED)
    assert not other.hold()
    other.clock.move(1.0)
    assert other.hold()
    bans.stored.lift(ban(), LIFTED)
    other.clock.move(1.0)
    assert not other.hold()


def test_what_did_not_change_is_not_read_again(rig: StoreRig, bans: Bans) -> None:
    bans.stored.put(ban(), BANNED)
    assert bans.hold()
    rig.redis.hset("{m}:bans", f"demo:{sealed(OLD_SIM).newest().token()}", "b s001-8 1 []")
    rig.redis.hdel("{m}:bans", f"demo:{sealed(NEW_SIM).newest().token()}")
    bans.clock.move(1.0)
    assert bans.hold()


def test_bans_that_a_rebuild_puts_back_are_seen_though_it_counts_no_change(rig: StoreRig, bans: Bans) -> None:
    assert not bans.hold()
    rig.redis.hset("{m}:bans", f"demo:{sealed(NEW_SIM).newest().token()}", 'b s001-7 1 ["7","a"]')
    bans.clock.move(1.0)
    assert bans.hold()


def test_a_ban_under_an_older_key_holds_while_that_key_is_at_hand(bans: Bans) -> None:
    old, both = KeyRing({1: b"k" * 32}), KeyRing({1: b"k" * 32, 2: b"n" * 32})
    bans.stored.put(Ban("demo", sealed(NEW_SIM, old).newest().token(), NUMBER, "s001-7", "a"), BANNED)
    assert bans.stored.is_banned("demo", sealed(NEW_SIM, both))
    assert not bans.stored.is_banned("demo", sealed(NEW_SIM, KeyRing({2: b"n" * 32})))


def test_a_ban_is_put_once_and_lifted_once_each_with_its_event(rig: StoreRig, bans: Bans) -> None:
    assert not bans.stored.lift(ban(), LIFTED)
    assert [bans.stored.put(ban(), BANNED) for _ in range(2)] == [True, False]
    assert [bans.stored.lift(ban(), LIFTED) for _ in range(2)] == [True, False]
    events = [json.loads(text) for text in rig.log.page(AuditQuery(tenant="demo")).events][::-1]
    assert [event["kind"] for event in events] == ["imsi_banned", "imsi_unbanned"]
    assert {(event["facts"]["imsi"], event["facts"]["case"]) for event in events} == {(ban().imsi, "s001-7")}
    assert {event["subject"]["number"] for event in events} == {NUMBER.digits}


def test_the_job_of_a_case_whose_ban_was_lifted_does_not_put_it_back(bans: Bans) -> None:
    bans.stored.put(ban(), BANNED)
    bans.stored.lift(ban(), LIFTED)
    assert not bans.stored.put(ban(), BANNED)
    assert not bans.hold()
    assert bans.stored.put(ban(case="s001-9"), BANNED)
    assert bans.hold()


def test_bans_are_listed_newest_first_and_lifted_ones_are_not(rig: StoreRig, bans: Bans) -> None:
    for imsi, case in ((NEW_SIM, "s001-7"), (OLD_SIM, "s001-8")):
        bans.stored.put(ban(imsi, case), BANNED)
        rig.advance(1)
    bans.stored.put(ban(tenant="odd"), BANNED)
    listed = bans.stored.every("demo")
    assert [one.case for one in listed] == ["s001-8", "s001-7"]
    assert (listed[0].number, listed[0].by, listed[0].at_ms) == (NUMBER, "anna", rig.now_ms - 1000)
    bans.stored.lift(listed[0], LIFTED)
    assert [one.case for one in bans.stored.every("demo")] == ["s001-7"]


def test_the_store_holds_digests_and_no_imsi(rig: StoreRig, bans: Bans) -> None:
    bans.stored.put(ban(), BANNED)
    kept = b"".join(rig.redis.hkeys("{m}:bans") + rig.redis.hvals("{m}:bans"))
    assert NEW_SIM.encode() not in kept
