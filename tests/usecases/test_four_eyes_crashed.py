"""Four eyes over a real store: what was approved is done once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.lookup import NoData
from security_service.domain.proposal_ports import Draft, Kept, Proposals, StateMove
from security_service.domain.proposals import Proposal, ProposalRefusal, ProposalState
from security_service.domain.subscriber import Mode
from security_service.usecases.add_sim import NoAnswer, SimAdded
from security_service.usecases.carry_out import DoneBefore
from security_service.usecases.reverify import (
    Reverified,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeSet
from security_service.usecases.unlock import NothingLocked
from tests.fakes.sim import NEW_SIM
from tests.store.rig import subject
from tests.usecases.deeds_desk import BANK, NUMBER, DeedsDesk
from tests.usecases.four_eyes_scene import (
    DENY,
    disable,
    outcome_of,
    proposed,
    refusal,
)


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
