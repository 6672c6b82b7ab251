"""`security-service run` as a newcomer starts it: one command, one data directory, one port."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from security_service.config.sources import child_environment
from tests.e2e.callers import Backend, FraudTeam, Operator
from tests.e2e.inside import Inside
from tests.e2e.processes import OURS, Program, faults_in, free_port
from tests.e2e.waiting import wait_for

READY = "Ctrl-C stops everything."


class AllInOne(Program):
    """The command, and what it leaves in its data directory for people and programs."""

    def __init__(self, data: Path, variables: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port, self.sandbox_port, self.relay_port = free_port(), free_port(), free_port()
        ports = [
            *("--port", str(self.port), "--sandbox-port", str(self.sandbox_port)),
            *("--relay-port", str(self.relay_port)),
        ]
        data.parent.mkdir(parents=True, exist_ok=True)
        super().__init__((*OURS, "run", "--data", str(data), *ports), data.with_suffix(".out"), variables)

    def start_and_wait(self) -> None:
        """Start it, and return when it has said that everything runs."""
        said = self.output().count(READY)
        self.start()
        wait_for(
            "the service's word that it is ready",
            lambda: self.output().count(READY) > said or not self.running,
        )
        assert self.running, self.output()
        self.family()

    def facts(self) -> dict[str, str]:
        """Read sandbox.json."""
        found: dict[str, str] = json.loads((self.data / "sandbox.json").read_text())
        return found

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same data directory and wait for its end."""
        first, *rest = words
        line = (*OURS, first, *rest, "--data", str(self.data))
        return subprocess.run(
            line, env=child_environment({}), capture_output=True, text=True, timeout=60, check=False
        )

    def ok(self, *words: str) -> str:
        """Run another command that must work, and give what it printed."""
        done = self.command(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True, slots=True)
class Running:
    """A running all-in-one with everybody who speaks with it; `bank` is its demo tenant's backend."""

    program: AllInOne
    bank: Backend
    team: FraudTeam
    operator: Operator


@contextmanager
def callers_of(program: AllInOne) -> Iterator[Running]:
    """Give those who speak with a program that runs, by the facts that it left."""
    facts = program.facts()
    with ExitStack() as undo:
        yield Running(
            program,
            undo.enter_context(Backend(facts["base_url"], facts["api_key"])),
            undo.enter_context(FraudTeam(facts["base_url"], facts["admin_key"])),
            undo.enter_context(Operator(facts["sandbox_url"])),
        )


@contextmanager
def all_in_one(data: Path) -> Iterator[Running]:
    """Start the service on a data directory, and leave nothing of it running, nor of the directory."""
    program = AllInOne(data)
    try:
        program.start_and_wait()
        with callers_of(program) as running:
            yield running
        logs = [log.read_text(errors="replace") for log in (data / "logs").iterdir()]
        assert [fault for log in (*logs, program.output()) for fault in faults_in(log)] == []
    finally:
        program.end()
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def inside_of(running: Running) -> Iterator[Inside]:
    """Look into the store of a running all-in-one."""
    with Inside.of_data_directory(running.program.data) as inside:
        yield inside
