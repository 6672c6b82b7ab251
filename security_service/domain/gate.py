"""The SIM gate: one pure decision from facts to verdict and effects; leaves asking and storing to others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.imsi import (
    Candidate,
    Reference,
    SealedImsi,
    SimAnswer,
    SimState,
    equal_imsi,
    learnt,
    no_data,
    refreshed,
    replaced,
)
from security_service.domain.lookup import NoData
from security_service.domain.operation import Operation
from security_service.domain.policy import Case, Policy, Rule, Traffic, Verdict
from security_service.domain.sim_change import age_band, first_grade
from security_service.domain.step_up import StepUpMeans
from security_service.domain.subscriber import Mode, Subscriber

_RETRIED: Final = frozenset({NoData.ABSENT, NoData.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class MalformedImsi:
    """`IMSICode` was given but is not of the tenant's form."""


@dataclass(frozen=True, slots=True)
class GateInput:
    """All that the gate decides on; `now` is Unix seconds.

    `unverified_today` counts the number's unverified sends of the last 24 hours;
    `tenant_ceiling_reached` speaks for the tenant's hour. `looks_first` is False for tenants
    that send a number's very first message before the look (19.3). `can_step_up` says that the face
    can and an authenticator is there that counts; `step_up` is the word on it for the audit.
    """

    subscriber: Subscriber
    passed_in: SealedImsi | MalformedImsi | None
    sim: SimAnswer
    operation: Operation
    country: str
    policy: Policy
    now: int
    traffic: Traffic = Traffic.CODE
    looks_first: bool = True
    caller_owns_reference: bool = False
    unverified_today: int = 0
    tenant_ceiling_reached: bool = False
    can_step_up: bool = False
    step_up: StepUpMeans = StepUpMeans.NONE


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with its reason, rule and policy version, and what it brings about.

    `subscriber` is the record to store, None where it stays as it is. `policy_verdict` is what
    the rule said before `observe` or a missing step-up changed it. `unverified` counts towards
    the ceilings; `relook` asks for an answer behind the scenes: for the reference that is missing,
    or for a late `changed` that kills the code just sent; `case_opened` is a new mismatch;
    `incident` says that a ceiling on unverified sends is reached.
    """

    verdict: Verdict
    reason: str
    rule: str
    policy_version: str
    policy_verdict: Verdict
    subscriber: Subscriber | None = None
    notice: bool = False
    unverified: bool = False
    relook: bool = False
    case_opened: bool = False
    incident: bool = False


def needs_answer(facts: GateInput) -> bool:
    """Tell whether the SIM has to be asked for before `decide` can be called.

    Always deny and always allow are not asked unless bound to an IMSI; an IMSI passed in is held
    against an answer whatever the mode; a malformed `IMSICode` is refused unasked;
    `send_then_look` lets the very first message leave before the look.
    """
    override = facts.subscriber.override_at(facts.now)
    mode = Mode.CHECK if override is None else override.mode
    is_bound = override is not None and override.bound
    if isinstance(facts.passed_in, MalformedImsi) or (mode is Mode.ALWAYS_DENY and not is_bound):
        return False
    if facts.passed_in is not None:
        return True
    match mode:
        case Mode.ALWAYS_DENY | Mode.ALWAYS_ALLOW:
            return is_bound
        case Mode.CHECK:
            return facts.looks_first or facts.subscriber.messaged or bool(facts.subscriber.reference)
        case _:
            assert_never(mode)


def decide(facts: GateInput) -> Decision:
    """Decide one message (design, section 3): always_deny, banned IMSI, IMSI passed in, mode, rules.

    A SIM that was banned after a fraud gets nothing, whatever the mode allows. Always allow without
    a bond is not asked, so that there no ban is seen.

    Without an answer where one is needed the class is `unavailable`: nobody passes unasked.
    """
    mode = _mode_in_force(facts)
    if mode is Mode.ALWAYS_DENY:
        return _ruled(facts, FIXED_RULES["always_deny"])
    if facts.sim.banned:
        return _ruled(facts, FIXED_RULES["imsi_banned"])
    if facts.passed_in is not None:
        ruling = _judge_passed_in(facts, facts.passed_in)
        if ruling is not None:
            return ruling
    if mode is Mode.ALWAYS_ALLOW:
        return _ruled(facts, FIXED_RULES["always_allow"])
    if facts.sim.state is SimState.NOT_ASKED:
        if not needs_answer(facts):
            return replace(_ruled(facts, FIXED_RULES["first_contact"]), relook=True)
        facts = replace(facts, sim=_UNASKED)
    return _by_rules(facts)


FIXED_RULES: Final = {
    rule.name: rule
    for rule in (
        Rule("always_deny", Verdict.DENY, "always_deny"),
        Rule("imsi_banned", Verdict.DENY, "imsi_banned"),
        Rule("always_allow", Verdict.SEND, "always_allow"),
        Rule("first_contact", Verdict.SEND, "first_contact"),
        Rule("imsi_malformed", Verdict.DENY, "imsi_malformed"),
        Rule("imsi_differs", Verdict.DENY, "imsi_differs", notice=True),
        Rule("imsi_unconfirmed", Verdict.DENY, "imsi_unconfirmed"),
        Rule("imsi_reference_changed", Verdict.DENY, "sim_changed", notice=True),
        Rule("caller_owns_reference", Verdict.SEND, "caller_owns_reference"),
    )
}
"""What is decided before the policy's rules are read; their names stand in the audit like rules',
and no rule of a policy may bear one."""

_UNASKED: Final = no_data(NoData.UNAVAILABLE, detail="not_asked")


def _mode_in_force(facts: GateInput) -> Mode:
    """A bound override holds only for its IMSI; otherwise the subscriber is in `check`."""
    override = facts.subscriber.override_at(facts.now)
    if override is None:
        return Mode.CHECK
    if not override.bound:
        return override.mode
    is_its_imsi = (
        override.evidence is not None
        and facts.sim.imsi is not None
        and facts.sim.imsi.equals(override.evidence)
    )
    return override.mode if is_its_imsi else Mode.CHECK


def _judge_passed_in(facts: GateInput, passed_in: SealedImsi | MalformedImsi) -> Decision | None:
    """Chapter 18 sends only where the IMSI passed in is the one the number has now."""
    if isinstance(passed_in, MalformedImsi):
        return _ruled(facts, FIXED_RULES["imsi_malformed"])
    fresh = facts.sim.imsi
    equal = None if fresh is None else equal_imsi(fresh, passed_in)
    if fresh is None or equal is None:
        return _ruled(facts, FIXED_RULES["imsi_unconfirmed"])
    if not equal:
        return _ruled(facts, FIXED_RULES["imsi_differs"])
    if facts.sim.state is not SimState.CHANGED:
        return None
    if not facts.caller_owns_reference or facts.policy.caller_owns_reference == "never":
        return _ruled(facts, FIXED_RULES["imsi_reference_changed"])
    subscriber = facts.subscriber
    adopted = replaced(subscriber.reference, fresh, facts.now, age_waived=False)
    return replace(
        _ruled(facts, FIXED_RULES["caller_owns_reference"]),
        subscriber=replace(subscriber, reference=adopted, candidate=None, messaged=True),
        case_opened=False,
    )


def case_of(facts: GateInput) -> Case:
    """Put the facts in the words of the policy's vocabulary."""
    policy, sim = facts.policy, facts.sim
    grade = sim.matched.grade.word if sim.matched else _best_grade(facts.subscriber.reference)
    roaming = "unknown" if sim.roaming is None else ("yes" if sim.roaming else "no")
    reached = facts.unverified_today >= policy.ceiling.per_number_day or facts.tenant_ceiling_reached
    return Case(
        traffic=facts.traffic.value,
        sim=sim.token(),
        reference="present" if facts.subscriber.reference else "none",
        grade=grade,
        age=age_band(sim, facts.now).value,
        purpose=policy.known("purpose", facts.operation.purpose),
        amount=policy.amounts.band(facts.operation.minor, facts.operation.currency),
        country=policy.known("country", facts.country),
        operator=policy.known("operator", sim.mcc_mnc),
        roaming=roaming,
        ceiling="reached" if reached else "within",
    )


