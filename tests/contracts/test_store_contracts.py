"""What use cases may rely on of the store: the real one and the one in memory that their tests run on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import AuditLog, Jobs, Subscribers
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, PendingReverify, Subscriber
from tests.fakes.store import MemoryAuditLog, MemoryStore, MemorySubscribers
from tests.store.rig import NUMBER, OTHER, StoreRig

ASKED = Event(EventKind.REVERIFY_ASKED, {"actor": "anna", "reason": "клиент звонил"})
SET = Event(EventKind.MODE_SET, {"actor": "bob", "reason": "роуминг"})
MESSAGED = Subscriber(messaged=True)


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one store, and its time."""

    subscribers: Subscribers
    jobs: Jobs
    log: AuditLog
    move: Callable[[float], None]


@pytest.fixture(params=["real", "in memory"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        store = MemoryStore()
        yield World(MemorySubscribers(store), store.jobs, MemoryAuditLog(store), store.clock.move)
        return
    rig = StoreRig(request.getfixturevalue("redis_url"))
    yield World(rig.subscribers, rig.jobs, rig.log, rig.advance)
    rig.close()


def put(world: World, *jobs: Job, number: Msisdn = NUMBER) -> None:
    stored = world.subscribers.get("demo", number).stored
    assert world.subscribers.swap("demo", number, stored, MESSAGED, [], jobs)


def job(name: str, kind: JobKind = JobKind.LOOK, due_in_s: float = 0.0) -> Job:
    return Job(name, kind, "demo", NUMBER, (("reason", "absent"),), due_in_s)


def kinds(world: World, query: AuditQuery) -> list[str]:
    return [json.loads(event)["kind"] for event in world.log.page(query).events]


def test_a_number_never_seen_is_a_new_subscriber(world: World) -> None:
    seen = world.subscribers.get("demo", NUMBER)
    assert (seen.subscriber, seen.stored, seen.failures) == (NEW_SUBSCRIBER, b"", 0)
    assert (seen.locked_until_ms, seen.disabled) == (0, False)


def test_a_record_is_written_only_by_who_read_its_newest_state(world: World) -> None:
    first = world.subscribers.get("demo", NUMBER)
    changed = replace(MESSAGED, pending=PendingReverify("anna", "asked", 1, 2))
    assert world.subscribers.swap("demo", NUMBER, first.stored, changed, [ASKED], [job("a")])
    assert not world.subscribers.swap("demo", NUMBER, first.stored, MESSAGED, [SET], [job("b")])
    assert world.subscribers.get("demo", NUMBER).subscriber == changed
    assert kinds(world, AuditQuery(tenant="demo", number=NUMBER)) == ["reverify_asked"]
    assert [one.id for one in world.jobs.claim(9, 5.0)] == ["a"]


def test_a_search_lists_a_tenants_numbers_by_their_first_digits(world: World) -> None:
    put(world)
    put(world, number=OTHER)
    assert world.subscribers.page("demo", "", "", 10) == ([NUMBER, OTHER], "")
    assert world.subscribers.page("demo", "7916", "", 10) == ([OTHER], "")
    assert world.subscribers.page("second", "", "", 10) == ([], "")


def test_an_unlock_of_what_is_not_locked_writes_nothing(world: World) -> None:
    assert not world.subscribers.unlock("demo", NUMBER, Event(EventKind.SUBSCRIBER_UNLOCKED, {}))
    assert kinds(world, AuditQuery(tenant="demo", number=NUMBER)) == []


def test_a_job_is_given_out_when_it_is_due_and_again_when_its_lease_ends(world: World) -> None:
    put(world, job("a", due_in_s=2.0))
    assert world.jobs.claim(9, 5.0) == []
    world.move(2.0)
    claimed = world.jobs.claim(9, 5.0)
    assert [(one.id, one.attempt, one.get("reason")) for one in claimed] == [("a", 0, "absent")]
    assert world.jobs.claim(9, 5.0) == []
    world.move(5.0)
    assert [one.id for one in world.jobs.claim(9, 5.0)] == ["a"]


def test_no_more_jobs_are_given_out_than_asked_for_and_those_due_longest_first(world: World) -> None:
    put(world, *(job(f"j{due}", due_in_s=due) for due in (3.0, 1.0, 2.0)))
    world.move(3.0)
    assert [one.id for one in world.jobs.claim(2, 60.0)] == ["j1.0", "j2.0"]
    assert [one.id for one in world.jobs.claim(2, 60.0)] == ["j3.0"]


def test_a_job_is_ended_once(world: World) -> None:
    put(world, job("a"))
    claimed = world.jobs.claim(9, 5.0)[0]
    assert world.jobs.finish(claimed, ())
    assert not world.jobs.finish(claimed, ())
    assert not world.jobs.retry(claimed, 1.0, ())
    world.move(60.0)
    assert world.jobs.claim(9, 5.0) == []


def test_a_job_put_back_comes_with_its_attempt_counted(world: World) -> None:
    put(world, job("a"))
    assert world.jobs.retry(world.jobs.claim(9, 5.0)[0], 30.0, ())
    world.move(29.0)
    assert world.jobs.claim(9, 5.0) == []
    world.move(1.0)
    assert [one.attempt for one in world.jobs.claim(9, 5.0)] == [1]


def test_a_message_is_given_out_as_begun_from_the_second_time_on(world: World) -> None:
    put(world, job("n", JobKind.NOTICE), job("l"))
    assert {one.id: one.started for one in world.jobs.claim(9, 5.0)} == {"n": False, "l": False}
    world.move(5.0)
    assert {one.id: one.started for one in world.jobs.claim(9, 5.0)} == {"n": True, "l": False}


def test_a_message_put_back_by_who_did_not_send_it_is_given_out_as_not_begun(world: World) -> None:
    put(world, job("n", JobKind.NOTICE))
    assert world.jobs.retry(world.jobs.claim(9, 5.0)[0], 1.0, ())
    world.move(1.0)
    assert [one.started for one in world.jobs.claim(9, 5.0)] == [False]


def test_pages_of_the_log_go_newest_first_to_its_end(world: World) -> None:
    written = [ASKED, SET, ASKED, SET, SET]
    for number, event in enumerate(written):
        stored = world.subscribers.get("demo", NUMBER).stored
        changed = replace(MESSAGED, pending=PendingReverify("anna", "asked", number, 2))
        assert world.subscribers.swap("demo", NUMBER, stored, changed, [event])
        world.move(1.0)
    found, pages, cursor = list[str](), 0, ""
    while pages == 0 or cursor:
        page = world.log.page(AuditQuery(tenant="demo", number=NUMBER, count=2, cursor=cursor))
        found += [json.loads(event)["kind"] for event in page.events]
        pages, cursor = pages + 1, page.next
    assert pages == 3
    assert found == [event.kind.value for event in reversed(written)]
    assert kinds(world, AuditQuery(tenant="demo", kind="reverify_asked")) == ["reverify_asked"] * 2
    assert len(kinds(world, AuditQuery(tenant="demo", reason="роуминг"))) == 3
