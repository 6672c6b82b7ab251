"""What waits for a second person: deeds with all they need, and who may decide; does none of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, assert_never

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Json
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import FourEyesDeed

LONGEST_WAIT_H: Final = 168
"""Hours a proposal may wait at most: what was judged a week ago is not what is there now."""


@dataclass(frozen=True, slots=True)
class ChangeMode:
    """Set the mode of a subscriber. `evidence` is the token of the IMSI that was known when it was judged."""

    number: Msisdn
    mode: Mode
    until: int | None
    bound: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class ReverifyReference:
    """Replace a reference. `candidate` is the token of the IMSI that was judged, '' where there was none."""

    number: Msisdn
    candidate: str
    waive_age: bool


@dataclass(frozen=True, slots=True)
class AddSecondSim:
    """Trust a second SIM, whose token is `candidate`."""

    number: Msisdn
    candidate: str


@dataclass(frozen=True, slots=True)
class UnlockNumber:
    """Forget wrong guesses and locks."""

    number: Msisdn


@dataclass(frozen=True, slots=True)
class PublishDocument:
    """Put a policy in force: `text` is its whole document, so that what was judged is what is published.

    `expected` is the version that was in force when it was judged, '' for a name that is new;
    `acknowledged` says that the checker's warnings were read.
    """

    name: str
    text: str
    expected: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class RollBackTo:
    """Put an earlier version of a policy in force again, in place of the version `expected`."""

    name: str
    version: str
    expected: str


PolicyDeed = PublishDocument | RollBackTo
"""What is about a policy; everything else is about a number."""

Deed = ChangeMode | ReverifyReference | AddSecondSim | UnlockNumber | PolicyDeed
"""What can be proposed."""


class ProposalState(StrEnum):
    """Where a proposal stands; one that waits too long has expired, whatever is written of it."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    CARRIED_OUT = "carried_out"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A deed that waits for a second person, or waited. Times are Unix milliseconds.

    `decided_by` approved or rejected it at `decided_ms`; `result` is what became of it once it was
    carried out.
    """

    id: str
    tenant: str
    deed: Deed
    proposer: str
    reason: str
    at_ms: int
    expires_ms: int
    state: ProposalState
    decided_by: str = ""
    decided_ms: int = 0
    decision_reason: str = ""
    result: str = ""

    def state_at(self, now_ms: int) -> ProposalState:
        """Give the state at a moment: what is still to be done may not be done after its time."""
        is_open = self.state in {ProposalState.WAITING, ProposalState.APPROVED}
        return ProposalState.EXPIRED if is_open and now_ms >= self.expires_ms else self.state


class ProposalRefusal(StrEnum):
    """Why somebody may not decide a proposal."""

    UNKNOWN = "unknown_proposal"
    OWN = "own_proposal"
    ROLE = "role_missing"
    EXPIRED = "proposal_expired"
    DECIDED = "proposal_decided"


def person_of(name: str) -> str:
    """Give the person behind an actor's name, however they came.

    `cli:ivanov`, `oidc:Ivanov@bank.ru` and the management key `ivanov` are one person, so that nobody
    approves at one face what they proposed at another.
    """
    return name.rpartition(":")[2].partition("@")[0].strip().casefold()


def refusal_of_approval(proposal: Proposal, reviewer: Actor, now_ms: int) -> ProposalRefusal | None:
    """Say why a person may not approve a proposal, or carry out an approved one; None where they may."""
    if not reviewer.may(Role.LEAD):
        return ProposalRefusal.ROLE
    if person_of(reviewer.name) == person_of(proposal.proposer):
        return ProposalRefusal.OWN
    return _refusal_of_state(proposal, now_ms, {ProposalState.WAITING, ProposalState.APPROVED})


def refusal_of_rejection(proposal: Proposal, reviewer: Actor, now_ms: int) -> ProposalRefusal | None:
    """Say why a person may not reject a proposal; the proposer may always take it back."""
    is_own = person_of(reviewer.name) == person_of(proposal.proposer)
    if not is_own and not reviewer.may(Role.LEAD):
        return ProposalRefusal.ROLE
    return _refusal_of_state(proposal, now_ms, {ProposalState.WAITING})


def _refusal_of_state(proposal: Proposal, now_ms: int, fit: set[ProposalState]) -> ProposalRefusal | None:
    state = proposal.state_at(now_ms)
    if state is ProposalState.EXPIRED:
        return ProposalRefusal.EXPIRED
    return None if state in fit else ProposalRefusal.DECIDED


# --- as text --------------------------------------------------------------------------------


def demanded_by(deed: Deed) -> FourEyesDeed | None:
    """Name the kind of deed as the tenant's setting `four_eyes` does; None for one it has no word for."""
    match deed:
        case ChangeMode():
            return FourEyesDeed.ALWAYS_ALLOW if deed.mode is Mode.ALWAYS_ALLOW else None
        case ReverifyReference():
            return FourEyesDeed.REVERIFY_CHANGED
        case AddSecondSim():
            return FourEyesDeed.ADD_SIM
        case UnlockNumber():
            return FourEyesDeed.UNLOCK_DISABLED
        case PublishDocument() | RollBackTo():
            return FourEyesDeed.PUBLISH_POLICY
        case _:
            assert_never(deed)


