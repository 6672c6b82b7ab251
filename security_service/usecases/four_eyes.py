"""The deeds that open a way: done at once, or proposed to a second person; leaves carrying out to carry_out.

Every face comes through here (design, section 3). Which deeds need two people is the tenant's setting
`four_eyes`; an analyst may propose whatever only a lead may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.imsi import ImsiMember
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_versions import read_document
from security_service.domain.ports import Chance, Tenants
from security_service.domain.proposal_ports import Draft, Kept, Proposals, StateMove, TenantIds
from security_service.domain.proposals import (
    AddSecondSim,
    ChangeMode,
    Deed,
    Proposal,
    ProposalRefusal,
    ProposalState,
    PublishDocument,
    ReverifyReference,
    RollBackTo,
    UnlockNumber,
    deed_document,
    refusal_of_approval,
    refusal_of_rejection,
)
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.actions import Action, SecondPersonNeeded
from security_service.usecases.add_sim import AddOutcome
from security_service.usecases.carry_out import CarryOut, DeedOutcome, may_be_tried_again, word_of_outcome
from security_service.usecases.publish_policy import (
    PublishOrder,
    PublishOutcome,
    RollBackOrder,
    RollBackOutcome,
)
from security_service.usecases.reverify import AskOutcome, ReverifyRequest
from security_service.usecases.set_mode import ModeChange, ModeOutcome
from security_service.usecases.unlock import UnlockOutcome

_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Proposed:
    """Nothing is done yet: a second person has until `expires_at` (Unix seconds) to approve proposal `id`."""

    id: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The actor's roles allow neither the deed nor to propose it."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides a proposal of which tenant. The face has made sure that they may act for this tenant."""

    tenant: Tenant
    actor: Actor
    request_id: str


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A proposal was approved and its deed tried: `proposal` as it is now, and what became of the deed."""

    proposal: Proposal
    outcome: DeedOutcome


@dataclass(frozen=True, slots=True)
class Rejected:
    """A proposal was rejected, or taken back by its proposer."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ProposalRefused:
    """Nothing was decided, and why."""

    why: ProposalRefusal


