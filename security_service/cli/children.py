"""The processes that the all-in-one keeps running: started, watched, started anew, stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from security_service.config.sources import child_environment

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("run")
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_PAUSES_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
_SOUND_AFTER_S: Final = 60.0
_LARGEST_LOG: Final = 20 * 1024 * 1024


@dataclass(slots=True)
class Child:
    """One process: how it is started, and what became of it.

    `log` receives what it writes; one that is large is set aside at the start, one generation.
    """

    name: str
    command: Sequence[str]
    log: Path
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    again_at: float = 0.0

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C in a terminal reaches only us."""
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - no shell, and every word is ours
                self.command,
                env=child_environment(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_tie_to_parent(),  # noqa: PLW1509 - two system calls, nothing that locks
            )
        self.started_at = time.monotonic()

    def tend(self, now: float) -> None:
        """Start a process that died anew, after a pause that grows to 10 s with each death in a row."""
        if self.running:
            return
        if self.process is not None:
            if now - self.started_at > _SOUND_AFTER_S:
                self.deaths = 0
            pause = _PAUSES_S[min(self.deaths, len(_PAUSES_S) - 1)]
            self.deaths += 1
            self.again_at = now + pause
            _LOG.warning("process_died", process=self.name, exit=self.process.returncode, again_in_s=pause)
            self.process = None
        if now >= self.again_at:
            self.start()
            _LOG.info("process_started_anew", process=self.name)

    def told_last(self) -> str:
        """The last line that the process wrote."""
        with self.log.open("rb") as log:
            lines = log.read()[-4000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"


def stop_together(children: Sequence[Child], within_s: float) -> None:
    """Ask all to end at once, and end those by force that have not after `within_s` seconds."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + within_s
    for process in running:
        try:
            process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            _end_session(process)
    for child in children:
        child.process = None


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with those it started, which are in its session's one process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _tie_to_parent() -> Callable[[], None] | None:
    """Give what the child does before it becomes its program, so that it ends when we are killed."""
    if sys.platform != "linux":
        return None  # no such signal there: after a kill -9 of ours the ports tell that they still run
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we ended before the line above
            os._exit(1)

    return tie
