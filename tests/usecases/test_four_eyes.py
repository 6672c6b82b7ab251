"""Four eyes over a real store: what waits for a second person, and what one person does alone."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from security_service.domain.access import Role
from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.lookup import NoData
from security_service.domain.proposals import ProposalRefusal, ProposalState
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action
from security_service.usecases.add_sim import AlreadyTrusted, SimAdded
from security_service.usecases.four_eyes import (
    NotAllowed,
)
from security_service.usecases.publish_policy import OtherInForce, Published
from security_service.usecases.reverify import (
    Reverified,
    ReverifyPending,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeChange, ModeFault, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed
from tests.store.rig import subject
from tests.usecases.deeds_desk import BANK, NUMBER, OTHER_BANK, DeedsDesk
from tests.usecases.four_eyes_scene import (
    ALLOW,
    DENY,
    EVERYTHING,
    disable,
    in_force,
    order,
    outcome_of,
    proposed,
    refusal,
    roll_back,
)


def test_a_lead_acts_alone_where_the_tenant_demands_nothing(desk: DeedsDesk) -> None:
    desk.put(desk.suspected())
    assert isinstance(desk.four_eyes.add_sim(desk.action()), SimAdded)
    assert isinstance(desk.four_eyes.set_mode(desk.action(), ALLOW), ModeSet)
    assert isinstance(desk.four_eyes.reverify(desk.action(), ReverifyRequest()), Reverified)
    assert isinstance(desk.four_eyes.unlock(desk.action()), NothingLocked)
    assert desk.four_eyes.newest(BANK.id) == []
    assert "approved_by" not in desk.facts(EventKind.MODE_SET)


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.ALWAYS_DENY])
def test_what_closes_waits_for_nobody(desk: DeedsDesk, mode: Mode) -> None:
    desk.demand(*EVERYTHING)
    assert isinstance(desk.four_eyes.set_mode(desk.action(), ModeChange(mode)), ModeSet)


def test_an_analyst_re_verifies_alone_and_proposes_what_a_lead_does(desk: DeedsDesk) -> None:
    desk.put(desk.suspected())
    analyst = desk.action("olga", Role.ANALYST)
    for change in (ALLOW, DENY, ModeChange(Mode.CHECK)):
        proposed(desk.four_eyes.set_mode(analyst, change))
    proposed(desk.four_eyes.add_sim(analyst))
    disable(desk)
    proposed(desk.four_eyes.unlock(analyst))
    assert (desk.record().override, len(desk.record().reference.members)) == (None, 1)
    assert desk.rig.subscribers.get(BANK.id, NUMBER).disabled
    assert isinstance(desk.four_eyes.reverify(analyst, ReverifyRequest()), Reverified)


@pytest.mark.parametrize("roles", [(Role.AUDITOR,), (Role.ENROLLER,), (Role.AUDITOR, Role.ENROLLER)])
def test_who_is_neither_lead_nor_analyst_may_not_even_propose(
    desk: DeedsDesk, roles: tuple[Role, ...]
) -> None:
    desk.put(desk.suspected())
    who = desk.action("ivan", *roles)
    deeds = desk.four_eyes
    for outcome in (
        deeds.set_mode(who, DENY),
        deeds.reverify(who, ReverifyRequest()),
        deeds.add_sim(who),
        deeds.unlock(who),
        deeds.publish_policy(desk.reviewer("ivan", *roles), order(desk)),
        deeds.roll_back_policy(desk.reviewer("ivan", *roles), roll_back(desk)),
    ):
        assert outcome == NotAllowed()
    assert (desk.four_eyes.newest(BANK.id), desk.sim.asked) == ([], [])


def test_an_action_that_names_no_roles_may_nothing(desk: DeedsDesk) -> None:
    nobody = Action(BANK, NUMBER, "anna", "x", "r1")
    assert desk.four_eyes.set_mode(nobody, DENY) == NotAllowed()


def test_a_deed_that_means_nothing_is_a_fault_at_once_and_no_proposal(desk: DeedsDesk) -> None:
    desk.demand("always_allow")
    outcome = desk.four_eyes.set_mode(desk.action(), ModeChange(Mode.ALWAYS_ALLOW, desk.now - 1))
    assert isinstance(outcome, ModeFault)
    assert desk.four_eyes.newest(BANK.id) == []


# --- proposed and approved ------------------------------------------------------------------------


def test_always_allow_waits_for_a_second_lead_and_then_names_both(desk: DeedsDesk) -> None:
    desk.demand("always_allow")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.set_mode(desk.action(), ALLOW))
    assert desk.record().override is None
    (waiting,) = desk.four_eyes.pending(BANK.id)
    assert (waiting.id, waiting.proposer, waiting.state) == (proposal, "anna", ProposalState.WAITING)
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), ModeSet)
    override = desk.record().override
    assert override is not None
    assert (override.mode, override.actor) == (Mode.ALWAYS_ALLOW, "anna")
    facts = desk.facts(EventKind.MODE_SET)
    assert (facts["actor"], facts["approved_by"], facts["proposal"]) == ("anna", "boris", proposal)
    done = desk.four_eyes.view(BANK.id, proposal)
    assert done is not None
    assert (done.state, done.decided_by, done.result) == (ProposalState.CARRIED_OUT, "boris", "done")
    assert desk.four_eyes.pending(BANK.id) == []


def test_a_re_verify_after_a_change_waits_and_then_trusts_the_sim_that_was_judged(desk: DeedsDesk) -> None:
    desk.demand("reverify_changed")
    desk.put(desk.suspected())
    proposal = proposed(desk.four_eyes.reverify(desk.action(), ReverifyRequest()))
    assert desk.sim.asked == []
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), Reverified)
    (member,) = desk.record().reference.members
    assert member.imsi == sealed(NEW_SIM).newest()
    assert desk.facts(EventKind.REVERIFIED)["approved_by"] == "boris"


def test_a_change_that_nobody_has_seen_yet_is_no_way_round(desk: DeedsDesk) -> None:
    """The record has no candidate; the network's answer to the re-verify itself is the change."""
    desk.demand("reverify_changed")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.reverify(desk.action(), ReverifyRequest()))
    assert desk.record() == desk.known()
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), Reverified)


