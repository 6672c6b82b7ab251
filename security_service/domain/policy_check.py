"""What is wrong with a policy, and what a new version changes, case by case; leaves printing to callers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.policy import ExpectedCase, Policy, Rule, Traffic, Verdict
from security_service.domain.policy_space import Cases, Group, Groups, Space, TooManyCases, space_of

_MAY_HOLD: Final = frozenset({Traffic.RELAYED.value, Traffic.DEFERRED.value})


@dataclass(frozen=True, slots=True)
class UnreachableRule:
    """A rule that decides nothing; `taken_by` are the rules before it that decide its cases.

    Where there are none its conditions never come together.
    """

    rule: str
    taken_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says of a case."""

    verdict: Verdict
    reason: str
    notice: bool = False

    def __str__(self) -> str:
        return f"{self.verdict.value} ({self.reason}{', notice' if self.notice else ''})"


@dataclass(frozen=True, slots=True)
class FailedCase:
    """An expected case (`number` counts the document's [[case]] from 1) that is decided otherwise.

    `instead` tells by which rules and for which cases; empty where no such case can come up.
    """

    number: int
    expected: ExpectedCase
    instead: tuple[tuple[str, Outcome, Groups], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the checker has to say of one policy; `cases` is how many it went through."""

    policy: str
    cases: int
    misplaced_hold: tuple[str, ...]
    failed: tuple[FailedCase, ...]
    unreachable: tuple[UnreachableRule, ...]
    only_last: Groups

    @property
    def is_acceptable(self) -> bool:
        """False for a policy that must not go live; the rest is for its author to look at."""
        return not self.misplaced_hold and not self.failed


@dataclass(frozen=True, slots=True)
class Change:
    """Cases that another outcome is given to."""

    before: Outcome
    after: Outcome
    groups: Groups


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new version changes: `settings` outside the rules as sentences, and cases."""

    old: str
    new: str
    cases: int
    settings: tuple[str, ...]
    changes: tuple[Change, ...]


def check(policy: Policy) -> Findings | TooManyCases:
    """Go through every possible case of a policy (design, section 3: policy is data)."""
    space = space_of([policy])
    if isinstance(space, TooManyCases):
        return space
    decided = _decided(space, policy)
    return Findings(
        policy=_title(policy),
        cases=space.size,
        misplaced_hold=tuple(rule.name for rule in policy.rules if _holds_codes(rule)),
        failed=tuple(_failed(space, policy, decided)),
        unreachable=tuple(_unreachable(space, policy, decided)),
        only_last=space.groups(decided[policy.rules[-1].name]),
    )


def diff(old: Policy, new: Policy) -> Difference | TooManyCases:
    """Compare two versions over every possible case; a rule that is only renamed changes nothing."""
    old_rules, new_rules = replace(old, cases=()), replace(new, cases=())
    space = space_of([old_rules, new_rules])
    if isinstance(space, TooManyCases):
        return space
    before, after = _by_outcome(space, old_rules), _by_outcome(space, new_rules)
    changes = [
        Change(was, becomes, space.groups(was_cases & becomes_cases))
        for was, was_cases in before.items()
        for becomes, becomes_cases in after.items()
        if was != becomes and was_cases & becomes_cases
    ]
    return Difference(_title(old), _title(new), space.size, tuple(_settings(old, new)), tuple(changes))


def _title(policy: Policy) -> str:
    return f"{policy.name}@{policy.version}"


def _outcome(rule: Rule) -> Outcome:
    return Outcome(rule.verdict, rule.reason, rule.notice)


def _decided(space: Space, policy: Policy) -> Mapping[str, Cases]:
    """Give the cases that each rule decides: those it holds for and no rule before it."""
    decided, left = {}, space.everything
    for rule in policy.rules:
        decided[rule.name] = space.holding(policy, rule.when) & left
        left &= ~decided[rule.name]
    return decided


def _by_outcome(space: Space, policy: Policy) -> Mapping[Outcome, Cases]:
    cases: dict[Outcome, Cases] = {}
    decided = _decided(space, policy)
    for rule in policy.rules:
        cases[_outcome(rule)] = cases.get(_outcome(rule), 0) | decided[rule.name]
    return cases


def _holds_codes(rule: Rule) -> bool:
    if rule.verdict is not Verdict.HOLD:
        return False
    traffic = rule.when.get("traffic")
    return traffic is None or not traffic <= _MAY_HOLD


def _unreachable(space: Space, policy: Policy, decided: Mapping[str, Cases]) -> Iterator[UnreachableRule]:
    """The last rule is mandatory, so that it may well decide nothing."""
    for place, rule in enumerate(policy.rules[:-1]):
        if not decided[rule.name]:
            wanted = space.holding(policy, rule.when)
            takers = [taker.name for taker in policy.rules[:place] if decided[taker.name] & wanted]
            yield UnreachableRule(rule.name, tuple(takers))


def _failed(space: Space, policy: Policy, decided: Mapping[str, Cases]) -> Iterator[FailedCase]:
    for number, expected in enumerate(policy.cases, 1):
        cases = space.holding(policy, expected.when)
        wrong = [rule for rule in policy.rules if decided[rule.name] & cases and not _meets(rule, expected)]
        if wrong or not cases:
            instead = [
                (rule.name, _outcome(rule), space.groups(decided[rule.name] & cases)) for rule in wrong
            ]
            yield FailedCase(number, expected, tuple(instead))


def _meets(rule: Rule, expected: ExpectedCase) -> bool:
    return (
        rule.verdict is expected.verdict
        and expected.reason in {"", rule.reason}
        and expected.rule in {"", rule.name}
    )


def _settings(old: Policy, new: Policy) -> Iterator[str]:
    pairs: list[tuple[str, object, object]] = [
        ("observe", _word(old.observe), _word(new.observe)),
        ("recheck_without_answer", old.recheck_without_answer, new.recheck_without_answer),
        ("caller_owns_reference", old.caller_owns_reference, new.caller_owns_reference),
        ("ceiling.per_number_day", old.ceiling.per_number_day, new.ceiling.per_number_day),
        ("ceiling.tenant_hour_percent", old.ceiling.tenant_hour_percent, new.ceiling.tenant_hour_percent),
        ("ceiling.tenant_hour_floor", old.ceiling.tenant_hour_floor, new.ceiling.tenant_hour_floor),
        ("amounts.bands", ", ".join(old.amounts.names), ", ".join(new.amounts.names)),
    ]
    yield from (f"{name}: {was} -> {becomes}" for name, was, becomes in pairs if was != becomes)
    if old.amounts.by_currency != new.amounts.by_currency:
        yield "amounts.limits: other limits"


def _word(flag: bool) -> str:  # noqa: FBT001 - a flag of a document, put into the document's word
    return "true" if flag else "false"


def render(result: Findings | Difference | TooManyCases) -> str:
    """Give the text of a result for people, without a newline at its end."""
    match result:
        case Findings():
            return "\n".join(_findings_text(result))
        case Difference():
            return "\n".join(_difference_text(result))
        case TooManyCases():
            return (
                f"NOT CHECKED: the rules tell {result.cases} cases apart, and {result.most} is the most. "
                "Name fewer purposes, countries, operators or amount bands."
            )
        case _:
            assert_never(result)


def _findings_text(findings: Findings) -> Iterator[str]:
    verdict = "acceptable" if findings.is_acceptable else "REFUSED"
    yield f"{findings.policy}: {verdict}, {findings.cases} possible cases"
    for rule in findings.misplaced_hold:
        yield f"error: rule {rule} holds, but is not limited to traffic = relayed | deferred"
    for failed in findings.failed:
        wanted = failed.expected
        words = " ".join(word for word in (wanted.verdict.value, wanted.reason, wanted.rule) if word)
        yield f"error: case {failed.number} ({_conditions_text(wanted)}) expects {words}"
        if not failed.instead:
            yield "  no such case can come up"
        for rule, outcome, groups in failed.instead:
            yield f"  rule {rule} gives {outcome} for"
            yield from _groups_text(groups)
    for unreachable in findings.unreachable:
        why = ", ".join(unreachable.taken_by)
        because = f"its cases are decided by {why}" if why else "its conditions never come together"
        yield f"warning: rule {unreachable.rule} is never reached: {because}"
    if findings.only_last:
        yield "warning: only the last rule decides"
        yield from _groups_text(findings.only_last)


def _difference_text(difference: Difference) -> Iterator[str]:
    yield f"{difference.old} -> {difference.new}: {difference.cases} possible cases"
    if not difference.changes and not difference.settings:
        yield "no difference"
    elif difference.old == difference.new:
        yield "warning: two different documents bear one name and version"
    yield from (f"setting {sentence}" for sentence in difference.settings)
    for change in difference.changes:
        yield f"{change.before} -> {change.after}"
        yield from _groups_text(change.groups)


def _groups_text(groups: Groups) -> Iterator[str]:
    yield from (f"  {_group_text(group)}" for group in groups.groups)
    if groups.left_out:
        yield f"  and {groups.left_out} more cases"


def _group_text(group: Group) -> str:
    return f"{group} [{group.cases}]"


def _conditions_text(case: ExpectedCase) -> str:
    parts = [f"{name} = {' | '.join(sorted(values))}" for name, values in case.when.items()]
    return ", ".join(parts) or "every case"
