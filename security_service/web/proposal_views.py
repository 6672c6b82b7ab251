"""The views on proposals, the second person's part: each calls four eyes and maps its outcome."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from security_service.domain.proposals import (
    AddSecondSim,
    ChangeMode,
    Deed,
    Proposal,
    ProposalRefusal,
    PublishDocument,
    ReverifyReference,
    RollBackTo,
    UnlockNumber,
    word_of,
)
from security_service.usecases.actions import RecordKeepsMoving, SimBanned
from security_service.usecases.add_sim import AddConflict, NoAnswer, NoReference, TooManySims
from security_service.usecases.candidates import UnknownCandidate
from security_service.usecases.carry_out import word_of_outcome
from security_service.usecases.four_eyes import CarriedOut, ProposalRefused, Rejected
from security_service.usecases.reverify import ReverifyConflict
from security_service.usecases.set_mode import ModeConflict
from security_service.web.admin_session import reviewer_of, tenant_of_request
from security_service.web.deed_problems import deed_problem
from security_service.web.problems import MOVING, Problem, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document, moment

_FINGERPRINT_DIGITS: Final = 8


class ProposalViews:
    """What the management API does about proposals."""

    def __init__(self, services: WebServices) -> None:
        self._services = services

    def page(self) -> Document:
        """List the newest proposals, whatever became of them."""
        tenant = tenant_of_request(self._services)
        return {"proposals": [proposal_document(one) for one in self._services.four_eyes.newest(tenant.id)]}

    def view(self, proposal: str) -> Document:
        """View one proposal."""
        found = self._services.four_eyes.view(tenant_of_request(self._services).id, proposal)
        if found is None:
            raise ProblemRaised(_refused(ProposalRefusal.UNKNOWN))
        return proposal_document(found)

    def approve(self, _nothing: None, proposal: str) -> Document:
        """Approve what somebody else proposed; it is carried out at once."""
        outcome = self._services.four_eyes.approve(reviewer_of(self._services), proposal)
        match outcome:
            case CarriedOut():
                return _carried_out(outcome)
            case ProposalRefused():
                raise ProblemRaised(_refused(outcome.why))
            case _:
                assert_never(outcome)

    def reject(self, reason: str, proposal: str) -> Document:
        """Reject a proposal, or take one's own back."""
        outcome = self._services.four_eyes.reject(reviewer_of(self._services), proposal, reason)
        match outcome:
            case Rejected():
                return {"result": "rejected", "proposal": proposal_document(outcome.proposal)}
            case ProposalRefused():
                raise ProblemRaised(_refused(outcome.why))
            case _:
                assert_never(outcome)


def proposal_document(proposal: Proposal) -> Document:
    """Give the members of `ProposalSchema`."""
    return {
        "id": proposal.id,
        "deed": word_of(proposal.deed),
        **_deed(proposal.deed),
        "proposer": proposal.proposer,
        "reason": proposal.reason,
        "at": moment(proposal.at_ms // 1000),
        "expires_at": moment(proposal.expires_ms // 1000),
        "state": proposal.state,
        "decided_by": proposal.decided_by,
        "decided_at": moment(proposal.decided_ms // 1000) if proposal.decided_ms else None,
        "decision_reason": proposal.decision_reason,
        "result": proposal.result,
    }


def _deed(deed: Deed) -> Document:
    match deed:
        case ChangeMode():
            until = None if deed.until is None else moment(deed.until)
            mode = {"mode": deed.mode.value, "until": until, "bound": deed.bound}
            return {**mode, "number": deed.number.digits, "candidate": _fingerprint(deed.evidence)}
        case ReverifyReference():
            shown = {"candidate": _fingerprint(deed.candidate), "waive_age": deed.waive_age}
            return {"number": deed.number.digits, **shown}
        case AddSecondSim():
            return {"number": deed.number.digits, "candidate": _fingerprint(deed.candidate)}
        case UnlockNumber():
            return {"number": deed.number.digits}
        case PublishDocument():
            return {"policy": deed.name, "expected": deed.expected, "document": deed.text}
        case RollBackTo():
            return {"policy": deed.name, "expected": deed.expected, "version": deed.version}
        case _:
            assert_never(deed)


def _fingerprint(token: str) -> str | None:
    head, _, digits = token.rpartition(":")
    return f"{head}:{digits[:_FINGERPRINT_DIGITS]}" if token else None


def _carried_out(outcome: CarriedOut) -> Document:
    """A deed that two people agreed on and that was not done all the same is a conflict, and says which."""
    done = outcome.outcome
    if isinstance(done, RecordKeepsMoving):
        raise ProblemRaised(MOVING)
    if isinstance(
        done,
        ModeConflict
        | ReverifyConflict
        | AddConflict
        | NoReference
        | TooManySims
        | NoAnswer
        | SimBanned
        | UnknownCandidate,
    ):
        raise ProblemRaised(deed_problem(done))
    return {"result": word_of_outcome(done), "proposal": proposal_document(outcome.proposal)}


def _refused(why: ProposalRefusal) -> Problem:
    kind = why.value.replace("_", "-")
    match why:
        case ProposalRefusal.UNKNOWN:
            return Problem(HTTPStatus.NOT_FOUND, kind, "The tenant has no such proposal.")
        case ProposalRefusal.OWN:
            return Problem(HTTPStatus.FORBIDDEN, kind, "Nobody approves what they proposed themselves.")
        case ProposalRefusal.ROLE:
            return Problem(HTTPStatus.FORBIDDEN, kind, "None of this key's roles may decide this.")
        case ProposalRefusal.EXPIRED:
            return Problem(HTTPStatus.CONFLICT, kind, "The proposal waited too long: it must be made anew.")
        case ProposalRefusal.DECIDED:
            return Problem(HTTPStatus.CONFLICT, kind, "The proposal is decided already.")
        case _:
            assert_never(why)
