"""Puts load on a server by `wrk` where that is installed, else by the generator in `python_load`."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.arithmetic import Load
from benchmarks.subjects import FIRST_NUMBER

# Two generators keep up with two cores of servers; more would only take those cores from them.
THREADS: Final = 2
_SCRIPT: Final = Path(__file__).with_name("load.lua")
_LONGEST_CALL_S: Final = 10


@dataclass(frozen=True, slots=True)
class Target:
    """What is called: `operation` is a path of the server at `base_url`; `places` are the numbers' places.

    A generator that comes to the end of its places goes on with the numbers behind them.
    """

    base_url: str
    operation: str
    places: range
    api_key: str = ""


class LoadFailedError(Exception):
    """The load generator ended without figures; the message is what it wrote last."""


def generator_name() -> str:
    """Say which generator is used."""
    return "wrk" if shutil.which("wrk") else "python"


def put_load(target: Target, connections: int, seconds: float, spread_s: float | None = None) -> Load:
    """Call the target from so many connections at once, each again as soon as it was answered.

    With `spread_s` the connections begin evenly over so many seconds, which only our own generator
    can do, so that it is used even where there is wrk. Raises LoadFailedError.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrk = shutil.which("wrk") if spread_s is None else None
    if wrk is not None:
        command = _wrk(wrk, target, connections, seconds)
    else:
        command = _python(target, connections, seconds, spread_s or 0.0)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read_figures(ended.stdout, ended.stderr, cpu_s)


def read_figures(output: str, errors: str, cpu_s: float) -> Load:
    """Read the line of JSON that both generators end with; raises LoadFailedError."""
    line = (output.strip().splitlines() or [""])[-1]
    try:
        read = json.loads(line)
        return Load(
            calls=read["calls"],
            failed=read["failed"],
            seconds=read["microseconds"] / 1e6,
            p50_ms=read["p50"] / 1e3,
            p99_ms=read["p99"] / 1e3,
            slowest_ms=read["slowest"] / 1e3,
            cpu_s=cpu_s,
        )
    except (ValueError, KeyError, TypeError):
        raise LoadFailedError(f"the load generator gave no figures: {errors.strip() or line}") from None


def _arguments(target: Target) -> list[str]:
    first, share = FIRST_NUMBER + target.places.start, len(target.places) // THREADS
    return [target.operation, str(first), str(share), target.api_key or "-"]


def _wrk(wrk: str, target: Target, connections: int, seconds: float) -> list[str]:
    return [
        *(wrk, "--threads", str(THREADS), "--connections", str(connections)),
        *("--duration", f"{max(round(seconds), 1)}s", "--timeout", f"{_LONGEST_CALL_S}s"),
        *("--script", str(_SCRIPT), target.base_url, "--"),
        *_arguments(target),
    ]


def _python(target: Target, connections: int, seconds: float, spread_s: float) -> list[str]:
    return [
        *(sys.executable, "-m", "benchmarks.python_load", target.base_url),
        *(str(connections), str(seconds), str(spread_s)),
        *_arguments(target),
    ]