def _best_grade(reference: Reference) -> str:
    grades = [member.grade for member in reference.members]
    return max(grades).word if grades else "none"


def _by_rules(facts: GateInput) -> Decision:
    case = case_of(facts)
    decision = _ruled(facts, facts.policy.decide(case))
    if facts.sim.state is not SimState.NO_DATA:
        return decision
    is_sent = decision.verdict is Verdict.SEND
    return replace(
        decision,
        unverified=is_sent,
        relook=facts.sim.no_data in _RETRIED and (is_sent or not facts.subscriber.reference),
        incident=case.ceiling == "reached",
    )


def _ruled(facts: GateInput, rule: Rule) -> Decision:
    """Give the decision of one rule with the effects that follow from verdict and SIM answer."""
    verdict, reason = rule.verdict, rule.reason
    if verdict is Verdict.DENY and rule.name not in FIXED_RULES and _is_eased(facts.sim):
        verdict, reason = Verdict.STEP_UP, "mass_change"
    if verdict is Verdict.STEP_UP and not facts.can_step_up:
        verdict, reason = Verdict.DENY, "no_step_up"
    opened, subscriber = _effects(facts, verdict)
    if facts.policy.observe:
        verdict = Verdict.SEND
    if verdict is Verdict.SEND and not subscriber.messaged:
        subscriber = replace(subscriber, messaged=True)
    refused = verdict is not Verdict.SEND
    return Decision(
        verdict=verdict,
        reason=reason,
        rule=rule.name,
        policy_version=f"{facts.policy.name}@{facts.policy.version}",
        policy_verdict=rule.verdict,
        subscriber=None if subscriber == facts.subscriber else subscriber,
        notice=refused and rule.notice and bool(facts.subscriber.reference),
        case_opened=opened,
    )


def _is_eased(sim: SimAnswer) -> bool:
    """A lead judged that the operator changes SIMs by the thousand; nobody may turn that into a send."""
    return sim.eased and sim.state is SimState.CHANGED


def _effects(facts: GateInput, verdict: Verdict) -> tuple[bool, Subscriber]:
    """What the answer does to the record: learn, refresh, keep a candidate.

    `verdict` is the one before `observe`: what would have been refused teaches nothing. The
    reference of a changed SIM stays untouched whatever the verdict; a re-verify that waits goes
    on waiting.
    """
    subscriber, sim, now = facts.subscriber, facts.sim, facts.now
    if sim.imsi is None:
        return False, subscriber
    if sim.state is SimState.FIRST_SEEN and verdict is Verdict.SEND and not sim.banned:
        reference = learnt(sim.imsi, now, first_grade(sim, now))
        return False, replace(subscriber, reference=reference, candidate=None)
    if sim.state is SimState.SAME and sim.matched is not None:
        reference = refreshed(subscriber.reference, sim.matched, sim.imsi, now)
        return False, replace(subscriber, reference=reference)
    if sim.state is SimState.CHANGED:
        known = subscriber.candidate
        if known is not None and sim.imsi.equals(known.imsi):
            seen_again = replace(known, imsi=sim.imsi.rewritten(known.imsi), last_seen=now)
            return False, replace(subscriber, candidate=seen_again)
        return True, replace(subscriber, candidate=Candidate(sim.imsi.newest(), now, now))
    return False, subscriber
