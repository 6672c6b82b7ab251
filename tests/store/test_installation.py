"""Whose store it is, whether it may be decided on, and how full it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from security_service.domain.codes import CheckAccepted, StoreRefuses
from security_service.domain.errors import StoreUnavailable
from security_service.store.connection import LibraryScripts, Scripts, ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey
from security_service.store.installation import (
    Installation,
    InstalledLayout,
    MasterEpoch,
    MemoryMarks,
    StoreHealth,
    initialise,
    read_installation,
)
from security_service.store.keys import SHARDS, all_shards, buckets_for
from tests.fakes.clock import HandClock
from tests.store.rig import StoreRig, subject

REFUSES = StoreRefuses("other_store")


class WallClock(HandClock):
    """Says what the store says, `away` milliseconds off."""

    def __init__(self, client: redis.Redis, away: int = 0) -> None:
        super().__init__()
        self.client, self.away = client, away

    def unix_ms(self) -> int:
        seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000 + self.away


@contextmanager
def most_memory(client: redis.Redis, percent_used: int) -> Iterator[None]:
    """Let the store be so full, by moving its bound."""
    used = int(client.info("memory")["used_memory"])
    client.config_set("maxmemory", used * 100 // percent_used)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


def test_a_store_that_was_never_initialised_is_refused_by_both_operations(redis_url: str) -> None:
    rig = StoreRig(redis_url, initialised=False)
    assert rig.admit(subject(), rig.caller()) == REFUSES
    assert rig.check(subject(), "123456") == REFUSES
    assert rig.open(subject(), rig.caller(), rig.new_code(subject(), "123456")) == REFUSES
    assert rig.redis.keys() == []
    rig.close()


def test_a_store_of_another_installation_is_refused_by_both_operations(redis_url: str) -> None:
    rig = StoreRig(redis_url, initialised=False)
    initialise(rig.scripts, "another", 1000)
    before = sorted(rig.redis.keys())
    assert rig.admit(subject(), rig.caller()) == REFUSES
    assert rig.check(subject(), "123456") == REFUSES
    assert rig.open(subject(), rig.caller(), rig.new_code(subject(), "123456")) == REFUSES
    assert sorted(rig.redis.keys()) == before
    rig.close()


def test_a_store_that_is_emptied_under_way_is_refused_from_then_on(rig: StoreRig) -> None:
    whom = subject()
    draft, caller = rig.generate(whom), rig.caller()
    rig.redis.flushall()
    assert rig.check(whom, draft.digits) == REFUSES
    assert rig.admit(whom, caller) == REFUSES
    assert rig.open(whom, caller, draft.code) == REFUSES


def test_an_outcome_that_comes_after_the_store_was_emptied_makes_no_code(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom)
    rig.redis.flushall()
    with pytest.raises(StoreUnavailable, match="other_store"):
        rig.settle(draft)
    assert rig.redis.dbsize() == 0
    assert rig.check(whom, draft.digits) == REFUSES


def test_one_emptied_shard_is_refused_and_the_others_go_on(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    rig.redis.delete(*rig.redis.keys(f"{{{rig.keys(whom).shard}}}*"))
    assert rig.check(whom, draft.digits) == REFUSES
    rig.layout = type(rig.layout)(rig.layout.buckets)
    others = [one for one in all_shards() if one != rig.keys(whom).shard]
    assert all(rig.redis.get(f"{{{shard}}}:installation") == b"i1" for shard in others)


def test_initialising_twice_changes_nothing(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    before = rig.redis.dbsize()
    first = read_installation(rig.scripts)
    assert initialise(rig.scripts, "i1", 50_000_000) == first
    assert rig.redis.dbsize() == before
    assert [event["kind"] for event in rig.events(subject())].count("store_initialised") == 0
    texts = rig.texts(rig.keys(subject()).shard)
    assert sum(b"store_initialised" in text for text in texts) == 1
    assert rig.state(draft.subject) == "live"


def test_every_shard_tells_that_it_was_initialised(rig: StoreRig) -> None:
    for shard in all_shards():
        assert [b'"kind":"store_initialised"' in text for text in rig.texts(shard)] == [True]


def test_a_store_of_another_installation_is_not_taken_over(rig: StoreRig) -> None:
    with pytest.raises(ValueError, match="another installation"):
        initialise(rig.scripts, "i2", 1000)
    assert read_installation(rig.scripts) == Installation("i1", 64)


def test_a_shard_of_another_installation_is_not_taken_over(redis_url: str) -> None:
    rig = StoreRig(redis_url, initialised=False)
    rig.redis.set("{s010}:installation", "another")
    with pytest.raises(ValueError, match="shard s010"):
        initialise(rig.scripts, "i1", 1000)
    assert read_installation(rig.scripts) is None
    rig.close()


def test_an_initialisation_that_was_broken_off_is_finished_by_the_next(redis_url: str) -> None:
    rig = StoreRig(redis_url, initialised=False)
    rig.redis.set("{s000}:installation", "i1")
    assert initialise(rig.scripts, "i1", 1000) == Installation("i1", 64)
    assert rig.redis.get("{s063}:installation") == b"i1"
    rig.close()


@pytest.mark.parametrize("subscribers", [1, 4800, 4801, 1_000_000, 50_000_000])
def test_buckets_hold_at_most_a_hundred_and_are_spread_evenly_over_the_shards(subscribers: int) -> None:
    buckets = buckets_for(subscribers)
    assert buckets % SHARDS == 0
    assert subscribers / buckets <= 75
    assert buckets == SHARDS or subscribers / buckets > 37


def test_the_layout_is_asked_for_until_the_store_is_initialised(redis_url: str) -> None:
    rig = StoreRig(redis_url, initialised=False)
    placed = InstalledLayout(rig.scripts)
    with pytest.raises(StoreUnavailable, match="other_store"):
        placed()
    initialise(rig.scripts, "i1", 1_000_000)
    assert placed().buckets == buckets_for(1_000_000) == 13_376
    rig.redis.flushall()
    assert placed().buckets == 13_376
    rig.close()


@pytest.fixture(params=["thin", "library"])
def scripts(redis_url: str, request: pytest.FixtureRequest) -> Iterator[Scripts]:
    """Both clients: what one reads of plain commands the other must read too."""
    if request.param == "thin":
        thin = ThinScripts(parse_address(redis_url))
        yield thin
        thin.close()
    else:
        with redis.Redis.from_url(redis_url, protocol=2) as client:
            yield LibraryScripts(client)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_a_store_that_may_be_decided_on_has_no_fault(scripts: Scripts, client: redis.Redis) -> None:
    initialise(scripts, "i1", 1000)
    health = StoreHealth(scripts, "i1", WallClock(client))
    assert health.faults() == []
    assert health.refuses_new_codes() == ""


def test_faults_name_what_is_wrong(scripts: Scripts, client: redis.Redis) -> None:
    health = StoreHealth(scripts, "i1", WallClock(client))
    (fault,) = health.faults()
    assert fault.startswith(
        "the store is not initialised: run `security-service store init`, or `store rebuild`"
    )
    initialise(scripts, "i2", 1000)
    assert health.faults() == ["the store belongs to another installation"]


@pytest.mark.parametrize("away", [-2500, 2500])
def test_a_clock_two_seconds_away_is_a_fault(scripts: Scripts, client: redis.Redis, away: int) -> None:
    initialise(scripts, "i1", 1000)
    faults = StoreHealth(scripts, "i1", WallClock(client, away)).faults()
    assert [fault.split(" is ")[0] for fault in faults] == ["this machine's clock"]
    assert StoreHealth(scripts, "i1", WallClock(client, away * 3 // 5)).faults() == []


@pytest.mark.parametrize(
    ("percent", "ready", "refused"), [(60, True, ""), (75, False, ""), (95, False, "store_full")]
)
def test_a_store_that_fills_up_is_first_not_ready_and_then_gives_no_new_codes(
    scripts: Scripts, client: redis.Redis, percent: int, refused: str, *, ready: bool
) -> None:
    initialise(scripts, "i1", 1000)
    clock = WallClock(client)
    health = StoreHealth(scripts, "i1", clock, MemoryMarks())
    with most_memory(client, percent):
        assert (health.faults() == []) is ready
        assert health.refuses_new_codes() == refused
    assert health.refuses_new_codes() == refused
    clock.move(1.0)
    assert health.refuses_new_codes() == ""


def test_a_store_that_is_full_to_the_brim_loses_no_half_of_a_change(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    before = rig.redis.dump(rig.keys(subject()).of_shard("events"))
    with most_memory(rig.redis, 110), pytest.raises(Exception, match="check: OOM"):
        rig.check(subject(), draft.digits)
    assert rig.redis.dump(rig.keys(subject()).of_shard("events")) == before
    assert rig.state(subject()) == "live"
    assert rig.check(subject(), draft.digits) == CheckAccepted(draft.code.id)


def test_a_store_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    health = StoreHealth(ThinScripts(parse_address(f"unix://{tmp_path}/none")), "i1", HandClock())
    assert health.faults() == ["the store does not answer"]


def test_the_epoch_is_the_masters_id_and_is_read_once_a_second(scripts: Scripts, client: redis.Redis) -> None:
    clock = HandClock()
    epoch = MasterEpoch(scripts, clock)
    first = epoch()
    assert first == client.info("replication")["master_replid"]
    client.replicaof("127.0.0.1", 1)
    client.replicaof("NO", "ONE")
    assert epoch() == first
    clock.move(1.0)
    assert epoch() == client.info("replication")["master_replid"] != first


def test_a_killed_store_is_the_same_installation_after_its_start(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        rig = StoreRig(server.url)
        server.kill()
        assert StoreHealth(rig.thin, "i1", HandClock()).faults() == ["the store does not answer"]
        server.start()
        assert read_installation(rig.thin) == Installation("i1", 64)
        rig.close()
