"""Carry out what two people agreed on, by the use case of each deed; leaves agreeing to four_eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.domain.ports import Subscribers
from security_service.domain.proposals import (
    AddSecondSim,
    ChangeMode,
    PolicyDeed,
    Proposal,
    PublishDocument,
    ReverifyReference,
    RollBackTo,
    UnlockNumber,
)
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action, RecordKeepsMoving, SecondPersonNeeded, SimBanned
from security_service.usecases.add_sim import (
    AddConflict,
    AddOutcome,
    AddSim,
    AlreadyTrusted,
    NoAnswer,
    NoReference,
    SimAdded,
    TooManySims,
)
from security_service.usecases.candidates import UnknownCandidate
from security_service.usecases.publish_policy import (
    AlreadyInForce,
    OtherInForce,
    PolicyRefused,
    Published,
    PublishOrder,
    PublishOutcome,
    PublishPolicy,
    RollBackOrder,
    RollBackOutcome,
    RollBackPolicy,
    VersionNotHigher,
    WarningsUnread,
)
from security_service.usecases.read_policies import UnknownPolicy, UnknownVersion
from security_service.usecases.reverify import (
    AskOutcome,
    Reverified,
    Reverify,
    ReverifyConflict,
    ReverifyPending,
    ReverifyRequest,
)
from security_service.usecases.set_mode import (
    ModeChange,
    ModeConflict,
    ModeFault,
    ModeOutcome,
    ModeSet,
    SetMode,
)
from security_service.usecases.unlock import NothingLocked, Unlock, Unlocked, UnlockOutcome


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """The deed was done by this proposal already; it is not done a second time."""


DeedOutcome = (
    ModeOutcome | AskOutcome | AddOutcome | UnlockOutcome | PublishOutcome | RollBackOutcome | DoneBefore
)


@dataclass(frozen=True, slots=True)
class CarryOut:
    """The use cases of the deeds that can be proposed."""

    subscribers: Subscribers
    modes: SetMode
    references: Reverify
    sims: AddSim
    locks: Unlock
    publishing: PublishPolicy
    rolling_back: RollBackPolicy

    def run(self, tenant: Tenant, proposal: Proposal, approver: str, request_id: str) -> DeedOutcome:
        """Do what was proposed, in the names of both people. Raises StoreUnavailable.

        Done at most once however often it is called: the record that a deed changes remembers the
        proposal, in the same write; a policy is put over the version that was judged, and no other.
        """
        deed = proposal.deed
        outcome: DeedOutcome | SecondPersonNeeded
        if isinstance(deed, PublishDocument | RollBackTo):
            outcome = self._policy(deed, proposal, approver, request_id)
        elif self.subscribers.get(tenant.id, deed.number).subscriber.has_carried_out(proposal.id):
            return DoneBefore()
        else:
            action = self._action(tenant, proposal, deed.number, approver, request_id)
            outcome = self._on_number(deed, action)
        if isinstance(outcome, SecondPersonNeeded):
            raise TypeError("an action that names its second person waits for none")
        return outcome

    def _on_number(
        self, deed: ChangeMode | ReverifyReference | AddSecondSim | UnlockNumber, action: Action
    ) -> DeedOutcome | SecondPersonNeeded:
        match deed:
            case ChangeMode():
                return self.modes.run(action, ModeChange(deed.mode, deed.until, deed.bound, deed.evidence))
            case ReverifyReference():
                return self.references.ask(action, ReverifyRequest(deed.candidate, deed.waive_age))
            case AddSecondSim():
                return self.sims.run(action, deed.candidate)
            case UnlockNumber():
                return self.locks.run(action)
            case _:
                assert_never(deed)

    def _policy(
        self, deed: PolicyDeed, proposal: Proposal, approver: str, request_id: str
    ) -> DeedOutcome | SecondPersonNeeded:
        match deed:
            case PublishDocument():
                return self.publishing.run(
                    PublishOrder(
                        deed.text,
                        deed.expected,
                        proposal.proposer,
                        proposal.reason,
                        request_id,
                        deed.acknowledged,
                        approver,
                        proposal.id,
                    )
                )
            case RollBackTo():
                return self.rolling_back.run(
                    RollBackOrder(
                        deed.name,
                        deed.version,
                        deed.expected,
                        proposal.proposer,
                        proposal.reason,
                        request_id,
                        approver,
                        proposal.id,
                    )
                )
            case _:
                assert_never(deed)

    @staticmethod
    def _action(tenant: Tenant, proposal: Proposal, number: Msisdn, approver: str, request_id: str) -> Action:
        return Action(
            tenant,
            number,
            proposal.proposer,
            proposal.reason,
            request_id,
            approved_by=approver,
            proposal=proposal.id,
        )


def may_be_tried_again(outcome: DeedOutcome) -> bool:
    """True where nothing was decided: the proposal stays approved until its time is over."""
    return isinstance(outcome, NoAnswer | RecordKeepsMoving)


def word_of_outcome(outcome: DeedOutcome) -> str:
    """Give the word of an outcome in events, the API and the console."""
    match outcome:
        case ModeSet() | Reverified() | SimAdded() | Unlocked() | Published():
            return "done"
        case DoneBefore():
            return "done_before"
        case AlreadyTrusted() | NothingLocked() | AlreadyInForce():
            return "nothing_to_do"
        case ReverifyPending():
            return "pending"
        case ModeConflict() | ReverifyConflict() | AddConflict() | UnknownCandidate() | OtherInForce():
            return "conflict"
        case SimBanned():
            return "imsi_banned"
        case (
            ModeFault()
            | NoReference()
            | TooManySims()
            | PolicyFaults()
            | TooManyCases()
            | PolicyRefused()
            | WarningsUnread()
            | VersionNotHigher()
            | UnknownPolicy()
            | UnknownVersion()
        ):
            return "refused"
        case NoAnswer():
            return "no_answer"
        case RecordKeepsMoving():
            return "record_keeps_moving"
        case _:
            assert_never(outcome)
