from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from security_service.domain.secret import Secret
from security_service.links.session import NoSession, NoSessionReason, SessionKeeper

WITHIN_S = 5.0
LIFE_S = 6900.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Logins:
    """Gives session s1, s2, ... or what the test has put in their place."""

    def __init__(self) -> None:
        self.count = 0
        self.answers: list[Secret | NoSession] = []
        self.before: Callable[[], object] = lambda: None

    def __call__(self, within_s: float) -> Secret | NoSession:
        self.count += 1
        number = self.count
        self.before()
        return self.answers.pop(0) if self.answers else Secret(f"s{number}")


def test_a_session_is_fetched_once_and_used_until_its_life_ends() -> None:
    clock, logins = Clock(), Logins()
    keeper = SessionKeeper(logins, life_s=LIFE_S, clock=clock)
    assert keeper.current(WITHIN_S) == Secret("s1")
    clock.now += LIFE_S - 1
    assert keeper.current(WITHIN_S) == Secret("s1")
    clock.now += 1
    assert keeper.current(WITHIN_S) == Secret("s2")


def test_a_refused_session_is_replaced_and_the_new_one_is_used_from_then_on() -> None:
    keeper = SessionKeeper(Logins(), life_s=LIFE_S)
    first = keeper.current(WITHIN_S)
    assert isinstance(first, Secret)
    assert keeper.renewed(first, WITHIN_S) == Secret("s2")
    assert keeper.current(WITHIN_S) == Secret("s2")


def test_a_session_that_another_caller_has_renewed_already_is_not_fetched_again() -> None:
    logins = Logins()
    keeper = SessionKeeper(logins, life_s=LIFE_S)
    first = keeper.current(WITHIN_S)
    assert isinstance(first, Secret)
    keeper.renewed(first, WITHIN_S)
    assert keeper.renewed(first, WITHIN_S) == Secret("s2")
    assert logins.count == 2


@pytest.mark.parametrize(
    "outcome",
    [Secret("shared"), NoSession(NoSessionReason.UNREACHABLE), NoSession(NoSessionReason.REFUSED)],
)
def test_callers_at_the_same_time_make_one_login_and_share_its_outcome(outcome: Secret | NoSession) -> None:
    logins = Logins()
    keeper = SessionKeeper(logins, life_s=LIFE_S)
    others: list[Secret | NoSession] = []

    def call_from_others() -> None:
        # The lock is held here, by the caller under test: the others queue up behind it.
        for _ in range(8):
            thread = threading.Thread(target=lambda: others.append(keeper.current(WITHIN_S)))
            threads.append(thread)
            thread.start()

    threads: list[threading.Thread] = []
    logins.answers = [outcome]
    logins.before = call_from_others
    assert keeper.current(WITHIN_S) == outcome
    logins.before = lambda: None
    for thread in threads:
        thread.join()
    # One that came late by a scheduler's whim finds the session; after a failure it may try itself.
    assert others.count(outcome) >= 1
    assert logins.count == 1 or not isinstance(outcome, Secret)


def test_a_caller_without_time_does_not_wait_for_another_ones_login() -> None:
    entered, release = threading.Event(), threading.Event()
    logins = Logins()

    def hold() -> None:
        entered.set()
        release.wait(WITHIN_S)

    logins.before = hold
    keeper = SessionKeeper(logins, life_s=LIFE_S)
    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(keeper.current, WITHIN_S)
        assert entered.wait(WITHIN_S)
        assert keeper.current(0.05) == NoSession(NoSessionReason.NO_TIME)
        assert keeper.current(-1.0) == NoSession(NoSessionReason.NO_TIME)
        release.set()
        assert leader.result() == Secret("s1")


def test_a_refused_login_is_not_hammered_and_is_tried_again_after_a_pause() -> None:
    clock, logins = Clock(), Logins()
    logins.answers = [NoSession(NoSessionReason.REFUSED)]
    keeper = SessionKeeper(logins, life_s=LIFE_S, clock=clock)
    assert [keeper.current(WITHIN_S) for _ in range(3)] == [NoSession(NoSessionReason.REFUSED)] * 3
    assert logins.count == 1
    clock.now += 5
    assert keeper.current(WITHIN_S) == Secret("s2")


@pytest.mark.parametrize(
    "reason", [NoSessionReason.UNREACHABLE, NoSessionReason.UNREADABLE, NoSessionReason.NO_TIME]
)
def test_any_other_failure_is_tried_again_by_the_next_caller(reason: NoSessionReason) -> None:
    logins = Logins()
    logins.answers = [NoSession(reason)]
    keeper = SessionKeeper(logins, life_s=LIFE_S)
    assert keeper.current(WITHIN_S) == NoSession(reason)
    assert keeper.current(WITHIN_S) == Secret("s2")


def test_without_time_no_login_is_made() -> None:
    logins = Logins()
    assert SessionKeeper(logins, life_s=LIFE_S).current(0.0) == NoSession(NoSessionReason.NO_TIME)
    assert logins.count == 0
