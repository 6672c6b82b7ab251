"""Bulk re-verifications in a real store: one worker a step, people's wishes beside it, counts kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.secret import Msisdn
from security_service.domain.transfers import BulkRun, BulkSource, BulkState
from security_service.store.bulk_runs import StoredBulkRuns
from tests.store.rig import StoreRig

RUN = BulkRun("b1", "demo", "anna", "почему", 10, BulkSource.NUMBERS, total=3)
NUMBERS = [Msisdn(f"7903000000{place}") for place in range(3)]
TOLD = Event(EventKind.BULK_REVERIFY, {"actor": "anna", "bulk": "b1"})


@pytest.fixture
def runs(rig: StoreRig) -> StoredBulkRuns:
    return StoredBulkRuns(rig.frame)


def test_a_run_begins_with_its_numbers_and_its_event(rig: StoreRig, runs: StoredBulkRuns) -> None:
    begun = runs.begin(RUN, NUMBERS, TOLD)
    assert begun == replace(RUN, revision=1, started_ms=rig.now_ms)
    assert runs.get("b1") == begun
    assert runs.every(5) == [begun]
    assert runs.numbers("b1", 1, 5) == NUMBERS[1:]
    assert len(rig.texts("m")) == 1
    assert runs.now_ms() == rig.now_ms


def test_of_two_workers_that_take_one_step_one_writes_it(runs: StoredBulkRuns) -> None:
    begun = runs.begin(RUN, NUMBERS, TOLD)
    assert runs.step(replace(begun, cursor="1"))
    assert not runs.step(replace(begun, cursor="2"))
    found = runs.get("b1")
    assert found is not None
    assert (found.cursor, found.revision) == ("1", 2)


def test_a_step_does_not_undo_what_people_want(runs: StoredBulkRuns) -> None:
    begun = runs.begin(RUN, NUMBERS, TOLD)
    assert runs.mark(begun, BulkState.PAUSED, TOLD)
    assert runs.step(begun)
    found = runs.get("b1")
    assert found is not None
    assert found.state is BulkState.PAUSED


@pytest.mark.parametrize("state", [BulkState.STOPPED, BulkState.DONE])
def test_what_is_over_stays_over(rig: StoreRig, runs: StoredBulkRuns, state: BulkState) -> None:
    begun = runs.begin(RUN, NUMBERS, TOLD)
    assert runs.mark(begun, state, TOLD)
    assert not runs.mark(begun, BulkState.RUNNING, TOLD)
    assert not runs.mark(replace(RUN, id="none"), BulkState.RUNNING, TOLD)
    assert len(rig.texts("m")) == 2


def test_counts_add_up_and_bring_no_run_back(rig: StoreRig, runs: StoredBulkRuns) -> None:
    runs.begin(RUN, NUMBERS, TOLD)
    for what in ("asked", "asked", "same", "changed"):
        runs.count("b1", what)
    found = runs.get("b1")
    assert found is not None
    assert (found.counts.asked, found.counts.same, found.counts.changed, found.counts.waiting) == (2, 1, 1, 0)
    rig.advance(15 * 86_400)
    runs.count("b1", "same")
    assert runs.get("b1") is None
    assert runs.numbers("b1", 0, 9) == []
    assert runs.every(5) == []
