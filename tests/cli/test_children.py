from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.cli.children import Child, stop_together

_STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
signal.pause()
"""


def child(tmp_path: Path, code: str, **variables: str) -> Child:
    return Child("part", [sys.executable, "-c", code], tmp_path / "part.log", variables)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Child]:
    part = child(tmp_path, "import signal; print('here', flush=True); signal.pause()")
    part.start()
    yield part
    stop_together([part], 5.0)


def killed(part: Child) -> float:
    """End the process as an accident would; gives the time it was started at."""
    assert part.process is not None
    part.process.kill()
    part.process.wait()
    return part.started_at


def test_a_process_that_lives_is_left_alone(waiting: Child) -> None:
    before = waiting.process
    waiting.tend(waiting.started_at + 1000)
    assert waiting.process is before


def test_one_that_died_is_started_anew_at_once_and_then_after_growing_pauses(waiting: Child) -> None:
    at = killed(waiting)
    waiting.tend(at)
    assert waiting.running
    for pause in (0.5, 1.0, 2.0, 5.0, 10.0, 10.0):
        at = killed(waiting)
        lives = []
        for moment in (at, at + pause - 0.01, at + pause):
            waiting.tend(moment)
            lives.append(waiting.running)
        assert lives == [False, False, True]


def test_one_that_lived_a_minute_is_started_anew_at_once(waiting: Child) -> None:
    for _ in range(3):
        at = killed(waiting)
        waiting.tend(at)
        waiting.tend(at + 10)
    at = killed(waiting)
    waiting.tend(at + 61)
    assert waiting.running


def test_a_process_gets_its_variables_and_writes_to_its_log(tmp_path: Path) -> None:
    part = child(tmp_path, "import os; print(os.environ['ETALON_X'])", ETALON_X="given")
    part.start()
    assert part.process is not None
    assert part.process.wait() == 0
    assert part.told_last() == "given"


def test_a_process_that_said_nothing_is_told_so(tmp_path: Path) -> None:
    part = child(tmp_path, "")
    part.start()
    assert part.process is not None
    part.process.wait()
    assert part.told_last() == "it wrote nothing"


def test_all_end_together(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    parts = [child(folder, "import signal; signal.pause()") for folder in (tmp_path, tmp_path / "other")]
    for part in parts:
        part.start()
    processes = [part.process for part in parts]
    stop_together(parts, 5.0)
    assert [process is not None and process.returncode for process in processes] == [-15, -15]


def test_one_that_does_not_listen_is_ended_by_force_with_those_it_started(tmp_path: Path) -> None:
    part = child(tmp_path, _STUBBORN)
    part.start()
    process = part.process
    assert process is not None
    while not (said := part.log.read_text()).strip():
        assert process.poll() is None
    stop_together([part], 0.1)
    assert process.returncode == -9
    status = Path(f"/proc/{int(said)}/stat")
    assert not status.exists() or status.read_text().split()[2] in {"Z", "X"}


def test_a_large_log_is_set_aside(tmp_path: Path) -> None:
    part = child(tmp_path, "print('new')")
    with part.log.open("wb") as log:
        log.truncate(30 * 1024 * 1024)
    part.start()
    assert part.process is not None
    part.process.wait()
    assert part.told_last() == "new"
    assert (tmp_path / "part.1.log").stat().st_size == 30 * 1024 * 1024
