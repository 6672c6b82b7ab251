"""`people`: who may sign in at the console; the first admin is made here, rules are the use cases'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, show
from security_service.domain.access import Role
from security_service.domain.people import LOCALES
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.change_person import (
    ChangeFailed,
    ChangeOutcome,
    LastAdmin,
    NoSuchPerson,
    PersonChanged,
)
from security_service.usecases.invite_person import Invitation, Invited, NameTaken, PersonFault
from security_service.usecases.list_people import PersonView
from security_service.wiring.people import People

_ROLE = click.Choice([role.value for role in Role])
_TENANTS = click.option("--tenant", "tenants", multiple=True, help="Tenant they may act for; all otherwise.")


@click.group("people")
def people() -> None:
    """Let people in at the console, and out."""


@people.command("invite")
@settings_options
@click.argument("name")
@click.option(
    "--role", "roles", type=_ROLE, multiple=True, required=True, help="May be given more than once."
)
@_TENANTS
@click.option("--locale", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True)
def invite(sources: Sources, name: str, roles: Sequence[str], tenants: Sequence[str], locale: str) -> None:
    """Invite NAME and print the invitation code, which is shown only now and holds for 24 hours."""
    service = _people(sources)
    invitation = Invitation(name, _roles(roles), frozenset(tenants), actor(), locale)
    match service.invite.run(invitation):
        case Invited() as invited:
            _tell(invited)
        case NameTaken():
            raise click.ClickException(f"there is a person {name}; `people reset` invites them anew")
        case PersonFault() as fault:
            raise click.ClickException(fault.sentence)


@people.command("list")
@settings_options
def list_people(sources: Sources) -> None:
    """List everybody with their roles and state."""
    show([_document(one) for one in _people(sources).list.run()])


@people.command("roles")
@settings_options
@click.argument("name")
@click.option(
    "--role", "roles", type=_ROLE, multiple=True, required=True, help="May be given more than once."
)
@_TENANTS
def set_roles(sources: Sources, name: str, roles: Sequence[str], tenants: Sequence[str]) -> None:
    """Set what NAME may do, in place of what they may now; their sessions end."""
    _changed(name, _people(sources).change.rights(name, actor(), _roles(roles), frozenset(tenants)))


@people.command("disable")
@settings_options
@click.argument("name")
def disable(sources: Sources, name: str) -> None:
    """Let NAME in no more; their sessions end at once."""
    _changed(name, _people(sources).change.disable(name, actor()))


@people.command("enable")
@settings_options
@click.argument("name")
def enable(sources: Sources, name: str) -> None:
    """Let NAME in again."""
    _changed(name, _people(sources).change.enable(name, actor()))


@people.command("remove")
@settings_options
@click.argument("name")
def remove(sources: Sources, name: str) -> None:
    """Forget NAME, who is disabled; the audit keeps what they did."""
    _changed(name, _people(sources).change.remove(name, actor()))


@people.command("reset")
@settings_options
@click.argument("name")
def reset(sources: Sources, name: str) -> None:
    """Invite NAME anew: password, authenticator app and recovery codes are forgotten."""
    outcome = _people(sources).change.reset(name, actor(), even_last=True)
    if isinstance(outcome, Invited):
        _tell(outcome)
    else:
        raise click.ClickException(_sentence(name, outcome))


def _people(sources: Sources) -> People:
    found = sources.service(sources.stored()).people
    if found is None:
        raise click.ClickException("the console needs keys.vault, which seals secrets of authenticator apps")
    return found


def _roles(words: Sequence[str]) -> frozenset[Role]:
    return frozenset(Role(word) for word in words)


def _tell(invited: Invited) -> None:
    until = datetime.fromtimestamp(invited.until_ms / 1000, UTC).isoformat(timespec="minutes")
    click.echo(invited.code.reveal())
    click.echo(f"{invited.name} types it at /console/welcome before {until}.", err=True)


def _changed(name: str, outcome: ChangeOutcome) -> None:
    if isinstance(outcome, PersonChanged):
        show(_document(outcome.view))
    else:
        raise click.ClickException(_sentence(name, outcome))


def _sentence(name: str, failed: ChangeFailed) -> str:
    match failed:
        case NoSuchPerson():
            return f"there is no person {name}"
        case LastAdmin():
            return f"{name} is the last active admin; make another one first"
        case PersonFault():
            return failed.sentence
        case RecordKeepsMoving():
            return f"others change {name} at this moment; try again"
        case _:
            assert_never(failed)


def _document(view: PersonView) -> dict[str, object]:
    return {
        "name": view.name,
        "state": view.state.value,
        "roles": [role.value for role in view.roles],
        "tenants": list(view.tenants),
        "locale": view.locale,
        "federated": view.is_federated,
        "recovery_codes": view.recovery_codes,
        "created_by": view.created_by,
    }
