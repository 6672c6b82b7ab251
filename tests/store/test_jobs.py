"""The queue behind the scenes: leases, attempts, and messages at most once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from security_service.domain.audit import Event, EventKind
from security_service.domain.jobs import Job, JobKind
from security_service.domain.secret import Msisdn
from security_service.store.job_bodies import job_body, read_job
from security_service.store.jobs import StoredJobs
from tests.store.rig import NUMBER, OTHER, StoreRig, messaged, subject

DONE = [Event(EventKind.LOOK_FINISHED, {"reason": "готово"})]
WRITTEN = [Event(EventKind.REVERIFY_ASKED, {})]


def job(
    name: str, kind: JobKind = JobKind.LOOK, number: Msisdn = NUMBER, due_in_s: float = 0.0, **data: str
) -> Job:
    return Job(name, kind, "demo", number, tuple(sorted(data.items())), due_in_s)


def put(rig: StoreRig, *jobs: Job) -> None:
    """Write jobs as a use case does: along with a change of a record."""
    for number in {one.number for one in jobs}:
        seen = rig.subscribers.get("demo", number)
        mine = [one for one in jobs if one.number == number]
        assert rig.subscribers.swap("demo", number, seen.stored, messaged(), WRITTEN, mine)


def names(jobs: list[Job]) -> list[str]:
    return [one.id for one in jobs]


def test_a_job_is_claimed_with_all_that_was_written(rig: StoreRig) -> None:
    written = job("a", JobKind.RECEIPT, due_in_s=2.5, code="c1", messages="1 2", reason="ёлка")
    put(rig, written)
    assert rig.jobs.claim(9, 5) == []
    rig.advance(ms=2499)
    assert rig.jobs.claim(9, 5) == []
    rig.advance(ms=1)
    assert rig.jobs.claim(9, 5) == [replace(written, due_in_s=0.0)]


@given(
    st.builds(
        Job,
        st.just("a"),
        st.sampled_from(JobKind),
        st.just("demo"),
        st.just(NUMBER),
        st.lists(st.tuples(st.text(max_size=9), st.text(max_size=20)), max_size=4).map(tuple),
        attempt=st.integers(0, 99),
        started=st.booleans(),
    )
)
@settings(max_examples=60, deadline=None)
def test_a_body_comes_back_as_it_was(written: Job) -> None:
    assert read_job("a", job_body(written)) == written


@pytest.mark.parametrize("body", ["", "j", "j{", 'j["look"]', 'j["of tomorrow","demo","7",[],0]'])
def test_a_body_that_this_version_cannot_read_is_left_alone(body: str) -> None:
    assert read_job("a", body) is None


def test_a_job_of_a_later_version_does_not_stop_the_queue(rig: StoreRig) -> None:
    put(rig, job("a"), job("b"))
    bodies = rig.keys(subject()).of_shard("bodies")
    rig.redis.hset(bodies, "a", 'j["of tomorrow","demo","79031234567",[],0]')
    assert names(rig.jobs.claim(9, 5)) == ["b"]
    assert rig.redis.hexists(bodies, "a")


def test_a_claimed_job_is_nobody_elses_until_its_lease_ends(rig: StoreRig) -> None:
    put(rig, job("a"))
    assert names(rig.jobs.claim(9, 5)) == ["a"]
    rig.advance(ms=4999)
    assert rig.jobs.claim(9, 5) == []
    rig.advance(ms=1)
    assert names(rig.jobs.claim(9, 5)) == ["a"]


def test_jobs_of_a_shard_come_in_the_order_they_are_due(rig: StoreRig) -> None:
    put(rig, *(job(f"j{due}", due_in_s=due) for due in (3, 1, 2, 10, 5)))
    rig.advance(5)
    assert names(rig.jobs.claim(2, 60)) == ["j1", "j2"]
    assert names(rig.jobs.claim(9, 60)) == ["j3", "j5"]


def test_jobs_of_all_shards_are_found_and_never_more_than_asked_for(rig: StoreRig) -> None:
    numbers = [Msisdn(f"7903{number:07d}") for number in range(30)]
    put(rig, *(job(f"j{number.digits}", number=number) for number in numbers))
    claimed: list[Job] = []
    while len(claimed) < 30:
        found = rig.jobs.claim(4, 600)
        assert 1 <= len(found) <= 4
        claimed += found
    assert len(set(names(claimed))) == 30
    assert rig.jobs.claim(4, 600) == []


def test_a_busy_shard_does_not_keep_the_others_waiting(rig: StoreRig) -> None:
    put(rig, *(job(f"busy{number}") for number in range(50)), job("quiet", number=OTHER))
    assert rig.keys(subject()).shard != rig.keys(subject(OTHER)).shard
    assert "quiet" in names([found for _ in range(2) for found in rig.jobs.claim(10, 600)])


def test_a_job_is_finished_once_with_its_events(rig: StoreRig) -> None:
    put(rig, job("a"))
    claimed = rig.jobs.claim(9, 5)[0]
    assert rig.jobs.finish(claimed, DONE)
    assert not rig.jobs.finish(claimed, DONE)
    assert rig.kinds(subject()) == ["reverify_asked", "look_finished"]
    rig.advance(60)
    assert rig.jobs.claim(9, 5) == []


def test_a_job_that_is_put_back_counts_its_attempt_and_is_due_later(rig: StoreRig) -> None:
    put(rig, job("a"))
    claimed = rig.jobs.claim(9, 5)[0]
    assert rig.jobs.retry(claimed, 30.0, DONE)
    rig.advance(ms=29_999)
    assert rig.jobs.claim(9, 5) == []
    rig.advance(ms=1)
    assert [one.attempt for one in rig.jobs.claim(9, 5)] == [1]
    assert rig.kinds(subject()) == ["reverify_asked", "look_finished"]


def test_a_finished_job_cannot_be_put_back(rig: StoreRig) -> None:
    put(rig, job("a"))
    claimed = rig.jobs.claim(9, 5)[0]
    rig.jobs.finish(claimed, [])
    assert not rig.jobs.retry(claimed, 0.0, DONE)
    assert rig.jobs.claim(9, 5) == []
    assert rig.kinds(subject()) == ["reverify_asked"]


def test_a_worker_whose_lease_ended_and_the_next_one_finish_a_job_once(rig: StoreRig) -> None:
    put(rig, job("a"))
    slow = rig.jobs.claim(9, 5)[0]
    rig.advance(5)
    quick = rig.jobs.claim(9, 5)[0]
    assert rig.jobs.finish(quick, DONE)
    assert not rig.jobs.finish(slow, DONE)
    assert rig.kinds(subject()).count("look_finished") == 1


def test_a_message_is_marked_as_begun_by_the_claim_that_gives_it_out(rig: StoreRig) -> None:
    put(rig, job("n", JobKind.NOTICE), job("l"))
    assert {one.id: one.started for one in rig.jobs.claim(9, 5)} == {"n": False, "l": False}
    rig.advance(5)
    assert {one.id: one.started for one in rig.jobs.claim(9, 5)} == {"n": True, "l": False}


def test_a_message_that_was_not_sent_may_be_put_back_as_not_begun_and_else_stays_begun(rig: StoreRig) -> None:
    put(rig, job("n", JobKind.NOTICE))
    claimed = rig.jobs.claim(9, 5)[0]
    assert rig.jobs.retry(claimed, 1.0, [])
    rig.advance(1)
    claimed = rig.jobs.claim(9, 5)[0]
    assert not claimed.started
    assert rig.jobs.retry(replace(claimed, started=True), 1.0, [])
    rig.advance(1)
    assert [one.started for one in rig.jobs.claim(9, 5)] == [True]


def test_workers_that_claim_at_once_never_get_the_same_job(rig: StoreRig) -> None:
    numbers = [Msisdn(f"7903{number:07d}") for number in range(40)]
    put(rig, *(job(f"{number.digits}-{one}", number=number) for number in numbers for one in range(3)))
    gate = Barrier(6)

    def work(_: int) -> list[str]:
        jobs, found = StoredJobs(rig.frame), list[str]()
        gate.wait()
        while claimed := jobs.claim(5, 600):
            found += names(claimed)
        rig.thin.close()
        return found

    with ThreadPoolExecutor(6) as pool:
        claimed = [name for found in pool.map(work, range(6)) for name in found]
    assert len(claimed) == 120
    assert Counter(claimed).most_common(1)[0][1] == 1


def test_a_job_whose_body_is_gone_is_dropped(rig: StoreRig) -> None:
    put(rig, job("a"), job("b"))
    keys = rig.keys(subject())
    rig.redis.hdel(keys.of_shard("bodies"), "a")
    assert names(rig.jobs.claim(9, 5)) == ["b"]
    assert rig.redis.zrange(keys.of_shard("queue"), 0, -1) == [b"b"]


def test_a_notice_of_the_same_kind_goes_out_once_a_day(rig: StoreRig) -> None:
    whom = subject()
    for name, key in (("n1", "swap of a"), ("n2", "swap of a"), ("n3", "swap of b")):
        request = rig.request(whom, rig.caller(), None)
        notice = job(name, JobKind.NOTICE)
        rig.codes.open(replace(request, notice=notice, notice_key=key))
    assert sorted(names(rig.jobs.claim(9, 5))) == ["n1", "n3"]
    queued = [one["outcome"]["job"] for one in rig.events(whom) if one["kind"] == "notice_queued"]
    assert queued == ["n1", "n3"]
    left = [rig.redis.pttl(key) for key in rig.redis.keys("*:notice:*")]
    assert [86_000_000 < one <= 86_400_000 for one in left] == [True, True]
