"""`camara`: clients of the Open Gateway faces and their keys; leaves giving tokens to the faces."""

from __future__ import annotations

from pathlib import Path

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, show, tenant_named
from security_service.domain.oauth_clients import SCOPES, OAuthClient
from security_service.links.client_assertion import public_keys
from security_service.usecases.keep_clients import AnothersClient


@click.group()
def camara() -> None:
    """Let systems in that speak the interfaces of CAMARA (Open Gateway)."""


@camara.group("client")
def client() -> None:
    """Make, list and remove clients; each signs with a key of its own."""


@client.command("add")
@settings_options
@click.argument("client_id")
@click.option("--tenant", help="Whose client it is (home_tenant).")
@click.option(
    "--jwks", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its public keys as a JWK set.",
)  # fmt: skip
@click.option("--scope", "scopes", multiple=True, required=True,
              help=f"{', '.join(SCOPES)} or dpv:<Purpose>; may be given more than once.")  # fmt: skip
def add(sources: Sources, client_id: str, tenant: str | None, jwks: Path, scopes: tuple[str, ...]) -> None:
    """Make the client CLIENT_ID, or give it other keys and scopes; tokens that it has end."""
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    try:
        wanted = OAuthClient(
            client_id, owner.id, public_keys(jwks.read_text(encoding="utf-8")), frozenset(scopes)
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if isinstance(service.open_gateway.clients.save(wanted, actor()), AnothersClient):
        raise click.ClickException(f"another tenant has a client {client_id}")
    click.echo(f"{client_id} is saved.")


@client.command("list")
@settings_options
@click.option("--tenant", default="", help="Only this tenant's.")
def list_clients(sources: Sources, tenant: str) -> None:
    """List clients."""
    service = sources.service(sources.stored())
    found = service.open_gateway.clients.of(tenant)
    show([{"client": one.id, "tenant": one.tenant, "scopes": sorted(one.scopes)} for one in found])


@client.command("remove")
@settings_options
@click.argument("client_id")
def remove(sources: Sources, client_id: str) -> None:
    """Remove the client CLIENT_ID; its tokens end at once."""
    service = sources.service(sources.stored())
    if not service.open_gateway.clients.remove(client_id, actor()):
        raise click.ClickException(f"there is no client {client_id}")
    click.echo(f"{client_id} is removed.")
