"""From the store through the archive to a file that an auditor verifies with the public key alone."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from security_service.cli import main
from security_service.domain.log_head import read_signed_head
from tests.cli.conftest import Command

SEED = "5a" * 32


class Desk:
    """A service with some events in its archive, and an auditor who has files alone."""

    def __init__(self, stored: Command, folder: Path, data: Path) -> None:
        self.run, self.folder, self.data = stored, folder, data
        for place in range(6):
            self.ours("tenant", "create", f"shop-{place}")
        self.ours("archive", "move")
        self.key = folder / "key.pem"
        printed = self.ours("audit", "key").stdout
        self.key.write_text(printed)

    def ours(self, *words: str) -> Result:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result

    def exported(self, *words: str) -> Path:
        file = self.folder / "log.jsonl"
        self.ours("audit", "export", "--proved", str(file), *words)
        return file

    def verify(self, *words: object) -> Result:
        """What the auditor sees: no settings, no store, no environment."""
        arguments = ["audit", "verify", *map(str, words), "--key", str(self.key)]
        return CliRunner().invoke(main, arguments, env={"ETALON_STORE__ADDRESS": "redis://127.0.0.1:1"})

    def sql(self, statement: str) -> None:
        """What an insider does."""
        with sqlite3.connect(self.data / "archive.db") as connection:
            assert connection.execute(statement).rowcount > 0
        connection.close()


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Settings with a key that signs."""
    return {**environ, "ETALON_ARCHIVE__SIGNING_KEY": SEED}


@pytest.fixture
def desk(environ: dict[str, str], stored: Command, tmp_path: Path) -> Desk:
    return Desk(stored, tmp_path, Path(environ["ETALON_DATA_DIR"]))


def test_a_proved_export_verifies_offline_and_is_an_event(desk: Desk) -> None:
    file = desk.exported()
    result = desk.verify(file, "--whole")
    assert result.exit_code == 0, result.output
    assert "are as they were sealed" in result.output
    assert file.stat().st_mode & 0o077 == 0
    assert '"audit_exported"' in desk.ours("audit", "tail", "-n", "1").output


def test_a_part_verifies_alone_and_as_json(desk: Desk) -> None:
    result = desk.verify(desk.exported("--leaves", "3:7"), "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (0, True)
    assert (document["from"], document["to"]) == (3, 7)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE events SET text = replace(text, 'shop-', 'chop-') WHERE leaf = 70",
            "was changed",
        ),
        ("DELETE FROM events WHERE leaf = 0", "leaf 1 stands where leaf 0 should"),
        ("DELETE FROM events WHERE leaf = 68", "leaf 69 stands where leaf 68 should"),
        ("DELETE FROM events WHERE leaf = (SELECT max(leaf) FROM events)", "ends before leaf"),
        ("UPDATE events SET text = NULL WHERE leaf = 67", "lack their texts, the first is leaf 67"),
        (
            "UPDATE events SET text = (SELECT b.text FROM events b WHERE b.leaf = 71) WHERE leaf = 70",
            "was changed",
        ),
    ],
)
def test_what_an_insider_does_to_the_rows_is_found_in_the_export(
    desk: Desk, statement: str, words: str
) -> None:
    desk.ours("audit", "head")
    desk.sql(statement)
    result = desk.verify(desk.exported())
    assert result.exit_code == 1
    assert words in result.output


def test_nothing_is_proved_once_the_hashes_were_rewritten_too(desk: Desk) -> None:
    desk.ours("audit", "head")
    desk.sql("UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 3")
    result = desk.run("audit", "export", "--proved", str(desk.folder / "x"))
    assert result.exit_code == 1
    assert "it was altered" in result.output
    assert not (desk.folder / "x").exists()


def test_growth_between_two_heads_is_proved_offline(desk: Desk) -> None:
    old = desk.folder / "old.json"
    old.write_text(desk.ours("audit", "head").stdout)
    desk.ours("tenant", "create", "another")
    desk.ours("archive", "move")
    new, proof = desk.folder / "new.json", desk.folder / "proof.json"
    new.write_text(desk.ours("audit", "head").stdout)
    size = read_signed_head(old.read_text()).head.size
    desk.ours("audit", "consistency", str(size), "-o", str(proof))
    assert desk.verify(proof, "--from", old, "--to", new).exit_code == 0
    back = desk.verify(proof, "--from", new, "--to", old)
    assert back.exit_code == 1
    assert "the log was cut back" in back.output


def test_one_event_is_proved_offline(desk: Desk) -> None:
    proof = desk.folder / "proof.json"
    desk.ours("audit", "prove", "70", "-o", str(proof))
    assert desk.verify(proof).exit_code == 0
    document = json.loads(proof.read_text())
    proof.write_text(json.dumps(document | {"leaf": 69}))
    assert "the proof is that of something else" in desk.verify(proof).output


def test_a_published_head_unmasks_a_log_that_was_cut_back(desk: Desk) -> None:
    file = desk.exported()
    desk.ours("archive", "move")
    heads = desk.folder / "heads.jsonl"
    heads.write_text(desk.ours("audit", "head").stdout)
    result = desk.verify(file, "--heads", heads)
    assert result.exit_code == 1
    assert "the log was cut off or is older than what was published" in result.output


def test_faults_of_what_is_given_are_sentences(desk: Desk) -> None:
    file = desk.exported()
    no_key = CliRunner().invoke(main, ["audit", "verify", str(file), "--key", str(file)])
    assert "not a public key" in no_key.output
    assert desk.verify(desk.key).exit_code == 1
    assert "takes no filters" in desk.run("audit", "export", "--proved", "x", "--kind", "incident").output
    assert "no such part" in desk.run("audit", "prove", "999999").output
    assert "no decision about such a code" in desk.run("audit", "evidence", "nosuch").output
