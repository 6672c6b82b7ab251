"""Setting a mode: evidence, end, faults, and the audit of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.imsi import ReferenceMember
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber
from security_service.usecases.actions import RecordKeepsMoving, SecondPersonNeeded
from security_service.usecases.set_mode import (
    ModeChange,
    ModeFault,
    ModeOutcome,
    ModeSet,
    SetMode,
    newest_known,
)
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM
from tests.fakes.store import START, MemoryStore, MemorySubscribers
from tests.usecases.acting import ACTION, BANK, DAY, NUMBER, known, member, suspected


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _set(store: MemoryStore, change: ModeChange) -> ModeOutcome | SecondPersonNeeded:
    return SetMode(MemorySubscribers(store)).run(ACTION, change)


def _override(store: MemoryStore) -> Override | None:
    return store.subscriber(BANK.id, NUMBER).override


@pytest.mark.parametrize("mode", [Mode.ALWAYS_ALLOW, Mode.ALWAYS_DENY])
def test_an_override_bears_actor_reason_and_the_longest_end_where_none_is_given(
    store: MemoryStore, mode: Mode
) -> None:
    outcome = _set(store, ModeChange(mode))
    assert isinstance(outcome, ModeSet)
    assert outcome.view.subscriber == store.subscriber(BANK.id, NUMBER)
    assert _override(store) == Override(mode, "olga", "the client called", START, START + 90 * DAY)


def test_the_end_that_is_asked_for_is_kept_up_to_the_longest(store: MemoryStore) -> None:
    longest = START + BANK.override_days * DAY
    assert isinstance(_set(store, ModeChange(Mode.ALWAYS_ALLOW, longest)), ModeSet)
    override = _override(store)
    assert override is not None
    assert override.until == longest


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        (ModeChange(Mode.ALWAYS_ALLOW, START + 90 * DAY + 1), "until"),
        (ModeChange(Mode.ALWAYS_DENY, START), "until"),
        (ModeChange(Mode.ALWAYS_ALLOW, bound=True), "bound"),
        (ModeChange(Mode.CHECK, START + DAY), "until"),
        (ModeChange(Mode.CHECK, bound=True), "bound"),
    ],
)
def test_a_change_that_means_nothing_is_a_fault_and_writes_nothing(
    store: MemoryStore, change: ModeChange, at_fault: str
) -> None:
    outcome = _set(store, change)
    assert isinstance(outcome, ModeFault)
    assert outcome.member == at_fault
    assert (store.records, store.log) == ({}, [])


def test_the_event_tells_who_why_until_when_and_on_what_evidence(store: MemoryStore) -> None:
    store.put(BANK.id, NUMBER, suspected())
    _set(store, ModeChange(Mode.ALWAYS_DENY, START + DAY))
    assert store.facts("mode_set") == {
        "actor": "olga",
        "bound": False,
        "evidence": member(NEW_SIM).token(),
        "mode": "always_deny",
        "mode_before": "check",
        "reason": "the client called",
        "request_id": "r1",
        "until": START + DAY,
    }


def test_check_clears_the_override_and_leaves_the_rest(store: MemoryStore) -> None:
    override = Override(Mode.ALWAYS_DENY, "ivan", "fraud", START - 5, START + DAY)
    store.put(BANK.id, NUMBER, replace(suspected(), override=override))
    outcome = _set(store, ModeChange(Mode.CHECK))
    assert isinstance(outcome, ModeSet)
    assert store.subscriber(BANK.id, NUMBER) == suspected()
    facts = store.facts("mode_set")
    assert (facts["mode"], facts["mode_before"], facts["until"]) == ("check", "always_deny", None)


def test_a_mode_may_be_bound_to_the_imsi_that_is_known(store: MemoryStore) -> None:
    store.put(BANK.id, NUMBER, known())
    _set(store, ModeChange(Mode.ALWAYS_ALLOW, bound=True))
    override = _override(store)
    assert override is not None
    assert (override.bound, override.evidence) == (True, member(OLD_SIM))


def test_the_evidence_is_the_candidate_or_else_the_member_seen_last() -> None:
    older, newer = known(OLD_SIM, START - 9).reference.members[0], known(THIRD_SIM, START - 3)
    both = replace(newer, reference=replace(newer.reference, members=(older, *newer.reference.members)))
    assert newest_known(NEW_SUBSCRIBER) is None
    assert isinstance(older, ReferenceMember)
    assert newest_known(both) == member(THIRD_SIM)
    assert newest_known(suspected()) == member(NEW_SIM)


def test_a_record_that_moved_is_judged_anew(store: MemoryStore) -> None:
    subscribers = MemorySubscribers(store)
    subscribers.before_swap.append(lambda: store.put(BANK.id, NUMBER, suspected()))
    outcome = SetMode(subscribers).run(ACTION, ModeChange(Mode.ALWAYS_DENY))
    assert isinstance(outcome, ModeSet)
    after: Subscriber = store.subscriber(BANK.id, NUMBER)
    assert after.candidate == suspected().candidate
    assert store.facts("mode_set")["evidence"] == member(NEW_SIM).token()


def test_a_record_that_never_rests_is_given_up_without_a_trace(store: MemoryStore) -> None:
    subscribers = MemorySubscribers(store)
    subscribers.before_swap = [lambda: store.put(BANK.id, NUMBER, known())] * 9
    assert isinstance(SetMode(subscribers).run(ACTION, ModeChange(Mode.ALWAYS_DENY)), RecordKeepsMoving)
    assert store.log == []
