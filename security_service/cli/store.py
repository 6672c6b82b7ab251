"""`store`: make a store ours, and say how it is; leaves what is kept in it to the other commands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.rebuild import rebuild, rebuild_now
from security_service.config.classes import Settings
from security_service.store.connection import Scripts
from security_service.store.installation import Installation, initialise, read_installation
from security_service.wiring import Service, build_states


@click.group()
def store() -> None:
    """Make a store this installation's, say how it is, and rebuild one that was lost."""


store.add_command(rebuild)


@store.command("init")
@settings_options
@click.option(
    "--subscribers", type=click.IntRange(1), help="How many are expected (store.expected_subscribers)."
)
@click.option(
    "--anew", is_flag=True, help="Begin anew although the archive knows this installation: all is forgotten."
)
def init(sources: Sources, subscribers: int | None, *, anew: bool) -> None:
    """Make an empty store this installation's; one that is so already is left as it is.

    Where the archive holds events of this installation the store was lost, and an empty one would
    trust every SIM: `store rebuild` brings it back.
    """
    settings = sources.stored()
    service = sources.service(settings)
    seqs: Mapping[str, int] = {}
    if read_installation(service.scripts) is None:
        seqs = _archived(service, anew=anew)
    made = make_ours(service.scripts, settings, subscribers, seqs)
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


def make_ours(
    scripts: Scripts,
    settings: Settings,
    subscribers: int | None = None,
    seqs: Mapping[str, int] = MappingProxyType({}),
) -> Installation:
    """Initialise the store; raises ClickException where it is another installation's.

    `seqs` gives by shard behind which number events number on.
    """
    expected = subscribers or settings.store.expected_subscribers
    try:
        return initialise(scripts, settings.installation_id, expected, seqs=seqs)
    except ValueError as error:
        raise click.ClickException(f"{error}; this one is {settings.installation_id}") from None


def make_ours_again(service: Service, settings: Settings) -> None:
    """Initialise an empty store, or rebuild one whose archive is still there; a present one is left alone.

    For a store that lives and dies with its data directory, where no person is at hand.
    """
    if read_installation(service.scripts) is None:
        known = build_states(service.archive).remembered()
        if known is not None and known.installation == settings.installation_id:
            rebuild_now(service, settings)
            return
    make_ours(service.scripts, settings)


def _archived(service: Service, *, anew: bool) -> Mapping[str, int]:
    """Give how far each shard is archived; raises ClickException where that forbids an empty store."""
    known = build_states(service.archive).remembered()
    if known is None:
        return {}
    if not anew:
        raise click.ClickException(
            f"the archive holds {known.size} events of installation {known.installation}: run"
            " `security-service store rebuild`, or `store init --anew` to forget references and locks"
        )
    return known.seqs
