from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command

_NUMBER = "+7 916 123-45-67"
_WHY = ("--reason", "called the bank")


def test_a_mode_is_set_shown_listed_and_audited(stored: Command) -> None:
    result = stored("subscriber", "set-mode", *_WHY, "--until", "7d", _NUMBER, "always_deny")
    assert result.exit_code == 0, result.output
    shown = json.loads(stored("subscriber", "show", _NUMBER).output)
    assert (shown["number"], shown["mode"], shown["reason"]) == (
        "79161234567",
        "always_deny",
        "called the bank",
    )
    assert shown["actor"].startswith("cli:")
    assert "79161234567\talways_deny" in stored("subscriber", "list", "--search", "+7916").output
    event = json.loads(stored("audit", "tail", "--kind", "mode_set").output)
    assert event["facts"]["actor"] == shown["actor"]


def test_a_mode_that_means_nothing_is_refused(stored: Command) -> None:
    result = stored("subscriber", "set-mode", *_WHY, "--bound", _NUMBER, "always_allow")
    assert result.exit_code == 2
    assert "No IMSI" in result.output


def test_unlock_says_whether_there_was_anything_to_unlock(stored: Command) -> None:
    assert stored("subscriber", "unlock", *_WHY, _NUMBER).output == "Nothing was locked.\n"


def test_freeze_stops_all_until_an_unlock(stored: Command) -> None:
    assert stored("subscriber", "freeze", *_WHY, _NUMBER).output.startswith("Frozen until unlocked")
    assert stored("subscriber", "freeze", *_WHY, _NUMBER).output == "It was frozen before.\n"
    assert json.loads(stored("subscriber", "show", _NUMBER).output)["frozen"] is True
    assert stored("subscriber", "unlock", *_WHY, _NUMBER).output == "Unlocked.\n"
    assert json.loads(stored("subscriber", "show", _NUMBER).output)["frozen"] is False


def test_a_reverify_that_nobody_answers_waits(stored: Command) -> None:
    assert stored("subscriber", "reverify", *_WHY, "--candidate", "x", _NUMBER).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("show", "12345"),
        ("set-mode", _NUMBER, "check"),
        ("set-mode", *_WHY, _NUMBER, "sometimes"),
        ("set-mode", *_WHY, "--until", "tomorrow", _NUMBER, "always_deny"),
    ],
    ids=["no number", "no reason", "no mode", "no time"],
)
def test_what_cannot_be_read_ends_with_2(stored: Command, words: tuple[str, ...]) -> None:
    assert stored("subscriber", *words).exit_code == 2


def test_a_tenant_that_does_not_exist_is_named(stored: Command) -> None:
    result = stored("subscriber", "show", "--tenant", "nobody", _NUMBER)
    assert (result.exit_code, result.output) == (1, "Error: there is no tenant nobody\n")
