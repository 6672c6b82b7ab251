"""When a SIM changed as far as it was seen: intervals, and which answer an uncertain one gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.imsi import (
    NOT_ASKED,
    Candidate,
    Grade,
    ImsiMember,
    Reference,
    ReferenceMember,
    SimAnswer,
    SimState,
)
from security_service.domain.sim_swap import HOUR_S, Change, Observed, Swapped, observed, swapped_within
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber

NOW = 1_800_000_000
SAME, CHANGED = SimAnswer(SimState.SAME), SimAnswer(SimState.CHANGED)


def hours_ago(hours: int) -> int:
    return NOW - hours * HOUR_S


def member(name: bytes, first: int, last: int) -> ReferenceMember:
    return ReferenceMember(ImsiMember(1, "imsi", name), hours_ago(first), hours_ago(last), Grade.CONFIRMED)


OLD = member(b"old", 1000, 50)
KNOWN = Subscriber(Reference((OLD,)))
SUSPECT = replace(KNOWN, candidate=Candidate(ImsiMember(1, "imsi", b"new"), hours_ago(30), hours_ago(20)))


def test_nothing_is_known_of_a_number_that_was_never_seen() -> None:
    assert observed(NEW_SUBSCRIBER, NOW) is None
    assert observed(NEW_SUBSCRIBER, NOW, SimAnswer(SimState.FIRST_SEEN)) is None


@pytest.mark.parametrize(
    ("subscriber", "sim", "hours", "answer"),
    [
        # one SIM, seen for 1000 hours and now
        (KNOWN, SAME, 240, Swapped.NO),
        (KNOWN, SAME, 1000, Swapped.NO),
        (KNOWN, SAME, 1001, Swapped.NOT_WATCHED_SO_LONG),
        # the last sighting is 50 hours old and nobody looked since
        (KNOWN, NOT_ASKED, 240, Swapped.NOT_SEEN_NOW),
        (KNOWN, NOT_ASKED, 1, Swapped.NOT_SEEN_NOW),
        # another SIM answers now: it may have come at any time since then
        (KNOWN, CHANGED, 1, Swapped.YES),
        # the change lies 30 to 50 hours back
        (SUSPECT, SAME, 29, Swapped.NO),
        (SUSPECT, SAME, 30, Swapped.YES),
        (SUSPECT, SAME, 40, Swapped.YES),
        (SUSPECT, NOT_ASKED, 40, Swapped.YES),
        (SUSPECT, NOT_ASKED, 10, Swapped.NOT_SEEN_NOW),
    ],
)
def test_a_change_that_may_lie_within_the_period_counts(
    subscriber: Subscriber, sim: SimAnswer, hours: int, answer: Swapped
) -> None:
    seen = observed(subscriber, NOW, sim)
    assert seen is not None
    assert swapped_within(seen, NOW, hours) is answer


def test_a_source_that_dates_the_swap_widens_what_is_known() -> None:
    dated = replace(SAME, swapped_at=hours_ago(2000), swapped_from=hours_ago(2100))
    seen = observed(KNOWN, NOW, dated)
    assert seen == Observed(hours_ago(2000), NOW, Change(hours_ago(2100), hours_ago(2000)))
    assert [swapped_within(seen, NOW, hours) for hours in (1999, 2000)] == [Swapped.NO, Swapped.YES]
    alone = observed(NEW_SUBSCRIBER, NOW, replace(SimAnswer(SimState.FIRST_SEEN), swapped_at=hours_ago(5)))
    assert alone is not None
    assert [swapped_within(alone, NOW, hours) for hours in (4, 5)] == [Swapped.NO, Swapped.YES]


def test_the_interval_runs_from_the_last_sight_of_the_old_to_the_first_of_the_new() -> None:
    seen = observed(SUSPECT, NOW, SAME)
    assert seen is not None
    assert seen.change == Change(hours_ago(50), hours_ago(30))
    second = Subscriber(Reference((OLD, member(b"twin", 60, 0))))
    seen = observed(second, NOW, SAME)
    assert seen is not None
    assert seen.change == Change(hours_ago(60), hours_ago(60))


def test_a_sim_that_took_anothers_place_has_changed_though_nobody_saw_when() -> None:
    renewed = Subscriber(Reference((OLD,), (ImsiMember(1, "imsi", b"retired"),)))
    seen = observed(renewed, NOW, SAME)
    assert seen is not None
    assert seen.change == Change(0, hours_ago(1000))


spans = st.integers(0, 3000)


@given(spans, spans, st.none() | st.tuples(spans, spans), st.sampled_from([NOT_ASKED, SAME, CHANGED]),
       st.integers(1, 2400))  # fmt: skip
def test_no_is_said_only_of_a_period_that_was_watched_to_its_end(
    first: int, last: int, candidate: tuple[int, int] | None, sim: SimAnswer, hours: int
) -> None:
    subscriber = Subscriber(Reference((member(b"old", max(first, last), min(first, last)),)))
    if candidate is not None:
        between = Candidate(
            ImsiMember(1, "imsi", b"new"), hours_ago(max(candidate)), hours_ago(min(candidate))
        )
        subscriber = replace(subscriber, candidate=between)
    seen = observed(subscriber, NOW, sim)
    assert seen is not None
    assert seen.change is None or 0 <= seen.change.earliest <= seen.change.latest <= NOW
    if swapped_within(seen, NOW, hours) is Swapped.NO:
        assert sim is SAME or 0 in (first, last, *(candidate or ()))
        assert sim is not CHANGED
        assert max(first, last) >= hours
        assert candidate is None or max(candidate) > hours
