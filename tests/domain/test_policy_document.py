from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.policy import Attribute, Ceiling, ExpectedCase, Policy, Rule, Verdict
from security_service.domain.policy_document import MOST_CHARACTERS, PolicyFaults, parse_policy
from tests.domain.gate_facts import POLICIES

HEAD = 'name = "bank"\nversion = "7"\n'
LAST = '[[rule]]\nname = "otherwise"\nverdict = "deny"\nreason = "no_rule"\n'
WHOLE = """
name = "bank"
version = "2025.1"
observe = true
recheck_without_answer = "refuse"
caller_owns_reference = "never"

[ceiling]
per_number_day = 1
tenant_hour_percent = 2
tenant_hour_floor = 50

[amounts]
bands = ["small", "middle", "large"]
limits.RUB = [1000, 15000.50]
limits.JPY = [1000, 9000]

[[rule]]
name = "big"
verdict = "step_up"
reason = "big_payment"
notice = true
when.amount = "large"
when.purpose = ["transfer", "*"]
when.country = "KZ"
when.operator = ["25001", "310150"]

[[rule]]
name = "otherwise"
verdict = "send"
reason = "fine"

[[case]]
verdict = "step_up"
reason = "big_payment"
rule = "big"
when.amount = "large"
when.purpose = "transfer"
when.country = "KZ"
when.operator = "25001"
"""

FAULTY = """
name = "Bank!"
observe = "yes"
colour = "red"
recheck_without_answer = "maybe"
[ceiling]
per_number_day = -1
per_week = 3
[amounts]
bands = ["small", "none"]
limits.RUB = [5, 3]
[[rule]]
name = "same"
verdict = "allow"
reason = "Sim Same"
when.sim = "sane"
when.weather = "rain"
[[rule]]
name = "same"
verdict = "send"
reason = "fine"
notice = true
when.amount = "large"
[[case]]
verdict = "send"
rule = "missing"
"""


def _faults(text: str) -> list[str]:
    parsed = parse_policy(text)
    assert isinstance(parsed, PolicyFaults), parsed
    assert parsed.faults
    return [str(fault) for fault in parsed.faults]


def _rule(lines: str) -> str:
    return f'{HEAD}[[rule]]\nname = "first"\nverdict = "deny"\nreason = "no"\n{lines}\n{LAST}'


def test_a_whole_document_becomes_the_policy_it_says() -> None:
    policy = parse_policy(WHOLE)
    assert isinstance(policy, Policy)
    assert (policy.name, policy.version, policy.observe) == ("bank", "2025.1", True)
    assert (policy.recheck_without_answer, policy.caller_owns_reference) == ("refuse", "never")
    assert policy.ceiling == Ceiling(1, 2, 50)
    assert policy.amounts.names == ("small", "middle", "large")
    assert policy.amounts.by_currency == {"RUB": (100_000, 1_500_050, None), "JPY": (1000, 9000, None)}
    when: dict[Attribute, frozenset[str]] = {
        "amount": frozenset({"large"}),
        "purpose": frozenset({"transfer", "*"}),
        "country": frozenset({"KZ"}),
        "operator": frozenset({"25001", "310150"}),
    }
    assert policy.rules[0] == Rule("big", Verdict.STEP_UP, "big_payment", when, notice=True)
    assert policy.rules[1] == Rule("otherwise", Verdict.SEND, "fine")
    (case,) = policy.cases
    assert (case.verdict, case.reason, case.rule) == (Verdict.STEP_UP, "big_payment", "big")
    assert case.when["purpose"] == {"transfer"}


def test_a_short_document_has_the_defaults() -> None:
    policy = parse_policy(HEAD + LAST)
    assert isinstance(policy, Policy)
    assert not policy.observe
    assert policy.recheck_without_answer == "accept"
    assert policy.caller_owns_reference == "by_tenant"
    assert policy.ceiling == Ceiling(3, 5, 100)
    assert policy.amounts.band(1, "RUB") == "any"
    assert policy.cases == ()


def test_a_case_that_expects_a_verdict_alone_is_read() -> None:
    policy = parse_policy(HEAD + LAST + '[[case]]\nverdict = "deny"\n')
    assert isinstance(policy, Policy)
    assert policy.cases == (ExpectedCase({}, Verdict.DENY),)


def test_all_faults_are_listed_at_once_with_their_places() -> None:
    assert _faults(FAULTY) == [
        (
            "document: `colour` is not known here; there are name version observe recheck_without_answer "
            "caller_owns_reference ceiling amounts rule case"
        ),
        "amounts: `none` is no name of a band; `none` stands for no amount",
        "amounts.limits.`RUB`: 2 bands need 1 limits: the last band is open",
        'rule "same": verdict must be one of send, step_up, hold, deny',
        'rule "same": reason `Sim Same` is not of the form [a-z_]{1,64}',
        (
            'rule "same": sim is never `sane`; it is one of first_seen, same, changed, '
            "no_data:unknown_subscriber, no_data:absent, no_data:barred, no_data:not_supported, "
            "no_data:untrusted, no_data:incomparable, no_data:unavailable"
        ),
        (
            'rule "same": `weather` is no attribute; there are traffic, sim, reference, grade, age, purpose, '
            "amount, country, operator, roaming, ceiling"
        ),
        'rule "same": a notice tells of a refusal, and this rule sends',
        'rule "same": amount is never `large`; it is one of none, small, none',
        'rule "same": another rule has this name',
        'rule "same": the last rule must have no conditions',
        "document: name `Bank!` is not of the form [a-z][a-z0-9_-]{0,63}",
        "document: version is missing",
        (
            "ceiling: `per_week` is not known here; there are per_number_day tenant_hour_percent "
            "tenant_hour_floor"
        ),
        "ceiling: per_number_day must be a whole number from 0 to 10000",
        "document: observe must be true or false",
        "document: recheck_without_answer must be one of accept, refuse",
        "case 1: there is no rule `missing`",
    ]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("when.sim = []", "when.sim takes 1 to 100 values"),
        ("when.sim = 5", "when.sim takes a text or a list of texts"),
        ('when.sim = ["same", 5]', "when.sim takes a text or a list of texts"),
        ('when = "same"', "when must be a table"),
        ('when.purpose = "два"', "`два` is no purpose; `*` stands for all others"),
        ('when.country = "ru"', "`ru` is no country; `*` stands for all others"),
        ('when.operator = "2500"', "`2500` is no operator; `*` stands for all others"),
        ('when.age = "1d"', "age is never `1d`; it is one of none, 0-24h, 24-72h, 72h-10d, older"),
        ('when.mode = "check"', "`mode` is no attribute; there are traffic"),
        ('when.traffic = "*"', "traffic is never `*`"),
        ("notice = 1", "notice must be true or false"),
        ('colour = "red"', "`colour` is not known here"),
    ],
)
def test_a_fault_of_a_rule_is_told_with_its_name(lines: str, fault: str) -> None:
    faults = _faults(_rule(lines))
    assert len(faults) == 1
    assert faults[0].startswith(f'rule "first": {fault}')