@pytest.mark.parametrize("has_reference", [True, False])
def test_a_re_verify_without_a_change_needs_nobody(desk: DeedsDesk, *, has_reference: bool) -> None:
    desk.demand("reverify_changed")
    if has_reference:
        desk.put(desk.known(NEW_SIM))
    assert isinstance(desk.four_eyes.reverify(desk.action(), ReverifyRequest()), Reverified)


def test_a_re_verify_that_waits_for_the_phone_trusts_no_other_sim_behind_the_scenes(desk: DeedsDesk) -> None:
    desk.demand("reverify_changed")
    desk.put(desk.known())
    desk.sim.script = [NoData.ABSENT, NEW_SIM]
    assert isinstance(desk.four_eyes.reverify(desk.action(), ReverifyRequest()), ReverifyPending)
    desk.rig.advance(30)
    (job,) = desk.rig.jobs.claim(9, 60.0)
    desk.reverify.attempt(job)
    assert [one.imsi for one in desk.record().reference.members] == [sealed(OLD_SIM).newest()]
    assert desk.record().pending is None
    assert desk.facts(EventKind.REVERIFY_CONFLICT)["why"] == "second_person"


def test_an_approved_re_verify_that_waits_names_both_once_it_is_done(desk: DeedsDesk) -> None:
    desk.demand("reverify_changed")
    desk.put(desk.suspected())
    proposal = proposed(desk.four_eyes.reverify(desk.action(), ReverifyRequest()))
    desk.sim.script = [NoData.ABSENT, NEW_SIM]
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), ReverifyPending)
    desk.rig.advance(30)
    (job,) = desk.rig.jobs.claim(9, 60.0)
    desk.reverify.attempt(job)
    facts = desk.facts(EventKind.REVERIFIED)
    assert (facts["actor"], facts["approved_by"], facts["proposal"]) == ("anna", "boris", proposal)


def test_adding_a_sim_waits_for_the_one_that_the_network_named(desk: DeedsDesk) -> None:
    desk.demand("add_sim")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.add_sim(desk.action()))
    assert len(desk.record().reference.members) == 1
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), SimAdded)
    assert [one.imsi for one in desk.record().reference.members] == [
        sealed(OLD_SIM).newest(),
        sealed(NEW_SIM).newest(),
    ]


