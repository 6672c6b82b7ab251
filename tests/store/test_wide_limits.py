"""Windows over many numbers of one tenant: all of them or none, refused at the (n+1)th call."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from security_service.domain.audit import AuditQuery
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import LimitReached, Limits, Window
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from security_service.store.wide_limits import StoredNoticeCap, StoredSendTally
from tests.store.rig import FREE, NUMBER, OTHER, StoreRig

MINUTE = Window("minute", 3, 60)


def tenant(limits: Limits) -> Tenant:
    return replace(FREE, limits=limits)


def numbers(rig: StoreRig, one: Tenant, times: int) -> list[LimitReached | None]:
    return [rig.wide.take(one, NUMBER, "a", ()) for _ in range(times)]


def test_the_call_after_the_last_is_refused_until_the_window_has_room(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(MINUTE,)))
    assert numbers(rig, one, 3) == [None] * 3
    refused = rig.wide.take(one, OTHER, "b", ())
    assert refused is not None
    assert refused.window == "minute"
    assert 60 <= refused.retry_after_s <= 61
    rig.advance(ms=59_999)
    assert rig.wide.take(one, OTHER, "b", ()) is not None
    rig.advance(1, ms=1)
    assert rig.wide.take(one, OTHER, "b", ()) is None


@given(pauses=st.lists(st.integers(0, 30_000), min_size=4, max_size=25), offset=st.integers(0, 59_999))
@settings(max_examples=40, deadline=None)
def test_no_span_ever_holds_more_than_the_limit_and_retry_after_is_kept(
    lasting_rig: StoreRig, pauses: list[int], offset: int
) -> None:
    rig = lasting_rig
    rig.advance(7200, ms=offset)
    one, taken = tenant(Limits(tenant=(MINUTE,))), []
    for pause in pauses:
        rig.advance(ms=pause)
        reached = rig.wide.take(one, NUMBER, "", ())
        if reached is None:
            taken.append(rig.now_ms)
        else:
            before = rig.now_ms
            rig.advance(reached.retry_after_s)
            assert rig.wide.take(one, NUMBER, "", ()) is None
            taken.append(rig.now_ms)
            assert rig.now_ms - before <= 61_000
    for at in taken:
        assert sum(at - 60_000 < other <= at for other in taken) <= 3


def test_every_scope_counts_on_its_own(rig: StoreRig) -> None:
    single = Window("single", 1, 60)
    one = tenant(Limits(source=(single,)))
    assert [rig.wide.take(one, NUMBER, source, ()) is None for source in ("a", "a", "b", "", "")] == [
        True,
        False,
        True,
        True,
        True,
    ]
    one = tenant(Limits(prefix=(single,)))
    others = [Msisdn("79031239999"), Msisdn("79031240000")]
    assert [rig.wide.take(one, number, "", ()) is None for number in (NUMBER, *others)] == [True, False, True]
    one = tenant(Limits(keys=(single,)))
    assert [rig.wide.take(one, NUMBER, "", keys) is None for keys in (["k"], ["j"], ["k"], ["m", "j"])] == [
        True,
        True,
        False,
        False,
    ]


def test_two_tenants_count_apart(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(Window("minute", 1, 60),)))
    assert rig.wide.take(one, NUMBER, "", ()) is None
    assert rig.wide.take(replace(one, id="second"), NUMBER, "", ()) is None
    assert rig.wide.take(one, NUMBER, "", ()) is not None


def test_a_call_that_one_window_refuses_takes_no_place_in_the_others(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(Window("wide", 3, 60),), source=(Window("narrow", 1, 60),)))
    assert rig.wide.take(one, NUMBER, "a", ()) is None
    for _ in range(5):
        reached = rig.wide.take(one, NUMBER, "a", ())
        assert reached is not None
        assert reached.window == "narrow"
    assert [rig.wide.take(one, NUMBER, source, ()) for source in ("b", "c")] == [None, None]
    reached = rig.wide.take(one, NUMBER, "d", ())
    assert reached is not None
    assert reached.window == "wide"


def test_a_place_that_was_given_back_may_be_taken_again(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(MINUTE,), prefix=(Window("prefix", 9, 3600),)))
    assert numbers(rig, one, 3) == [None] * 3
    rig.wide.give_back(one, NUMBER, "a", ())
    assert [reached is None for reached in numbers(rig, one, 2)] == [True, False]


def test_giving_back_never_makes_room_that_was_not_taken(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(MINUTE,)))
    rig.wide.give_back(one, NUMBER, "a", ())
    assert [reached is None for reached in numbers(rig, one, 4)] == [True, True, True, False]


def test_a_window_that_only_records_lets_through(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(Window("minute", 1, 60, record_only=True),)))
    assert numbers(rig, one, 5) == [None] * 5


def test_a_tenant_without_wide_windows_asks_nothing_of_the_store(rig: StoreRig) -> None:
    before = len(rig.scripts.calls)
    assert rig.wide.take(FREE, NUMBER, "a", ["k"]) is None
    rig.wide.give_back(FREE, NUMBER, "a", ["k"])
    assert len(rig.scripts.calls) == before


def test_counters_go_away_by_themselves(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(MINUTE,)))
    rig.wide.take(one, NUMBER, "", ())
    assert [rig.redis.pttl(key) > 60_000 for key in rig.redis.keys("{w:*")] == [True]


def test_unverified_sends_have_a_floor_and_then_a_share_of_the_hour(rig: StoreRig) -> None:
    tally = StoredSendTally(rig.frame)
    assert [tally.take_unverified("demo", 2, 5) for _ in range(3)] == [True, True, False]
    for _ in range(60):
        tally.sent("demo")
    tally.flush()
    assert [tally.take_unverified("demo", 2, 5) for _ in range(2)] == [True, False]
    assert tally.take_unverified("second", 1, 5)
    rig.advance(3660)
    assert tally.take_unverified("demo", 1, 5)


def test_messages_that_left_are_gathered_and_counted_in_one_call(rig: StoreRig) -> None:
    tally = StoredSendTally(rig.frame)
    before = len(rig.scripts.calls)
    for _ in range(101):
        tally.sent("demo")
    tally.flush()
    tally.flush()
    assert [(call[0], call[2][1]) for call in rig.scripts.calls[before:]] == [("add_sent", 101)]


def test_a_message_that_left_is_not_denied_because_the_store_is_away(rig: StoreRig) -> None:
    away = ThinScripts(parse_address("redis://127.0.0.1:1"))
    tally = StoredSendTally(StoreFrame(away, lambda: Layout(64), "i1"))
    tally.sent("demo")
    tally.flush()
    with pytest.raises(StoreUnavailable):
        tally.take_unverified("demo", 1, 1)


def test_unverified_sends_are_counted_for_an_hour(rig: StoreRig) -> None:
    tally = StoredSendTally(rig.frame)
    assert tally.take_unverified("demo", 1, 1)
    rig.advance(3599)
    assert not tally.take_unverified("demo", 1, 1)
    rig.advance(61)
    assert tally.take_unverified("demo", 1, 1)


def test_notices_have_a_cap_a_day(rig: StoreRig) -> None:
    cap = StoredNoticeCap(rig.frame)
    assert not cap.take(replace(FREE, notices_a_day=0))
    one = replace(FREE, notices_a_day=2)
    assert [cap.take(one) for _ in range(3)] == [True, True, False]
    rig.advance(86_400 + 1440)
    assert cap.take(one)


def told(rig: StoreRig, kind: str) -> list[dict[str, Any]]:
    texts = rig.log.page(AuditQuery(kind=kind)).events
    return [json.loads(text) for text in texts]


def test_the_first_refusal_is_an_event_and_the_rest_are_one_count_at_the_windows_end(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(MINUTE,)))
    numbers = [Msisdn(f"7903000{place:04d}") for place in range(MINUTE.limit + 5)]
    for number in numbers:
        rig.wide.take(one, number, "", ())
    (first,) = told(rig, "limit_reached")
    assert first["outcome"]["window"] == MINUTE.name
    assert first["subject"]["number"] == numbers[MINUTE.limit].digits
    rig.advance(MINUTE.seconds)
    (job,) = rig.jobs.claim(9, 60)
    assert rig.slots.count_refusals(job)
    assert not rig.slots.count_refusals(job)
    (counted,) = told(rig, "limit_counted")
    assert counted["facts"] == {"refused": 4, "window": MINUTE.name}


def test_a_full_window_that_only_records_is_told_too(rig: StoreRig) -> None:
    one = tenant(Limits(tenant=(replace(MINUTE, limit=1, record_only=True),)))
    for place in range(3):
        assert rig.wide.take(one, Msisdn(f"7903000{place:04d}"), "", ()) is None
    (first,) = told(rig, "limit_reached")
    assert first["outcome"]["record_only"] is True
