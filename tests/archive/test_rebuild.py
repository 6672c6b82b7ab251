"""A lost store rebuilt from the archive: all that counts comes back, and nothing decides before it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from security_service.archive.engine import ArchiveDatabase
from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import Admitted, StoreRefuses
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import Locked
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.subscriber import Mode, Override, Subscriber
from security_service.domain.trust import TrustWord
from security_service.store.embedded import EmbeddedValkey
from security_service.store.installation import InstalledLayout, initialise
from security_service.store.keys import MANAGEMENT, all_shards
from security_service.usecases.compare_states import Differs
from security_service.usecases.rebuild_store import RebuildRefused, Rebuilt, WhyNot
from tests.archive.rebuild_rig import TENANT, CutOffScripts, PowerCut, RebuildRig
from tests.archive.rig import database_of, sequence_of
from tests.store.rig import NUMBER, OTHER, subject
from tests.store.subscribers import subscribers

NUMBERS: Final = [Msisdn(f"7903123456{digit}") for digit in range(6)]
REFUSES: Final = StoreRefuses("other_store")
DENY: Final = Subscriber(override=Override(Mode.ALWAYS_DENY, "анна", "мошенник", 1, 2**31))

Act = Callable[[RebuildRig], None]

numbers = st.sampled_from(NUMBERS)
sources = st.sampled_from(["", "a" * 16, "b" * 16])
acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda number, to: lambda rig: rig.write(number, to), numbers, subscribers),
    st.builds(
        lambda number, times, of: lambda rig: rig.guess(number, times, of),
        numbers,
        st.integers(1, 7),
        sources,
    ),
    st.builds(
        lambda number, of, pin: lambda rig: rig.succeed(number, of, pinned=pin),
        numbers,
        sources,
        st.booleans(),
    ),
    st.builds(
        lambda number: lambda rig: unlock(rig, number),
        numbers,
    ),
    st.builds(
        lambda number: lambda rig: freeze(rig, number),
        numbers,
    ),
    st.builds(
        lambda at, word: lambda rig: rig.entry(at, word), st.integers(1, 2**31), st.sampled_from(TrustWord)
    ),
    st.builds(
        lambda imsi, lift: lambda rig: rig.ban(f"1:imsi:{imsi:032x}", lift=lift),
        st.integers(0, 2),
        st.booleans(),
    ),
    st.builds(
        lambda name, until: lambda rig: rig.key(f"key-{name}", until),
        st.integers(0, 3),
        st.sampled_from([None, 0, 2_000_000_000_000]),
    ),
    st.just(lambda rig: rig.move() and None),
)


def unlock(rig: RebuildRig, number: Msisdn) -> None:
    rig.store.subscribers.unlock("demo", number, Event(EventKind.SUBSCRIBER_UNLOCKED, {"actor": "анна"}))


def freeze(rig: RebuildRig, number: Msisdn) -> None:
    rig.store.subscribers.freeze("demo", number, [Event(EventKind.SUBSCRIBER_FROZEN, {"actor": "анна"})])


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[ArchiveDatabase]:
    database = database_of("", tmp_path)
    yield database
    database.close()


@pytest.fixture
def rig(redis_url: str, sqlite: ArchiveDatabase) -> Iterator[RebuildRig]:
    found = RebuildRig(redis_url, sqlite)
    yield found
    found.close()


def lived_through(rig: RebuildRig) -> None:
    """A little of everything."""
    rig.tenants.save(TENANT, "анна")
    rig.write(NUMBER, DENY)
    rig.guess(OTHER, 5)
    rig.key("first", None)
    rig.entry(5, TrustWord.NEVER)
    rig.ban("1:imsi:" + "0" * 32, lift=False)
    rig.move()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, min_size=1, max_size=25))
def test_whatever_happened_the_rebuilt_store_is_the_lost_one(
    valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory, happened: list[Act]
) -> None:
    database = database_of("", tmp_path_factory.mktemp("archive"))
    cleaner = RebuildRig(valkey.url, database)
    cleaner.lose()
    cleaner.close()
    rig = RebuildRig(valkey.url, database)
    rig.tenants.save(TENANT, "анна")
    for act in happened:
        act(rig)
    rig.move()
    before = rig.state()
    rig.lose()
    assert isinstance(rig.rebuild(), Rebuilt)
    assert rig.state() == before
    assert rig.differences() == []
    rig.close()
    database.close()


@pytest.mark.parametrize("archive_url", ["sqlite", "postgresql"], indirect=True)
def test_both_databases_bring_the_same_back(redis_url: str, database: ArchiveDatabase) -> None:
    rig = RebuildRig(redis_url, database)
    lived_through(rig)
    before = rig.state()
    rig.lose()
    rebuilt = rig.rebuild()
    assert isinstance(rebuilt, Rebuilt)
    assert (rebuilt.records, rebuilt.guesses, rebuilt.managed) == (1, 1, 4)
    assert rig.state() == before
    rig.close()


def test_every_shard_numbers_on_behind_what_is_archived(rig: RebuildRig, sqlite: ArchiveDatabase) -> None:
    lived_through(rig)
    shard = rig.store.keys_of(OTHER).shard
    newest = {one: sequence_of(sqlite, one)[-1] for one in (shard, "s000", MANAGEMENT)}
    rig.lose()
    rig.rebuild()
    assert {one: rig.sequence(one) for one in newest} == {one: [seq + 1] for one, seq in newest.items()}
    rig.guess(OTHER, 1)
    assert rig.move() > 65
    told = sequence_of(sqlite, shard)
    assert told == list(range(1, len(told) + 1))


def test_the_tail_that_was_not_archived_is_lost_and_its_numbers_are_taken_again(
    rig: RebuildRig, sqlite: ArchiveDatabase
) -> None:
    lived_through(rig)
    rig.write(NUMBER, Subscriber(messaged=True))
    rig.lose()
    rig.rebuild()
    assert rig.store.subscribers.get("demo", NUMBER).subscriber == DENY
    rig.write(NUMBER, Subscriber())
    rig.move()
    told = sequence_of(sqlite, rig.store.keys_of(NUMBER).shard)
    assert told == list(range(1, len(told) + 1))


def test_the_rebuild_is_told_in_every_shard_with_the_log_that_it_came_from(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    rebuilt = rig.rebuild()
    assert isinstance(rebuilt, Rebuilt)
    (told,) = rig.store.texts(MANAGEMENT)
    assert f'"archive_root":"{rebuilt.root}","archive_size":{rebuilt.archived}'.encode() in told
    assert all(b"store_rebuilt" in rig.store.texts(shard)[0] for shard in all_shards())


# --- attacks


def test_until_the_last_step_nothing_decides_on_the_store(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    seen: set[bool] = set()
    for calls in range(66, 200, 7):
        with pytest.raises(PowerCut):
            rig.rebuild(CutOffScripts(rig.store.scripts, calls))
        admission = rig.store.admit(subject(tenant=TENANT), rig.store.caller())
        is_deny_known = rig.store.subscribers.get("demo", NUMBER).subscriber == DENY
        assert admission == REFUSES or is_deny_known
        with pytest.raises(StoreUnavailable, match="other_store"):
            rig.tenants.save(TENANT, "анна")
        with pytest.raises(StoreUnavailable, match="other_store"):
            InstalledLayout(rig.store.scripts)()
        seen.add(is_deny_known)
        rig.lose()
    assert seen == {False, True}


def test_a_revoked_key_stays_revoked_and_one_that_ends_later_still_ends(rig: RebuildRig) -> None:
    rig.tenants.save(TENANT, "анна")
    ends = rig.clock.unix_ms() + 60_000
    for name, until in (("good", None), ("revoked", 0), ("ending", ends)):
        rig.key(name, until)
    rig.move()
    rig.lose()
    rig.rebuild()
    rig.clock.move(2.0)
    given = {
        name: rig.tenants.by_key(Secret(f"the key {name} of a bank"))
        for name in ("good", "revoked", "ending")
    }
    assert {name: tenant is not None for name, tenant in given.items()} == {
        "good": True,
        "revoked": False,
        "ending": True,
    }
    assert {one.name: one.until_ms for one in rig.tenants.keys_of("demo")} == {"good": 0, "ending": ends}


def test_an_override_that_had_ended_is_not_in_force_again(rig: RebuildRig) -> None:
    now = rig.store.now_ms // 1000
    allowed = Override(Mode.ALWAYS_ALLOW, "анна", "отпуск", now - 90, now - 30)
    rig.write(NUMBER, Subscriber(override=allowed))
    rig.move()
    rig.lose()
    rig.rebuild()
    held = rig.store.subscribers.get("demo", NUMBER)
    assert held.subscriber.mode_at(held.now_ms // 1000) is Mode.CHECK


def test_a_lock_survives_and_the_next_one_is_as_long_as_it_would_have_been(rig: RebuildRig) -> None:
    whom = subject(tenant=TENANT)
    for _ in range(5):
        rig.store.check(whom, "1")
    rig.store.begin(whom)
    rig.store.guess(whom, 5)
    rig.move()
    rig.lose()
    rig.rebuild()
    assert rig.store.admit(whom, rig.store.caller()) == Locked("locked", 60)
    rig.store.advance(60)
    rig.store.begin(whom)
    rig.store.guess(whom, 5)
    assert rig.store.admit(whom, rig.store.caller()) == Locked("locked", 300)


def test_a_disabled_and_a_frozen_subscriber_wait_for_a_person_still(rig: RebuildRig) -> None:
    rig.guess(NUMBER, 5)
    rig.guess(NUMBER, 5)
    rig.store.advance(3600)
    rig.guess(NUMBER, 5)
    freeze(rig, OTHER)
    rig.move()
    rig.lose()
    rig.rebuild()
    disabled = rig.store.admit(subject(tenant=TENANT), rig.store.caller())
    frozen = rig.store.admit(subject(OTHER, tenant=TENANT), rig.store.caller())
    assert (disabled, frozen) == (Locked("disabled", None), Locked("frozen", None))
    assert rig.store.redis.pttl(rig.store.keys_of(OTHER).of_number("guesses")) == -1


def test_guesses_that_the_store_would_have_forgotten_do_not_come_back(rig: RebuildRig) -> None:
    rig.guess(NUMBER, 3)
    rig.move()
    rig.lose()
    rig.store.now_ms += 400 * 86_400_000
    rig.rebuild()
    assert rig.store.subscribers.get("demo", NUMBER).failures == 0


# --- interruptions and refusals


@pytest.mark.parametrize("calls", [0, 1, 30, 64, 65, 66, 67, 130, 131, 132, 133, 134, 150, 197, 198, 199])
def test_a_rebuild_that_was_broken_off_is_done_again_to_the_same_end(rig: RebuildRig, calls: int) -> None:
    lived_through(rig)
    before = rig.state()
    rig.lose()
    with pytest.raises(PowerCut):
        rig.rebuild(CutOffScripts(rig.store.scripts, calls))
    assert isinstance(rig.rebuild(), Rebuilt)
    assert rig.state() == before
    assert rig.store.redis.keys("*:rebuilding") == []
    assert isinstance(rig.store.admit(subject(tenant=TENANT), rig.store.caller()), Admitted)
    assert rig.move() >= 65


def test_a_shard_that_was_let_go_of_is_not_written_over_by_the_next_attempt(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    scripts = CutOffScripts(rig.store.scripts, 10**6)
    rig.rebuild(scripts)
    rig.lose()
    with pytest.raises(PowerCut):
        rig.rebuild(CutOffScripts(rig.store.scripts, 10**6 - scripts.left - 1))
    rig.write(NUMBER, Subscriber(messaged=True))
    assert isinstance(rig.rebuild(), Rebuilt)
    assert rig.store.subscribers.get("demo", NUMBER).subscriber == Subscriber(messaged=True)


def test_a_store_in_use_is_not_rebuilt(rig: RebuildRig) -> None:
    lived_through(rig)
    before = rig.state()
    assert rig.rebuild() == RebuildRefused(WhyNot.IN_USE, MANAGEMENT)
    assert rig.state() == before


def test_a_store_that_holds_something_is_not_rebuilt(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    keys = rig.store.keys_of(NUMBER)
    rig.store.redis.hset(keys.bucket, keys.field, b"something")
    assert rig.rebuild() == RebuildRefused(WhyNot.NOT_EMPTY, keys.shard)
    assert rig.store.redis.dbsize() == 1


def test_another_installations_store_is_not_rebuilt(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    initialise(rig.store.scripts, "another", 1000)
    assert rig.rebuild() == RebuildRefused(WhyNot.ANOTHERS_STORE, MANAGEMENT)


def test_another_installations_archive_rebuilds_nothing(rig: RebuildRig) -> None:
    lived_through(rig)
    rig.lose()
    assert rig.rebuild(installation="another") == RebuildRefused(WhyNot.ANOTHERS_ARCHIVE)
    assert rig.store.redis.dbsize() == 0


def test_an_empty_archive_rebuilds_nothing(rig: RebuildRig) -> None:
    rig.lose()
    assert rig.rebuild() == RebuildRefused(WhyNot.NOTHING_ARCHIVED)
    assert rig.store.redis.dbsize() == 0


# --- what differs


def test_what_was_changed_behind_the_logs_back_is_found(rig: RebuildRig) -> None:
    lived_through(rig)
    assert rig.differences() == []
    keys, others = rig.store.keys_of(NUMBER), rig.store.keys_of(OTHER)
    rig.store.redis.hdel(keys.bucket, keys.field)
    rig.store.redis.delete(others.of_number("guesses"))
    rig.store.redis.hset("{m}:tenants", "ghost", "{}")
    found = {(one.what, one.number or one.name) for one in rig.differences()}
    assert found == {
        (Differs.RECORD, NUMBER),
        (Differs.COUNT, ""),
        (Differs.GUESSES, OTHER),
        (Differs.MANAGED, "tenant ghost"),
    }
