"""Four eyes over a real store: what one person may not do alone, nobody gets past by any way round."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from security_service.domain.access import Role
from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.lookup import NoData
from security_service.domain.proposal_ports import Draft, Kept, Proposals, StateMove
from security_service.domain.proposals import Proposal, ProposalRefusal, ProposalState
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action, SimBanned
from security_service.usecases.add_sim import AddConflict, AlreadyTrusted, NoAnswer, SimAdded
from security_service.usecases.carry_out import DoneBefore
from security_service.usecases.four_eyes import (
    CarriedOut,
    NotAllowed,
    ProposalRefused,
    Proposed,
    Rejected,
)
from security_service.usecases.publish_policy import OtherInForce, Published, PublishOrder, RollBackOrder
from security_service.usecases.read_policies import PolicyView
from security_service.usecases.reverify import (
    Reverified,
    ReverifyConflict,
    ReverifyPending,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeChange, ModeConflict, ModeFault, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, sealed
from tests.store.rig import StoreRig, subject
from tests.usecases.deeds_desk import BANK, NUMBER, OTHER_BANK, DeedsDesk
from tests.usecases.policies import STANDARD, renamed

ALLOW = ModeChange(Mode.ALWAYS_ALLOW)
DENY = ModeChange(Mode.ALWAYS_DENY)
EVERYTHING = ("always_allow", "reverify_changed", "add_sim", "unlock_disabled", "publish_policy")


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[DeedsDesk]:
    rig = StoreRig(redis_url)
    desk = DeedsDesk(rig, tmp_path)
    yield desk
    desk.close()
    rig.close()


def proposed(outcome: object) -> str:
    assert isinstance(outcome, Proposed), outcome
    return outcome.id


def outcome_of(decided: object) -> object:
    assert isinstance(decided, CarriedOut), decided
    return decided.outcome


def refusal(decided: object) -> ProposalRefusal:
    assert isinstance(decided, ProposalRefused), decided
    return decided.why


def disable(desk: DeedsDesk) -> None:
    """A hundred wrong guesses."""
    whom = subject(NUMBER, tenant=replace(BANK, limits=subject().tenant.limits))
    for _ in range(20):
        desk.rig.generate(whom)
        desk.rig.guess(whom, 5)
        desk.rig.advance(86_400)
    assert desk.rig.subscribers.get(BANK.id, NUMBER).disabled


# --- alone, or not ------------------------------------------------------------------------------


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


# --- the second person ------------------------------------------------------------------------------


@pytest.fixture
def waiting(desk: DeedsDesk) -> str:
    """A proposal of anna's to always allow."""
    desk.demand("always_allow")
    desk.put(desk.known())
    return proposed(desk.four_eyes.set_mode(desk.action(), ALLOW))


@pytest.mark.parametrize("name", ["anna", "cli:anna", "oidc:anna@bank.ru", "ANNA"])
def test_nobody_approves_their_own_through_another_face(desk: DeedsDesk, waiting: str, name: str) -> None:
    assert refusal(desk.four_eyes.approve(desk.reviewer(name, Role.ADMIN), waiting)) is ProposalRefusal.OWN
    assert desk.record().override is None


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ENROLLER])
def test_who_is_no_lead_approves_nothing(desk: DeedsDesk, waiting: str, role: Role) -> None:
    assert refusal(desk.four_eyes.approve(desk.reviewer("olga", role), waiting)) is ProposalRefusal.ROLE
    assert desk.record().override is None


def test_a_lead_of_another_bank_does_not_even_learn_that_it_is_there(desk: DeedsDesk, waiting: str) -> None:
    stranger = desk.reviewer("boris", tenant=OTHER_BANK)
    assert refusal(desk.four_eyes.approve(stranger, waiting)) is ProposalRefusal.UNKNOWN
    assert refusal(desk.four_eyes.reject(stranger, waiting, "x")) is ProposalRefusal.UNKNOWN
    assert desk.four_eyes.view(OTHER_BANK.id, waiting) is None
    assert desk.four_eyes.newest(OTHER_BANK.id) == []


def test_what_expired_is_approved_by_nobody(desk: DeedsDesk, waiting: str) -> None:
    desk.rig.advance(24 * 3600)
    assert refusal(desk.four_eyes.approve(desk.reviewer(), waiting)) is ProposalRefusal.EXPIRED
    assert desk.four_eyes.pending(BANK.id) == []
    (listed,) = desk.four_eyes.newest(BANK.id)
    assert listed.state is ProposalState.EXPIRED


def test_the_tenant_says_how_long_a_proposal_waits(desk: DeedsDesk) -> None:
    desk.bank = replace(BANK, four_eyes_hours=2)
    outcome = desk.four_eyes.set_mode(desk.action("olga", Role.ANALYST), DENY)
    assert isinstance(outcome, Proposed)
    assert outcome.expires_at == desk.now + 2 * 3600


