"""Replays: each step written once, by whichever process; gone a day after the last."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.replay import Compared, ReplayRun, Ruling, Tally
from security_service.store.replay_runs import StoredReplayRuns
from tests.store.rig import StoreRig

WAS, BECOMES = Ruling("send", "sim_same", "same", "a@1"), Ruling("deny", "because", "other", "a@2")
CHANGED = Compared(5, "bank", "79031234567", "1500.00", "RUB", WAS, BECOMES)
RUN = ReplayRun("r1", "имя", "a", "2", "ab", "bank", "a", 1_000, 2_000, "anna", 2_000)
DONE = Event(EventKind.POLICY_REPLAYED, {"name": "a"})


@pytest.fixture
def runs(rig: StoreRig) -> StoredReplayRuns:
    return StoredReplayRuns(rig.frame)


def test_a_run_comes_back_as_its_last_step_left_it(runs: StoredReplayRuns) -> None:
    assert runs.get("r1") is None
    assert runs.put(RUN)
    assert runs.get("r1") == RUN
    tally = Tally(
        Counter({("send", "same", "deny", "other"): 7, ("deny", "x", "deny", "y"): 2}), [CHANGED], 3
    )
    stepped = RUN.stepped(tally, 1_500, "cursor")
    assert runs.put(stepped)
    assert runs.get("r1") == stepped


def test_of_two_processes_that_take_one_step_one_writes_it(runs: StoredReplayRuns) -> None:
    assert runs.put(RUN)
    assert not runs.put(RUN)
    mine, theirs = (
        RUN.stepped(Tally(passed_over=1), 1_500, "a"),
        RUN.stepped(Tally(passed_over=2), 1_500, "a"),
    )
    assert runs.put(mine)
    assert not runs.put(theirs)
    assert runs.get("r1") == mine


def test_a_step_of_a_run_that_is_gone_brings_nothing_back(runs: StoredReplayRuns) -> None:
    assert not runs.put(RUN.stepped(Tally(), 1_500, "a"))
    assert runs.get("r1") is None


def test_the_last_step_and_its_event_are_one(rig: StoreRig, runs: StoredReplayRuns) -> None:
    runs.put(RUN)
    last = RUN.stepped(Tally(), 1_000, "")
    before = len(rig.texts("m"))
    assert runs.put(last, DONE)
    assert not runs.put(last, DONE)
    told = [json.loads(text) for text in rig.texts("m")[before:]]
    assert [(event["kind"], event["subject"]) for event in told] == [("policy_replayed", {"policy": "a"})]


def test_a_run_goes_away_a_day_after_its_last_step(rig: StoreRig, runs: StoredReplayRuns) -> None:
    runs.put(RUN)
    rig.redis.pexpire("{m}:replay:r1", 1_000)
    runs.put(RUN.stepped(Tally(), 1_500, "a"))
    assert 86_300_000 < rig.redis.pttl("{m}:replay:r1") <= 86_400_000


def test_nothing_is_written_into_a_store_that_was_emptied(rig: StoreRig, runs: StoredReplayRuns) -> None:
    rig.redis.flushall()
    with pytest.raises(StoreUnavailable):
        runs.put(RUN)
    assert rig.redis.keys("*") == []
