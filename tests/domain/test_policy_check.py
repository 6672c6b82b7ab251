from __future__ import annotations

from dataclasses import replace

from security_service.domain.policy import Policy
from security_service.domain.policy_check import Difference, Findings, check, diff, render
from security_service.domain.policy_document import PolicyFaults, parse_policy
from security_service.domain.policy_space import TooManyCases
from tests.domain.gate_facts import shipped

LAST = '[[rule]]\nname = "otherwise"\nverdict = "deny"\nreason = "no_rule"\n'
NOT_KNOWN = (
    "changed | no_data:unknown_subscriber | no_data:absent | no_data:barred | "
    "no_data:not_supported | no_data:untrusted | no_data:incomparable | no_data:unavailable"
)
SAME = '[[rule]]\nname = "same"\nverdict = "send"\nreason = "sim_same"\nwhen.sim = "same"\n'


def _policy(body: str, version: str = "1", head: str = "") -> Policy:
    policy = parse_policy(f'name = "bank"\nversion = "{version}"\n{head}\n{body}')
    assert not isinstance(policy, PolicyFaults), policy
    return policy


def _rule(name: str, verdict: str, *conditions: str) -> str:
    whens = "".join(f"when.{condition}\n" for condition in conditions)
    return f'[[rule]]\nname = "{name}"\nverdict = "{verdict}"\nreason = "{name}"\n{whens}'


def _found(body: str) -> Findings:
    findings = check(_policy(body))
    assert isinstance(findings, Findings)
    return findings


def _diff(old: Policy, new: Policy) -> Difference:
    difference = diff(old, new)
    assert isinstance(difference, Difference)
    return difference


def test_a_rule_behind_a_wider_one_is_unreachable_and_says_behind_which() -> None:
    body = _rule("wide", "deny", 'sim = ["same", "changed"]') + SAME + LAST
    (rule,) = _found(body).unreachable
    assert (rule.rule, rule.taken_by) == ("same", ("wide",))
    assert _found(body).is_acceptable


def test_a_rule_behind_several_is_unreachable_only_where_they_cover_it_together() -> None:
    half = _rule("young", "deny", 'age = ["0-24h", "24-72h"]')
    rest = _rule("old", "deny", 'age = ["72h-10d", "older"]')
    assert _found(half + SAME + LAST).unreachable == ()
    (rule,) = _found(half + rest + SAME + LAST).unreachable
    assert rule.taken_by == ("young", "old")


def test_a_rule_on_what_never_comes_together_is_unreachable_by_itself() -> None:
    body = _rule("odd", "deny", 'sim = "first_seen"', 'reference = "present"') + LAST
    (rule,) = _found(body).unreachable
    assert (rule.rule, rule.taken_by) == ("odd", ())
    assert "warning: rule odd is never reached: its conditions never come together" in render(_found(body))


def test_a_rule_after_one_without_conditions_is_unreachable_but_the_last_is_none() -> None:
    findings = _found(_rule("all", "send") + SAME + LAST)
    assert [rule.rule for rule in findings.unreachable] == ["same"]
    assert not findings.only_last


def test_the_cases_that_only_the_last_rule_reaches_are_told_in_few_words() -> None:
    findings = _found(SAME + _rule("payment", "deny", 'amount = "any"', 'sim = "first_seen"') + LAST)
    assert [str(group) for group in findings.only_last.groups] == [
        f"sim = first_seen | {NOT_KNOWN}, amount = none",
        f"sim = {NOT_KNOWN}",
    ]


def test_hold_is_refused_where_codes_could_reach_it() -> None:
    anywhere = _found(_rule("wait", "hold", 'sim = "no_data:absent"') + LAST)
    some = _found(_rule("wait", "hold", 'traffic = ["code", "relayed"]') + LAST)
    neither = _found(_rule("wait", "hold", 'traffic = ["relayed", "deferred"]') + LAST)
    assert [found.misplaced_hold for found in (anywhere, some, neither)] == [("wait",), ("wait",), ()]
    assert [found.is_acceptable for found in (anywhere, some, neither)] == [False, False, True]
    assert "error: rule wait holds" in render(anywhere)


def test_an_expected_case_must_hold_for_every_possible_case_with_its_values() -> None:
    case = '[[case]]\nverdict = "send"\nwhen.sim = "same"\n'
    young = _rule("young", "step_up", 'sim = "same"', 'age = "0-24h"')
    assert _found(SAME + LAST + case).failed == ()
    findings = _found(young + SAME + LAST + case)
    assert not findings.is_acceptable
    (failed,) = findings.failed
    ((rule, outcome, groups),) = failed.instead
    assert (failed.number, rule, str(outcome)) == (1, "young", "step_up (young)")
    assert [str(group) for group in groups.groups] == ["sim = same, age = 0-24h"]
    assert render(findings).splitlines()[1:] == [
        "error: case 1 (sim = same) expects send",
        "  rule young gives step_up (young) for",
        "  sim = same, age = 0-24h [1]",
        "warning: only the last rule decides",
        f"  sim = first_seen | {NOT_KNOWN} [33]",
    ]


