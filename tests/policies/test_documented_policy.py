"""What the how-to shows is what the service reads."""

from __future__ import annotations

import re

from security_service.domain.policy import ATTRIBUTES, FIXED_VALUES, Policy
from security_service.domain.policy_check import Findings, check
from security_service.domain.policy_document import parse_policy
from tests.domain.gate_facts import POLICIES

HOW_TO = (POLICIES.parent / "docs" / "how-to" / "write-a-policy.md").read_text(encoding="utf-8")


def test_the_example_is_an_acceptable_policy_with_its_expected_case() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL)
    policy = parse_policy(example)
    assert isinstance(policy, Policy), policy
    assert len(policy.cases) == 1
    findings = check(policy)
    assert isinstance(findings, Findings)
    assert findings.is_acceptable
    assert findings.unreachable == ()


def test_the_vocabulary_is_told_whole() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", HOW_TO, re.MULTILINE))
    assert set(rows) == set(ATTRIBUTES)
    untold = {
        (attribute, value)
        for attribute, values in FIXED_VALUES.items()
        for value in values
        if f"`{value}`" not in rows[attribute]
    }
    assert untold == set()
