"""A running service seals its log, and hands over evidence that an auditor verifies on files alone."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.config.sources import child_environment
from tests.e2e.all_in_one import AllInOne, callers_of
from tests.e2e.callers import new_number
from tests.e2e.processes import OURS
from tests.e2e.waiting import wait_for


@pytest.fixture
def program(tmp_path: Path) -> Iterator[AllInOne]:
    made = AllInOne(tmp_path / "data", {"ETALON_ARCHIVE__SEAL_EVERY_S": "1"})
    yield made
    made.end()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


def verify(*words: str) -> subprocess.CompletedProcess[str]:
    """What an auditor runs, on a machine that knows nothing of the service."""
    line = (*OURS, "audit", "verify", *words)
    return subprocess.run(
        line, env=child_environment({}), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_code_is_proved_to_an_auditor_and_the_log_is_sealed_at_the_stop(
    program: AllInOne, tmp_path: Path
) -> None:
    program.start_and_wait()
    number, heads = new_number(), program.data / "heads.jsonl"
    key, pack, log = (str(tmp_path / name) for name in ("key.pem", "evidence.json", "log.jsonl"))
    Path(key).write_text(program.ok("audit", "key"))
    with callers_of(program) as running:
        assert running.bank.generate(number).code == 0
        assert running.bank.check(number, "000000").code == 5
        assert running.bank.check(number, running.operator.code(number)).code == 0
        (decided,) = [one for one in running.team.events(number=number) if one["kind"] == "gate_decided"]
        code_id = decided["facts"]["code_id"]
        made = wait_for(
            "three events of the code in the archive",
            lambda: (
                program.command("audit", "evidence", code_id, "-o", pack).returncode == 0
                and Path(pack).read_text().count('"kind":"code_checked"') == 2
            ),
        )
        assert made
    summary = json.loads(Path(pack).read_text())["body"]["summary"]
    assert any("Verdict send" in line for line in summary["en"])
    assert any("Решение send" in line for line in summary["ru"])
    wait_for("a published head", lambda: heads.exists() and heads.read_text().count("\n") > 0)
    program.ok("audit", "export", "--proved", log)
    assert program.stop(signal.SIGINT) == 0
    last = json.loads(heads.read_text().splitlines()[-1])["head"]
    done = verify(pack, "--key", key, "--heads", str(heads))
    assert done.returncode == 0, done.stderr
    assert "is as it was signed" in done.stdout
    header = json.loads(Path(log).read_text().splitlines()[0])
    assert last["size"] >= header["head"]["head"]["size"]
    earlier = [
        line for line in heads.read_text().splitlines() if json.loads(line)["head"]["size"] <= header["to"]
    ]
    Path(tmp_path / "heads.jsonl").write_text("".join(f"{line}\n" for line in earlier))
    done = verify(log, "--key", key, "--heads", str(tmp_path / "heads.jsonl"), "--whole")
    assert done.returncode == 0, done.stderr
    bent = Path(log).read_text().replace('"reason":"wrong"', '"reason":"valid"', 1)
    Path(log).write_text(bent)
    done = verify(log, "--key", key)
    assert done.returncode == 1
    assert "was changed" in done.stderr
