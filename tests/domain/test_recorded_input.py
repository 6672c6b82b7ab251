"""What is written of a decision is enough to make it again: the proof that history can be replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.audit import canonical
from security_service.domain.codes import Caller
from security_service.domain.gate import Decision, GateInput, MalformedImsi, decide, needs_answer
from security_service.domain.imsi import ImsiForm, SealedImsi, SimAnswer, seal
from security_service.domain.operation import Operation
from security_service.domain.policy import Policy
from security_service.domain.recorded_input import NotReplayable, gate_input, input_facts
from security_service.domain.secret import Imsi, KeyRing
from security_service.domain.step_up import StepUpMeans
from security_service.domain.subscriber import Mode
from security_service.usecases.gate_events import decided
from tests.domain.gate_facts import (
    KEYS,
    NEW_SIM,
    NOW,
    OLD_SIM,
    PAYMENT,
    facts,
    known,
    overridden,
    sealed,
    sees,
    shipped,
)
from tests.domain.test_gate_properties import ANY

NEWER_KEYS = KeyRing({1: b"k" * 32, 2: b"n" * 32})
POLICIES = ["standard", "strict", "observe"]


def written(given_facts: GateInput) -> dict[str, Any]:
    """The facts of the decision's event as a reader of the log has them."""
    event = decided(Caller("r"), given_facts, decide(given_facts), (), "c")
    read: dict[str, Any] = json.loads(canonical(event.facts))
    return read


def again(given_facts: GateInput, policy: Policy | None = None) -> Decision:
    read = gate_input(written(given_facts), policy or given_facts.policy)
    assert not isinstance(read, NotReplayable)
    return decide(read)


def ruling(decision: Decision) -> tuple[object, ...]:
    return (
        decision.verdict,
        decision.reason,
        decision.rule,
        decision.policy_version,
        decision.policy_verdict,
        decision.notice,
        decision.unverified,
        decision.relook,
        decision.incident,
    )


@st.composite
def anything(draw: st.DrawFn) -> GateInput:
    """Any input of the gate, with what its own properties leave out: newer keys, easings, bans."""
    found = draw(ANY)
    sim: SimAnswer = found.sim
    if sim.imsi is not None:
        imsi = OLD_SIM if sim.imsi.equals(sealed(OLD_SIM).newest()) else NEW_SIM
        if sim.imsi.equals(sealed(imsi).newest()) and draw(st.booleans()):
            sim = replace(sim, imsi=seal(Imsi(imsi), "imsi", imsi[:5], NEWER_KEYS, ImsiForm.MD5))
        sim = replace(sim, eased=draw(st.booleans()), banned=draw(st.booleans()))
    means = draw(st.sampled_from(list(StepUpMeans)))
    return replace(found, sim=sim, step_up=means, can_step_up=means is StepUpMeans.READY)


@given(anything())
def test_a_decision_is_made_again_from_its_event_under_the_same_policy(given_facts: GateInput) -> None:
    assert ruling(again(given_facts)) == ruling(decide(given_facts))


@given(anything(), st.sampled_from(POLICIES))
def test_another_policy_says_of_the_event_what_it_says_of_the_facts(
    given_facts: GateInput, name: str
) -> None:
    other = shipped(name)
    assert ruling(again(given_facts, other)) == ruling(decide(replace(given_facts, policy=other)))


@given(anything())
def test_what_needed_no_answer_needs_none_the_second_time(given_facts: GateInput) -> None:
    read = gate_input(written(given_facts), given_facts.policy)
    assert not isinstance(read, NotReplayable)
    assert needs_answer(read) == needs_answer(given_facts)


@given(anything())
def test_what_is_written_twice_is_the_same(given_facts: GateInput) -> None:
    read = gate_input(written(given_facts), given_facts.policy)
    assert not isinstance(read, NotReplayable)
    once, twice = input_facts(given_facts), input_facts(read)
    assert canonical(twice) == canonical(once)


