"""Programs that a test starts, looks at and ends, with all that they start in turn."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from security_service.config.sources import child_environment
from tests.e2e.waiting import LONG_S, wait_for

OURS = (sys.executable, "-m", "security_service.cli")

UNFORESEEN = ("Traceback", "unforeseen", "job_broke", "claim_broke")
"""Words of a log that nothing a test does here may bring about."""

# Under the range from which systems take ports for connections, so that nobody is given one in passing.
_FIRST_PORT, _PORTS = 10_000, 22_000


def free_port() -> int:
    """Give a port of loopback on which nobody listens, drawn so that tests side by side rarely meet."""
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@dataclass(frozen=True, slots=True)
class LivingProcess:
    """A process by its number and the moment of its start, since numbers are given out again.

    Its parent is who started it, until that one ends.
    """

    pid: int
    parent: int = field(compare=False)
    started: str

    @property
    def lives(self) -> bool:
        """True while it has not ended; one that nobody has collected yet has ended."""
        return _look(self.pid) == self

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        if self.lives:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _look(pid: int) -> LivingProcess | None:
    try:
        # After the name, which may hold anything: state, parent, ... and as the twentieth the start.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else LivingProcess(pid, int(fields[1]), fields[19])


def family_of(pid: int) -> list[LivingProcess]:
    """Give a process with all that it has started and they in turn, itself first."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    everyone = [found for number in numbers if (found := _look(number)) is not None]
    family = [one for one in everyone if one.pid == pid]
    for member in family:
        family += [one for one in everyone if one.parent == member.pid]
    return family


def command_line(pid: int) -> list[str]:
    """Give the words of a process's command line as it shows it now; none where it has ended."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return []
    return line.replace("\0", " ").split()


def faults_in(output: str) -> list[str]:
    """Give the lines of a log that tell of what nobody foresaw."""
    return [line for line in output.splitlines() if any(word in line for word in UNFORESEEN)]


class Program:
    """One program with its output in a file, started again as often as a test likes."""

    def __init__(self, command: Sequence[str], log: Path, variables: Mapping[str, str] | None = None) -> None:
        self._command = tuple(command)
        self._variables = dict(variables or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._met: set[LivingProcess] = set()
        self.log = log

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """True while the process itself lives."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """Everything it has written so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Start it, in a session of its own."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=child_environment(self._variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def family(self) -> list[LivingProcess]:
        """Give the process and all that it has started, and keep them in mind for `end`."""
        found = family_of(self.pid)
        self._met.update(found)
        return found

    def child(self, word: str) -> LivingProcess | None:
        """Find the process that it started itself and that has this word in its command line."""
        for member in self.family():
            line = command_line(member.pid)
            if member.parent == self.pid and any(part.endswith(word) for part in line):
                return member
        return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def exit_code(self, within_s: float = LONG_S) -> int:
        """Wait for its end and give its exit code."""
        assert self._process is not None
        return self._process.wait(within_s)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and give its exit code."""
        self.send(number)
        return self.exit_code()

    def kill(self) -> None:
        """End it and its own workers at once, as a power cut would."""
        family = self.family()
        for member in family:
            member.kill()
        self.exit_code()
        wait_for("an end of what was killed", lambda: not any(member.lives for member in family))

    def end(self) -> None:
        """Leave nothing of it running, whatever state a test left it in."""
        if self._process is None:
            return
        if self.running:
            self.family()
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        for member in self._met:
            member.kill()
        self._process = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, whatever happened inside."""
        self.end()
