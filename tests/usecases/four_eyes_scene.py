"""What the tests of four eyes share: deeds, and what became of them; judges nothing."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.proposals import ProposalRefusal
from security_service.domain.subscriber import Mode
from security_service.usecases.four_eyes import (
    CarriedOut,
    ProposalRefused,
    Proposed,
)
from security_service.usecases.publish_policy import PublishOrder, RollBackOrder
from security_service.usecases.read_policies import PolicyView
from security_service.usecases.set_mode import ModeChange
from tests.store.rig import subject
from tests.usecases.deeds_desk import BANK, NUMBER, DeedsDesk
from tests.usecases.policies import STANDARD, renamed

ALLOW = ModeChange(Mode.ALWAYS_ALLOW)
DENY = ModeChange(Mode.ALWAYS_DENY)
EVERYTHING = ("always_allow", "reverify_changed", "add_sim", "unlock_disabled", "publish_policy")


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
