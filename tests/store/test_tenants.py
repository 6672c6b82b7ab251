"""Tenants and API keys: found by digest, overlapping in rotation, believed for a second."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from security_service.domain.audit import AuditQuery
from security_service.domain.errors import SettingsFault
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.tenant_ports import TenantWrite
from security_service.domain.tenants import Tenant
from security_service.store.tenants import StoredTenants
from tests.fakes.clock import HandClock
from tests.store.rig import FREE, StoreRig

OLD, NEW = Secret("the first key of the bank"), Secret("the second key of the bank")
RING = KeyRing({1: b"k" * 32})


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def tenants(rig: StoreRig, clock: HandClock) -> StoredTenants:
    stored = StoredTenants(rig.frame, RING, clock)
    stored.save(FREE, "anna")
    return stored


def elsewhere(rig: StoreRig, clock: HandClock, ring: KeyRing = RING) -> StoredTenants:
    """Another process on the same store."""
    return StoredTenants(rig.frame, ring, clock)


def test_a_tenant_comes_back_as_it_was_saved(rig: StoreRig, tenants: StoredTenants, clock: HandClock) -> None:
    saved = replace(FREE, name="Банк «Ромашка»", code_length=8, notices={"ru": "Отказ"})
    tenants.save(saved, "anna")
    assert tenants.get("demo") == saved
    assert elsewhere(rig, clock).get("demo") == saved
    assert tenants.get("nobody") is None


def test_tenants_are_listed_by_their_ids(tenants: StoredTenants) -> None:
    tenants.save(Tenant(id="alpha"), "anna")
    assert tenants.ids() == ["alpha", "demo"]


def test_a_document_that_cannot_be_read_is_a_fault(rig: StoreRig, tenants: StoredTenants) -> None:
    rig.redis.hset("{m}:tenants", "bad", '{"id":"bad","code_length":99}')
    with pytest.raises(SettingsFault):
        tenants.get("bad")


def test_a_tenant_is_found_by_its_key_and_by_no_other(tenants: StoredTenants) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    assert tenants.by_key(OLD) == FREE
    for wrong in ("", "the first key of the ban", "the first key of the bank ", "The first key of the bank"):
        assert tenants.by_key(Secret(wrong)) is None


def test_neither_key_nor_digest_of_another_use_stands_in_the_store(
    rig: StoreRig, tenants: StoredTenants
) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    held = str(rig.redis.hgetall("{m}:keys")) + str(rig.texts("m"))
    assert OLD.reveal() not in held
    assert "the first" not in held


def test_two_keys_overlap_until_the_old_one_ends(tenants: StoredTenants, clock: HandClock) -> None:
    old = tenants.issue_key("demo", OLD, "old", "anna")
    new = tenants.issue_key("demo", NEW, "new", "anna")
    assert tenants.by_key(OLD) == tenants.by_key(NEW) == FREE
    ends = clock.unix_ms() + 60_000
    assert tenants.end_key(old, ends, "anna")
    assert tenants.keys_of("demo") == [new, replace(old, until_ms=ends)]
    clock.move(59.999)
    assert tenants.by_key(OLD) == FREE
    clock.move(0.001)
    assert tenants.by_key(OLD) is None
    assert tenants.by_key(NEW) == FREE


def test_a_key_that_is_revoked_ends_at_once_here_and_within_a_second_elsewhere(
    rig: StoreRig, tenants: StoredTenants, clock: HandClock
) -> None:
    other = elsewhere(rig, clock)
    info = tenants.issue_key("demo", OLD, "old", "anna")
    assert tenants.by_key(OLD) == other.by_key(OLD) == FREE
    assert tenants.end_key(info, 0, "anna")
    assert not tenants.end_key(info, 0, "anna")
    assert tenants.by_key(OLD) is None
    clock.move(0.999)
    assert other.by_key(OLD) == FREE
    clock.move(0.001)
    assert other.by_key(OLD) is None


def test_a_saved_tenant_counts_at_once_here_and_within_a_second_elsewhere(
    rig: StoreRig, tenants: StoredTenants, clock: HandClock
) -> None:
    other = elsewhere(rig, clock)
    assert other.get("demo") == FREE
    changed = replace(FREE, sender="BANK")
    tenants.save(changed, "anna")
    assert tenants.get("demo") == changed
    assert other.get("demo") == FREE
    clock.move(1.0)
    assert other.get("demo") == changed


def test_a_key_that_was_not_there_is_asked_for_again_after_a_second(
    rig: StoreRig, tenants: StoredTenants, clock: HandClock
) -> None:
    other = elsewhere(rig, clock)
    assert other.by_key(OLD) is None
    tenants.issue_key("demo", OLD, "old", "anna")
    assert other.by_key(OLD) is None
    clock.move(1.0)
    assert other.by_key(OLD) == FREE


def test_what_is_believed_is_not_asked_for_again(tenants: StoredTenants, rig: StoreRig) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    tenants.by_key(OLD)
    before = rig.redis.info("stats")["total_commands_processed"]
    for _ in range(50):
        tenants.by_key(OLD)
    assert rig.redis.info("stats")["total_commands_processed"] - before <= 2


def test_very_many_wrong_keys_do_not_fill_the_memory(tenants: StoredTenants) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    for number in range(10_050):
        assert tenants.by_key(Secret(f"wrong {number}")) is None
    assert tenants.by_key(OLD) == FREE


def test_keys_are_found_through_a_rotation_of_the_ring_and_not_without_their_version(
    rig: StoreRig, tenants: StoredTenants, clock: HandClock
) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    both = elsewhere(rig, clock, KeyRing({1: b"k" * 32, 2: b"j" * 32}))
    assert both.by_key(OLD) == FREE
    both.issue_key("demo", NEW, "new", "anna")
    assert both.by_key(NEW) == FREE
    newest = elsewhere(rig, clock, KeyRing({2: b"j" * 32}))
    assert newest.by_key(OLD) is None
    assert newest.by_key(NEW) == FREE


def test_every_change_is_an_event_with_its_actor(rig: StoreRig, tenants: StoredTenants) -> None:
    tenants.end_key(tenants.issue_key("demo", OLD, "old", "bob"), 0, "eve")
    page = rig.log.page(AuditQuery(tenant="demo"))
    assert [(one["kind"], one["facts"]["actor"]) for one in map(json.loads, reversed(page.events))] == [
        ("tenant_saved", "anna"),
        ("key_issued", "bob"),
        ("key_revoked", "eve"),
    ]


def test_keys_of_one_name_are_told_apart_and_ended_apart(tenants: StoredTenants, clock: HandClock) -> None:
    first = tenants.issue_key("demo", OLD, "backend", "anna")
    clock.move(5.0)
    second = tenants.issue_key("demo", NEW, "backend", "anna")
    assert first.id != second.id
    assert tenants.keys_of("demo") == [first, second]
    assert second.issued_ms - first.issued_ms == 5000
    assert tenants.end_key(second, 0, "anna")
    assert tenants.keys_of("demo") == [first]
    assert (tenants.by_key(OLD), tenants.by_key(NEW)) == (FREE, None)


def test_a_key_of_old_without_a_time_has_an_id_and_can_be_ended(
    rig: StoreRig, tenants: StoredTenants, clock: HandClock
) -> None:
    tenants.issue_key("demo", OLD, "old", "anna")
    (digest,) = rig.redis.hkeys("{m}:keys")
    rig.redis.hset("{m}:keys", digest, '["demo", "old", 0]')
    (info,) = tenants.keys_of("demo")
    assert (info.issued_ms, len(info.id)) == (0, 12)
    assert tenants.end_key(info, clock.unix_ms() + 1000, "anna")
    assert rig.redis.hget("{m}:keys", digest).decode().count(",") == 2
    assert tenants.by_key(OLD) == FREE


def test_a_key_that_was_revoked_meanwhile_is_not_let_in_again_by_ending_it_later(
    tenants: StoredTenants, clock: HandClock
) -> None:
    info = tenants.issue_key("demo", OLD, "old", "anna")
    assert tenants.end_key(info, 0, "anna")
    assert not tenants.end_key(info, clock.unix_ms() + 60_000, "bob")
    assert tenants.by_key(OLD) is None


def test_what_another_person_saved_meanwhile_is_not_overwritten(
    rig: StoreRig, tenants: StoredTenants
) -> None:
    kept = tenants.read("demo")
    assert kept is not None
    theirs, mine = replace(FREE, sender="THEIRS"), replace(FREE, sender="MINE")
    assert tenants.swap(TenantWrite(theirs, kept.stored, "bob", "new brand"))
    before = rig.texts("m")
    assert not tenants.swap(TenantWrite(mine, kept.stored, "anna"))
    assert not tenants.swap(TenantWrite(mine, "", "anna"))
    assert (tenants.get("demo"), rig.texts("m")) == (theirs, before)
    now = tenants.read("demo")
    assert now is not None
    assert now.version != kept.version
    assert tenants.swap(TenantWrite(mine, now.stored, "anna"))
    newest = json.loads(rig.log.page(AuditQuery(tenant="demo", kind="tenant_saved", count=2)).events[1])
    assert (newest["facts"]["actor"], newest["facts"]["reason"]) == ("bob", "new brand")


def test_a_new_tenant_is_made_by_one_of_two_who_try(tenants: StoredTenants) -> None:
    assert tenants.read("shop") is None
    assert tenants.swap(TenantWrite(Tenant(id="shop", sender="ONE"), "", "anna"))
    assert not tenants.swap(TenantWrite(Tenant(id="shop", sender="TWO"), "", "bob"))
    found = tenants.get("shop")
    assert found is not None
    assert found.sender == "ONE"
