"""What use cases may rely on of policies in the store: the real one and the one in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.policy_ports import PoliciesInForce, PolicyBook, PolicyChange, ReplayRuns
from security_service.domain.policy_versions import PolicyHead, PolicyVersion
from security_service.domain.replay import ReplayRun
from security_service.store.policy_book import StoredPolicyBook
from security_service.store.replay_runs import StoredReplayRuns
from tests.fakes.policies import MemoryPolicyBook, MemoryReplayRuns
from tests.fakes.store import MemoryStore
from tests.store.rig import StoreRig
from tests.usecases.policies import STANDARD, StoreTime, document, files, renamed

TOLD = Event(EventKind.POLICY_PUBLISHED, {"name": "standard"})
DONE = Event(EventKind.POLICY_REPLAYED, {"name": "standard"})
NEW = PolicyVersion("2", document("2", "deny"), "anna", "fewer calls")
FILE = PolicyVersion("1", STANDARD)
TRIED = PolicyVersion("3", document("3"), "boris", "first a look")
RUN = ReplayRun("r1", STANDARD, "standard", "1", "ab", "bank", "", 1_000, 2_000, "anna", 2_000)


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one store, and the kinds of what it was told."""

    book: PolicyBook
    policies: PoliciesInForce
    runs: ReplayRuns
    kinds: Callable[[], list[str]]


@pytest.fixture(params=["real", "in memory"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        store = MemoryStore()
        memory = MemoryPolicyBook(store, files())
        yield World(memory, memory, MemoryReplayRuns(store), store.kinds)
        return
    rig = StoreRig(request.getfixturevalue("redis_url"))
    stored = StoredPolicyBook(rig.frame, StoreTime(rig), files())
    before = len(rig.texts("m"))
    yield World(
        stored,
        stored,
        StoredReplayRuns(rig.frame),
        lambda: [json.loads(text)["kind"] for text in rig.texts("m")[before:]],
    )
    rig.close()


def published(known: PolicyHead) -> PolicyChange:
    head = replace(known, in_force="2", highest="2", revision=known.revision + 1)
    return PolicyChange(known, head, TOLD, (FILE, NEW))


def tried(known: PolicyHead, version: PolicyVersion | None) -> PolicyChange:
    name, digest = ("", "") if version is None else (version.version, version.sha256)
    head = replace(known, shadow=name, shadow_sha256=digest, revision=known.revision + 1)
    return PolicyChange(known, head, Event(EventKind.POLICY_SHADOWED, {}), (), version)


def test_a_name_never_touched_has_an_empty_head_and_nothing_kept(world: World) -> None:
    assert world.book.heads() == {}
    assert world.book.head("standard") == PolicyHead("standard")
    assert (world.book.kept("standard").versions, world.book.kept("standard").shadow) == ((), None)
    assert world.policies.get("standard").version == "1"
    assert world.policies.shadow("standard") is None


def test_what_is_put_holds_and_is_kept_with_its_time(world: World) -> None:
    assert world.book.put(published(PolicyHead("standard")))
    head = PolicyHead("standard", "2", "2", revision=1)
    assert (world.book.head("standard"), world.book.heads()) == (head, {"standard": head})
    kept = world.book.kept("standard")
    assert [replace(one, at_ms=0) for one in kept.versions] == [NEW, FILE]
    assert [one.at_ms > 0 for one in kept.versions] == [True, False]
    assert world.policies.get("standard").version == "2"
    assert world.kinds() == ["policy_published"]


def test_what_moved_is_not_written_over_and_not_told(world: World) -> None:
    world.book.put(published(PolicyHead("standard")))
    assert not world.book.put(published(PolicyHead("standard")))
    assert not world.book.put(tried(PolicyHead("standard"), TRIED))
    assert world.book.head("standard").revision == 1
    assert world.kinds() == ["policy_published"]


def test_a_trial_begins_stays_through_a_publish_and_ends(world: World) -> None:
    world.book.put(tried(PolicyHead("standard"), TRIED))
    world.book.put(published(world.book.head("standard")))
    shadow, policy = world.book.kept("standard").shadow, world.policies.shadow("standard")
    assert shadow is not None
    assert policy is not None
    assert (replace(shadow, at_ms=0), policy.version) == (TRIED, "3")
    world.book.put(tried(world.book.head("standard"), None))
    assert world.book.kept("standard").shadow is None
    assert world.policies.shadow("standard") is None


def test_a_published_name_that_no_file_has_is_in_force(world: World) -> None:
    night = PolicyVersion("1", renamed(STANDARD, "1", "night"), "anna", "new")
    head = PolicyHead("night", "1", "1", revision=1)
    assert world.book.put(PolicyChange(PolicyHead("night"), head, TOLD, (night,)))
    assert world.policies.get("night").name == "night"
    with pytest.raises(KeyError):
        world.policies.get("nobody")


def test_a_replay_is_written_step_by_step_and_told_once(world: World) -> None:
    last = RUN.stepped(RUN.tally.copy(), 1_000, "")
    assert world.runs.get("r1") is None
    assert not world.runs.put(last, DONE)
    assert world.runs.put(RUN)
    assert not world.runs.put(RUN)
    assert world.runs.put(last, DONE)
    assert not world.runs.put(last, DONE)
    assert world.runs.get("r1") == last
    assert world.kinds() == ["policy_replayed"]
