from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command

_WHY = ("--reason", "home routing since Monday")


def test_a_word_is_set_and_audited(stored: Command) -> None:
    result = stored("trust", "set", *_WHY, "imsi", "25001", "never")
    assert (result.exit_code, result.output) == (0, "imsi on 25001: never\n")
    event = json.loads(stored("audit", "tail", "--kind", "trust_set").output)
    assert event["facts"]["word"] == "never"
    assert event["facts"]["reason"] == "home routing since Monday"
    assert event["facts"]["actor"].startswith("cli:")


def test_an_operator_is_eased_for_a_while_and_no_longer(stored: Command) -> None:
    assert stored("trust", "ease", *_WHY, "--hours", "48", "imsi", "25001").output == (
        "imsi on 25001: eased for 48 h\n"
    )
    assert stored("trust", "ease", *_WHY, "--hours", "0", "imsi", "25001").output == (
        "imsi on 25001: no longer eased\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("set", *_WHY, "nobody", "25001", "never"), 1, "there is no lookup nobody"),
        (("set", *_WHY, "imsi", "MTS", "never"), 2, "MTS is not an MCC-MNC"),
        (("set", *_WHY, "imsi", "25001", "sometimes"), 2, "sometimes"),
        (("set", "imsi", "25001", "never"), 2, "--reason"),
        (("ease", *_WHY, "--hours", "73", "imsi", "25001"), 2, "73"),
    ],
)
def test_what_cannot_be_decided_is_said(
    stored: Command, words: tuple[str, ...], code: int, told: str
) -> None:
    result = stored("trust", *words)
    assert result.exit_code == code
    assert told in result.output
