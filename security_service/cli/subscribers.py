"""`subscriber`: look at subscribers and act on them; leaves what an action does to its use case."""

from __future__ import annotations

from typing import NoReturn, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import CLI_ROLES, actor, moment_of, number_of, show, tenant_named
from security_service.cli.subscriber_files import export_file, import_file, reverify_all, reverify_runs
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action, RecordKeepsMoving, SimBanned
from security_service.usecases.candidates import UnknownCandidate, fingerprint
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.freeze import AlreadyFrozen, Frozen
from security_service.usecases.reverify import (
    Reverified,
    ReverifyConflict,
    ReverifyPending,
    ReverifyRequest,
)
from security_service.usecases.set_mode import ModeChange, ModeConflict, ModeFault, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked
from security_service.web.subscriber_document import moment, subscriber_document
from security_service.wiring import Service

_TENANT = click.option("--tenant", help="The tenant whose subscriber it is (setting home_tenant).")
_REASON = click.option("--reason", required=True, help="Why; it stands in the audit.")


@click.group()
def subscriber() -> None:
    """Look at subscribers and act on them."""


subscriber.add_command(import_file)
subscriber.add_command(export_file)
subscriber.add_command(reverify_all)
subscriber.add_command(reverify_runs)


@subscriber.command("show")
@settings_options
@_TENANT
@click.argument("number")
def show_subscriber(sources: Sources, tenant: str | None, number: str) -> None:
    """Show one subscriber; one that was never met is empty."""
    service, owner = _opened(sources, tenant)
    show(subscriber_document(service.view_subscriber.run(owner.id, number_of(number, owner))))


@subscriber.command("list")
@settings_options
@_TENANT
@click.option("--search", default="", help="First digits of the number, country code first.")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=50, show_default=True)
def list_subscribers(sources: Sources, tenant: str | None, search: str, count: int) -> None:
    """List subscribers: number, mode, and whether a SIM is trusted, has changed, or is locked out."""
    service, owner = _opened(sources, tenant)
    page = service.list_subscribers.run(owner.id, search.removeprefix("+"), "", count)
    for view in page.subscribers:
        known = view.subscriber
        words = [
            known.mode_at(view.now).value,
            f"{len(known.reference.members)} trusted" if known.reference else "no reference",
            *(["candidate"] if known.candidate else []),
            *(["locked"] if view.locked_until or view.disabled else []),
        ]
        click.echo(f"{view.number.digits}\t{', '.join(words)}")
    if page.next:
        click.echo("There are more: narrow the search or raise --count.", err=True)


@subscriber.command("set-mode")
@settings_options
@_TENANT
@_REASON
@click.option("--until", help="When it ends: 2026-01-31T12:00:00Z, or 12h, 7d from now.")
@click.option("--bound", is_flag=True, help="Let it hold only for the SIM that is known now.")
@click.argument("number")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
def set_mode(
    sources: Sources,
    tenant: str | None,
    reason: str,
    until: str | None,
    number: str,
    mode: str,
    *,
    bound: bool,
) -> None:
    """Check a subscriber, always allow it, or always deny it."""
    service, owner = _opened(sources, tenant)
    change = ModeChange(Mode(mode), moment_of(until) if until else None, bound)
    outcome = service.deeds.four_eyes.set_mode(_action(service, owner, number, reason), change)
    match outcome:
        case ModeSet():
            show(subscriber_document(outcome.view))
        case ModeFault():
            raise click.UsageError(outcome.sentence)
        case ModeConflict():
            raise click.ClickException("another SIM is known by now than the one that was judged")
        case Proposed():
            _proposed(outcome)
        case NotAllowed():
            _not_allowed()
        case RecordKeepsMoving():
            _moving()
        case _:
            assert_never(outcome)


@subscriber.command("reverify")
@settings_options
@_TENANT
@_REASON
@click.option("--candidate", default="", help="The SIM that was judged, by its fingerprint.")
@click.option("--waive-age", is_flag=True, help="Vouch for a SIM that is new.")
@click.argument("number")
def reverify(
    sources: Sources, tenant: str | None, reason: str, candidate: str, number: str, *, waive_age: bool
) -> None:
    """Trust the SIM that the network names now in place of those trusted before."""
    service, owner = _opened(sources, tenant)
    outcome = service.deeds.four_eyes.reverify(
        _action(service, owner, number, reason), ReverifyRequest(candidate, waive_age)
    )
    match outcome:
        case Reverified():
            show(subscriber_document(outcome.view))
        case ReverifyPending():
            click.echo(f"No answer now ({outcome.no_data.value}); asked again until {moment(outcome.until)}.")
        case ReverifyConflict():
            seen = fingerprint(outcome.seen)
            raise click.ClickException(f"the SIM in the network is {seen}, not the one that was judged")
        case SimBanned():
            seen = fingerprint(outcome.seen)
            raise click.ClickException(f"the SIM in the network is {seen}, which was banned after a fraud")
        case Proposed():
            _proposed(outcome)
        case NotAllowed():
            _not_allowed()
        case UnknownCandidate():
            raise click.UsageError("--candidate is no fingerprint of a SIM known for this subscriber")
        case RecordKeepsMoving():
            _moving()
        case _:
            assert_never(outcome)


@subscriber.command("unlock")
@settings_options
@_TENANT
@_REASON
@click.argument("number")
def unlock(sources: Sources, tenant: str | None, reason: str, number: str) -> None:
    """Forget wrong guesses and locks."""
    service, owner = _opened(sources, tenant)
    outcome = service.deeds.four_eyes.unlock(_action(service, owner, number, reason))
    match outcome:
        case Unlocked():
            click.echo("Unlocked.")
        case NothingLocked():
            click.echo("Nothing was locked.")
        case Proposed():
            _proposed(outcome)
        case NotAllowed():
            _not_allowed()
        case _:
            assert_never(outcome)


@subscriber.command("freeze")
@settings_options
@_TENANT
@_REASON
@click.argument("number")
def freeze(sources: Sources, tenant: str | None, reason: str, number: str) -> None:
    """Stop everything for a subscriber at once, until a person unlocks."""
    service, owner = _opened(sources, tenant)
    outcome = service.freeze.run(_action(service, owner, number, reason))
    match outcome:
        case Frozen():
            click.echo("Frozen until unlocked; codes that were made are dead.")
        case AlreadyFrozen():
            click.echo("It was frozen before.")
        case _:
            assert_never(outcome)


def _opened(sources: Sources, tenant: str | None) -> tuple[Service, Tenant]:
    settings = sources.stored()
    service = sources.service(settings)
    return service, tenant_named(service.tenants, settings, tenant)


def _action(service: Service, owner: Tenant, number: str, reason: str) -> Action:
    return Action(owner, number_of(number, owner), actor(), reason, service.chance.token(), CLI_ROLES)


def _proposed(outcome: Proposed) -> None:
    click.echo(f"It waits for a second person until {moment(outcome.expires_at)}: proposal {outcome.id}.")


def _not_allowed() -> NoReturn:
    raise click.ClickException("this is not allowed here")


def _moving() -> NoReturn:
    raise click.ClickException(
        "others changed this subscriber at every attempt; nothing was written, try again"
    )