def test_an_expected_case_may_name_its_reason_and_its_rule() -> None:
    for line, holds in [
        ('reason = "sim_same"', True),
        ('reason = "other"', False),
        ('rule = "same"', True),
        ('rule = "otherwise"', False),
    ]:
        case = f'[[case]]\nverdict = "send"\n{line}\nwhen.sim = "same"\n'
        assert _found(SAME + LAST + case).is_acceptable is holds


def test_an_expected_case_that_cannot_come_up_fails() -> None:
    case = '[[case]]\nverdict = "deny"\nwhen.sim = "first_seen"\nwhen.reference = "present"\n'
    (failed,) = _found(LAST + case).failed
    assert failed.instead == ()
    assert "  no such case can come up" in render(_found(LAST + case))


def test_a_case_of_another_purpose_is_decided_as_the_rest() -> None:
    login = _rule("login", "send", 'purpose = "login"')
    case = '[[case]]\nverdict = "deny"\nwhen.purpose = "transfer"\n'
    assert _found(login + LAST + case).is_acceptable


def test_a_policy_without_faults_says_so_in_one_line() -> None:
    assert render(_found(_rule("all", "send") + LAST)) == "bank@1: acceptable, 1 possible cases"


def test_a_policy_with_too_many_cases_is_not_checked_and_says_so() -> None:
    purposes = ", ".join(f'"p{number}"' for number in range(100))
    operators = ", ".join(f'"25{number:03}"' for number in range(100))
    body = _rule("many", "deny", f"purpose = [{purposes}]", f"operator = [{operators}]", 'sim = "same"',
                 'grade = "dated"') + LAST  # fmt: skip
    result = check(_policy(body))
    assert isinstance(result, TooManyCases)
    assert diff(_policy(body), _policy(LAST)) == result
    assert render(result).startswith("NOT CHECKED: the rules tell ")


def test_two_versions_that_decide_alike_have_no_difference() -> None:
    standard = shipped("standard")
    renamed = replace(
        standard, version="2", rules=tuple(replace(rule, name=f"x-{rule.name}") for rule in standard.rules)
    )
    assert _diff(standard, renamed).changes == ()
    assert render(_diff(standard, renamed)).splitlines()[1:] == ["no difference"]


def test_a_difference_names_what_becomes_of_which_cases() -> None:
    old = _policy(SAME + LAST)
    new = _policy(_rule("young", "step_up", 'sim = "same"', 'age = ["0-24h", "24-72h"]') + SAME + LAST, "2")
    (change,) = _diff(old, new).changes
    assert (str(change.before), str(change.after)) == ("send (sim_same)", "step_up (young)")
    assert render(_diff(old, new)).splitlines() == [
        "bank@1 -> bank@2: 37 possible cases",
        "send (sim_same) -> step_up (young)",
        "  sim = same, age = 0-24h | 24-72h [2]",
    ]


def test_a_difference_tells_of_settings_and_of_a_notice() -> None:
    old = _policy(SAME + LAST)
    new = _policy(
        SAME + LAST + "notice = true\n[ceiling]\nper_number_day = 1\n",
        "2",
        'observe = true\ncaller_owns_reference = "never"',
    )
    difference = _diff(old, new)
    assert difference.settings == (
        "observe: false -> true",
        "caller_owns_reference: by_tenant -> never",
        "ceiling.per_number_day: 3 -> 1",
    )
    (change,) = difference.changes
    assert (str(change.before), str(change.after)) == ("deny (no_rule)", "deny (no_rule, notice)")


def test_moved_limits_are_told_by_the_amounts_between_them() -> None:
    body = _rule("small", "send", 'amount = "small"') + LAST
    old = _policy(body, head='[amounts]\nbands = ["small", "large"]\nlimits.RUB = 1000')
    new = _policy(body, "2", head='[amounts]\nbands = ["small", "large"]\nlimits.RUB = 500')
    assert render(_diff(old, new)).splitlines()[1:] == [
        "setting amounts.limits: other limits",
        "send (small) -> deny (no_rule)",
        "  amount = up to 1000.00 RUB [1]",
    ]


def test_a_new_purpose_is_told_apart_from_the_rest_of_the_old_version() -> None:
    old = _policy(_rule("all", "send", 'purpose = "*"') + LAST)
    new = _policy(
        _rule("most", "send", 'purpose = "*"') + _rule("login", "deny", 'purpose = "login"') + LAST, "2"
    )
    difference = _diff(old, new)
    described = [
        (str(change.after), [str(group) for group in change.groups.groups]) for change in difference.changes
    ]
    assert described == [("send (most)", ["purpose = *"]), ("deny (login)", ["purpose = login"])]


def test_two_documents_under_one_version_are_told_so() -> None:
    assert "warning: two different documents bear one name and version" in render(
        _diff(_policy(LAST), _policy(SAME + LAST))
    )


def test_strict_differs_from_standard_in_nothing_it_sends_without_an_answer() -> None:
    changes = _diff(shipped("standard"), shipped("strict")).changes
    assert {change.after.verdict.value for change in changes} == {"deny", "step_up"}
