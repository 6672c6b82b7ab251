from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

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
