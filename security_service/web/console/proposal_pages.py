"""Proposals: what waits for a second person, what that does, and the decision; leaves rules to four eyes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Actor
from security_service.domain.proposals import (
    Proposal,
    ProposalState,
    person_of,
    refusal_of_approval,
    refusal_of_rejection,
)
from security_service.usecases.carry_out import word_of_outcome
from security_service.usecases.four_eyes import CarriedOut, ProposalRefused, Rejected, Reviewer
from security_service.web.console import forms
from security_service.web.console.figures import Writing
from security_service.web.console.notices import Notice, Tone, good, warn
from security_service.web.console.places import listed
from security_service.web.console.proposal_words import told_deed
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit


class Show(StrEnum):
    """Which proposals a list shows."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"


_STATE_TONES: Final[Mapping[ProposalState, str]] = {
    ProposalState.WAITING: "info",
    ProposalState.APPROVED: "warn",
    ProposalState.REJECTED: "plain",
    ProposalState.CARRIED_OUT: "good",
    ProposalState.EXPIRED: "plain",
}
_RESULT_TONES: Final[Mapping[str, Tone]] = {
    "done": Tone.GOOD,
    "done_before": Tone.GOOD,
    "nothing_to_do": Tone.INFO,
    "pending": Tone.INFO,
}


class ProposalPages:
    """The second person's desk."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen

    def page(self) -> Response:
        """List the proposals of a month: those that wait for this person, their own, or all."""
        newest = self._services.four_eyes.newest(chosen_tenant(self._services).id)
        wanted = request.args.get("show", "")
        show = Show(wanted) if wanted in set(Show) else Show.WAITING
        found = [one for one in newest if self._filter(show)(one)]
        return self._screen.show(
            "proposals.html",
            found=listed([(one, told_deed(one.deed)) for one in found]),
            shows=list(Show),
            chosen=show,
            tones=_STATE_TONES,
        )

    def show(self, proposal: str) -> Response:
        """Show what one proposal would do, or came to."""
        return self._one(proposal)

    def approve(self, proposal: str) -> Response:
        """Approve what somebody else proposed, or carry out what was approved; it is tried at once."""
        outcome = self._services.four_eyes.approve(self._reviewer(), proposal)
        match outcome:
            case CarriedOut():
                word = word_of_outcome(outcome.outcome)
                notice = Notice(_RESULT_TONES.get(word, Tone.WARN), f"proposals.came.{word}")
                return self._screen.go("proposal", notice, proposal=proposal)
            case ProposalRefused():
                return self._screen.go("proposal", _refused(outcome), proposal=proposal)
            case _:
                assert_never(outcome)

    def reject(self, proposal: str) -> Response:
        """Reject a proposal with a reason, or take one's own back."""
        reason = forms.text("reason")
        if not reason:
            return self._one(proposal, "deed.reason_missing")
        outcome = self._services.four_eyes.reject(self._reviewer(), proposal, reason)
        match outcome:
            case Rejected():
                return self._screen.go("proposal", good("proposals.rejected"), proposal=proposal)
            case ProposalRefused():
                return self._screen.go("proposal", _refused(outcome), proposal=proposal)
            case _:
                assert_never(outcome)

    def _reviewer(self) -> Reviewer:
        return Reviewer(chosen_tenant(self._services), _actor(), this_visit().request_id)

    def _filter(self, show: Show) -> Callable[[Proposal], bool]:
        actor, now_ms = _actor(), self._services.clock.unix_ms()
        match show:
            case Show.WAITING:
                return lambda one: refusal_of_approval(one, actor, now_ms) is None
            case Show.MINE:
                return lambda one: person_of(one.proposer) == person_of(actor.name)
            case Show.ALL:
                return lambda _one: True
            case _:
                assert_never(show)

    def _one(self, proposal: str, fault: str = "") -> Response:
        found = self._services.four_eyes.view(chosen_tenant(self._services).id, proposal)
        if found is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "proposals.unknown_proposal")
        actor, now_ms = _actor(), self._services.clock.unix_ms()
        kept_back = refusal_of_approval(found, actor, now_ms)
        return self._screen.show(
            "proposal.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            proposal=found,
            told=told_deed(found.deed),
            may_approve=kept_back is None,
            kept_back=kept_back,
            may_reject=refusal_of_rejection(found, actor, now_ms) is None,
            is_mine=person_of(found.proposer) == person_of(actor.name),
            is_open=found.state in {ProposalState.WAITING, ProposalState.APPROVED},
            fault=fault,
            reason=forms.text("reason"),
            tones=_STATE_TONES,
            result_tones=_RESULT_TONES,
            write=Writing(this_visit().locale),
        )


def waiting_for(services: ConsoleServices, tenant: str) -> Sequence[Proposal]:
    """Give the proposals of a tenant that this visitor may decide, newest first. Raises StoreUnavailable."""
    actor, now_ms = _actor(), services.clock.unix_ms()
    return [
        one for one in services.four_eyes.pending(tenant) if refusal_of_approval(one, actor, now_ms) is None
    ]


def _actor() -> Actor:
    person = this_visit().person
    return Actor(person.name, person.roles)


def _refused(outcome: ProposalRefused) -> Notice:
    return warn(f"proposals.{outcome.why}")
