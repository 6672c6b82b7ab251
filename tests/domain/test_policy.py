from __future__ import annotations

import pytest

from security_service.domain.policy import (
    ATTRIBUTES,
    FIXED_VALUES,
    SIM_VALUES,
    AmountBands,
    Case,
    Policy,
    Rule,
    Verdict,
)
from tests.domain.gate_facts import shipped

BANDS = AmountBands(
    ("small", "middle", "large"), {"RUB": (100_000, 1_500_000, None), "JPY": (1000, 9000, None)}
)
CASE = Case(
    traffic="code",
    sim="same",
    reference="present",
    grade="confirmed",
    age="older",
    purpose="*",
    amount="none",
    country="RU",
    operator="*",
    roaming="unknown",
    ceiling="within",
)


@pytest.mark.parametrize(
    ("minor", "currency", "band"),
    [
        (None, "", "none"),
        (1, "RUB", "small"),
        (100_000, "RUB", "small"),
        (100_001, "RUB", "middle"),
        (1_500_000, "RUB", "middle"),
        (1_500_001, "RUB", "large"),
        (1000, "JPY", "small"),
        (1001, "JPY", "middle"),
        (1, "EUR", "large"),
    ],
)
def test_an_amount_falls_into_its_band_and_a_foreign_currency_into_the_greatest(
    minor: int | None, currency: str, band: str
) -> None:
    assert BANDS.band(minor, currency) == band


def test_a_rule_matches_where_every_attribute_it_names_has_one_of_its_values() -> None:
    rule = Rule(
        "r", Verdict.SEND, "ok", {"sim": frozenset({"same", "changed"}), "country": frozenset({"RU"})}
    )
    assert rule.matches(CASE)
    assert not Rule("r", Verdict.SEND, "ok", {**rule.when, "amount": frozenset({"any"})}).matches(CASE)
    assert Rule("r", Verdict.SEND, "ok").matches(CASE)


def test_the_first_rule_that_matches_decides() -> None:
    rules = (
        Rule("changed", Verdict.DENY, "no", {"sim": frozenset({"changed"})}),
        Rule("same", Verdict.SEND, "yes", {"sim": frozenset({"same"})}),
        Rule("otherwise", Verdict.DENY, "rest"),
    )
    assert Policy("p", "1", rules, BANDS).decide(CASE).name == "same"


def test_a_policy_knows_the_values_that_its_rules_name() -> None:
    rules = (
        Rule("a", Verdict.DENY, "no", {"purpose": frozenset({"login", "*"})}),
        Rule("b", Verdict.DENY, "no", {"purpose": frozenset({"transfer"})}),
        Rule("otherwise", Verdict.DENY, "rest"),
    )
    policy = Policy("p", "1", rules, BANDS)
    assert policy.named("purpose") == {"login", "transfer", "*"}
    assert policy.named("country") == frozenset()
    assert [policy.known("purpose", value) for value in ("login", "other", "*")] == ["login", "*", "*"]


def test_a_policy_without_a_last_rule_is_a_fault_of_the_program() -> None:
    with pytest.raises(AssertionError, match="ends with a rule"):
        Policy("p", "1", (), BANDS).decide(CASE)


def test_every_attribute_has_fixed_values_or_takes_what_a_policy_names() -> None:
    assert set(ATTRIBUTES) - set(FIXED_VALUES) == {"purpose", "amount", "country", "operator"}
    assert set(SIM_VALUES) == set(FIXED_VALUES["sim"])
    assert set(ATTRIBUTES) == set(Case.__slots__)


def test_what_a_policy_derives_is_no_part_of_what_it_is() -> None:
    standard = shipped("standard")
    assert "_named" not in repr(standard)
