from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from security_service.domain.ports import Race
from security_service.links.breaker import BreakerRule, BreakerState
from security_service.links.race import OrderedRace

WITHIN_S = 5.0
SOON_S = 0.1
LATE_S = 0.3

Attempt = tuple[str, Callable[[float], str]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def failed(answer: object) -> bool:
    return answer == "failed"


def decides(answer: str) -> bool:
    return answer.startswith("yes")


def saying(name: str, answer: str) -> Attempt:
    return name, lambda _: answer


@pytest.fixture
def in_turn() -> Iterator[OrderedRace]:
    race = OrderedRace(failed=failed)
    yield race
    race.close()


@pytest.fixture
def hedged() -> Iterator[OrderedRace]:
    race = OrderedRace(failed=failed, hedge_after_s=0.01)
    yield race
    race.close()


def test_it_implements_the_port(in_turn: OrderedRace) -> None:
    race: Race = in_turn
    assert race.first([saying("a", "yes")], WITHIN_S, decides) == ["yes"]


def test_nothing_to_attempt_gives_no_answers(in_turn: OrderedRace, hedged: OrderedRace) -> None:
    assert in_turn.first([], WITHIN_S, decides) == []
    assert hedged.first([], WITHIN_S, decides) == []


def test_attempts_run_in_order_until_one_decides(in_turn: OrderedRace, hedged: OrderedRace) -> None:
    attempts = [saying("a", "no"), saying("b", "failed"), saying("c", "yes"), saying("d", "yes too late")]
    assert in_turn.first(attempts, WITHIN_S, decides) == ["no", "failed", "yes"]
    # Each answers at once, long before the hedge would start its neighbour.
    patient = OrderedRace(failed=failed, hedge_after_s=WITHIN_S)
    assert patient.first(attempts, WITHIN_S, decides) == ["no", "failed", "yes"]
    patient.close()


def test_when_none_decides_all_answers_are_given(in_turn: OrderedRace, hedged: OrderedRace) -> None:
    attempts = [saying("a", "no"), saying("b", "failed")]
    assert in_turn.first(attempts, WITHIN_S, decides) == ["no", "failed"]
    assert sorted(hedged.first(attempts, WITHIN_S, decides)) == ["failed", "no"]


@pytest.mark.parametrize("hedge_after_s", [None, 0.01])
def test_a_single_attempt_runs_in_the_callers_thread(hedge_after_s: float | None) -> None:
    race = OrderedRace(failed=failed, hedge_after_s=hedge_after_s)
    threads: list[int] = []

    def attempt(within_s: float) -> str:
        threads.append(threading.get_ident())
        return "yes"

    race.first([("a", attempt)], WITHIN_S, decides)
    assert threads == [threading.get_ident()]


def test_without_a_hedge_every_attempt_runs_in_the_callers_thread(in_turn: OrderedRace) -> None:
    threads: list[int] = []

    def attempt(within_s: float) -> str:
        threads.append(threading.get_ident())
        return "no"

    in_turn.first([("a", attempt), ("b", attempt)], WITHIN_S, decides)
    assert threads == [threading.get_ident()] * 2


def test_each_attempt_is_told_the_seconds_that_are_left() -> None:
    clock = Clock()
    told: list[float] = []

    def attempt(within_s: float) -> str:
        told.append(within_s)
        clock.now += 2
        return "no"

    race = OrderedRace(failed=failed, clock=clock)
    assert race.first([(name, attempt) for name in "abcd"], 5.0, decides) == ["no", "no", "no"]
    assert told == [5.0, 3.0, 1.0], "the fourth would have started after the deadline"


def test_a_silent_first_attempt_is_overtaken_by_the_hedge(hedged: OrderedRace) -> None:
    overtaken = threading.Event()

    def silent(within_s: float) -> str:
        overtaken.wait(WITHIN_S)
        return "yes, late"

    assert hedged.first([("a", silent), saying("b", "yes")], WITHIN_S, decides) == ["yes"]
    overtaken.set()


def test_an_answer_that_comes_after_the_hedge_has_started_still_decides(hedged: OrderedRace) -> None:
    hedge_started, released = threading.Event(), threading.Event()

    def first(within_s: float) -> str:
        hedge_started.wait(WITHIN_S)
        return "yes"

    def second(within_s: float) -> str:
        hedge_started.set()
        released.wait(WITHIN_S)
        return "no"

    assert hedged.first([("a", first), ("b", second)], WITHIN_S, decides) == ["yes"]
    released.set()


def test_an_undecided_answer_starts_the_next_at_once() -> None:
    race = OrderedRace(failed=failed, hedge_after_s=3600.0)
    assert race.first([saying("a", "no"), saying("b", "yes")], WITHIN_S, decides) == ["no", "yes"]
    race.close()


def test_the_deadline_holds_although_attempts_do_not_keep_theirs(hedged: OrderedRace) -> None:
    release = threading.Event()

    def deaf(within_s: float) -> str:
        release.wait(WITHIN_S)
        return "yes, late"

    started = time.monotonic()
    assert hedged.first([("a", deaf), ("b", deaf)], SOON_S, decides) == []
    assert time.monotonic() - started < SOON_S + LATE_S
    release.set()


def test_when_no_thread_is_free_the_caller_goes_without_the_hedge() -> None:
    race = OrderedRace(failed=failed, hedge_after_s=0.01, threads=1)
    release, entered = threading.Event(), threading.Event()

    def blocked(within_s: float) -> str:
        entered.set()
        release.wait(WITHIN_S)
        return "no"

    other = threading.Thread(target=race.first, args=([("x", blocked), ("y", blocked)], WITHIN_S, decides))
    other.start()
    assert entered.wait(WITHIN_S)
    threads: list[int] = []

    def attempt(within_s: float) -> str:
        threads.append(threading.get_ident())
        return "no" if len(threads) == 1 else "yes"

    assert race.first([("a", attempt), ("b", attempt)], WITHIN_S, decides) == ["no", "yes"]
    assert threads == [threading.get_ident()] * 2
    release.set()
    other.join()
    race.close()


class Broken(Exception):  # stands for any defect of an attempt
    pass


@pytest.mark.parametrize("hedge_after_s", [None, 0.01])
def test_what_an_attempt_raises_is_raised_and_counts_as_a_failure(hedge_after_s: float | None) -> None:
    race = OrderedRace(failed=failed, hedge_after_s=hedge_after_s, rule=BreakerRule(failures=1))

    def broken(within_s: float) -> str:
        raise Broken

    with pytest.raises(Broken):
        race.first([("a", broken), ("b", broken)], WITHIN_S, decides)
    assert race.states()["a"] is BreakerState.OPEN
    race.close()


@pytest.mark.parametrize("hedge_after_s", [None, 3600.0])
def test_an_attempt_whose_breaker_is_open_is_passed_over_until_its_probe_succeeds(
    hedge_after_s: float | None,
) -> None:
    clock = Clock()
    rule = BreakerRule(failures=2, window_s=60, pause_s=10)
    race = OrderedRace(failed=failed, hedge_after_s=hedge_after_s, rule=rule, clock=clock)
    asked: list[str] = []
    answers = {"a": "failed", "b": "yes"}

    def attempt(name: str) -> Attempt:
        def ask(within_s: float) -> str:
            asked.append(name)
            return answers[name]

        return name, ask

    attempts = [attempt("a"), attempt("b")]
    for _ in range(2):
        assert race.first(attempts, WITHIN_S, decides) == ["failed", "yes"]
    assert race.first(attempts, WITHIN_S, decides) == ["yes"]
    assert race.states() == {"a": BreakerState.OPEN, "b": BreakerState.CLOSED}
    answers["a"] = "yes again"
    clock.now += 10
    assert race.first(attempts, WITHIN_S, decides) == ["yes again"]
    assert race.states()["a"] is BreakerState.CLOSED
    assert asked == ["a", "b", "a", "b", "b", "a"]
    race.close()


def test_when_every_breaker_is_open_there_are_no_answers() -> None:
    race = OrderedRace(failed=failed, rule=BreakerRule(failures=1))
    race.first([saying("a", "failed")], WITHIN_S, decides)
    assert race.first([saying("a", "yes")], WITHIN_S, decides) == []
