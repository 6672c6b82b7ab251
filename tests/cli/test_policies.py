from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.usecases.policies import STANDARD, STRICT, document, renamed

_POLICIES = Path(__file__).parents[2] / "policies"
_STANDARD = _POLICIES / "standard.toml"


def test_the_shipped_documents_are_acceptable(command: Command) -> None:
    result = command("policy", "check", *(str(path) for path in _POLICIES.glob("*.toml")))
    assert result.exit_code == 0
    assert "standard@" in result.output


def test_hold_where_it_may_not_be_ends_with_1(command: Command, tmp_path: Path) -> None:
    document = tmp_path / "held.toml"
    document.write_text(
        _STANDARD.read_text(encoding="utf-8").replace('"deny"', '"hold"', 1), encoding="utf-8"
    )
    result = command("policy", "check", str(document))
    assert result.exit_code == 1
    assert "must not go live" in result.output


def test_what_is_no_policy_is_told_fault_by_fault(command: Command, tmp_path: Path) -> None:
    document = tmp_path / "odd.toml"
    document.write_text('name = "odd"\nodd = 1\n')
    result = command("policy", "check", str(document))
    assert result.exit_code == 1
    assert len(result.output.splitlines()) > 2


def test_diff_tells_what_changes(command: Command) -> None:
    result = command("policy", "diff", str(_STANDARD), str(_POLICIES / "strict.toml"))
    assert result.exit_code == 0
    assert "not_supported" in result.output
    same = command("policy", "diff", str(_STANDARD), str(_STANDARD))
    assert same.exit_code == 0
    assert "not_supported" not in same.output


def test_a_document_that_is_not_there_ends_with_2(command: Command) -> None:
    assert command("policy", "check", "gone.toml").exit_code == 2


def written(folder: Path, text: str) -> str:
    """The path of a file with a document."""
    path = folder / "draft.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


_WHY = ("--reason", "fewer calls")


def test_a_document_is_published_listed_and_rolled_back(stored: Command, tmp_path: Path) -> None:
    draft = written(tmp_path, renamed(STRICT, "2"))
    assert stored("policy", "publish", *_WHY, "--expected", "1", draft).output == (
        "standard: 2 is in force (before: 1)\n"
    )
    assert "standard\t2\tpublished\n" in stored("policy", "list").output
    assert stored("policy", "show", "standard", "--document").output == renamed(STRICT, "2")
    assert stored("policy", "show", "standard", "--version", "1").output == STANDARD
    shown = json.loads(stored("policy", "show", "standard").output)
    assert [one["version"] for one in shown["versions"]] == ["2", "1"]
    back = stored("policy", "rollback", *_WHY, "--expected", "2", "standard", "1")
    assert back.output == "standard: 1 is in force (before: 2)\n"
    event = json.loads(stored("audit", "tail", "-n", "1", "--kind", "policy_published").output)
    assert (event["facts"]["rolled_back"], event["facts"]["actor"][:4]) == (True, "cli:")


def test_a_tenant_may_be_given_a_policy_that_was_published(stored: Command, tmp_path: Path) -> None:
    assert stored("tenant", "set", "bank", "policy=night").exit_code == 1
    draft = written(tmp_path, renamed(STANDARD, "1", "night"))
    assert stored("policy", "publish", *_WHY, draft).exit_code == 0
    assert stored("tenant", "set", "bank", "policy=night").exit_code == 0


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (renamed(STANDARD, "2"), (), "1 is in force, which is not what --expected says"),
        (renamed(STANDARD, "1"), ("--expected", "1"), "must be higher than 1"),
        (document("2"), ("--expected", "1"), "--acknowledge-warnings"),
        (STANDARD.replace('"deny"', '"hold"', 1), ("--expected", "1"), "must not go live"),
        ("x", ("--expected", "1"), "is no policy"),
    ],
)
def test_what_cannot_be_published_is_said(
    stored: Command, tmp_path: Path, text: str, words: tuple[str, ...], told: str
) -> None:
    result = stored("policy", "publish", *_WHY, *words, written(tmp_path, text))
    assert result.exit_code == 1
    assert told in result.output


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("nobody", "1", "no such policy"),
        ("standard", "7", "never had this version"),
        ("standard", "1", "this version is in force"),
    ],
)
def test_what_cannot_be_rolled_back_to_is_said(stored: Command, name: str, version: str, told: str) -> None:
    result = stored("policy", "rollback", *_WHY, "--expected", "1", name, version)
    assert result.exit_code == 1
    assert told in result.output


def test_a_draft_is_compared_with_what_is_in_force(stored: Command, tmp_path: Path) -> None:
    draft = written(tmp_path, renamed(STRICT, "2"))
    assert "standard@1 -> standard@2" in stored("policy", "diff", draft).output
    assert stored("policy", "diff", written(tmp_path, renamed(STANDARD, "2", "night"))).exit_code == 1


def test_a_trial_begins_shows_and_ends(stored: Command, tmp_path: Path) -> None:
    draft = written(tmp_path, document("2", "deny"))
    assert stored("policy", "shadow", *_WHY, "standard", draft).output == "standard: 2 is on trial\n"
    assert "standard\t1\tfile\ttrial: 2\n" in stored("policy", "list").output
    assert stored("policy", "shadow-report", "standard").output == "0 decisions, 0 would differ\n"
    assert stored("policy", "shadow", *_WHY, "standard").output == "standard: nothing is on trial\n"
    assert stored("policy", "shadow", *_WHY, "strict", draft).exit_code == 1
    assert stored("policy", "shadow", *_WHY, "nobody").exit_code == 1


def test_a_replay_runs_to_its_end(stored: Command, tmp_path: Path) -> None:
    draft = written(tmp_path, document("2", "deny"))
    result = stored("policy", "replay", "--since", "7d", draft)
    assert result.exit_code == 0
    assert result.stdout == "0 decisions, 0 would differ\n"
    assert "100 %" in result.stderr
    assert stored("policy", "replay", "--since", "2099-01-01", draft).exit_code == 2
    assert stored("policy", "replay", "--since", "7d", written(tmp_path, "x")).exit_code == 1
    assert '"policy_replayed"' in stored("audit", "tail").output