def test_a_rejected_proposal_is_done_by_nobody(desk: DeedsDesk, waiting: str) -> None:
    outcome = desk.four_eyes.reject(desk.reviewer(), waiting, "not him")
    assert isinstance(outcome, Rejected)
    assert (outcome.proposal.decided_by, outcome.proposal.decision_reason) == ("boris", "not him")
    for who in ("boris", "clara"):
        assert refusal(desk.four_eyes.approve(desk.reviewer(who), waiting)) is ProposalRefusal.DECIDED
    assert refusal(desk.four_eyes.reject(desk.reviewer(), waiting, "x")) is ProposalRefusal.DECIDED
    assert desk.record().override is None


def test_an_analyst_takes_the_own_back_and_no_other(desk: DeedsDesk, waiting: str) -> None:
    own = proposed(desk.four_eyes.set_mode(desk.action("olga", Role.ANALYST), DENY))
    olga = desk.reviewer("olga", Role.ANALYST)
    assert refusal(desk.four_eyes.reject(olga, waiting, "x")) is ProposalRefusal.ROLE
    assert isinstance(desk.four_eyes.reject(olga, own, "a mistake"), Rejected)


def test_of_two_who_approve_at_once_one_does_and_it_is_done_once(desk: DeedsDesk, waiting: str) -> None:
    start = Barrier(4)

    def approve(name: str) -> object:
        start.wait()
        return desk.four_eyes.approve(desk.reviewer(name), waiting)

    with ThreadPoolExecutor(4) as pool:
        decided = list(pool.map(approve, ["boris", "clara", "dmitri", "elena"]))
    assert len(desk.events(EventKind.PROPOSAL_APPROVED)) == 1
    assert len(desk.events(EventKind.MODE_SET)) == 1
    assert sum(isinstance(one, CarriedOut) and isinstance(one.outcome, ModeSet) for one in decided) == 1


# --- poisoning: another SIM between proposing and approving ------------------------------------------


def test_a_re_verify_does_not_trust_a_sim_that_was_swapped_in_meanwhile(desk: DeedsDesk) -> None:
    desk.demand("reverify_changed")
    desk.put(desk.suspected())
    proposal = proposed(desk.four_eyes.reverify(desk.action(), ReverifyRequest()))
    desk.sim.script = [THIRD_SIM]
    desk.put(desk.suspected(THIRD_SIM))
    outcome = outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal))
    assert isinstance(outcome, ReverifyConflict)
    assert (outcome.expected, outcome.seen) == (sealed(NEW_SIM).newest(), sealed(THIRD_SIM).newest())
    assert desk.record().reference == desk.known().reference
    done = desk.four_eyes.view(BANK.id, proposal)
    assert done is not None
    assert (done.state, done.result) == (ProposalState.CARRIED_OUT, "conflict")


def test_an_override_does_not_cover_a_sim_that_came_after_it_was_judged(
    desk: DeedsDesk, waiting: str
) -> None:
    desk.put(desk.suspected())
    outcome = outcome_of(desk.four_eyes.approve(desk.reviewer(), waiting))
    assert outcome == ModeConflict(sealed(NEW_SIM).newest())
    assert desk.record().override is None


def test_a_second_sim_that_was_swapped_in_meanwhile_is_not_added(desk: DeedsDesk) -> None:
    desk.demand("add_sim")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.add_sim(desk.action()))
    desk.sim.script = [THIRD_SIM]
    outcome = outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal))
    assert outcome == AddConflict(sealed(THIRD_SIM).newest())
    assert desk.record().reference == desk.known().reference


def test_what_was_banned_meanwhile_is_not_trusted_by_two_people_either(desk: DeedsDesk) -> None:
    desk.demand("reverify_changed", "add_sim")
    desk.put(desk.suspected())
    ids = [
        proposed(desk.four_eyes.reverify(desk.action(), ReverifyRequest())),
        proposed(desk.four_eyes.add_sim(desk.action())),
    ]
    desk.sim.banned = {NEW_SIM}
    for proposal in ids:
        assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), SimBanned)
    assert desk.record().reference == desk.known().reference


# --- a crash between approving and doing ---------------------------------------------------------------


class DyingProposals:
    """The Proposals port of a process that dies before it can tell that a deed was carried out."""

    def __init__(self, inner: Proposals) -> None:
        self.inner = inner

    def put(self, draft: Draft, event: Event) -> Proposal:
        return self.inner.put(draft, event)

    def find(self, tenant: str, proposals: Sequence[str]) -> Kept:
        return self.inner.find(tenant, proposals)

    def newest(self, tenant: str, count: int) -> Kept:
        return self.inner.newest(tenant, count)

    def move(self, proposal: Proposal, move: StateMove, event: Event) -> bool:
        if move.after is ProposalState.CARRIED_OUT:
            raise StoreUnavailable("the process died")
        return self.inner.move(proposal, move, event)


