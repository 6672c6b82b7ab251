"""Every row of the table of cases, decided by the documents that are shipped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.gate import MalformedImsi, decide, needs_answer
from security_service.domain.imsi import Grade
from security_service.domain.lookup import NoData
from security_service.domain.operation import Operation
from security_service.domain.policy import Verdict
from security_service.domain.policy_check import Findings, check
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Subscriber
from tests.domain.gate_facts import (
    DAY,
    HOUR,
    LONG_AGO,
    NEW_SIM,
    NOW,
    OLD_SIM,
    PAYMENT,
    PLAIN,
    facts,
    gives,
    known,
    overridden,
    sealed,
    sees,
    shipped,
)

ALL = ["standard", "strict", "observe"]
BOTH = ["standard", "strict"]
SENT_UNVERIFIED = [
    NoData.NOT_SUPPORTED,
    NoData.UNTRUSTED,
    NoData.INCOMPARABLE,
    NoData.ABSENT,
    NoData.UNAVAILABLE,
]


@pytest.mark.parametrize("policy", ALL)
def test_a_shipped_policy_has_nothing_for_its_checker_to_find(policy: str) -> None:
    findings = check(shipped(policy))
    assert isinstance(findings, Findings)
    assert findings.is_acceptable
    assert findings.unreachable == ()
    assert not findings.only_last
    assert shipped(policy).name == policy
    assert shipped(policy).cases


def test_observe_has_the_rules_of_standard() -> None:
    standard = shipped("standard")
    assert shipped("observe") == replace(standard, name="observe", observe=True)
    assert not standard.observe


def test_a_recheck_without_an_answer_is_accepted_by_standard_and_refused_by_strict() -> None:
    assert [shipped(policy).recheck_without_answer for policy in BOTH] == ["accept", "refuse"]


@pytest.mark.parametrize("policy", BOTH)
def test_always_deny_denies_unasked(policy: str) -> None:
    asked = facts(replace(known(), override=overridden(Mode.ALWAYS_DENY)), policy=policy)
    assert not needs_answer(asked)
    decision = decide(asked)
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.DENY, "always_deny", "always_deny")


@pytest.mark.parametrize("policy", BOTH)
def test_always_allow_sends_unasked_and_counts_as_no_unverified_send(policy: str) -> None:
    asked = facts(replace(known(), override=overridden(Mode.ALWAYS_ALLOW)), policy=policy)
    assert not needs_answer(asked)
    decision = decide(asked)
    assert (decision.verdict, decision.reason) == (Verdict.SEND, "always_allow")
    assert not decision.unverified


@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.ALWAYS_ALLOW])
def test_an_imsi_code_that_differs_from_the_answer_is_denied(policy: str, mode: Mode) -> None:
    subscriber = replace(known(), override=None if mode is Mode.CHECK else overridden(mode))
    asked = facts(subscriber, policy=policy, passed_in=sealed(NEW_SIM))
    assert needs_answer(asked)
    decision = decide(replace(asked, sim=sees(OLD_SIM, subscriber)))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "imsi_differs")


@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize("kind", [kind for kind in NoData if kind is not NoData.INCOMPARABLE])
def test_an_imsi_code_without_a_usable_answer_is_denied(policy: str, kind: NoData) -> None:
    decision = decide(facts(known(), gives(kind), policy=policy, passed_in=sealed(OLD_SIM)))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "imsi_unconfirmed")


@pytest.mark.parametrize("policy", BOTH)
def test_an_imsi_code_of_no_known_form_is_denied_unasked(policy: str) -> None:
    asked = facts(known(), policy=policy, passed_in=MalformedImsi())
    assert not needs_answer(asked)
    assert (decide(asked).verdict, decide(asked).reason) == (Verdict.DENY, "imsi_malformed")


@pytest.mark.parametrize("policy", BOTH)
def test_an_imsi_code_that_our_reference_calls_changed_is_denied(policy: str) -> None:
    subscriber = known(OLD_SIM)
    decision = decide(facts(subscriber, sees(NEW_SIM, subscriber), policy=policy, passed_in=sealed(NEW_SIM)))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "sim_changed")
    assert decision.subscriber is not None
    assert decision.subscriber.reference == subscriber.reference


def test_a_caller_who_owns_the_reference_renews_it_under_standard() -> None:
    subscriber = known(OLD_SIM)
    decision = decide(
        facts(
            subscriber,
            sees(NEW_SIM, subscriber),
            policy="standard",
            passed_in=sealed(NEW_SIM),
            caller_owns_reference=True,
        )
    )
    assert (decision.verdict, decision.reason) == (Verdict.SEND, "caller_owns_reference")
    assert not decision.case_opened
    assert decision.subscriber is not None
    (trusted,) = decision.subscriber.reference.members
    assert (trusted.imsi, trusted.grade) == (sealed(NEW_SIM).newest(), Grade.CONFIRMED)
    assert decision.subscriber.reference.retired == (sealed(OLD_SIM).newest(),)
    assert decision.subscriber.candidate is None


def test_a_caller_who_owns_the_reference_is_denied_under_strict_all_the_same() -> None:
    subscriber = known(OLD_SIM)
    decision = decide(
        facts(
            subscriber,
            sees(NEW_SIM, subscriber),
            policy="strict",
            passed_in=sealed(NEW_SIM),
            caller_owns_reference=True,
        )
    )
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "sim_changed")


@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize("operation", [PLAIN, PAYMENT])
def test_a_first_sight_is_sent_and_becomes_the_reference(policy: str, operation: Operation) -> None:
    sim = sees(OLD_SIM, NEW_SUBSCRIBER)
    decision = decide(facts(NEW_SUBSCRIBER, sim, policy=policy, operation=operation))
    assert (decision.verdict, decision.reason) == (Verdict.SEND, "sim_first_seen")
    assert decision.subscriber is not None
    (trusted,) = decision.subscriber.reference.members
    assert trusted.imsi == sealed(OLD_SIM).newest()
    assert (trusted.first_seen, trusted.last_seen, trusted.grade) == (NOW, NOW, Grade.FIRST_SEEN)
    assert not decision.unverified


@pytest.mark.parametrize("policy", BOTH)
def test_the_same_sim_is_sent(policy: str) -> None:
    decision = decide(facts(known(), sees(OLD_SIM, known()), policy=policy, operation=PAYMENT))
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.SEND, "sim_same", "same")
    assert decision.policy_version == f"{policy}@1"


@pytest.mark.parametrize("policy", BOTH)
def test_a_changed_sim_is_denied_with_a_candidate_a_notice_and_a_case(policy: str) -> None:
    subscriber = known(OLD_SIM)
    decision = decide(facts(subscriber, sees(NEW_SIM, subscriber), policy=policy))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "sim_changed")
    assert decision.notice
    assert decision.case_opened
    assert decision.subscriber is not None
    assert decision.subscriber.reference == subscriber.reference
    assert decision.subscriber.candidate is not None
    assert decision.subscriber.candidate.imsi == sealed(NEW_SIM).newest()


@pytest.mark.parametrize("policy", BOTH)
@pytest.mark.parametrize("subscriber", [NEW_SUBSCRIBER, known()])
@pytest.mark.parametrize("kind", [NoData.UNKNOWN_SUBSCRIBER, NoData.BARRED])
def test_an_unknown_or_barred_subscriber_is_denied(policy: str, subscriber: Subscriber, kind: NoData) -> None:
    decision = decide(facts(subscriber, gives(kind), policy=policy))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, kind.value)
    assert not decision.unverified
    assert not decision.relook
    assert not decision.notice


@pytest.mark.parametrize("kind", SENT_UNVERIFIED)
def test_standard_sends_and_counts_where_there_is_no_answer(kind: NoData) -> None:
    decision = decide(facts(known(), gives(kind)))
    assert (decision.verdict, decision.reason) == (Verdict.SEND, kind.value)
    assert decision.unverified
    assert not decision.incident


@pytest.mark.parametrize(
    "kind", [NoData.NOT_SUPPORTED, NoData.UNTRUSTED, NoData.INCOMPARABLE, NoData.UNAVAILABLE]
)
def test_standard_sends_a_payment_too_where_there_is_no_answer(kind: NoData) -> None:
    decision = decide(facts(known(), gives(kind), operation=PAYMENT))
    assert (decision.verdict, decision.unverified) == (Verdict.SEND, True)


def test_standard_denies_a_payment_of_an_absent_subscriber_with_a_reference() -> None:
    decision = decide(facts(known(), gives(NoData.ABSENT), operation=PAYMENT))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "absent")


def test_standard_sends_a_payment_of_an_absent_subscriber_without_a_reference() -> None:
    decision = decide(facts(NEW_SUBSCRIBER, gives(NoData.ABSENT), operation=PAYMENT))
    assert (decision.verdict, decision.unverified, decision.relook) == (Verdict.SEND, True, True)


@pytest.mark.parametrize("subscriber", [NEW_SUBSCRIBER, known()])
def test_strict_asks_for_a_second_proof_where_the_operator_cannot_be_asked(subscriber: Subscriber) -> None:
    decision = decide(facts(subscriber, gives(NoData.NOT_SUPPORTED), policy="strict"))
    assert (decision.verdict, decision.reason) == (Verdict.STEP_UP, "not_supported")
    assert not decision.relook


@pytest.mark.parametrize("kind", [NoData.UNTRUSTED, NoData.INCOMPARABLE, NoData.ABSENT, NoData.UNAVAILABLE])
@pytest.mark.parametrize("operation", [PLAIN, PAYMENT])
def test_strict_denies_where_there_is_no_answer(kind: NoData, operation: Operation) -> None:
    decision = decide(facts(known(), gives(kind), policy="strict", operation=operation))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, kind.value)
    assert not decision.unverified


@pytest.mark.parametrize("kind", SENT_UNVERIFIED)
@pytest.mark.parametrize(("unverified_today", "tenant_ceiling_reached"), [(3, False), (4, False), (0, True)])
def test_standard_past_the_ceiling_denies_payments_and_raises_an_incident(
    kind: NoData, unverified_today: int, *, tenant_ceiling_reached: bool
) -> None:
    asked = facts(
        NEW_SUBSCRIBER if kind is NoData.ABSENT else known(),
        gives(kind),
        operation=PAYMENT,
        unverified_today=unverified_today,
        tenant_ceiling_reached=tenant_ceiling_reached,
    )
    decision = decide(asked)
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "unverified_ceiling")
    assert decision.incident
    plain = decide(replace(asked, operation=PLAIN))
    assert (plain.verdict, plain.unverified, plain.incident) == (Verdict.SEND, True, True)


def test_the_third_unverified_send_of_a_day_still_leaves() -> None:
    asked = facts(known(), gives(NoData.UNAVAILABLE), operation=PAYMENT, unverified_today=2)
    assert decide(asked).verdict is Verdict.SEND


def test_a_ceiling_says_nothing_of_a_sim_that_was_seen() -> None:
    asked = facts(known(), sees(OLD_SIM, known()), operation=PAYMENT, unverified_today=9)
    assert decide(asked).verdict is Verdict.SEND
    assert not decide(asked).incident


@pytest.mark.parametrize("age", [0, 23 * HOUR, 24 * HOUR, 72 * HOUR, 10 * DAY - 1])
def test_strict_steps_up_a_payment_within_ten_days_of_a_change(age: int) -> None:
    subscriber = known(first_seen=NOW - age)
    asked = facts(subscriber, sees(OLD_SIM, subscriber), policy="strict", operation=PAYMENT)
    assert (decide(asked).verdict, decide(asked).reason) == (Verdict.STEP_UP, "recent_change")
    assert decide(replace(asked, operation=PLAIN)).verdict is Verdict.SEND
    assert decide(replace(asked, policy=shipped("standard"))).verdict is Verdict.SEND


def test_strict_sends_a_payment_ten_days_after_a_change() -> None:
    subscriber = known(first_seen=NOW - 10 * DAY)
    asked = facts(subscriber, sees(OLD_SIM, subscriber), policy="strict", operation=PAYMENT)
    assert decide(asked).verdict is Verdict.SEND


def test_observe_sends_what_standard_denies_and_records_it() -> None:
    subscriber = known(OLD_SIM)
    decision = decide(facts(subscriber, sees(NEW_SIM, subscriber), policy="observe"))
    assert (decision.verdict, decision.policy_verdict) == (Verdict.SEND, Verdict.DENY)
    assert (decision.reason, decision.rule) == ("sim_changed", "changed")
    assert not decision.notice
    assert decision.subscriber is not None
    assert decision.subscriber.reference == subscriber.reference


def test_observe_sends_in_every_row() -> None:
    subscriber = known(OLD_SIM)
    denied = replace(subscriber, override=overridden(Mode.ALWAYS_DENY))
    rows = [
        facts(denied, policy="observe"),
        facts(subscriber, policy="observe", passed_in=MalformedImsi()),
        facts(subscriber, sees(OLD_SIM, subscriber), policy="observe", passed_in=sealed(NEW_SIM)),
        facts(subscriber, sees(NEW_SIM, subscriber), policy="observe", passed_in=sealed(NEW_SIM)),
        *(facts(subscriber, gives(kind), policy="observe", operation=PAYMENT) for kind in NoData),
    ]
    assert {decide(row).verdict for row in rows} == {Verdict.SEND}
    as_standard = [decide(replace(row, policy=shipped("standard"))) for row in rows]
    recorded = [(one.policy_verdict, one.reason, one.rule) for one in map(decide, rows)]
    assert recorded == [(one.verdict, one.reason, one.rule) for one in as_standard]


def test_observe_learns_nothing_from_what_standard_would_have_denied() -> None:
    asked = facts(NEW_SUBSCRIBER, sees(OLD_SIM, NEW_SUBSCRIBER), policy="observe", passed_in=sealed(NEW_SIM))
    decision = decide(asked)
    assert decision.verdict is Verdict.SEND
    assert decision.subscriber is not None
    assert not decision.subscriber.reference


def test_a_first_sight_with_an_old_swap_date_is_dated() -> None:
    sim = sees(OLD_SIM, NEW_SUBSCRIBER, swapped_at=LONG_AGO)
    decision = decide(facts(NEW_SUBSCRIBER, sim))
    assert decision.subscriber is not None
    assert [trusted.grade for trusted in decision.subscriber.reference.members] == [Grade.DATED]