@given(anything(), st.data())
def test_an_event_that_lacks_a_part_is_never_guessed_at(given_facts: GateInput, data: st.DataObject) -> None:
    read = written(given_facts)
    names = sorted(
        input_facts(given_facts).keys() - {"candidate", "mode_bound", "mode_imsi", "mode_imsi_seen"}
    )
    del read[data.draw(st.sampled_from(names))]
    assert gate_input(read, given_facts.policy) == NotReplayable()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("now", "yesterday"),
        ("now", True),
        ("mode", "always_allow"),
        ("mode", "sometimes"),
        ("reference", [{"grade": "first_seen"}]),
        ("reference", 1),
        ("imsi_passed_in", "perhaps"),
        ("looks_first", 1),
        ("amount", "15"),
        ("sim", {}),
        ("sim", None),
        ("traffic", "pigeon"),
        ("step_up", "somehow"),
        ("candidate", "no token"),
    ],
)
def test_what_no_gate_wrote_is_not_replayable(member: str, value: object) -> None:
    asked = facts(known(), sees(OLD_SIM, known()))
    assert gate_input(written(asked) | {member: value}, shipped("standard")) == NotReplayable()


@pytest.mark.parametrize("matched", [None, 7])
def test_the_same_sim_must_be_one_of_the_reference(matched: int | None) -> None:
    asked = facts(known(), sees(OLD_SIM, known()))
    read = written(asked)
    assert gate_input(read | {"sim": read["sim"] | {"matched": matched}}, asked.policy) == NotReplayable()


def test_an_event_of_before_the_whole_input_was_kept_is_not_replayable() -> None:
    old = {"verdict": "send", "reason": "sim_same", "sim": {"answer": "same"}, "mode": "check"}
    assert gate_input(old, shipped("standard")) == NotReplayable()


@pytest.mark.parametrize("seen", [OLD_SIM, NEW_SIM])
def test_a_bound_override_holds_the_second_time_only_where_it_held_the_first(seen: str) -> None:
    subscriber = replace(known(), override=overridden(Mode.ALWAYS_ALLOW, bound_to=OLD_SIM))
    asked = facts(subscriber, sees(seen, subscriber))
    assert (again(asked).rule == "always_allow") == (seen == OLD_SIM)
    assert ruling(again(asked)) == ruling(decide(asked))


@pytest.mark.parametrize(
    "passed_in", [sealed(OLD_SIM), sealed(NEW_SIM), SealedImsi(()), MalformedImsi()], ids=range(4)
)
def test_an_imsi_passed_in_compares_the_second_time_as_the_first(
    passed_in: SealedImsi | MalformedImsi,
) -> None:
    asked = facts(known(), sees(OLD_SIM, known()), passed_in=passed_in, operation=PAYMENT)
    assert ruling(again(asked)) == ruling(decide(asked))


def test_a_member_known_under_an_older_key_is_the_same_sim_the_second_time() -> None:
    subscriber = known()
    newer = seal(Imsi(OLD_SIM), "imsi", OLD_SIM[:5], NEWER_KEYS, ImsiForm.DIGITS)
    asked = facts(subscriber, replace(sees(OLD_SIM, subscriber), imsi=newer))
    assert ruling(again(asked)) == ruling(decide(asked))
    assert written(asked)["sim"]["imsi"].startswith("2:")
    assert KEYS.newest == 1


def test_no_imsi_and_no_payee_stands_in_what_is_written() -> None:
    asked = facts(known(), sees(NEW_SIM, known()), passed_in=sealed(NEW_SIM), operation=PAYMENT, now=NOW)
    text = canonical(written(asked))
    assert not [one for one in (OLD_SIM, NEW_SIM, PAYMENT.payee) if one in text]


@given(st.integers(1, 10**15), st.sampled_from(["RUB", "JPY", "KWD"]))
def test_amounts_are_kept_to_the_minor_unit(minor: int, currency: str) -> None:
    asked = facts(known(), sees(OLD_SIM, known()), operation=Operation("pay", minor, currency))
    read = gate_input(written(asked), asked.policy)
    assert not isinstance(read, NotReplayable)
    assert (read.operation.minor, read.operation.currency) == (minor, currency)