def dies_before_telling(desk: DeedsDesk, proposal: str) -> None:
    """The deed is done, and the process dies before it tells."""
    dying = replace(desk.four_eyes, proposals=DyingProposals(desk.proposals))
    with pytest.raises(StoreUnavailable):
        dying.approve(desk.reviewer(), proposal)


def dies_before_doing(desk: DeedsDesk, proposal: str) -> None:
    """The proposal is approved, and the process dies before the deed."""
    (found,) = desk.proposals.find(BANK.id, [proposal]).proposals
    move = StateMove(ProposalState.WAITING, ProposalState.APPROVED, "boris", "")
    assert desk.proposals.move(found, move, Event(EventKind.PROPOSAL_APPROVED, {"actor": "boris"}))


@pytest.mark.parametrize("name", ["boris", "clara"])
def test_what_was_approved_and_not_done_is_done_by_the_approver_or_another_lead(
    desk: DeedsDesk, waiting: str, name: str
) -> None:
    dies_before_doing(desk, waiting)
    (listed,) = desk.four_eyes.pending(BANK.id)
    assert listed.state is ProposalState.APPROVED
    assert refusal(desk.four_eyes.approve(desk.reviewer("anna"), waiting)) is ProposalRefusal.OWN
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(name), waiting)), ModeSet)
    assert desk.facts(EventKind.MODE_SET)["approved_by"] == "boris"
    carried_out = desk.facts(EventKind.PROPOSAL_CARRIED_OUT)
    assert (carried_out["actor"], carried_out["approved_by"]) == (name, "boris")


def test_what_was_approved_and_not_done_in_time_is_over(desk: DeedsDesk, waiting: str) -> None:
    dies_before_doing(desk, waiting)
    desk.rig.advance(24 * 3600)
    assert refusal(desk.four_eyes.approve(desk.reviewer(), waiting)) is ProposalRefusal.EXPIRED


def test_what_was_done_and_not_told_is_not_done_again_over_a_newer_decision(
    desk: DeedsDesk, waiting: str
) -> None:
    dies_before_telling(desk, waiting)
    assert isinstance(desk.four_eyes.set_mode(desk.action("clara"), DENY), ModeSet)
    assert outcome_of(desk.four_eyes.approve(desk.reviewer(), waiting)) == DoneBefore()
    assert desk.record().mode_at(desk.now) is Mode.ALWAYS_DENY
    done = desk.four_eyes.view(BANK.id, waiting)
    assert done is not None
    assert (done.state, done.result) == (ProposalState.CARRIED_OUT, "done_before")


def test_an_unlock_that_was_done_and_not_told_does_not_unlock_again(desk: DeedsDesk) -> None:
    desk.demand("unlock_disabled")
    disable(desk)
    proposal = proposed(desk.four_eyes.unlock(desk.action()))
    dies_before_telling(desk, proposal)
    whom = subject(NUMBER, tenant=replace(BANK, limits=subject().tenant.limits))
    desk.rig.generate(whom)
    desk.rig.guess(whom, 5)
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), NothingLocked)
    assert desk.rig.subscribers.get(BANK.id, NUMBER).failures == 5


def test_a_sim_that_was_added_and_not_told_is_not_added_again(desk: DeedsDesk) -> None:
    desk.demand("add_sim")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.add_sim(desk.action()))
    dies_before_telling(desk, proposal)
    assert isinstance(desk.four_eyes.reverify(desk.action("clara"), ReverifyRequest()), Reverified)
    assert outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)) == DoneBefore()


def test_where_no_source_answers_the_approval_stands_and_may_be_tried_again(desk: DeedsDesk) -> None:
    desk.demand("add_sim")
    desk.put(desk.known())
    proposal = proposed(desk.four_eyes.add_sim(desk.action()))
    desk.sim.script = [NoData.UNAVAILABLE]
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer(), proposal)), NoAnswer)
    desk.sim.script = [NEW_SIM]
    assert isinstance(outcome_of(desk.four_eyes.approve(desk.reviewer("clara"), proposal)), SimAdded)
    assert desk.facts(EventKind.SIM_ADDED)["approved_by"] == "boris"


# --- policies ------------------------------------------------------------------------------------------


def order(desk: DeedsDesk, name: str = "anna", version: str = "9.0") -> PublishOrder:
    policies = desk.policies.do.read.one("standard")
    assert isinstance(policies, PolicyView)
    text = renamed(STANDARD, version)
    return PublishOrder(text, policies.in_force, name, "fewer calls", "r1", acknowledged=True)


def roll_back(desk: DeedsDesk, version: str = "1.0") -> RollBackOrder:
    policies = desk.policies.do.read.one("standard")
    assert isinstance(policies, PolicyView)
    return RollBackOrder("standard", version, policies.in_force, "anna", "too many calls", "r1")


def in_force(desk: DeedsDesk) -> str:
    return roll_back(desk).expected


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
