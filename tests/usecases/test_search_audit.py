"""A search goes back in slices of time, finds all that there is, each once, and never holds anybody up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.audit import AuditPage, AuditQuery
from security_service.usecases.search_audit import SearchAudit
from tests.fakes.clock import HandClock

NOW = 1_800_000_000_000
HOUR = 3_600_000


class TimedLog:
    """The AuditLog port over times; reading a slice costs as many seconds as it is told to."""

    def __init__(self, clock: HandClock, times: list[int], seconds: float = 0.0) -> None:
        self.clock, self.times, self.seconds = clock, sorted(times, reverse=True), seconds
        self.asked: list[tuple[int, int]] = []

    def page(self, query: AuditQuery) -> AuditPage:
        self.asked.append((query.since_ms, query.until_ms))
        self.clock.move(self.seconds)
        places = [
            place
            for place, at in enumerate(self.times)
            if at >= query.since_ms and (not query.until_ms or at <= query.until_ms)
        ]
        first = int(query.cursor or 0)
        found = places[first : first + query.count]
        following = str(first + query.count) if len(places) > first + query.count else ""
        return AuditPage(tuple(str(self.times[place]) for place in found), following)


class WallClock(HandClock):
    """A clock whose wall stands still."""

    def unix_ms(self) -> int:
        return NOW


def everything(search: SearchAudit, query: AuditQuery) -> list[int]:
    found: list[int] = []
    for _ in range(10_000):
        page = search.run(query)
        assert len(page.events) <= query.count
        found += [int(one) for one in page.events]
        if not page.next:
            return found
        query = replace(query, cursor=page.next)
    raise AssertionError("the search does not end")


@given(
    st.lists(st.integers(NOW - 50 * HOUR, NOW + HOUR), max_size=40),
    st.integers(1, 7),
    st.sampled_from([0.0, 0.04, 0.1, 9.0]),
)
def test_every_event_is_found_once_newest_first(times: list[int], count: int, seconds: float) -> None:
    clock = WallClock()
    search = SearchAudit(TimedLog(clock, times, seconds), clock)
    assert everything(search, AuditQuery(count=count, since_ms=NOW - 50 * HOUR)) == sorted(
        times, reverse=True
    )


def test_a_search_ends_where_it_is_told_to() -> None:
    clock = WallClock()
    times = [NOW - hours * HOUR for hours in range(100)]
    search = SearchAudit(TimedLog(clock, times), clock)
    query = AuditQuery(count=10, since_ms=NOW - 50 * HOUR, until_ms=NOW - 10 * HOUR)
    assert everything(search, query) == [NOW - hours * HOUR for hours in range(10, 51)]


def test_a_page_of_something_rare_ends_in_time_and_goes_on_from_there() -> None:
    clock = WallClock()
    log = TimedLog(clock, [NOW - 50 * HOUR], seconds=0.05)
    page = SearchAudit(log, clock).run(AuditQuery(count=10))
    assert page.events == ()
    assert page.next
    assert clock.now - 1_000.0 <= 0.2
    assert everything(SearchAudit(log, clock), AuditQuery(count=10, since_ms=NOW - 50 * HOUR)) == [
        NOW - 50 * HOUR
    ]


def test_where_reading_is_quick_the_beginning_is_soon_reached() -> None:
    clock = WallClock()
    log = TimedLog(clock, [])
    assert SearchAudit(log, clock).run(AuditQuery(count=10)) == AuditPage((), "")
    assert len(log.asked) < 10


@pytest.mark.parametrize("cursor", ["x", "..", "9" * 40 + ".0.", "-1.0.", "٣.0.", "1", "1.2", "\x00.."])
def test_a_cursor_that_is_none_of_ours_begins_anew(cursor: str) -> None:
    clock = WallClock()
    search = SearchAudit(TimedLog(clock, [NOW - 1]), clock)
    assert search.run(AuditQuery(cursor=cursor)).events == (str(NOW - 1),)


def test_an_open_end_holds_what_a_clock_of_another_machine_puts_ahead() -> None:
    clock = WallClock()
    page = SearchAudit(TimedLog(clock, [NOW + HOUR]), clock).run(AuditQuery())
    assert [json.loads(one) for one in page.events] == [NOW + HOUR]
