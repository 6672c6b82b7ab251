"""`archive`: its schema, how far it is, and moving by hand."""

from __future__ import annotations

import json
from pathlib import Path

import redis

from tests.cli.conftest import Command

WHY = ("--reason", "why, indeed", "79161234567", "always_deny")


def test_moved_events_leave_the_store_and_are_read_as_before(stored: Command, redis_url: str) -> None:
    assert stored("subscriber", "set-mode", *WHY).exit_code == 0
    before = stored("audit", "tail", "-n", "100").output
    moved = stored("archive", "move").output
    assert moved == f"{len(before.splitlines())} events moved.\n"
    with redis.Redis.from_url(redis_url) as client:
        assert client.xlen("{m}:events") == 0
    assert stored("audit", "tail", "-n", "100").output == before
    assert json.loads(stored("audit", "tail", "-n", "1").output)["kind"] == "mode_set"
    assert stored("archive", "move").output == "0 events moved.\n"


def test_status_tells_what_is_archived_and_what_waits(stored: Command) -> None:
    waiting = stored("archive", "status")
    assert waiting.exit_code == 0
    assert "events   0\n" in waiting.output
    assert "m   " in waiting.output
    stored("archive", "move")
    lines = stored("archive", "status").output.splitlines()
    assert lines[-1] == "waiting  0"
    assert lines[0].endswith("archive.db")


def test_migrate_says_what_it_did(command: Command, tmp_path: Path) -> None:
    first = command("archive", "migrate").output
    assert "it was none" in first
    assert str(tmp_path / "data" / "archive.db") in first
    assert "already" in command("archive", "migrate").output


def test_another_archive_is_refused_until_it_is_adopted(stored: Command, tmp_path: Path) -> None:
    stored("archive", "move")
    assert stored("subscriber", "set-mode", *WHY).exit_code == 0
    (tmp_path / "data" / "archive.db").unlink()
    for refused in (stored("archive", "status"), stored("archive", "move"), stored("audit", "tail")):
        assert refused.exit_code == 1
        assert "archive" in refused.output
    assert "Adopted." in stored("archive", "adopt", "--yes").output
    assert stored("archive", "move").exit_code == 0
    kinds = {json.loads(line)["kind"] for line in stored("audit", "export").output.splitlines()}
    assert {"mode_set", "incident"} <= kinds


def test_an_archive_that_is_away_is_told_in_a_sentence(
    command: Command, environ: dict[str, str], redis_url: str, tmp_path: Path
) -> None:
    environ["ETALON_STORE__ADDRESS"] = redis_url
    environ["ETALON_ARCHIVE__URL"] = f"postgresql://nobody:geheim@/none?host={tmp_path}"
    for told in (command("audit", "tail"), command("archive", "move"), command("archive", "status")):
        assert told.exit_code == 1
        assert "geheim" not in told.output


def test_an_address_of_something_else_is_a_fault_of_the_settings(
    command: Command, environ: dict[str, str]
) -> None:
    environ["ETALON_ARCHIVE__URL"] = "mysql://bank"
    assert "archive: url must begin with" in command("archive", "migrate").output
