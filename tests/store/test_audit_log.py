"""Reading the events back: every one once, newest first, whatever is written meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.secret import Msisdn
from security_service.store.keys import all_shards
from tests.store.rig import FREE, NUMBER, OTHER, START_MS, StoreRig, messaged, subject

NUMBERS = [Msisdn(f"7903{number:07d}") for number in range(40)]


def write(rig: StoreRig, number: Msisdn, count: int = 1, tenant: str = "demo") -> None:
    for _ in range(count):
        seen = rig.subscribers.get(tenant, number)
        event = Event(EventKind.MODE_SET, {"mark": rig.token()})
        assert rig.subscribers.swap(tenant, number, seen.stored, messaged(), [event])


def read(rig: StoreRig, query: AuditQuery, *, meanwhile: bool = False) -> list[dict[str, Any]]:
    """All pages of a query, with new events between them where asked for."""
    found: list[dict[str, Any]] = []
    while True:
        page = rig.log.page(query)
        assert len(page.events) <= query.count
        found += [json.loads(text) for text in page.events]
        if not page.next:
            return found
        query = replace(query, cursor=page.next)
        if meanwhile:
            rig.advance(ms=1)
            for number in NUMBERS[::7]:
                write(rig, number)


def marks(events: list[dict[str, Any]]) -> list[str]:
    return [event["facts"]["mark"] for event in events if event["kind"] == "mode_set"]


@pytest.mark.parametrize("count", [1, 7, 100])
@pytest.mark.parametrize("meanwhile", [False, True])
def test_pages_go_through_all_events_exactly_once(rig: StoreRig, count: int, *, meanwhile: bool) -> None:
    for number in NUMBERS:
        write(rig, number, 2)
        rig.advance(ms=len(number.digits) % 3)
    written = [f"{one:032x}" for one in range(1, 81)]
    found = marks(read(rig, AuditQuery(tenant="demo", count=count), meanwhile=meanwhile))
    assert len(found) == len(set(found))
    assert set(written) <= set(found)


def test_events_come_newest_first_over_all_shards(rig: StoreRig) -> None:
    for number in NUMBERS:
        rig.advance(ms=3)
        write(rig, number)
    times = [event["at"] for event in read(rig, AuditQuery(tenant="demo", count=9))]
    assert times == sorted(times, reverse=True)
    assert len(times) == 40


def test_an_installation_is_told_of_by_every_shard(rig: StoreRig) -> None:
    found = read(rig, AuditQuery(kind="store_initialised", count=11))
    assert sorted(event["shard"] for event in found) == all_shards()


def test_a_long_stream_of_one_number_is_read_to_its_end(rig: StoreRig) -> None:
    write(rig, NUMBER, 450)
    write(rig, OTHER, 3)
    found = read(rig, AuditQuery(tenant="demo", number=NUMBER, count=100))
    assert [event["seq"] for event in found] == list(range(451, 1, -1))


def test_filters_leave_only_what_was_asked_for(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    rig.guess(whom, 2)
    write(rig, OTHER)
    write(rig, NUMBER, tenant="second")
    query = AuditQuery(tenant="demo", number=NUMBER)
    assert len(read(rig, query)) == 4
    assert [one["kind"] for one in read(rig, replace(query, kind="code_checked"))] == ["code_checked"] * 2
    assert [one["kind"] for one in read(rig, replace(query, verdict="send"))] == ["gate_decided"]
    assert len(read(rig, replace(query, reason="wrong"))) == 2
    assert read(rig, replace(query, reason="spent")) == []
    assert len(read(rig, AuditQuery(tenant="demo"))) == 5
    assert len(read(rig, AuditQuery(tenant="second"))) == 1
    assert len(read(rig, AuditQuery(kind="mode_set"))) == 2


def test_a_reason_of_the_facts_is_found_too(rig: StoreRig) -> None:
    event = Event(EventKind.SEND_REFUSED, {"reason": "no_route"})
    assert rig.subscribers.swap("demo", NUMBER, b"", messaged(), [event])
    assert len(read(rig, AuditQuery(reason="no_route"))) == 1


def test_times_bound_what_is_read_on_both_sides(rig: StoreRig) -> None:
    for _ in range(5):
        rig.advance(1)
        write(rig, NUMBER)
    query = AuditQuery(tenant="demo", since_ms=START_MS + 2000, until_ms=START_MS + 4000, count=2)
    assert [event["at"] - START_MS for event in read(rig, query)] == [4000, 3000, 2000]


@given(cursor=st.text(max_size=20) | st.sampled_from(["-", "1-", "1-2", "1-2-", "x-1-s001", "1-x-s001"]))
@settings(max_examples=40, deadline=None)
def test_a_cursor_that_nobody_gave_starts_anew_or_ends(lasting_rig: StoreRig, cursor: str) -> None:
    page = lasting_rig.log.page(AuditQuery(count=3, cursor=cursor))
    assert len(page.events) <= 3


def test_events_of_tenants_are_read_beside_those_of_numbers(rig: StoreRig) -> None:
    rig.redis.xadd(
        "{m}:events",
        {"e": '{"facts":{},"kind":"tenant_saved","outcome":{},"seq":1,"subject":{"tenant":"demo"}}'},
        id=f"{START_MS}-1",
    )
    assert [event["kind"] for event in read(rig, AuditQuery(tenant=FREE.id))] == ["tenant_saved"]