def test_what_could_not_be_added_is_not_proposed(desk: DeedsDesk) -> None:
    desk.demand("add_sim")
    desk.put(desk.known(NEW_SIM))
    assert isinstance(desk.four_eyes.add_sim(desk.action()), AlreadyTrusted)


def test_unlocking_waits_only_after_the_lifetime_cap(desk: DeedsDesk) -> None:
    desk.demand("unlock_disabled")
    whom = subject(NUMBER, tenant=replace(BANK, limits=subject().tenant.limits))
    desk.rig.generate(whom)
    desk.rig.guess(whom, 5)
    assert isinstance(desk.four_eyes.unlock(desk.action()), Unlocked)
    disable(desk)
    proposal = proposed(desk.four_eyes.unlock(desk.action()))
    assert desk.rig.subscribers.get(BANK.id, NUMBER).disabled
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), Unlocked)
    assert not desk.rig.subscribers.get(BANK.id, NUMBER).disabled


# --- policies ------------------------------------------------------------------------------------------


def test_a_policy_is_published_by_a_lead_and_proposed_by_an_analyst(desk: DeedsDesk) -> None:
    before = in_force(desk)
    proposed(desk.four_eyes.publish_policy(desk.reviewer("olga", Role.ANALYST), order(desk, "olga")))
    assert in_force(desk) == before
    assert isinstance(desk.four_eyes.publish_policy(desk.reviewer("anna"), order(desk)), Published)
    assert in_force(desk) == "9.0"


@pytest.mark.parametrize("demanding", [BANK, OTHER_BANK])
def test_a_policy_waits_where_any_bank_that_it_decides_for_demands_it(
    desk: DeedsDesk, demanding: Tenant
) -> None:
    desk.demand("publish_policy", tenant=demanding)
    before = in_force(desk)
    proposal = proposed(desk.four_eyes.publish_policy(desk.reviewer("anna"), order(desk)))
    assert in_force(desk) == before
    assert refusal(desk.four_eyes.approve(desk.reviewer("cli:anna"), proposal)) is ProposalRefusal.OWN
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), Published)
    assert in_force(desk) == "9.0"
    facts = desk.facts(EventKind.POLICY_PUBLISHED)
    assert (facts["actor"], facts["approved_by"], facts["proposal"]) == ("anna", "boris", proposal)
    assert desk.facts(EventKind.PROPOSED)["text"] == sha256(order(desk).text.encode()).hexdigest()


def test_what_was_judged_is_not_published_over_what_came_meanwhile(desk: DeedsDesk) -> None:
    proposal = proposed(desk.four_eyes.publish_policy(desk.reviewer("olga", Role.ANALYST), order(desk)))
    assert isinstance(
        desk.four_eyes.publish_policy(desk.reviewer("clara"), order(desk, "clara", "8.0")), Published
    )
    assert outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)) == OtherInForce("8.0")
    assert in_force(desk) == "8.0"


def test_rolling_back_waits_as_publishing_does(desk: DeedsDesk) -> None:
    first = in_force(desk)
    assert isinstance(desk.four_eyes.publish_policy(desk.reviewer("anna"), order(desk)), Published)
    desk.demand("publish_policy")
    proposal = proposed(desk.four_eyes.roll_back_policy(desk.reviewer("anna"), roll_back(desk, first)))
    assert in_force(desk) == "9.0"
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), Published)
    assert in_force(desk) == first
    dies = desk.four_eyes.approve(desk.reviewer(), proposal)
    assert refusal(dies) is ProposalRefusal.DECIDED


# --- what is told ---------------------------------------------------------------------------------------


def test_no_event_of_a_proposal_holds_an_imsi(desk: DeedsDesk) -> None:
    desk.demand(*EVERYTHING)
    desk.put(desk.suspected())
    for outcome in (
        desk.four_eyes.set_mode(desk.action(), ALLOW),
        desk.four_eyes.reverify(desk.action(), ReverifyRequest()),
        desk.four_eyes.add_sim(desk.action()),
    ):
        desk.four_eyes.approve(desk.reviewer(), proposed(outcome))
    events = desk.rig.log.page(AuditQuery(count=1000)).events
    kinds = {json.loads(text)["kind"] for text in events}
    assert {"proposed", "proposal_approved", "proposal_carried_out"} <= kinds
    assert not any(imsi in text for text in events for imsi in (OLD_SIM, NEW_SIM))
