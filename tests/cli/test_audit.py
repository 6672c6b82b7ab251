from __future__ import annotations

import csv
import io
import json

from security_service.domain.event_rows import csv_row
from tests.cli.conftest import Command

_WHY = ("--reason", "why, indeed")


def act(stored: Command) -> None:
    for number in ("79161234567", "79161234568"):
        assert stored("subscriber", "set-mode", *_WHY, number, "always_deny").exit_code == 0


def test_tail_gives_the_newest_last(stored: Command) -> None:
    act(stored)
    lines = stored("audit", "tail", "-n", "3").output.splitlines()
    times = [json.loads(line)["at"] for line in lines]
    assert len(times) == 3
    assert times == sorted(times)


def test_filters_hold_together(stored: Command) -> None:
    act(stored)
    lines = stored(
        "audit", "export", "--number", "+79161234568", "--kind", "mode_set", "--since", "1h"
    ).output
    (event,) = [json.loads(line) for line in lines.splitlines()]
    assert event["subject"] == {"number": "79161234568", "tenant": "bank"}
    assert stored("audit", "export", "--until", "1h").output == ""


def test_export_as_csv_has_a_row_an_event(stored: Command) -> None:
    act(stored)
    output = stored("audit", "export", "--format", "csv", "--kind", "mode_set", "--tenant", "bank").output
    rows = list(csv.DictReader(io.StringIO(output)))
    assert [row["number"] for row in rows] == ["79161234568", "79161234567"]
    assert {row["reason"] for row in rows} == {"why, indeed"}
    assert all(row["at"].endswith("+00:00") for row in rows)


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    event = {
        "at": 0,
        "kind": "mode_set",
        "facts": {"reason": "=1+1", "actor": "@x"},
        "outcome": {},
        "subject": {},
        "shard": "s000",
        "seq": 1,
    }
    row = csv_row(json.dumps(event))
    assert "'=1+1" in row
    assert "'@x" in row


def test_without_a_key_heads_are_shown_unsigned(stored: Command) -> None:
    assert stored("archive", "move").exit_code == 0
    result = stored("audit", "head")
    assert "this head is not signed" in result.stderr
    assert json.loads(result.stdout)["signature"] == ""
    assert "heads of the log are not signed" in stored("audit", "key").output
    assert "nothing can be signed" in stored("audit", "export", "--proved", "never-written").output


def test_actor_operator_and_code_narrow_what_is_found(stored: Command) -> None:
    act(stored)
    by_nobody = stored("audit", "export", "--actor", "nobody", "--kind", "mode_set")
    assert by_nobody.output == ""
    assert stored("audit", "export", "--operator", "25001", "--kind", "mode_set").output == ""
    assert stored("audit", "tail", "--code-id", "c1").output == ""
    actor = json.loads(stored("audit", "tail", "-n", "1", "--kind", "mode_set").output)["facts"]["actor"]
    assert len(stored("audit", "tail", "--actor", actor, "--kind", "mode_set").output.splitlines()) == 2


def test_every_export_is_an_event_of_its_own(stored: Command) -> None:
    act(stored)
    stored("audit", "export", "--format", "csv", "--kind", "mode_set")
    (event,) = [
        json.loads(line) for line in stored("audit", "tail", "--kind", "audit_exported").output.splitlines()
    ]
    assert event["facts"]["format"] == "csv"
    assert event["facts"]["of_kind"] == "mode_set"
