"""`account`: logins and passwords of tenants' older systems; leaves signing in to the faces."""

from __future__ import annotations

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, show, tenant_named
from security_service.domain.accounts import Account, Face
from security_service.usecases.keep_accounts import AccountWish, LoginTaken, MadeAccount


@click.group()
def account() -> None:
    """Make and remove the accounts by which SMPP, REST, SOAP and e-mail systems sign in."""


@account.command("add")
@settings_options
@click.argument("login")
@click.option("--tenant", help="Whose account it is (home_tenant).")
@click.option(
    "--face", "faces", multiple=True, required=True, type=click.Choice([face.value for face in Face]),
    help="What it may use; may be given more than once.",
)  # fmt: skip
@click.option("--network", "networks", multiple=True, help="Address or network that it may come from.")
@click.option("--a-second", type=click.IntRange(1, 100_000), default=100, show_default=True,
              help="Messages that it may bring in a second.")  # fmt: skip
@click.option("--sessions", type=click.IntRange(1, 64), default=4, show_default=True,
              help="SMPP sessions at once.")  # fmt: skip
def add(
    sources: Sources,
    login: str,
    tenant: str | None,
    faces: tuple[str, ...],
    networks: tuple[str, ...],
    a_second: int,
    sessions: int,
) -> None:
    """Make the account LOGIN and print its password, which is shown only now."""
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    wish = AccountWish(login, owner.id, frozenset(map(Face, faces)), networks, a_second, sessions)
    try:
        made = service.relay.accounts.make(wish, actor())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if isinstance(made, LoginTaken):
        raise click.ClickException(f"there is an account {login} already")
    click.echo(made.password.reveal())


@account.command("list")
@settings_options
@click.option("--tenant", default="", help="Only this tenant's.")
def list_accounts(sources: Sources, tenant: str) -> None:
    """List accounts; passwords are nowhere."""
    service = sources.service(sources.stored())
    show([_shown(one) for one in service.relay.accounts.of(tenant)])


@account.command("password")
@settings_options
@click.argument("login")
def password(sources: Sources, login: str) -> None:
    """Draw a new password for LOGIN and print it; the old one and all sessions end at once."""
    service = sources.service(sources.stored())
    made = service.relay.accounts.change_password(login, actor())
    if not isinstance(made, MadeAccount):
        raise click.ClickException(f"there is no account {login}")
    click.echo(made.password.reveal())


@account.command("remove")
@settings_options
@click.argument("login")
def remove(sources: Sources, login: str) -> None:
    """Remove the account LOGIN; its sessions end at once."""
    service = sources.service(sources.stored())
    if not service.relay.accounts.remove(login, actor()):
        raise click.ClickException(f"there is no account {login}")
    click.echo(f"{login} is removed.")


def _shown(one: Account) -> dict[str, object]:
    return {
        "login": one.login,
        "tenant": one.tenant,
        "faces": sorted(one.faces),
        "networks": list(one.networks),
        "a_second": one.a_second,
        "sessions": one.sessions,
    }
