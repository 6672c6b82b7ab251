"""Many at once on one store: one success, one code, one place, whoever comes first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    CheckAccepted,
    CheckMatched,
    CheckNotFound,
    CodeExists,
    Opened,
    StillRunning,
)
from security_service.domain.limits import LimitReached, Limits, Locked, Window
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import PendingReverify, Subscriber
from tests.store.rig import FREE, StoreRig, subject

T = TypeVar("T")


def at_once(rig: StoreRig, calls: list[Callable[[], T]]) -> list[T]:
    """Run all calls in threads of their own, let go at the same moment."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], T]) -> T:
        gate.wait()
        try:
            return call()
        finally:
            rig.thin.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.mark.parametrize("pinned", [False, True])
def test_of_a_hundred_right_checks_at_once_exactly_one_is_accepted(rig: StoreRig, *, pinned: bool) -> None:
    whom = subject()
    draft = rig.generate(whom)
    callers = [rig.caller() for _ in range(100)]
    outcomes = at_once(
        rig,
        [partial(rig.check, whom, draft.digits, caller, pinned=pinned) for caller in callers],
    )
    told = Counter(type(outcome) for outcome in outcomes)
    assert told == {CheckMatched if pinned else CheckAccepted: 1, CheckNotFound: 99}
    assert Counter(rig.reasons(whom)) == {"valid": 1, "spent": 99}


def test_of_two_codes_for_one_number_at_once_one_is_opened_and_the_other_gives_its_place_back(
    rig: StoreRig,
) -> None:
    for number in range(20):
        whom = subject(Msisdn(f"790300000{number:02d}"), tenant=replace(FREE, limits=Limits()))
        callers = [rig.caller(), rig.caller()]
        admissions = at_once(rig, [partial(rig.admit, whom, caller) for caller in callers])
        assert all(isinstance(admission, Admitted) for admission in admissions)
        codes = [rig.new_code(whom, rig.digits()) for _ in callers]
        openings = at_once(
            rig,
            [partial(rig.open, whom, *pair) for pair in zip(callers, codes, strict=True)],
        )
        assert Counter(type(opening) for opening in openings) == {Opened: 1, CodeExists: 1}
        assert rig.places(whom, "sends") == 1


def test_of_many_calls_with_one_idempotency_key_at_once_one_goes_on_and_the_others_wait(
    rig: StoreRig,
) -> None:
    whom, callers = subject(), [rig.caller("", "key") for _ in range(8)]
    admissions = at_once(rig, [partial(rig.admit, whom, caller) for caller in callers])
    assert Counter(type(admission) for admission in admissions) == {Admitted: 1, StillRunning: 7}


def test_a_window_lets_exactly_as_many_of_many_calls_through(rig: StoreRig) -> None:
    limits = Limits(requests=(Window("requests", 7, 60),), sends=(Window("sends_minute", 3, 60),))
    whom = subject(tenant=replace(FREE, limits=limits))
    callers = [rig.caller() for _ in range(40)]
    admissions = at_once(rig, [partial(rig.admit, whom, caller) for caller in callers])
    told = Counter(
        admission.window if isinstance(admission, LimitReached) else "admitted" for admission in admissions
    )
    assert told == {"admitted": 3, "sends_minute": 4, "requests": 33}


def test_many_wrong_guesses_at_once_are_five_counted_and_the_rest_locked_out(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    callers = [rig.caller("stranger") for _ in range(40)]
    outcomes = at_once(
        rig,
        [partial(rig.check, whom, "000000", caller) for caller in callers],
    )
    assert Counter(type(outcome) for outcome in outcomes) == {CheckNotFound: 5, Locked: 35}
    assert rig.subscribers.get("demo", whom.number).failures == 5


def test_of_many_writers_of_one_record_exactly_one_wins(rig: StoreRig) -> None:
    number = subject().number
    changed = Event(EventKind.MODE_SET, {})
    drafts = [Subscriber(pending=PendingReverify(f"person {one}", "asked", 1, 2)) for one in range(8)]
    stored = rig.subscribers.get("demo", number).stored
    wins = at_once(
        rig,
        [partial(rig.subscribers.swap, "demo", number, stored, draft, [changed]) for draft in drafts],
    )
    assert Counter(wins) == {True: 1, False: 7}
    assert rig.subscribers.get("demo", number).subscriber == drafts[wins.index(True)]
    assert rig.kinds(subject()) == ["mode_set"]


def test_numbers_of_events_have_no_gap_whoever_writes_them(rig: StoreRig) -> None:
    whom = subject()
    callers = [rig.caller() for _ in range(60)]
    at_once(rig, [partial(rig.check, whom, "1", caller) for caller in callers])
    assert [event["seq"] for event in rig.events(whom)] == list(range(2, 62))