@dataclass(frozen=True, slots=True)
class FourEyes:
    """Does what one person may do, proposes the rest, and carries out what a second person approves."""

    carry_out: CarryOut
    proposals: Proposals
    tenants: Tenants
    tenant_ids: TenantIds
    chance: Chance

    # --- deeds; each raises StoreUnavailable ---------------------------------------------------

    def set_mode(self, action: Action, change: ModeChange) -> ModeOutcome | Proposed | NotAllowed:
        """Set the mode of a subscriber, as `SetMode.run` does; a lead's deed."""
        if not _may_propose(action):
            return NotAllowed()
        outcome = self.carry_out.modes.run(action, change, alone=_is_lead(action))
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        deed = ChangeMode(action.number, change.mode, change.until, change.bound, _token(outcome.judged))
        return self._propose(action, deed)

    def reverify(self, action: Action, request: ReverifyRequest) -> AskOutcome | Proposed | NotAllowed:
        """Replace the reference, as `Reverify.ask` does; an analyst's deed."""
        if not _may_propose(action):
            return NotAllowed()
        outcome = self.carry_out.references.ask(action, request)
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        deed = ReverifyReference(action.number, _token(outcome.judged), request.waive_age)
        return self._propose(action, deed)

    def add_sim(self, action: Action) -> AddOutcome | Proposed | NotAllowed:
        """Trust a second SIM, as `AddSim.run` does; a lead's deed."""
        if not _may_propose(action):
            return NotAllowed()
        outcome = self.carry_out.sims.run(action, alone=_is_lead(action))
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        return self._propose(action, AddSecondSim(action.number, _token(outcome.judged)))

    def unlock(self, action: Action) -> UnlockOutcome | Proposed | NotAllowed:
        """Forget guesses and locks, as `Unlock.run` does; a lead's deed."""
        if not _may_propose(action):
            return NotAllowed()
        outcome = self.carry_out.locks.run(action, alone=_is_lead(action))
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        return self._propose(action, UnlockNumber(action.number))

    def publish_policy(
        self, reviewer: Reviewer, order: PublishOrder
    ) -> PublishOutcome | Proposed | NotAllowed:
        """Put a policy in force, as `PublishPolicy.run` does; a lead's deed.

        `reviewer` is who publishes. A policy is everybody's: where any tenant whose messages it decides
        demands a second person, there must be one.
        """
        document = read_document(order.text)
        if isinstance(document, PolicyFaults):
            return document
        if not reviewer.actor.may(Role.LEAD, Role.ANALYST):
            return NotAllowed()
        alone = reviewer.actor.may(Role.LEAD) and not self._demands_two(reviewer, document.policy.name)
        outcome = self.carry_out.publishing.run(order, alone=alone)
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        deed = PublishDocument(document.policy.name, order.text, order.expected, order.acknowledged)
        return self._propose_policy(reviewer, deed, order.reason)

    def roll_back_policy(
        self, reviewer: Reviewer, order: RollBackOrder
    ) -> RollBackOutcome | Proposed | NotAllowed:
        """Put an earlier version of a policy in force again, as `RollBackPolicy.run` does; as publishing."""
        if not reviewer.actor.may(Role.LEAD, Role.ANALYST):
            return NotAllowed()
        alone = reviewer.actor.may(Role.LEAD) and not self._demands_two(reviewer, order.name)
        outcome = self.carry_out.rolling_back.run(order, alone=alone)
        if not isinstance(outcome, SecondPersonNeeded):
            return outcome
        deed = RollBackTo(order.name, order.version, order.expected)
        return self._propose_policy(reviewer, deed, order.reason)

    # --- the second person; each raises StoreUnavailable ---------------------------------------

    def approve(self, reviewer: Reviewer, proposal: str) -> CarriedOut | ProposalRefused:
        """Approve a proposal and carry it out.

        One that was approved before but, for a crash or an answer that did not come, not carried
        out is carried out now; its approver stays who it was.
        """
        kept = self.proposals.find(reviewer.tenant.id, [proposal])
        if not kept.proposals:
            return ProposalRefused(ProposalRefusal.UNKNOWN)
        found = kept.proposals[0]
        why = refusal_of_approval(found, reviewer.actor, kept.now_ms)
        if why is not None:
            return ProposalRefused(why)
        if found.state is ProposalState.WAITING:
            move = StateMove(ProposalState.WAITING, ProposalState.APPROVED, reviewer.actor.name, "")
            if not self.proposals.move(found, move, _event(EventKind.PROPOSAL_APPROVED, found, reviewer)):
                return ProposalRefused(ProposalRefusal.DECIDED)
            found = replace(
                found, state=ProposalState.APPROVED, decided_by=reviewer.actor.name, decided_ms=kept.now_ms
            )
        outcome = self.carry_out.run(reviewer.tenant, found, found.decided_by, reviewer.request_id)
        return CarriedOut(self._settled(found, reviewer, outcome), outcome)

    def reject(self, reviewer: Reviewer, proposal: str, reason: str) -> Rejected | ProposalRefused:
        """Reject a proposal with a reason, or take one's own back."""
        kept = self.proposals.find(reviewer.tenant.id, [proposal])
        if not kept.proposals:
            return ProposalRefused(ProposalRefusal.UNKNOWN)
        found = kept.proposals[0]
        why = refusal_of_rejection(found, reviewer.actor, kept.now_ms)
        if why is not None:
            return ProposalRefused(why)
        name = reviewer.actor.name
        move = StateMove(ProposalState.WAITING, ProposalState.REJECTED, name, reason)
        event = _event(EventKind.PROPOSAL_REJECTED, found, reviewer, {"reason": reason})
        if not self.proposals.move(found, move, event):
            return ProposalRefused(ProposalRefusal.DECIDED)
        return Rejected(
            replace(
                found,
                state=ProposalState.REJECTED,
                decided_by=name,
                decided_ms=kept.now_ms,
                decision_reason=reason,
            )
        )

    def pending(self, tenant: str) -> Sequence[Proposal]:
        """Give what waits in a tenant, or was approved and not carried out yet; newest first."""
        open_states = {ProposalState.WAITING, ProposalState.APPROVED}
        return [one for one in self.newest(tenant) if one.state in open_states]

    def newest(self, tenant: str) -> Sequence[Proposal]:
        """Give a tenant's newest proposals of the last 30 days, each in its state of now."""
        return _as_of_now(self.proposals.newest(tenant, _LISTED))

    def view(self, tenant: str, proposal: str) -> Proposal | None:
        """Give one proposal of a tenant in its state of now."""
        found = _as_of_now(self.proposals.find(tenant, [proposal]))
        return found[0] if found else None

    # --- inside ----------------------------------------------------------------------------------

    def _propose(self, action: Action, deed: Deed) -> Proposed:
        tenant = action.tenant
        draft = Draft(
            self.chance.token(), tenant.id, deed, action.actor, action.reason, tenant.four_eyes_hours
        )
        facts: dict[str, Json] = {**_told(deed), "hours": draft.hours, "proposal": draft.id}
        kept = self.proposals.put(draft, action.event(EventKind.PROPOSED, facts))
        return Proposed(kept.id, kept.expires_ms // 1000)

    def _propose_policy(self, reviewer: Reviewer, deed: Deed, reason: str) -> Proposed:
        tenant, name = reviewer.tenant, reviewer.actor.name
        draft = Draft(self.chance.token(), tenant.id, deed, name, reason, tenant.four_eyes_hours)
        facts: dict[str, Json] = {
            **_told(deed),
            "actor": name,
            "hours": draft.hours,
            "proposal": draft.id,
            "reason": reason,
            "request_id": reviewer.request_id,
        }
        kept = self.proposals.put(draft, Event(EventKind.PROPOSED, facts))
        return Proposed(kept.id, kept.expires_ms // 1000)

    def _demands_two(self, reviewer: Reviewer, policy: str) -> bool:
        """True where the publisher's tenant, or one that the policy decides for, demands a second person."""
        asked = [reviewer.tenant, *(self.tenants.get(one) for one in self.tenant_ids.ids())]
        return any(
            FourEyesDeed.PUBLISH_POLICY in one.four_eyes
            for one in asked
            if one is not None and (one.policy == policy or one.id == reviewer.tenant.id)
        )

    def _settled(self, approved: Proposal, reviewer: Reviewer, outcome: DeedOutcome) -> Proposal:
        """Write what became of the deed; where it may be tried again the proposal stays as it is."""
        if may_be_tried_again(outcome):
            return approved
        word = word_of_outcome(outcome)
        facts: dict[str, Json] = {"approved_by": approved.decided_by, "result": word}
        event = _event(EventKind.PROPOSAL_CARRIED_OUT, approved, reviewer, facts)
        move = StateMove(ProposalState.APPROVED, ProposalState.CARRIED_OUT, reviewer.actor.name, word)
        self.proposals.move(approved, move, event)
        return replace(approved, state=ProposalState.CARRIED_OUT, result=word)


def _is_lead(action: Action) -> bool:
    return Actor(action.actor, action.roles).may(Role.LEAD)


def _may_propose(action: Action) -> bool:
    return Actor(action.actor, action.roles).may(Role.LEAD, Role.ANALYST)


def _token(member: ImsiMember | None) -> str:
    return "" if member is None else member.token()


def _as_of_now(kept: Kept) -> list[Proposal]:
    return [replace(one, state=one.state_at(kept.now_ms)) for one in kept.proposals]


def _told(deed: Deed) -> dict[str, Json]:
    """What events tell of a deed: all of it but the number, which is their subject, and long texts."""
    told = {name: value for name, value in deed_document(deed).items() if name != "number"}
    if isinstance(deed, PublishDocument):
        told["text"] = sha256(deed.text.encode()).hexdigest()
    return told


def _event(
    kind: EventKind, proposal: Proposal, reviewer: Reviewer, more: dict[str, Json] | None = None
) -> Event:
    facts: dict[str, Json] = {
        "actor": reviewer.actor.name,
        "proposal": proposal.id,
        "proposer": proposal.proposer,
        "request_id": reviewer.request_id,
        **_told(proposal.deed),
        **(more or {}),
    }
    return Event(kind, facts)
