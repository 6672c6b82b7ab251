from __future__ import annotations

from click.testing import CliRunner

from security_service.cli import main
from tests.cli.conftest import Command


def test_an_empty_store_is_not_ours_until_a_person_says_so(environ: dict[str, str], redis_url: str) -> None:
    environ["ETALON_STORE__ADDRESS"] = redis_url
    result = CliRunner().invoke(main, ["store", "status"], env=environ)
    assert result.exit_code == 1
    assert "store init" in result.output


def test_an_initialised_store_is_ready_and_init_leaves_it_as_it_is(stored: Command) -> None:
    before = stored("store", "init").output
    assert stored("store", "init", "--subscribers", "5000000").output == before
    result = stored("store", "status")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "ready")


def test_another_installations_store_is_refused(
    stored: Command, environ: dict[str, str], redis_url: str
) -> None:
    assert stored("store", "status").exit_code == 0
    other = {**environ, "ETALON_STORE__ADDRESS": redis_url, "ETALON_INSTALLATION_ID": "other"}
    result = CliRunner().invoke(main, ["store", "init"], env=other)
    assert result.exit_code == 1
    assert "another installation" in result.output
