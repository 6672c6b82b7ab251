"""A command line over a real store that is this test's alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from security_service.cli import main
from tests.config.test_sources import IMSI, KEYS, SMS

Command = Callable[..., Result]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Settings of a service whose store is not reached."""
    return {**KEYS, **SMS, **IMSI, "ETALON_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def command(environ: dict[str, str]) -> Command:
    """Run one command without a store."""
    return lambda *words: CliRunner().invoke(main, words, env=environ)


@pytest.fixture
def stored(environ: dict[str, str], redis_url: str) -> Command:
    """Run one command on an initialised store, for the tenant `bank`."""
    ours = {**environ, "ETALON_STORE__ADDRESS": redis_url, "ETALON_HOME_TENANT": "bank"}

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, env=ours)

    assert run("store", "init", "--subscribers", "1000").exit_code == 0
    assert run("tenant", "create", "bank").exit_code == 0
    return run