@pytest.mark.parametrize("name", ["always_deny", "first_contact", "imsi_differs"])
def test_no_rule_bears_the_name_of_what_is_decided_before_rules(name: str) -> None:
    faults = _faults(_rule("").replace('"first"', f'"{name}"'))
    assert faults == [f'rule "{name}": the name is taken by what the gate decides before any rule']


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        ("limits.RUB = [1, 2]", "2 bands need 1 limits"),
        ("limits.RUB = []", "2 bands need 1 limits"),
        ('limits.RUB = ["1"]', "`1` is no number"),
        ("limits.RUB = [true]", "a bool is no number"),
        ("limits.RUB = [0]", "a limit lies above 0"),
        ("limits.RUB = [-5]", "a limit lies above 0"),
        ("limits.RUB = [nan]", "a limit lies above 0"),
        ("limits.RUB = [inf]", "a limit lies above 0"),
        ("limits.RUB = [1e99999]", "a limit lies above 0"),
        ("limits.RUB = [0x" + "f" * 5000 + "]", "a limit lies above 0"),
        ("limits.RUB = [0.001]", "0.001 has more decimals than its currency"),
        ("limits.JPY = [0.5]", "0.5 has more decimals than its currency"),
        ("limits.rub = [5]", "a currency is three capital letters"),
        ("limits = 5", "limits must be a table"),
    ],
)
def test_a_fault_of_a_limit_is_told_with_its_currency(limits: str, fault: str) -> None:
    faults = _faults(f'{HEAD}[amounts]\nbands = ["small", "large"]\n{limits}\n{LAST}')
    assert len(faults) == 1
    assert fault in faults[0]
    assert faults[0].startswith("amounts.limits")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "document: there is no [[rule]]"),
        ("name = ", "document: not TOML"),
        (HEAD + 'name = "twice"\n', "document: not TOML"),
        (HEAD + "observe = " + "9" * 5000, "document: not TOML"),
        (HEAD + "x = " + "[" * 20_000, "document: nested too deeply"),
        ("#" * (MOST_CHARACTERS + 1), "document: longer than 65536 characters"),
        (HEAD + "rule = 5", "document: rule must be written as [[rule]]"),
        (HEAD + "rule = [5]", "document: rule must be written as [[rule]]"),
        (HEAD + "ceiling = 5\n" + LAST, "ceiling: ceiling must be a table"),
        (HEAD + "amounts.bands = []\n" + LAST, "amounts: bands must be 1 to 10 names, each once"),
        (HEAD + 'amounts.bands = ["a", "a"]\n' + LAST, "amounts: bands must be 1 to 10 names, each once"),
        (HEAD + LAST * 201, "document: there are more than 200 [[rule]]"),
        (HEAD + LAST + '[[case]]\nverdict = "deny"\n' * 501, "document: there are more than 500 [[case]]"),
        (HEAD + "version" + ".a" * 500 + " = 1\n" + LAST, "document: not TOML"),
    ],
)
def test_a_document_that_is_none_is_told_so(text: str, fault: str) -> None:
    assert [one for one in _faults(text) if one.startswith(fault)]


def test_a_member_of_another_kind_is_told_by_its_kind() -> None:
    assert "document: version a dict is not of the form [A-Za-z0-9._-]{1,32}" in _faults(
        'name = "bank"\nversion' + ".a" * 500 + " = 1\n" + LAST
    )


SNIPPETS = WHOLE.split("\n")


@given(st.lists(st.sampled_from(SNIPPETS), max_size=12))
def test_no_selection_of_lines_is_an_error(lines: list[str]) -> None:
    assert isinstance(parse_policy("\n".join(lines)), Policy | PolicyFaults)


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(parse_policy(text), PolicyFaults)


def test_a_text_with_a_hidden_character_shows_it_as_a_question_mark() -> None:
    faults = _faults(_rule('when.purpose = "a\\u202eb"'))
    assert faults == ['rule "first": `a?b` is no purpose; `*` stands for all others']


@pytest.mark.parametrize("name", sorted(path.name for path in POLICIES.glob("*.toml")))
def test_every_shipped_document_is_named_as_its_policy(name: str) -> None:
    policy = parse_policy((POLICIES / name).read_text(encoding="utf-8"))
    assert isinstance(policy, Policy)
    assert name == f"{policy.name}.toml"