def number_of(deed: Deed) -> Msisdn | None:
    """Give the number that a deed is about; None for policies."""
    return None if isinstance(deed, PublishDocument | RollBackTo) else deed.number


def word_of(deed: Deed) -> str:
    """Give the word of a kind of deed in events, the API and the console."""
    match deed:
        case ChangeMode():
            return "set_mode"
        case ReverifyReference():
            return "reverify"
        case AddSecondSim():
            return "add_sim"
        case UnlockNumber():
            return "unlock"
        case PublishDocument():
            return "publish_policy"
        case RollBackTo():
            return "roll_back_policy"
        case _:
            assert_never(deed)


def deed_document(deed: Deed) -> dict[str, Json]:
    """Give a deed as a flat document, which `read_deed` reads."""
    word: dict[str, Json] = {"deed": word_of(deed)}
    match deed:
        case ChangeMode():
            mode: dict[str, Json] = {
                "mode": deed.mode.value, "until": deed.until, "bound": deed.bound, "evidence": deed.evidence
            }  # fmt: skip
            return {**word, **mode, "number": deed.number.digits}
        case ReverifyReference():
            return {
                **word, "number": deed.number.digits, "candidate": deed.candidate, "waive_age": deed.waive_age
            }  # fmt: skip
        case AddSecondSim():
            return {**word, "number": deed.number.digits, "candidate": deed.candidate}
        case UnlockNumber():
            return {**word, "number": deed.number.digits}
        case PublishDocument():
            return {
                **word, "name": deed.name, "text": deed.text, "expected": deed.expected,
                "acknowledged": deed.acknowledged,
            }  # fmt: skip
        case RollBackTo():
            return {**word, "name": deed.name, "version": deed.version, "expected": deed.expected}
        case _:
            assert_never(deed)


def read_deed(document: dict[str, Any]) -> Deed:
    """Read what `deed_document` gave; raises KeyError or ValueError for what it did not give."""
    word = document["deed"]
    if word == "publish_policy":
        return PublishDocument(
            document["name"], document["text"], document["expected"], document["acknowledged"]
        )
    if word == "roll_back_policy":
        return RollBackTo(document["name"], document["version"], document["expected"])
    number = Msisdn(document["number"])
    if word == "set_mode":
        mode = Mode(document["mode"])
        return ChangeMode(number, mode, document["until"], document["bound"], document["evidence"])
    if word == "reverify":
        return ReverifyReference(number, document["candidate"], document["waive_age"])
    if word == "add_sim":
        return AddSecondSim(number, document["candidate"])
    if word == "unlock":
        return UnlockNumber(number)
    raise ValueError("no deed of ours")
