"""`case`: mismatches that somebody has to judge, and bans of their SIMs; leaves rules to the use cases."""

from __future__ import annotations

from typing import assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import CLI_ROLES, actor, show, tenant_named
from security_service.domain.access import Actor
from security_service.domain.cases import CaseOutcome, CaseQuery, CaseState
from security_service.usecases.keep_bans import BanLifted, MayNotLift, NoSuchBan
from security_service.usecases.work_cases import (
    CaseChanged,
    CaseIsClosed,
    CaseWork,
    CaseWorker,
    MayNotWork,
    NoSuchCase,
)
from security_service.web.case_views import ban_document, case_document
from security_service.web.subscriber_document import moment
from security_service.wiring import Service

_TENANT = click.option("--tenant", help="The tenant whose cases they are (setting home_tenant).")
_REASON = click.option("--reason", required=True, help="Why; it stands in the audit.")


@click.group()
def case() -> None:
    """Work on cases of changed SIMs, and on the bans that come of fraud."""


@case.command("list")
@settings_options
@_TENANT
@click.option("--state", type=click.Choice([one.value for one in CaseState]), help="Only these.")
@click.option("--assignee", default="", help="Only those of this person; - for nobody's.")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=50, show_default=True)
def list_cases(sources: Sources, tenant: str | None, state: str | None, assignee: str, count: int) -> None:
    """List cases, what needs a person first: id, state, number, amount at stake, age, who has it."""
    service, worker = _opened(sources, tenant)
    wanted = None if state is None else CaseState(state)
    page = service.deeds.work_cases.page(
        CaseQuery(worker.tenant, state=wanted, assignee=assignee, count=count)
    )
    for one in page.cases:
        amount = "" if one.amount is None else f"{one.amount} {one.currency}"
        ended = one.state.value if one.outcome is None else one.outcome.value
        words = [one.id, ended, one.number.digits, amount, moment(one.opened_ms // 1000), one.assignee]
        click.echo("\t".join(words))
    if page.next:
        click.echo("There are more: narrow the list or raise --count.", err=True)


@case.command("show")
@settings_options
@_TENANT
@click.argument("case_id")
def show_case(sources: Sources, tenant: str | None, case_id: str) -> None:
    """Show one case with its notes."""
    service, worker = _opened(sources, tenant)
    view = service.deeds.work_cases.view(worker.tenant, case_id)
    if isinstance(view, NoSuchCase):
        raise click.ClickException("the tenant has no such case")
    notes = [
        {"at": moment(note.at_ms // 1000), "actor": note.actor, "note": note.note} for note in view.notes
    ]
    show({**case_document(view.case), "notes": notes})


@case.command("assign")
@settings_options
@_TENANT
@click.argument("case_id")
@click.argument("assignee", default="")
def assign(sources: Sources, tenant: str | None, case_id: str, assignee: str) -> None:
    """Give a case to somebody; without a name it goes back."""
    service, worker = _opened(sources, tenant)
    _done(service.deeds.work_cases.assign(worker, case_id, assignee))


@case.command("note")
@settings_options
@_TENANT
@click.argument("case_id")
@click.argument("text")
def note(sources: Sources, tenant: str | None, case_id: str, text: str) -> None:
    """Write on a case."""
    service, worker = _opened(sources, tenant)
    _done(service.deeds.work_cases.note(worker, case_id, text))


@case.command("close")
@settings_options
@_TENANT
@_REASON
@click.argument("case_id")
@click.argument("outcome", type=click.Choice([one.value for one in CaseOutcome]))
def close(sources: Sources, tenant: str | None, reason: str, case_id: str, outcome: str) -> None:
    """Close a case; as fraud it bans the SIM in question for the tenant."""
    service, worker = _opened(sources, tenant)
    _done(service.deeds.work_cases.close(worker, case_id, CaseOutcome(outcome), reason))


@case.command("bans")
@settings_options
@_TENANT
def list_bans(sources: Sources, tenant: str | None) -> None:
    """List the SIMs that are banned after a fraud."""
    service, worker = _opened(sources, tenant)
    show([ban_document(ban) for ban in service.deeds.keep_bans.every(worker.tenant)])


@case.command("lift-ban")
@settings_options
@_TENANT
@_REASON
@click.argument("imsi")
def lift_ban(sources: Sources, tenant: str | None, reason: str, imsi: str) -> None:
    """Lift a ban, named as `case bans` lists it: the SIM may be trusted again."""
    service, worker = _opened(sources, tenant)
    outcome = service.deeds.keep_bans.lift(worker.tenant, worker.actor, imsi, reason, worker.request_id)
    match outcome:
        case BanLifted():
            click.echo("Lifted.")
        case NoSuchBan():
            raise click.ClickException("the tenant has no such ban")
        case MayNotLift():
            raise click.ClickException(_MAY_NOT)
        case _:
            assert_never(outcome)


_MAY_NOT = "your roles do not allow it"


def _opened(sources: Sources, tenant: str | None) -> tuple[Service, CaseWorker]:
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    return service, CaseWorker(owner.id, Actor(actor(), CLI_ROLES), service.chance.token())


def _done(outcome: CaseWork) -> None:
    match outcome:
        case CaseChanged():
            show(case_document(outcome.case))
        case NoSuchCase():
            raise click.ClickException("the tenant has no such case")
        case CaseIsClosed():
            raise click.ClickException("the case is closed already")
        case MayNotWork():
            raise click.ClickException(_MAY_NOT)
        case _:
            assert_never(outcome)
