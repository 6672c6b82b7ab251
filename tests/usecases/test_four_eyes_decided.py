"""Four eyes over a real store: who decides, and that nobody gets past by any way round."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from security_service.domain.access import Role
from security_service.domain.audit import EventKind
from security_service.domain.proposals import ProposalRefusal, ProposalState
from security_service.usecases.actions import SimBanned
from security_service.usecases.add_sim import AddConflict
from security_service.usecases.four_eyes import (
    CarriedOut,
    Proposed,
    Rejected,
)
from security_service.usecases.reverify import (
    ReverifyConflict,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeConflict, ModeSet
from tests.fakes.sim import NEW_SIM, THIRD_SIM, sealed
from tests.usecases.deeds_desk import BANK, OTHER_BANK, DeedsDesk
from tests.usecases.four_eyes_scene import (
    DENY,
    outcome_of,
    proposed,
    refusal,
)


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
