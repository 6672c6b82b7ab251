"""`config` and `docs`: check, explain and sample the settings; leaves the texts to `documents`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from security_service.cli.documents import pages, sample
from security_service.cli.options import Sources, settings_options
from security_service.config.classes import General, Settings
from security_service.config.policy_files import read_policies
from security_service.config.sources import Loaded
from security_service.domain.errors import SettingsFault
from security_service.domain.setting_rows import describe, jsonable, masked


@click.group("config")
def config() -> None:
    """Check and explain the settings."""


@config.command("check")
@settings_options
def check(sources: Sources) -> None:
    """Read the settings and the policies and list every fault; exit code 1 where there are any."""
    faults: list[str] = []
    try:
        settings: Settings | None = sources.settings()
    except SettingsFault as fault:
        settings = None
        faults += fault.faults
    if settings is not None:
        try:
            read_policies(settings.policies_dir)
        except SettingsFault as fault:
            faults += fault.faults
    if faults or settings is None:
        raise SettingsFault(faults)
    gateways = ", ".join(entry.name for entry in settings.gateways) or "none"
    lookups = ", ".join(entry.name for entry in settings.lookups) or "none"
    click.echo(
        f"The settings can be used ({settings.environment.value}; gateways: {gateways}; lookups: {lookups})."
    )


@config.command("explain")
@settings_options
@click.argument("key", required=False, default="")
def explain(sources: Sources, key: str) -> None:
    """Show each setting, or those that begin with KEY: value, where it came from, what it does."""
    shown = 0
    for name, value, origin, text in explained(sources.loaded()):
        if name.startswith(key):
            shown += 1
            click.echo(f"{name} = {value}\n    from {origin}" + (f"; {text}" if text else ""))
    if not shown:
        raise click.UsageError(f"no setting begins with {key}")


@config.command("sample")
def print_sample() -> None:
    """Print a sample configuration with every setting explained."""
    click.echo(sample(), nl=False)


@click.command()
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), default=Path("docs"), show_default=True
)
def docs(to: Path) -> None:
    """Write the generated pages of docs/ anew."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (to / name).write_text(text, encoding="utf-8")
            click.echo(to / name)
    except OSError as error:
        raise click.ClickException(f"{to} cannot be written: {error.strerror}") from None


def explained(loaded: Loaded) -> Iterator[tuple[str, object, str, str]]:
    """Give key, masked value, source and help of every setting, the plug-ins' included."""
    for row in describe(General):
        value: object = loaded.settings
        for part in row.key.split("."):
            value = getattr(value, part)
        is_hidden = row.secret and isinstance(value, str)
        yield row.key, "***" if is_hidden and value else jsonable(value), loaded.origin(row.key), row.help
    for table, entries in (("gateways", loaded.settings.gateways), ("lookups", loaded.settings.lookups)):
        for entry in entries:
            where = f"{table}.{entry.name}"
            yield f"{where}.kind", entry.kind, loaded.origin(f"{where}.kind"), "which protocol it speaks"
            values = masked(entry.settings)
            for row in describe(type(entry.settings)):
                key = f"{where}.{row.key}"
                yield key, values[row.key], loaded.origin(key), row.help
    for entry in loaded.settings.lookups:
        values = masked(entry.rules)
        for row in describe(type(entry.rules)):
            key = f"lookups.{entry.name}.{row.key}"
            yield key, values[row.key], loaded.origin(key), row.help
