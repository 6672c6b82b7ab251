"""CPU seconds of a process with its children, as Linux tells them; 0 on systems without /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PROCESSES: Final = Path("/proc")
# Of the fields behind the name in parentheses: time in user mode and in the system.
_USER, _SYSTEM = 11, 12


def cpu_seconds(pid: int) -> float:
    """Give what a process and its living descendants have used since they began."""
    return sum(_own_seconds(one) for one in _tree(pid))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for task in (_PROCESSES / str(one) / "task").glob("*/children"):
            found += [int(child) for child in _text(task).split()]
    return found


def _own_seconds(pid: int) -> float:
    fields = _text(_PROCESSES / str(pid) / "stat").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS if fields else 0.0


def _text(path: Path) -> str:
    """The content of a file of a process; empty where that has ended."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
