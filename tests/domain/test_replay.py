"""Recorded decisions held against another policy, and what they add up to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from security_service.domain.audit import canonical
from security_service.domain.codes import Caller
from security_service.domain.gate import GateInput, decide
from security_service.domain.lookup import NoData
from security_service.domain.policy import Policy
from security_service.domain.recorded_input import NotReplayable
from security_service.domain.replay import (
    MOST_LISTED,
    Compared,
    ReplayRun,
    Ruling,
    Tally,
    decided_under,
    policy_name,
    shadowed,
)
from security_service.usecases.gate_events import decided
from tests.domain.gate_facts import NEW_SIM, OLD_SIM, PAYMENT, PLAIN, facts, gives, known, sees, shipped

RUN = ReplayRun("r", "", "night", "3", "ab", "bank", "", 1_000, 2_000, "anna", 2_000)


def event(given: GateInput, shadow: Policy | None = None) -> dict[str, Any]:
    on_trial = None if shadow is None else decide(replace(given, policy=shadow))
    told = decided(Caller("r"), given, decide(given), (), "c", shadow=on_trial)
    return {
        "at": 1_800_000_000_123,
        "facts": json.loads(canonical(told.facts)),
        "kind": "gate_decided",
        "subject": {"number": "79031234567", "tenant": "bank"},
    }


def compared(before: str, after: str, rule: str = "r") -> Compared:
    was, becomes = Ruling(before, "x", rule, "a@1"), Ruling(after, "y", rule, "a@2")
    return Compared(5, "bank", "79031234567", "", "", was, becomes)


def test_a_decision_is_held_against_another_policy_with_all_that_a_page_shows() -> None:
    unsupported = facts(known(), gives(NoData.NOT_SUPPORTED), operation=PAYMENT)
    found = decided_under(event(unsupported), shipped("strict"))
    assert isinstance(found, Compared)
    assert found.differs
    assert (found.before.verdict, found.after.verdict) == ("send", "step_up")
    assert (found.before.policy, found.after.policy) == ("standard@1", "strict@1")
    assert (found.at_ms, found.tenant, found.number) == (1_800_000_000_123, "bank", "79031234567")
    assert (found.amount, found.currency) == ("1500.00", "RUB")
    assert found.number not in repr(found)


def test_a_decision_without_an_amount_shows_none() -> None:
    found = decided_under(event(facts(known(), sees(OLD_SIM, known()), operation=PLAIN)), shipped("strict"))
    assert isinstance(found, Compared)
    assert (found.amount, found.currency, found.differs) == ("", "", False)


def test_an_event_without_the_whole_input_is_passed_over() -> None:
    old = event(facts(known(), sees(OLD_SIM, known())))
    del old["facts"]["now"]
    assert decided_under(old, shipped("strict")) == NotReplayable()


def test_what_a_policy_on_trial_said_stands_in_the_event() -> None:
    changed = facts(known(), sees(NEW_SIM, known()))
    found = shadowed(event(changed, shipped("observe")))
    assert isinstance(found, Compared)
    assert (found.before.verdict, found.after.verdict) == ("deny", "send")
    assert shadowed(event(changed)) == NotReplayable()


def test_a_tally_counts_by_verdict_and_rule_and_lists_what_differs() -> None:
    tally = Tally()
    for one in (compared("send", "deny"), compared("send", "deny", "s"), compared("deny", "deny")):
        tally.add(one)
    tally.add(NotReplayable())
    assert (tally.compared, tally.differing, tally.passed_over) == (3, 2, 1)
    assert tally.by_verdict() == {("send", "deny"): 2, ("deny", "deny"): 1}
    assert tally.rows["send", "s", "deny", "s"] == 1
    assert [one.before.rule for one in tally.listed] == ["r", "s"]


def test_a_tally_lists_a_thousand_and_counts_all() -> None:
    tally = Tally()
    for _ in range(MOST_LISTED + 5):
        tally.add(compared("send", "deny"))
    assert (len(tally.listed), tally.differing) == (1_000, 1_005)


def test_a_copy_of_a_tally_goes_on_by_itself() -> None:
    tally = Tally()
    tally.add(compared("send", "deny"))
    other = tally.copy()
    other.add(compared("send", "deny"))
    assert (tally.compared, len(tally.listed)) == (1, 1)
    assert (other.compared, len(other.listed)) == (2, 2)


@pytest.mark.parametrize(
    ("position", "percent"), [(2_000, 0), (1_750, 25), (1_000, 99), (900, 99), (2_100, 0)]
)
def test_progress_is_the_part_of_the_period_behind_and_whole_only_at_the_end(
    position: int, percent: int
) -> None:
    going = RUN.stepped(Tally(), position, "more")
    assert (going.percent, going.done, going.revision) == (percent, False, 2)
    assert RUN.stepped(Tally(), position, "").percent == 100


def test_a_policy_is_named_before_its_version() -> None:
    assert policy_name("night@3") == "night"
    assert policy_name("") == ""
