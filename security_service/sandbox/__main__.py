"""`python -m security_service.sandbox`: the sandbox operator by itself, from options and one variable."""

from __future__ import annotations

from pathlib import Path

import click

from security_service.sandbox.guard import NotLoopbackError
from security_service.sandbox.serve import PortTakenError, serve
from security_service.sandbox.settings import SandboxSettings
from security_service.sandbox.state_file import StateFileError


@click.command()
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), required=True, help="State file.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", type=click.IntRange(1, 65535), required=True)
@click.option("--login", required=True, help="The bank's login at this operator.")
@click.option("--password", envvar="ETALON_SANDBOX_PASSWORD", required=True, hidden=True)
@click.option("--seed", default="sandbox", show_default=True, help="Decides the first SIM of every number.")
@click.option("--hlr-polls", type=click.IntRange(0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=128, show_default=True)
def main(
    *,
    data: Path,
    host: str,
    port: int,
    login: str,
    password: str,
    seed: str,
    hlr_polls: int,
    threads: int,
) -> None:
    """Serve the sandbox operator on loopback; ETALON_SANDBOX_PASSWORD holds the account's password."""
    settings = SandboxSettings(
        data_file=data,
        login=login,
        password=password,
        seed=seed,
        hlr_polls_before_answer=hlr_polls,
        threads=threads,
    )
    try:
        serve(settings, host, port)
    except (NotLoopbackError, PortTakenError, StateFileError) as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main(prog_name="python -m security_service.sandbox")
