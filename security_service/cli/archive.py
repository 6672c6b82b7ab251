"""`archive`: the archive's schema, how far it is, moving events by hand; leaves the rest to the worker."""

from __future__ import annotations

import click

from security_service.archive.figures import archive_figures
from security_service.cli.forwarding import shown
from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor
from security_service.config.classes import Settings
from security_service.store.event_streams import StoredEventStreams, archive_in_force
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import (
    ArchiveWork,
    Service,
    build_archive_work,
    build_database,
    build_watch_forwarding,
)


@click.group()
def archive() -> None:
    """Keep the archive of the audit log."""


@archive.command("migrate")
@settings_options
def migrate(sources: Sources) -> None:
    """Bring the schema of the archive to this program's version; what is in it stays."""
    database = build_database(sources.settings())
    try:
        before = database.migrate()
    finally:
        database.close()
    if before.is_newest:
        click.echo(f"The schema of {database.shown} is {before.newest} already.")
    else:
        click.echo(
            f"The schema of {database.shown} is {before.newest} now; it was {before.present or 'none'}."
        )


@archive.command("status")
@settings_options
def status(sources: Sources) -> None:
    """Say where the archive is, how large, and what waits; exit code 1 where nothing could be moved."""
    settings = sources.stored()
    service = sources.service(settings)
    click.echo(f"archive  {service.archive.shown}")
    version = service.archive.version()
    click.echo(f"schema   {version.present or 'none yet'}")
    figures = archive_figures(service.archive)
    click.echo(f"events   {figures.size}")
    backlog = StoredEventStreams(service.scripts).backlog()
    click.echo(f"waiting  {sum(backlog.values())}")
    for shard in sorted(shard for shard, waiting in backlog.items() if waiting):
        click.echo(f"  {shard}   {backlog[shard]} waiting, archived to {figures.newest.get(shard, 0)}")
    for view in build_watch_forwarding(settings, service.archive, service.clock).views():
        click.echo(f"forward  {shown(view)}")
    in_force = archive_in_force(service.scripts)
    if in_force and in_force != figures.archive:
        raise click.ClickException("the store's events go to another archive: see `archive adopt`")


@archive.command("move")
@settings_options
def move(sources: Sources) -> None:
    """Move what waits into the archive now; the worker does so all the time."""
    settings = sources.stored()
    moved = _work(settings, sources.service(settings)).move.run()
    click.echo(f"{moved} events moved.")


@archive.command("adopt")
@settings_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(sources: Sources, *, yes: bool) -> None:
    """Let the store's events go to this archive, where the one they went to is lost for good.

    What only the other one holds is then missing here, and the log says so.
    """
    settings = sources.stored()
    service = sources.service(settings)
    if not yes:
        click.confirm(f"Let events go to {service.archive.shown} from now on?", abort=True)
    _work(settings, service).move.adopt(actor())
    click.echo("Adopted.")


def _work(settings: Settings, service: Service) -> ArchiveWork:
    return build_archive_work(settings, service.archive, service.scripts, service.clock, PrometheusMeter())
