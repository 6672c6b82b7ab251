"""`proposal`: what waits for a second person; leaves what may be decided by whom to its use case."""

from __future__ import annotations

from typing import assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import CLI_ROLES, actor, show, tenant_named
from security_service.domain.access import Actor
from security_service.domain.proposals import ProposalRefusal, number_of, word_of
from security_service.usecases.carry_out import may_be_tried_again, word_of_outcome
from security_service.usecases.four_eyes import CarriedOut, FourEyes, ProposalRefused, Rejected, Reviewer
from security_service.web.proposal_views import proposal_document
from security_service.web.subscriber_document import moment

_TENANT = click.option("--tenant", help="The tenant whose proposals they are (setting home_tenant).")


@click.group()
def proposal() -> None:
    """Decide what waits for a second person."""


@proposal.command("list")
@settings_options
@_TENANT
@click.option("--all", "everything", is_flag=True, help="Those that are decided or expired too.")
def list_proposals(sources: Sources, tenant: str | None, *, everything: bool) -> None:
    """List proposals: id, state, deed, number, who proposed it and until when it waits."""
    four_eyes, reviewer = _opened(sources, tenant)
    listed = four_eyes.newest if everything else four_eyes.pending
    for one in listed(reviewer.tenant.id):
        number = number_of(one.deed)
        words = [
            one.id,
            one.state.value,
            word_of(one.deed),
            "" if number is None else number.digits,
            one.proposer,
            moment(one.expires_ms // 1000),
        ]
        click.echo("\t".join(words))


@proposal.command("show")
@settings_options
@_TENANT
@click.argument("proposal_id")
def show_proposal(sources: Sources, tenant: str | None, proposal_id: str) -> None:
    """Show one proposal with all that it would do."""
    four_eyes, reviewer = _opened(sources, tenant)
    found = four_eyes.view(reviewer.tenant.id, proposal_id)
    if found is None:
        raise click.ClickException(_WORDS[ProposalRefusal.UNKNOWN])
    show(proposal_document(found))


@proposal.command("approve")
@settings_options
@_TENANT
@click.argument("proposal_id")
def approve(sources: Sources, tenant: str | None, proposal_id: str) -> None:
    """Approve what somebody else proposed; it is carried out at once."""
    four_eyes, reviewer = _opened(sources, tenant)
    outcome = four_eyes.approve(reviewer, proposal_id)
    match outcome:
        case CarriedOut():
            word = word_of_outcome(outcome.outcome)
            if may_be_tried_again(outcome.outcome):
                raise click.ClickException(f"approved, but not carried out ({word}): approve it again later")
            if word in _NOT_DONE:
                raise click.ClickException(f"approved, but not carried out: {word}")
            click.echo(f"Approved: {word}.")
        case ProposalRefused():
            raise click.ClickException(_WORDS[outcome.why])
        case _:
            assert_never(outcome)


@proposal.command("reject")
@settings_options
@_TENANT
@click.option("--reason", required=True, help="Why; it stands in the audit.")
@click.argument("proposal_id")
def reject(sources: Sources, tenant: str | None, reason: str, proposal_id: str) -> None:
    """Reject a proposal, or take one's own back."""
    four_eyes, reviewer = _opened(sources, tenant)
    outcome = four_eyes.reject(reviewer, proposal_id, reason)
    match outcome:
        case Rejected():
            click.echo("Rejected.")
        case ProposalRefused():
            raise click.ClickException(_WORDS[outcome.why])
        case _:
            assert_never(outcome)


def _opened(sources: Sources, tenant: str | None) -> tuple[FourEyes, Reviewer]:
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    return service.deeds.four_eyes, Reviewer(owner, Actor(actor(), CLI_ROLES), service.chance.token())


_NOT_DONE = frozenset({"conflict", "refused", "imsi_banned"})
_WORDS = {
    ProposalRefusal.UNKNOWN: "the tenant has no such proposal",
    ProposalRefusal.OWN: "nobody approves what they proposed themselves",
    ProposalRefusal.ROLE: "your roles do not allow it",
    ProposalRefusal.EXPIRED: "it waited too long: it must be proposed anew",
    ProposalRefusal.DECIDED: "it is decided already",
}
