"""Windows of a number: the (n+1)th call is refused, exactly to the edge, and the audit tells it once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from security_service.domain.codes import (
    Admission,
    Admitted,
    CheckNotFound,
    CheckOutcome,
    CodeExists,
    NotFound,
    Opened,
    Settlement,
    Subject,
)
from security_service.domain.jobs import JobKind
from security_service.domain.limits import LimitReached, Limits, Window
from tests.store.rig import FREE, UNLIMITED, StoreRig, subject

LIMITS = Limits()
SPANS = {
    "requests": LIMITS.requests[0],
    "checks": LIMITS.checks[0],
    "sends_minute": LIMITS.sends[0],
    "sends_hour": LIMITS.sends[1],
    "sends_day": LIMITS.sends[2],
}


def limited(*windows: Window) -> Subject:
    """A subject whose tenant has these windows only, each where its name says."""
    limits = replace(
        UNLIMITED,
        requests=tuple(one for one in windows if one.name == "requests"),
        checks=tuple(one for one in windows if one.name == "checks"),
        sends=tuple(one for one in windows if one.name.startswith("sends")),
    )
    return subject(tenant=replace(FREE, limits=limits))


def call(rig: StoreRig, whom: Subject, name: str) -> Admission | CheckOutcome:
    return rig.check(whom, "000000") if name == "checks" else rig.admit(whom, rig.caller())


def facts(rig: StoreRig, kind: str) -> list[dict[str, Any]]:
    return [event["outcome"] for event in rig.events(subject()) if event["kind"] == kind]


def test_the_shipped_windows_are_those_of_the_documents() -> None:
    assert {name: (window.limit, window.seconds) for name, window in SPANS.items()} == {
        "requests": (30, 60),
        "checks": (30, 60),
        "sends_minute": (3, 60),
        "sends_hour": (10, 3600),
        "sends_day": (20, 86_400),
    }


@pytest.mark.parametrize("name", SPANS)
def test_the_call_after_the_last_is_refused_to_the_millisecond(rig: StoreRig, name: str) -> None:
    window = SPANS[name]
    whom = limited(window)
    for _ in range(window.limit):
        assert not isinstance(call(rig, whom, name), LimitReached)
        rig.advance(ms=7)
    assert call(rig, whom, name) == LimitReached(name, window.seconds)
    rig.advance(ms=window.seconds * 1000 - 7 * window.limit - 1)
    assert call(rig, whom, name) == LimitReached(name, 1)
    rig.advance(ms=1)
    assert not isinstance(call(rig, whom, name), LimitReached)
    assert call(rig, whom, name) == LimitReached(name, 1)
    rig.advance(ms=7)
    assert not isinstance(call(rig, whom, name), LimitReached)


def test_every_window_of_a_number_holds_at_once_and_the_first_full_one_refuses(rig: StoreRig) -> None:
    whom = limited(Window("sends_minute", 2, 60), Window("sends_hour", 3, 3600))
    told = []
    for seconds in (0, 0, 0, 60, 60):
        rig.advance(seconds)
        told.append(rig.admit(whom, rig.caller()))
    assert [isinstance(one, Admitted) for one in told] == [True, True, False, True, False]
    assert told[2] == LimitReached("sends_minute", 60)
    assert told[4] == LimitReached("sends_hour", 3480)


def test_a_refused_call_takes_no_place_in_the_window_that_refused_it(rig: StoreRig) -> None:
    whom = limited(Window("requests", 2, 60))
    for _ in range(5):
        rig.admit(whom, rig.caller())
    assert rig.places(whom, "requests") == 2


def test_every_call_counts_as_a_request_even_where_a_code_exists(rig: StoreRig) -> None:
    whom = limited(Window("requests", 3, 60), Window("sends_minute", 3, 60))
    rig.generate(whom)
    assert isinstance(rig.admit(whom, rig.caller()), CodeExists)
    assert isinstance(rig.admit(whom, rig.caller()), CodeExists)
    assert rig.admit(whom, rig.caller()) == LimitReached("requests", 60)
    assert rig.places(whom, "sends") == 1


def test_a_window_that_only_records_lets_through_and_tells_it_once(rig: StoreRig) -> None:
    whom = limited(Window("requests", 1, 60, record_only=True), Window("sends_minute", 9, 60))
    for _ in range(4):
        assert isinstance(rig.admit(whom, rig.caller()), Admitted)
    assert facts(rig, "limit_reached") == [{"record_only": True, "retry_ms": 0, "window": "requests"}]
    rig.advance(60)
    assert [rig.slots.count_refusals(job) for job in rig.jobs.claim(9, 9)] == [True]
    assert facts(rig, "limit_counted") == [{"refused": 2, "window": "requests"}]


def test_a_window_of_checks_that_only_records_is_told_of_too(rig: StoreRig) -> None:
    whom = limited(Window("checks", 1, 60, record_only=True))
    outcomes = [rig.check(whom, "000000") for _ in range(3)]
    assert outcomes == [CheckNotFound(NotFound.NONE)] * 3
    assert facts(rig, "limit_reached") == [{"record_only": True, "retry_ms": 0, "window": "checks"}]
    assert rig.places(whom, "checks") == 1


def test_a_full_window_that_only_records_does_not_hide_one_that_refuses(rig: StoreRig) -> None:
    whom = limited(Window("sends_minute", 1, 60, record_only=True), Window("sends_hour", 2, 3600))
    admissions = [rig.admit(whom, rig.caller()) for _ in range(3)]
    assert [isinstance(one, Admitted) for one in admissions] == [True, True, False]
    assert admissions[2] == LimitReached("sends_hour", 3600)


@pytest.mark.parametrize("name", ["requests", "checks", "sends_minute"])
def test_the_first_refusal_is_an_event_and_the_rest_one_count_at_the_windows_end(
    rig: StoreRig, name: str
) -> None:
    whom = limited(Window(name, 1, 60))
    for _ in range(5):
        call(rig, whom, name)
    assert [one["window"] for one in facts(rig, "limit_reached")] == [name]
    rig.advance(ms=59_999)
    assert rig.jobs.claim(9, 9) == []
    rig.advance(ms=1)
    jobs = rig.jobs.claim(9, 9)
    assert [job.kind for job in jobs] == [JobKind.REFUSALS]
    assert rig.slots.count_refusals(jobs[0])
    assert not rig.slots.count_refusals(jobs[0])
    assert facts(rig, "limit_counted") == [{"refused": 3, "window": name}]


def test_after_the_count_the_next_refusal_is_a_first_one_again(rig: StoreRig) -> None:
    whom = limited(Window("requests", 1, 60))
    for _ in range(2):
        rig.admit(whom, rig.caller())
        rig.admit(whom, rig.caller())
        rig.advance(60)
        assert [rig.slots.count_refusals(job) for job in rig.jobs.claim(9, 9)] == [True]
    assert len(facts(rig, "limit_reached")) == 2
    assert facts(rig, "limit_counted") == []


def test_refusals_by_a_lock_are_told_once_and_counted_when_it_ends(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    rig.guess(whom, 5)
    rig.guess(whom, 4)
    rig.admit(whom, rig.caller())
    assert [one["window"] for one in facts(rig, "limit_reached")] == ["locked"]
    rig.advance(60)
    jobs = [job for job in rig.jobs.claim(9, 9) if job.kind is JobKind.REFUSALS]
    assert [rig.slots.count_refusals(job) for job in jobs] == [True]
    assert facts(rig, "limit_counted") == [{"refused": 4, "window": "locked"}]


def test_the_place_of_a_send_is_given_back_where_nothing_left_and_kept_where_something_may_have(
    rig: StoreRig,
) -> None:
    whom = limited(Window("sends_minute", 3, 60))
    rig.settle(rig.begin(whom), Settlement.NOT_SENT)
    assert rig.places(whom, "sends") == 0
    rig.settle(rig.begin(whom), Settlement.UNKNOWN)
    assert rig.places(whom, "sends") == 1
    rig.advance(60)
    rig.generate(whom)
    assert rig.places(whom, "sends") == 2


def test_the_place_of_a_send_is_kept_where_the_gate_refuses(rig: StoreRig) -> None:
    whom = limited(Window("sends_minute", 3, 60))
    caller = rig.caller()
    assert isinstance(rig.admit(whom, caller), Admitted)
    assert rig.open(whom, caller, None) == Opened()
    assert rig.places(whom, "sends") == 1


def test_the_place_of_an_admitted_call_that_will_not_send_is_released(rig: StoreRig) -> None:
    whom = limited(Window("sends_minute", 3, 60))
    caller, other = rig.caller(), rig.caller()
    rig.admit(whom, caller)
    rig.admit(whom, other)
    rig.codes.release(whom, caller)
    rig.codes.release(whom, caller)
    assert rig.places(whom, "sends") == 1
    assert rig.redis.lindex(rig.keys(whom).of_number("sends"), 0).endswith(other.request_id.encode())


def test_a_place_is_given_back_behind_many_newer_ones(rig: StoreRig) -> None:
    whom = limited(Window("sends_minute", 50, 60))
    first = rig.caller()
    rig.admit(whom, first)
    for _ in range(20):
        rig.admit(whom, rig.caller())
    rig.codes.release(whom, first)
    assert rig.places(whom, "sends") == 20


def test_windows_of_two_numbers_and_of_two_tenants_are_apart(rig: StoreRig) -> None:
    whom = limited(Window("requests", 1, 60))
    elsewhere = replace(whom, tenant=replace(whom.tenant, id="second"))
    assert isinstance(rig.admit(whom, rig.caller()), Admitted)
    assert isinstance(rig.admit(elsewhere, rig.caller()), Admitted)
    assert isinstance(rig.admit(whom, rig.caller()), LimitReached)


def test_a_code_is_not_compared_where_the_window_of_checks_is_full(rig: StoreRig) -> None:
    whom = limited(Window("checks", 1, 60))
    draft = rig.generate(whom)
    assert isinstance(rig.check(whom, "000000"), CheckNotFound)
    assert rig.check(whom, draft.digits) == LimitReached("checks", 60)
    assert rig.state(whom) == "live"
