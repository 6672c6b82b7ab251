"""`store`: make a store ours, and say how it is; leaves what is kept in it to the other commands."""

from __future__ import annotations

import click

from security_service.cli.options import Sources, settings_options
from security_service.config.classes import Settings
from security_service.store.connection import Scripts
from security_service.store.installation import Installation, initialise, read_installation


@click.group()
def store() -> None:
    """Make a store this installation's, and say how it is."""


@store.command("init")
@settings_options
@click.option(
    "--subscribers", type=click.IntRange(1), help="How many are expected (store.expected_subscribers)."
)
def init(sources: Sources, subscribers: int | None) -> None:
    """Make an empty store this installation's; one that is so already is left as it is."""
    settings = sources.stored()
    made = make_ours(sources.service(settings).scripts, settings, subscribers)
    click.echo(f"The store is of installation {made.id}, with {made.buckets} buckets.")


@store.command("status")
@settings_options
def status(sources: Sources) -> None:
    """Say whose the store is and whether the service could work on it; exit code 1 where not."""
    settings = sources.stored()
    service = sources.service(settings)
    found = read_installation(service.scripts)
    click.echo(f"in the settings: installation {settings.installation_id}")
    click.echo(f"in the store:    {f'installation {found.id}' if found else 'none'}")
    faults = service.health.faults()
    if faults:
        raise click.ClickException("; ".join(faults))
    click.echo("ready")


def make_ours(scripts: Scripts, settings: Settings, subscribers: int | None = None) -> Installation:
    """Initialise the store; raises ClickException where it is another installation's."""
    expected = subscribers or settings.store.expected_subscribers
    try:
        return initialise(scripts, settings.installation_id, expected)
    except ValueError as error:
        raise click.ClickException(f"{error}; this one is {settings.installation_id}") from None
