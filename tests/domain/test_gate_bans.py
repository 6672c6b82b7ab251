"""The gate and SIMs that were banned after a fraud: nothing goes to them, and nothing is learnt of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.gate import decide, needs_answer
from security_service.domain.imsi import SimAnswer
from security_service.domain.lookup import NoData
from security_service.domain.policy import Verdict
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Subscriber
from tests.domain.gate_facts import (
    NEW_SIM,
    OLD_SIM,
    facts,
    gives,
    known,
    overridden,
    sealed,
    sees,
    shipped,
)


def with_mode(mode: Mode, *, bound_to: str = "") -> Subscriber:
    return replace(known(OLD_SIM), override=overridden(mode, bound_to=bound_to))


def _banned(imsi: str, subscriber: Subscriber) -> SimAnswer:
    return replace(sees(imsi, subscriber), banned=True)


@pytest.mark.parametrize("policy", ["standard", "strict"])
@pytest.mark.parametrize("imsi", [OLD_SIM, NEW_SIM])
@pytest.mark.parametrize("subscriber", [NEW_SUBSCRIBER, known(OLD_SIM)])
def test_a_banned_sim_is_refused_before_any_rule(policy: str, imsi: str, subscriber: Subscriber) -> None:
    decision = decide(facts(subscriber, _banned(imsi, subscriber), policy=shipped(policy)))
    assert (decision.verdict, decision.rule, decision.reason) == (
        Verdict.DENY, "imsi_banned", "imsi_banned",
    )  # fmt: skip
    assert (decision.notice, decision.unverified, decision.relook) == (False, False, False)


def test_a_banned_sim_is_not_learnt_even_where_the_policy_only_observes() -> None:
    decision = decide(facts(NEW_SUBSCRIBER, _banned(NEW_SIM, NEW_SUBSCRIBER), policy=shipped("observe")))
    assert (decision.verdict, decision.reason) == (Verdict.SEND, "imsi_banned")
    assert decision.subscriber is not None
    assert not decision.subscriber.reference


def test_a_ban_beats_an_override_for_its_sim_and_an_imsi_code_that_is_equal() -> None:
    bound = with_mode(Mode.ALWAYS_ALLOW, bound_to=NEW_SIM)
    assert decide(facts(bound, _banned(NEW_SIM, bound))).reason == "imsi_banned"
    subscriber = known(OLD_SIM)
    owned = facts(
        subscriber, _banned(NEW_SIM, subscriber), passed_in=sealed(NEW_SIM), caller_owns_reference=True
    )
    decision = decide(owned)
    assert decision.reason == "imsi_banned"
    assert decision.subscriber is None or decision.subscriber.reference == subscriber.reference


def test_always_deny_keeps_its_reason_and_always_allow_without_a_bond_is_not_asked() -> None:
    denied = with_mode(Mode.ALWAYS_DENY)
    assert decide(facts(denied, _banned(NEW_SIM, denied))).reason == "always_deny"
    assert not needs_answer(facts(with_mode(Mode.ALWAYS_ALLOW)))


def test_a_ban_that_only_an_untrusted_answer_shows_is_a_ban() -> None:
    answer = replace(gives(NoData.UNTRUSTED), banned=True)
    decision = decide(facts(known(OLD_SIM), answer))
    assert (decision.reason, decision.unverified) == ("imsi_banned", False)


def test_an_easing_of_mass_changes_is_not_for_banned_sims() -> None:
    subscriber = known(OLD_SIM)
    eased = replace(_banned(NEW_SIM, subscriber), eased=True)
    assert decide(facts(subscriber, eased, can_step_up=True)).verdict is Verdict.DENY
