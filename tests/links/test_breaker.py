from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from security_service.links.breaker import Breaker, BreakerRule, BreakerState

RULE = BreakerRule(failures=3, window_s=60, pause_s=10)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(RULE, clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.admits()
        breaker.record(failed=True)


def test_it_opens_at_the_third_failure_in_a_row_and_not_before(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.state() is BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state() is BreakerState.OPEN
    assert not breaker.admits()


def test_a_success_between_failures_starts_the_row_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.record(failed=False)
    fail(breaker, 2)
    assert breaker.admits()


def test_failures_that_lie_too_far_apart_do_not_open_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        fail(breaker, 1)
        clock.now += 31
    assert breaker.state() is BreakerState.CLOSED
    fail(breaker, 2)
    assert breaker.state() is BreakerState.OPEN


def test_after_the_pause_one_call_is_let_through_as_a_probe(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.state() is BreakerState.HALF_OPEN
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    breaker.record(failed=False)
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_a_probe_that_fails_opens_it_for_another_pause_from_then_on(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    clock.now += 8
    breaker.record(failed=True)
    clock.now += 9
    assert not breaker.admits()
    clock.now += 1
    assert breaker.admits()


def test_a_probe_that_never_ends_makes_room_for_another_after_a_pause(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    assert breaker.admits()
    clock.now += 9.9
    assert not breaker.admits()
    clock.now += 0.1
    assert breaker.admits()


def test_a_call_from_before_the_opening_that_fails_late_does_not_prolong_the_pause(
    breaker: Breaker, clock: Clock
) -> None:
    assert breaker.admits()
    fail(breaker, 3)
    clock.now += 9
    breaker.record(failed=True)
    clock.now += 1
    assert breaker.admits()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"failures": 0}, "at least one"),
        ({"window_s": 0}, "longer than zero"),
        ({"pause_s": -1}, "longer than zero"),
    ],
)
def test_a_rule_that_could_never_open_or_close_is_refused(values: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BreakerRule(**values)


class Breakers(RuleBasedStateMachine):
    """Whatever happens, it never refuses without reason and never refuses for longer than a pause."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(RULE, self.clock)
        self.under_way = 0
        self.failures_in_a_row = 0

    @rule()
    def call(self) -> None:
        if self.breaker.admits():
            self.under_way += 1
        else:
            assert self.failures_in_a_row >= RULE.failures

    @precondition(lambda self: self.under_way > 0)
    @rule(failed=st.booleans())
    def end(self, *, failed: bool) -> None:
        self.under_way -= 1
        self.failures_in_a_row = self.failures_in_a_row + 1 if failed else 0
        self.breaker.record(failed=failed)

    @rule(seconds=st.floats(0, 80))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def a_pause_later_it_lets_a_call_through(self) -> None:
        now = self.clock.now
        self.clock.now += RULE.pause_s
        assert self.breaker.state() is not BreakerState.OPEN
        self.clock.now = now


TestBreakers = Breakers.TestCase
