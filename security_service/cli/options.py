"""What every command shares: where settings come from, and how faults are told; does nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from security_service.config.classes import Settings
from security_service.config.sources import Loaded, load
from security_service.domain.errors import ArchiveUnavailable, SettingsFault, StoreUnavailable
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import Service, build_service, plugin_kinds


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the command line says that settings are; both may be left to the environment."""

    config_file: Path | None
    data_dir: Path | None

    def options(self) -> dict[str, Any]:
        """Give the settings that the command line itself makes."""
        return {} if self.data_dir is None else {"data_dir": str(self.data_dir)}

    def loaded(self) -> Loaded:
        """Read all settings; raises SettingsFault."""
        return load(plugin_kinds(), options=self.options(), config_file=self.config_file)

    def settings(self) -> Settings:
        """Read all settings; raises SettingsFault."""
        return self.loaded().settings

    def stored(self) -> Settings:
        """Read all settings for a command that needs the store.

        Raises SettingsFault, and ClickException where no store is named.
        """
        settings = self.settings()
        if not settings.store.address:
            raise click.ClickException(
                f"no service runs on the data directory {settings.data_dir}, and store.address names no store"
            )
        return settings

    def service(self, settings: Settings) -> Service:
        """Put the service together for a command; its connection is closed when the command ends."""
        service = build_service(settings, PrometheusMeter())
        click.get_current_context().call_on_close(service.scripts.close)
        click.get_current_context().call_on_close(service.archive.close)
        return service


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--config` and `--data`, handed over as one argument `sources`."""

    @wraps(command)
    def with_sources(
        *arguments: object, config_file: Path | None, data_dir: Path | None, **options: object
    ) -> object:
        return command(*arguments, sources=Sources(config_file, data_dir), **options)

    config = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Configuration file in TOML; the variable ETALON_CONFIG names it otherwise.",
    )
    data = click.option(
        "--data",
        "data_dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Data directory (setting data_dir).",
    )
    return config(data(with_sources))


_OTHER_STORE: Final = (
    "the store is not this installation's: run `security-service store init`, or `store rebuild` where it"
    " was lost"
)


class Commands(click.Group):
    """A group that tells expected faults in one sentence each and ends with exit code 1."""

    def invoke(self, context: click.Context) -> object:
        """Run the command; faults of settings are listed one a line."""
        try:
            return super().invoke(context)
        except SettingsFault as fault:
            raise click.ClickException(fault_lines(fault)) from None
        except ArchiveUnavailable as error:
            raise click.ClickException(f"the archive: {error}") from None
        except StoreUnavailable as error:
            if str(error) == "other_store":
                raise click.ClickException(_OTHER_STORE) from None
            raise click.ClickException(
                f"the store does not answer ({error}); is the service running?"
            ) from None


def fault_lines(fault: SettingsFault) -> str:
    """Give the faults of settings, one a line, under a first line that counts them."""
    count = len(fault.faults)
    if count == 1:
        return fault.faults[0]
    return "\n  ".join([f"{count} settings cannot be used:", *fault.faults])
