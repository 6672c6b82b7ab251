from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

_IMSI = "250011234567890"
_WHY = ("--reason", "renumbered")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "base.csv"
    path.write_text(f"number;imsi\n8 916 123-45-67;{_IMSI}\n12;\n34;\n", encoding="utf-8")
    return path


def test_a_file_is_imported_and_every_refused_row_goes_to_a_file(
    stored: Command, file: Path, tmp_path: Path
) -> None:
    refused = tmp_path / "refused.csv"
    result = stored("subscriber", "import", str(file), "--refused", str(refused))
    assert result.exit_code == 1
    assert "3 rows: 1 written, 0 left as they are, 2 refused." in result.output
    assert "line 3: number" in result.output
    assert refused.read_text(encoding="utf-8") == "line,reason\n3,number\n4,number\n"
    event = json.loads(stored("audit", "tail", "--kind", "subscriber_imported").output)
    assert event["facts"]["actor"].startswith("cli:")
    assert _IMSI not in str(event)


def test_what_was_exported_is_left_as_it_is_when_it_is_imported(
    stored: Command, file: Path, tmp_path: Path
) -> None:
    stored("subscriber", "import", str(file))
    out = tmp_path / "out.csv"
    assert stored("subscriber", "export", "--output", str(out)).exit_code == 0
    assert stored("subscriber", "export").stdout_bytes == out.read_bytes()
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("79161234567,check")
    result = stored("subscriber", "import", "--replace", str(out))
    assert (result.exit_code, "0 written, 1 left" in result.output) == (0, True)


def test_a_file_that_names_no_columns_or_is_not_there_is_refused(stored: Command, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("79161234567\n", encoding="utf-8")
    assert "does not name the columns: header" in stored("subscriber", "import", str(bare)).output
    assert stored("subscriber", "import", str(tmp_path / "none.csv")).exit_code == 1


def test_a_bulk_run_is_begun_listed_and_stopped(stored: Command, file: Path) -> None:
    assert stored("subscriber", "reverify-all", *_WHY).exit_code == 2
    assert stored("subscriber", "reverify-all", *_WHY, "--candidates", "--rate", "99").exit_code == 2
    begun = stored("subscriber", "reverify-all", *_WHY, "--numbers", str(file), "--rate", "2")
    assert "2 numbers a second" in begun.output
    assert "2 lines are no number" in begun.output
    run = begun.output.split()[1].rstrip(",")
    assert stored("subscriber", "reverify-runs").output.startswith(f"{run}\trunning\tnumbers\tasked 0")
    assert "\tstopped\t" in stored("subscriber", "reverify-runs", "--mark", "stopped", run).output
    assert stored("subscriber", "reverify-runs", "--mark", "running", run).exit_code == 1


def test_old_references_are_asked_by_their_age(stored: Command) -> None:
    result = stored("subscriber", "reverify-all", *_WHY, "--older", "90d")
    assert result.exit_code == 0, result.output
    assert json.loads(stored("audit", "tail", "--kind", "bulk_reverify").output)["facts"]["source"] == "older"
