"""Adding a second SIM: only what the network names now, and only what was judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.imsi import Grade, ReferenceMember
from security_service.domain.lookup import NoData
from security_service.usecases.actions import SecondPersonNeeded
from security_service.usecases.add_sim import (
    MOST_SIMS,
    AddConflict,
    AddOutcome,
    AddSim,
    AlreadyTrusted,
    NoAnswer,
    NoReference,
    SimAdded,
    TooManySims,
)
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, Line, ScriptedSim
from tests.fakes.store import START, MemoryStore, MemorySubscribers
from tests.usecases.acting import ACTION, BANK, NUMBER, known, member, suspected


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.put(BANK.id, NUMBER, known())
    return store


def _add(store: MemoryStore, line: Line) -> AddOutcome | SecondPersonNeeded:
    return AddSim(MemorySubscribers(store), ScriptedSim(line)).run(ACTION)


@pytest.mark.parametrize("was_candidate", [False, True])
def test_the_sim_in_the_network_stands_confirmed_beside_the_others(
    store: MemoryStore, *, was_candidate: bool
) -> None:
    if was_candidate:
        store.put(BANK.id, NUMBER, suspected())
    assert isinstance(_add(store, NEW_SIM), SimAdded)
    after = store.subscriber(BANK.id, NUMBER)
    newcomer = ReferenceMember(member(NEW_SIM), START, START, Grade.CONFIRMED)
    assert after.reference.members == (known().reference.members[0], newcomer)
    assert after.candidate is None
    facts = store.facts("sim_added")
    assert (facts["actor"], facts["imsi"], facts["members"]) == ("olga", member(NEW_SIM).token(), 2)


def test_a_sim_that_is_trusted_already_writes_nothing(store: MemoryStore) -> None:
    assert isinstance(_add(store, OLD_SIM), AlreadyTrusted)
    assert store.log == []


def test_a_sim_that_is_not_the_candidate_is_a_conflict_and_nothing_is_stored(store: MemoryStore) -> None:
    store.put(BANK.id, NUMBER, suspected())
    outcome = _add(store, THIRD_SIM)
    assert outcome == AddConflict(member(THIRD_SIM))
    assert (store.subscriber(BANK.id, NUMBER), store.log) == (suspected(), [])


def test_without_an_answer_nothing_is_added(store: MemoryStore) -> None:
    assert _add(store, NoData.ABSENT) == NoAnswer(NoData.ABSENT)
    assert store.subscriber(BANK.id, NUMBER) == known()


def test_without_a_reference_the_sim_is_not_even_asked_for() -> None:
    sim = ScriptedSim(NEW_SIM)
    assert isinstance(AddSim(MemorySubscribers(MemoryStore()), sim).run(ACTION), NoReference)
    assert sim.asked == []


def test_a_reference_has_room_for_a_few_sims_only(store: MemoryStore) -> None:
    first = known().reference.members[0]
    many = tuple(replace(first, imsi=member(f"25001999999{place:04}")) for place in range(MOST_SIMS))
    full = replace(known(), reference=replace(known().reference, members=many))
    store.put(BANK.id, NUMBER, full)
    assert isinstance(_add(store, NEW_SIM), TooManySims)
    assert store.subscriber(BANK.id, NUMBER) == full
