"""What holds for the gate whatever it is given."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.gate import FIXED_RULES, GateInput, MalformedImsi, case_of, decide, needs_answer
from security_service.domain.imsi import (
    NOT_ASKED,
    Candidate,
    Grade,
    Reference,
    SimAnswer,
    SimState,
    rejudged,
)
from security_service.domain.lookup import NoData
from security_service.domain.policy import Traffic, Verdict
from security_service.domain.policy_space import POSSIBLE
from security_service.domain.subscriber import Mode, Subscriber
from tests.domain.gate_facts import (
    DAY,
    NEW_SIM,
    NOW,
    OLD_SIM,
    PAYMENT,
    PLAIN,
    THIRD_SIM,
    facts,
    gives,
    member,
    overridden,
    sealed,
    sees,
)

SIMS = [OLD_SIM, NEW_SIM, THIRD_SIM]
TRUSTED = {
    (imsi, age, grade): member(imsi, first_seen=NOW - age, grade=grade)
    for imsi in SIMS
    for age in (0, DAY, 2 * DAY, 9 * DAY, 99 * DAY)
    for grade in Grade
}
PASSED_IN = [None, MalformedImsi(), *(sealed(imsi) for imsi in SIMS)]
OVERRIDES = [
    None,
    *(
        overridden(mode, bound_to=bound_to, until=until)
        for mode in Mode
        for bound_to in ("", NEW_SIM)
        for until in (NOW, NOW + 1)
    ),
]
KINDS = [kind for kind in NoData if kind is not NoData.INCOMPARABLE]
TIED = ("sim", "reference", "grade", "age", "roaming")


@st.composite
def subscribers(draw: st.DrawFn) -> Subscriber:
    imsis = draw(st.lists(st.sampled_from(SIMS), unique=True, max_size=2))
    keys = [
        (
            imsi,
            draw(st.sampled_from([0, DAY, 2 * DAY, 9 * DAY, 99 * DAY])),
            draw(st.sampled_from(list(Grade))),
        )
        for imsi in imsis
    ]
    candidate = draw(st.sampled_from([None, Candidate(sealed(THIRD_SIM).newest(), NOW - 60, NOW - 60)]))
    return Subscriber(
        reference=Reference(tuple(TRUSTED[key] for key in keys)),
        candidate=candidate,
        override=draw(st.sampled_from(OVERRIDES)),
        messaged=draw(st.booleans()),
    )


@st.composite
def answers(draw: st.DrawFn, subscriber: Subscriber) -> SimAnswer:
    """What the lookups can add up to for a subscriber."""
    if draw(st.booleans()):
        return gives(draw(st.sampled_from(KINDS)))
    swapped_at = draw(st.sampled_from([None, NOW - DAY, NOW - 99 * DAY, NOW + 60]))
    sim = sees(draw(st.sampled_from(SIMS)), subscriber, swapped_at=swapped_at)
    return replace(sim, roaming=draw(st.sampled_from([None, False, True])))


@st.composite
def inputs(draw: st.DrawFn, *, asked: bool = False) -> GateInput:
    subscriber = draw(subscribers())
    return facts(
        subscriber,
        draw(answers(subscriber)) if asked else NOT_ASKED,
        policy=draw(st.sampled_from(["standard", "strict", "observe"])),
        operation=draw(st.sampled_from([PLAIN, PAYMENT])),
        passed_in=draw(st.sampled_from(PASSED_IN)),
        traffic=draw(st.sampled_from(list(Traffic))),
        looks_first=draw(st.booleans()),
        caller_owns_reference=draw(st.booleans()),
        unverified_today=draw(st.integers(0, 5)),
        tenant_ceiling_reached=draw(st.booleans()),
        can_step_up=draw(st.booleans()),
    )


ASKED = inputs(asked=True)
ANY = st.one_of(ASKED, inputs())


@given(ANY)
def test_every_input_is_decided_by_a_rule_that_has_a_name(given_facts: GateInput) -> None:
    decision = decide(given_facts)
    named = {rule.name for rule in given_facts.policy.rules} | set(FIXED_RULES)
    assert decision.rule in named
    assert decision.reason


@given(inputs(), st.data())
def test_an_answer_where_none_was_needed_would_not_have_mattered(
    unasked: GateInput, data: st.DataObject
) -> None:
    decision = decide(unasked)
    if not needs_answer(unasked) and decision.rule != "first_contact":
        asked = replace(unasked, sim=data.draw(answers(unasked.subscriber)))
        assert decide(asked).policy_verdict is decision.policy_verdict


@given(inputs())
def test_without_an_answer_that_is_needed_only_standard_lets_a_message_pass(unasked: GateInput) -> None:
    decision = decide(unasked)
    if needs_answer(unasked) and decision.verdict is Verdict.SEND and not unasked.policy.observe:
        assert (decision.rule, unasked.policy.name) == ("unavailable", "standard")


@given(ASKED)
def test_a_changed_sim_never_touches_the_reference_unless_the_caller_owns_it(asked: GateInput) -> None:
    decision = decide(asked)
    if asked.sim.state is SimState.CHANGED and decision.rule != "caller_owns_reference":
        kept = asked.subscriber if decision.subscriber is None else decision.subscriber
        assert kept.reference == asked.subscriber.reference


@given(ASKED)
def test_a_changed_sim_is_sent_to_only_by_observe_a_person_or_an_owner(asked: GateInput) -> None:
    decision = decide(asked)
    if asked.sim.state is SimState.CHANGED and decision.verdict is Verdict.SEND:
        assert asked.policy.observe or decision.rule in {"always_allow", "caller_owns_reference"}


@given(ASKED)
def test_an_owner_is_heard_only_with_an_equal_imsi_and_never_under_strict(asked: GateInput) -> None:
    if decide(asked).rule == "caller_owns_reference":
        assert asked.caller_owns_reference
        assert asked.policy.name != "strict"
        assert asked.passed_in == asked.sim.imsi


@given(ASKED)
def test_every_refusal_but_observe_is_a_refusal(asked: GateInput) -> None:
    decision = decide(asked)
    if decision.policy_verdict is not Verdict.SEND:
        assert (decision.verdict is Verdict.SEND) == asked.policy.observe
    else:
        assert decision.verdict is Verdict.SEND


@given(ASKED)
def test_a_notice_tells_of_a_refusal_of_a_subscriber_with_a_reference(asked: GateInput) -> None:
    decision = decide(asked)
    if decision.notice:
        assert decision.verdict is not Verdict.SEND
        assert asked.subscriber.reference


@given(ASKED)
def test_unverified_is_a_send_without_an_answer(asked: GateInput) -> None:
    decision = decide(asked)
    if decision.unverified:
        assert decision.verdict is Verdict.SEND
        assert asked.sim.state is SimState.NO_DATA


@given(ASKED)
def test_what_is_learnt_was_seen_and_would_have_been_sent(asked: GateInput) -> None:
    decision = decide(asked)
    if decision.subscriber is not None and decision.subscriber.reference and not asked.subscriber.reference:
        assert decision.policy_verdict is Verdict.SEND
        assert asked.sim.imsi is not None
        assert [one.imsi for one in decision.subscriber.reference.members] == [asked.sim.imsi.newest()]


@given(ASKED)
def test_deciding_again_on_the_stored_record_changes_no_reference(asked: GateInput) -> None:
    decision = decide(asked)
    if decision.subscriber is not None:
        sim = rejudged(asked.sim, decision.subscriber.reference)
        again = decide(replace(asked, subscriber=decision.subscriber, sim=sim))
        stored = decision.subscriber if again.subscriber is None else again.subscriber
        assert stored.reference == decision.subscriber.reference
        assert not again.case_opened


@given(ASKED)
def test_no_case_comes_up_that_the_checker_holds_for_impossible(asked: GateInput) -> None:
    case = case_of(asked)
    assert tuple(getattr(case, attribute) for attribute in TIED) in POSSIBLE
