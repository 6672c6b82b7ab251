from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from security_service.cli import main
from tests.cli.conftest import Command


def test_every_command_explains_itself() -> None:
    paths: list[tuple[str, ...]] = []
    for name, group in main.commands.items():
        paths.append((name,))
        paths += [(name, inner) for inner in getattr(group, "commands", {})]
    for path in paths:
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0, path
        assert len(result.output.splitlines()) > 3, path


@pytest.mark.parametrize(
    "name", ["run", "web", "worker", "store", "tenant", "subscriber", "audit", "policy", "config", "docs"]
)
def test_the_command_is_there(name: str) -> None:
    assert name in main.commands


def test_faults_of_settings_are_listed_one_a_line_and_end_with_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["config", "check"], env={"ETALON_DATA_DIR": str(tmp_path), "ETALON_ODD": "1"}
    )
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == "Error: 3 settings cannot be used:"
    assert lines[1].strip().startswith("odd: there is no such setting")


def test_a_wrong_word_ends_with_2(command: Command) -> None:
    assert command("tenant", "burn").exit_code == 2


def test_a_command_that_needs_the_store_says_that_none_is_named(command: Command) -> None:
    result = command("tenant", "list")
    assert result.exit_code == 1
    assert "store.address names no store" in result.output


def test_a_store_that_does_not_answer_is_one_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    environ["ETALON_STORE__ADDRESS"] = f"unix://{tmp_path}/gone.sock"
    result = CliRunner().invoke(main, ["tenant", "list"], env=environ)
    assert result.exit_code == 1
    assert result.output.startswith("Error: the store does not answer")
