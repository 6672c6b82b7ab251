"""Unlocking, and viewing what is locked."""

from __future__ import annotations

from security_service.usecases.unlock import NothingLocked, Unlock, Unlocked
from tests.fakes.store import MemoryStore, MemorySubscribers
from tests.usecases.acting import ACTION, BANK, NUMBER


def test_a_disabled_subscriber_is_free_after_an_unlock_and_the_event_says_what_was_forgotten() -> None:
    store = MemoryStore()
    store.guess_wrongly(BANK.id, NUMBER, 100, 60, disabled=True)
    outcome = Unlock(MemorySubscribers(store)).run(ACTION)
    assert isinstance(outcome, Unlocked)
    assert (outcome.view.failures, outcome.view.locked_until, outcome.view.disabled) == (0, 0, False)
    assert store.facts("subscriber_unlocked") == {
        "actor": "olga",
        "disabled": True,
        "failures": 100,
        "reason": "the client called",
        "request_id": "r1",
    }


def test_where_nothing_is_locked_nothing_is_written() -> None:
    store = MemoryStore()
    assert isinstance(Unlock(MemorySubscribers(store)).run(ACTION), NothingLocked)
    assert store.log == []
