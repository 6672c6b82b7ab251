"""Freezing on a person's word, and what the people who look see of it."""

from __future__ import annotations

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.usecases.freeze import AlreadyFrozen, Freeze, Frozen
from security_service.usecases.unlock import Unlock, Unlocked
from tests.fakes.store import MemoryStore, MemorySubscribers
from tests.usecases.acting import ACTION


def test_a_frozen_subscriber_is_shown_as_disabled_and_an_unlock_frees_it() -> None:
    store = MemoryStore()
    subscribers = MemorySubscribers(store)
    outcome = Freeze(subscribers, subscribers).run(ACTION)
    assert isinstance(outcome, Frozen)
    assert (outcome.view.disabled, outcome.view.frozen) == (True, True)
    assert store.facts("subscriber_frozen") == {
        "actor": "olga",
        "reason": "the client called",
        "request_id": "r1",
    }
    unlocked = Unlock(subscribers).run(ACTION)
    assert isinstance(unlocked, Unlocked)
    assert (unlocked.view.disabled, unlocked.view.frozen) == (False, False)


def test_a_second_freeze_writes_nothing() -> None:
    store = MemoryStore()
    subscribers = MemorySubscribers(store)
    Freeze(subscribers, subscribers).run(ACTION)
    assert isinstance(Freeze(subscribers, subscribers).run(ACTION), AlreadyFrozen)
    assert store.kinds() == ["subscriber_frozen"]


def test_a_store_that_is_away_is_not_passed_over() -> None:
    store = MemoryStore()
    subscribers = MemorySubscribers(store)
    store.away = True
    with pytest.raises(StoreUnavailable):
        Freeze(subscribers, subscribers).run(ACTION)
