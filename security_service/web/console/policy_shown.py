"""Policies, groups of cases and counts in the form that templates show them in; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from security_service.domain.operation import Operation
from security_service.domain.policy import ATTRIBUTES, FIXED_VALUES, OTHER, Attribute, Policy, Verdict
from security_service.domain.policy_space import Group, Groups
from security_service.domain.replay import Compared, ReplayRun, Tally
from security_service.web.console.notices import Tone
from security_service.web.console.words import Words

VERDICT_TONES: Final[Mapping[str, Tone]] = {
    Verdict.SEND: Tone.GOOD,
    Verdict.STEP_UP: Tone.WARN,
    Verdict.HOLD: Tone.WARN,
    Verdict.DENY: Tone.BAD,
}
LISTED: Final = 50
"""So many rows stand on one page of a list."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule, case or group, in words: what must be one of what."""

    label: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule or expected case; `name` is empty for a case that names no rule."""

    name: str
    conditions: Sequence[Condition]
    verdict: str
    reason: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class BandRow:
    """The bands of one currency: the greatest amount of each as people write it, empty for no end."""

    currency: str
    limits: Sequence[str]


@dataclass(frozen=True, slots=True)
class PolicyTables:
    """A document as tables."""

    policy: Policy
    rules: Sequence[RuleRow]
    cases: Sequence[RuleRow]
    bands: Sequence[BandRow]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of cases in words; no conditions: every case."""

    conditions: Sequence[Condition]
    cases: int


def tables_of(policy: Policy, words: Words) -> PolicyTables:
    """Put a policy into tables."""
    return PolicyTables(
        policy,
        [
            RuleRow(one.name, conditions_of(one.when, words), one.verdict, one.reason, one.notice)
            for one in policy.rules
        ],
        [RuleRow(one.rule, conditions_of(one.when, words), one.verdict, one.reason) for one in policy.cases],
        [
            BandRow(currency, [_limit(limit, currency) for limit in limits])
            for currency, limits in sorted(policy.amounts.by_currency.items())
        ],
    )


def conditions_of(when: Mapping[Attribute, AbstractSet[str]], words: Words) -> Sequence[Condition]:
    """Put the conditions of a rule or a case into words, in the order of the vocabulary."""
    return [_condition(name, _in_order(name, when[name]), words) for name in ATTRIBUTES if name in when]


def groups_of(groups: Groups, words: Words) -> Sequence[GroupRow]:
    """Put groups of cases into words."""
    return [_group(one, words) for one in groups.groups]


def tally_rows(tally: Tally) -> Sequence[tuple[str, str, int]]:
    """Give verdict before, verdict after and how many: what changed first, the greatest counts first."""
    rows = [(before, after, count) for (before, after), count in tally.by_verdict().items()]
    return sorted(rows, key=lambda row: (row[0] == row[1], -row[2], row[0], row[1]))


def totals_of(tally: Tally) -> Sequence[tuple[str, int, int]]:
    """Give each verdict with how many it had before and has after."""
    before, after = dict.fromkeys(Verdict, 0), dict.fromkeys(Verdict, 0)
    for (was, becomes), count in tally.by_verdict().items():
        before[Verdict(was)] += count
        after[Verdict(becomes)] += count
    return [(one.value, before[one], after[one]) for one in Verdict if before[one] or after[one]]


def listed_of(run: ReplayRun, first: int) -> Sequence[Compared]:
    """Give the page of decisions that would change which begins at number `first`."""
    return run.tally.listed[first : first + LISTED]


def _group(group: Group, words: Words) -> GroupRow:
    return GroupRow([_condition(name, values, words) for name, values in group.values], group.cases)


def _condition(name: Attribute, values: Sequence[str], words: Words) -> Condition:
    return Condition(words(f"policy.what.{name}"), [_value(name, value, words) for value in values])


def _in_order(name: Attribute, values: AbstractSet[str]) -> Sequence[str]:
    known = FIXED_VALUES.get(name, ())
    return sorted(values, key=lambda value: (known.index(value) if value in known else len(known), value))


def _value(name: Attribute, value: str, words: Words) -> str:
    if value == OTHER:
        return words("policy.value.other")
    if name == "sim":
        return words.token("sim", value)
    return words.token(f"policy.value.{name}", value)


def _limit(limit: int | None, currency: str) -> str:
    return "" if limit is None else Operation(minor=limit, currency=currency).amount_text()
