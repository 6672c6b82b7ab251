from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.policy import (
    FIXED_VALUES,
    OTHER,
    AmountBands,
    Attribute,
    Case,
    ExpectedCase,
    Policy,
    Rule,
    Verdict,
)
from security_service.domain.policy_space import POSSIBLE, Groups, Space, TooManyCases, space_of

ONE_BAND = AmountBands(("any",), {})
LAST = Rule("otherwise", Verdict.DENY, "no_rule")
VALUES: Mapping[Attribute, tuple[str, ...]] = {
    **FIXED_VALUES,
    "purpose": ("login", "transfer", OTHER),
    "amount": ("none", "any"),
    "country": ("RU", OTHER),
    "operator": ("25001", OTHER),
}


def _policy(*whens: Mapping[Attribute, frozenset[str]], amounts: AmountBands = ONE_BAND) -> Policy:
    rules = tuple(Rule(f"r{place}", Verdict.SEND, "fine", when) for place, when in enumerate(whens))
    return Policy("p", "1", (*rules, LAST), amounts)


def _space(*policies: Policy) -> Space:
    space = space_of(policies)
    assert isinstance(space, Space)
    return space


def _texts(groups: Groups) -> list[str]:
    return [str(group) for group in groups.groups]


def _values_of(space: Space, number: int) -> dict[Attribute, str]:
    return {
        attribute: value
        for attribute, sets in space.sets.items()
        for value, cases in sets.items()
        if cases >> number & 1
    }


@st.composite
def conditions(draw: st.DrawFn) -> Mapping[Attribute, frozenset[str]]:
    attributes = draw(st.lists(st.sampled_from(["sim", "age", "purpose", "amount", "roaming"]), unique=True))
    when: dict[Attribute, frozenset[str]] = {}
    for attribute in VALUES:
        if attribute in attributes:
            when[attribute] = draw(st.frozensets(st.sampled_from(VALUES[attribute]), min_size=1, max_size=4))
    return when


def test_only_possible_cases_are_gone_through() -> None:
    assert len(POSSIBLE) == len(set(POSSIBLE)) == 177
    for sim, reference, grade, age, roaming in POSSIBLE:
        assert (reference == "none") == (grade == "none")
        assert (sim == "first_seen") <= (reference == "none")
        assert (sim in {"same", "changed", "no_data:incomparable"}) <= (reference == "present")
        assert (age == "none") <= (sim not in {"same", "first_seen"})
        assert (age != "none") <= (sim not in {"changed", "no_data:incomparable"})
        assert (sim == "first_seen") <= (age == "0-24h")
        has_imsi = not sim.startswith("no_data") or sim == "no_data:incomparable"
        assert has_imsi or roaming == "unknown"


def test_attributes_that_nobody_names_are_not_told_apart() -> None:
    assert _space(_policy()).size == 1
    assert _space(_policy({"sim": frozenset({"same"})})).size == 10
    both = _policy({"sim": frozenset({"same"}), "reference": frozenset({"none"})})
    assert _space(both).size == 16


def test_an_expected_case_is_told_apart_even_where_no_rule_names_it() -> None:
    policy = Policy(
        "p", "1", (LAST,), ONE_BAND, cases=(ExpectedCase({"purpose": frozenset({"login"})}, Verdict.DENY),)
    )
    assert _space(policy).domains == {"purpose": ("login", "*")}


def test_the_rest_of_an_open_attribute_is_a_value_of_its_own() -> None:
    space = _space(_policy({"purpose": frozenset({"login"}), "country": frozenset({"*", "RU"})}))
    assert space.domains == {"purpose": ("login", "*"), "country": ("RU", "*")}


def test_a_space_over_the_limit_is_counted_and_not_gone_through() -> None:
    purposes, operators = (
        frozenset(f"p{number}" for number in range(100)),
        frozenset(f"25{number:03}" for number in range(100)),
    )
    named: dict[Attribute, frozenset[str]] = {
        "purpose": purposes,
        "operator": operators,
        "sim": frozenset({"same"}),
        "grade": frozenset({"dated"}),
        "roaming": frozenset({"yes"}),
    }
    found = space_of([_policy(named)])
    assert isinstance(found, TooManyCases)
    assert found.cases > found.most


@given(st.lists(conditions(), max_size=4))
def test_the_sets_of_bits_say_of_every_case_what_the_rules_say(
    whens: list[Mapping[Attribute, frozenset[str]]],
) -> None:
    policy = _policy(*whens)
    space = _space(policy)
    held = [space.holding(policy, rule.when) for rule in policy.rules]
    step = max(space.size // 40, 1)
    for number in range(0, space.size, step):
        values = dict.fromkeys(VALUES, OTHER) | _values_of(space, number)
        case = Case(**values)
        assert [bool(cases >> number & 1) for cases in held] == [rule.matches(case) for rule in policy.rules]


@given(st.lists(conditions(), min_size=1, max_size=3))
def test_groups_cover_exactly_the_cases_they_were_made_of(
    whens: list[Mapping[Attribute, frozenset[str]]],
) -> None:
    policy = _policy(*whens)
    space = _space(policy)
    cases = space.holding(policy, policy.rules[0].when) & ~space.holding(policy, policy.rules[-2].when)
    groups = space.groups(cases)
    assert sum(group.cases for group in groups.groups) + groups.left_out == cases.bit_count()
    covered = 0
    for group in groups.groups:
        when = {attribute: frozenset(values) for attribute, values in group.values}
        covered |= space.holding(policy, when)
    if not groups.left_out:
        assert covered == cases


def test_a_group_names_only_what_sets_it_apart() -> None:
    policy = _policy({"sim": frozenset({"same", "changed"}), "age": frozenset({"0-24h", "none"})})
    space = _space(policy)
    held = space.holding(policy, policy.rules[0].when)
    assert _texts(space.groups(held)) == ["sim = same | changed, age = none | 0-24h"]
    assert _texts(space.groups(space.everything)) == ["every case"]
    assert not space.groups(0)


def test_policies_with_other_bands_are_compared_amount_by_amount() -> None:
    small: Mapping[Attribute, frozenset[str]] = {"amount": frozenset({"small"})}
    old = _policy(small, amounts=AmountBands(("small", "large"), {"RUB": (100_000, None)}))
    new = _policy(
        small,
        amounts=AmountBands(
            ("small", "middle", "large"), {"RUB": (50_000, 200_000, None), "JPY": (9, 99, None)}
        ),
    )
    space = _space(old, new)
    assert space.domains["amount"] == (
        "none",
        "up to 9 JPY",
        "up to 99 JPY",
        "above 99 JPY",
        "up to 500.00 RUB",
        "up to 1000.00 RUB",
        "up to 2000.00 RUB",
        "above 2000.00 RUB",
        "other currencies",
    )
    assert _texts(space.groups(space.holding(old, small))) == [
        "amount = up to 500.00 RUB | up to 1000.00 RUB"
    ]
    assert _texts(space.groups(space.holding(new, small))) == ["amount = up to 9 JPY | up to 500.00 RUB"]
