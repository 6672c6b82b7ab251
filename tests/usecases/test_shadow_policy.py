"""A document on trial: asked beside the one in force, written down, and of no effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.policy import Verdict
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.usecases.read_policies import PolicyView, UnknownPolicy
from security_service.usecases.shadow_policy import OtherName, ShadowSet
from tests.store.rig import StoreRig, subject
from tests.usecases.policies import BANK, STANDARD, STRICT, Desk, document, renamed

NUMBERS = [f"7903111{n:04}" for n in range(6)]


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def desk(rig: StoreRig) -> Desk:
    return Desk(rig)


def told(rig: StoreRig) -> list[dict[str, object]]:
    """The facts of all decisions, in no order."""
    texts = [text for shard in range(64) for text in rig.texts(f"s{shard:03d}")]
    events = [json.loads(text) for text in texts]
    return [event["facts"] for event in events if event["kind"] == "gate_decided"]


def view_of(desk: Desk) -> PolicyView:
    view = desk.do.read.one("standard")
    assert isinstance(view, PolicyView)
    return view


def test_a_document_on_trial_is_asked_and_decides_nothing(rig: StoreRig, desk: Desk) -> None:
    assert isinstance(desk.try_out(document("2", "deny")), ShadowSet)
    decision = desk.decide(NUMBERS[0])
    assert (decision.verdict, decision.policy_version) == (Verdict.SEND, "standard@1")
    shadow = {"policy": "standard@2", "reason": "because", "rule": "otherwise", "verdict": "deny"}
    assert [facts["shadow"] for facts in told(rig)] == [shadow]


def test_without_a_trial_the_event_has_no_word_of_one(rig: StoreRig, desk: Desk) -> None:
    desk.decide(NUMBERS[0])
    assert "shadow" not in told(rig)[0]


def test_a_trial_changes_no_record_and_opens_no_case(rig: StoreRig, desk: Desk) -> None:
    desk.decide(NUMBERS[0])
    desk.decide(NUMBERS[1])
    desk.try_out(document("2", "deny"))
    desk.decide(NUMBERS[0], new_sim=True)
    desk.try_out("")
    desk.clock.move(1)
    desk.decide(NUMBERS[1], new_sim=True)
    kinds = [rig.kinds(subject(Msisdn(number), tenant=BANK)) for number in NUMBERS[:2]]
    assert kinds[0] == kinds[1]
    assert "case_opened" in kinds[0]


def test_a_trial_begins_and_ends_with_an_event(rig: StoreRig, desk: Desk) -> None:
    desk.try_out(document("2"))
    desk.try_out("")
    events = [json.loads(text) for text in rig.texts("m")]
    told_of = [event["facts"] for event in events if event["kind"] == "policy_shadowed"]
    assert [(facts["version"], bool(facts["document"])) for facts in told_of] == [("2", True), ("", False)]
    assert {(facts["actor"], facts["reason"], facts["name"]) for facts in told_of} == {
        ("anna", "before the holidays", "standard")
    }


def test_a_trial_is_of_a_policy_that_there_is(desk: Desk) -> None:
    assert desk.try_out(document("2", name="nobody"), "nobody") == UnknownPolicy()
    assert desk.try_out(document("2", name="strict")) == OtherName("strict")
    assert isinstance(desk.try_out("x"), PolicyFaults)


def test_publishing_what_is_on_trial_ends_the_trial_and_another_document_does_not(desk: Desk) -> None:
    desk.try_out(renamed(STRICT, "3"))
    desk.published(renamed(STANDARD, "2"), "1")
    assert view_of(desk).head.shadow == "3"
    desk.published(renamed(STRICT, "3"), "2")
    assert (view_of(desk).head.shadow, view_of(desk).shadow) == ("", None)


def test_a_trial_may_be_of_a_document_with_the_checkers_errors(desk: Desk) -> None:
    held = STANDARD.replace('verdict = "deny"', 'verdict = "hold"', 1)
    assert isinstance(desk.try_out(renamed(held, "2")), ShadowSet)


def test_the_report_counts_what_agrees_and_lists_what_does_not(rig: StoreRig, desk: Desk) -> None:
    for number in NUMBERS[:2]:
        desk.decide(number)
    desk.try_out(document("2", "deny"))
    for number in NUMBERS:
        desk.decide(number)
    desk.decide(NUMBERS[0], new_sim=True)
    report = desk.do.shadow.report("standard", "bank", 0, "", 1_000)
    assert report.next == ""
    assert report.tally.by_verdict() == {("send", "deny"): 6, ("deny", "deny"): 1}
    assert report.tally.passed_over == 2
    assert {one.number for one in report.tally.listed} == set(NUMBERS)
    assert {(one.amount, one.after.rule) for one in report.tally.listed} == {("1500.00", "otherwise")}
    assert rig.now_ms > report.tally.listed[0].at_ms


def test_the_report_goes_on_where_it_stopped(desk: Desk) -> None:
    desk.try_out(document("2", "deny"))
    for number in NUMBERS:
        desk.decide(number)
    counted, cursor = 0, ""
    for _ in range(3):
        report = desk.do.shadow.report("standard", "", 0, cursor, 2)
        counted, cursor = counted + report.tally.compared, report.next
    assert (counted, cursor) == (6, "")


def test_the_report_is_of_one_policy_and_one_tenant(desk: Desk) -> None:
    other = Tenant("other", limits=BANK.limits)
    desk.try_out(document("2", "deny"))
    desk.decide(NUMBERS[0])
    desk.decide(NUMBERS[1], tenant=other)
    desk.decide(NUMBERS[2], tenant=replace(BANK, policy="strict"))
    counts = [
        desk.do.shadow.report(name, tenant, 0, "", 100).tally.compared
        for name, tenant in (("standard", "bank"), ("standard", "other"), ("standard", ""), ("strict", ""))
    ]
    assert counts == [1, 1, 2, 0]
