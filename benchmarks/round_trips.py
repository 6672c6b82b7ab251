"""What one bare round trip to the store costs: a script that writes one key, through the service's client."""

from __future__ import annotations

import os
import threading
import time
from hashlib import sha1
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.arithmetic import quantile
from benchmarks.report import Cell, Table
from benchmarks.rig import Rig
from security_service.store.connection import ThinScripts
from security_service.store.scripts import Script
from security_service.wiring import store_address

THREADS: Final = 16
_ENTRY: Final = b"*3\r\n$3\r\nSET\r\n$12\r\nround_trip:0\r\n$1\r\n1\r\n"
_TEXT: Final = "return redis.call('SET', KEYS[1], ARGV[1]) and 1"
ONE_WRITE: Final = Script("round_trip", _TEXT, sha1(_TEXT.encode(), usedforsecurity=False).hexdigest())


def measure_round_trips(rig: Rig, rounds: int, seconds: float) -> tuple[Table, float]:
    """Give the table, and how many round trips a second the threads made together."""
    scripts = ThinScripts(store_address(rig.settings))
    scripts.run(ONE_WRITE, ["round_trip:"], ["1"])
    synced = [_sync_alone(rig.folder / "synced", seconds / 2) for _ in range(rounds)]
    alone = [_run(scripts, 1, seconds) for _ in range(rounds)]
    together = [_run(scripts, THREADS, seconds) for _ in range(rounds)]
    rows = [
        _row("fsync of the disk alone", synced, seconds / 2),
        _row("round trip, 1 thread", alone, seconds),
        _row(f"round trips, {THREADS} threads", together, seconds),
    ]
    notes = [
        f"{rig.store_name()}, appendfsync always, Unix socket; ThinScripts in one Python process, one",
        "EVALSHA that sets one key. Threads that wait together share one fsync of the store.",
    ]
    heading = "One bare round trip to the store"
    rate = median(len(run) / seconds for run in together)
    return Table(heading, ("", "a second", "p50 ms", "p99 ms"), rows, notes), rate


def _row(name: str, runs: list[list[float]], seconds: float) -> list[Cell]:
    every = sorted(taken for run in runs for taken in run)
    rate = round(median(len(run) / seconds for run in runs))
    return [name, rate, quantile(every, 0.5) * 1e3, quantile(every, 0.99) * 1e3]


def _sync_alone(path: Path, seconds: float) -> list[float]:
    """Append as much as such a script leaves in the store's file, and wait for the disk each time."""
    taken: list[float] = []
    ends = time.perf_counter() + seconds
    with path.open("ab", buffering=0) as file:
        while (began := time.perf_counter()) < ends:
            file.write(_ENTRY)
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return taken


def _run(scripts: ThinScripts, threads: int, seconds: float) -> list[float]:
    ends = time.perf_counter() + seconds
    taken: list[list[float]] = [[] for _ in range(threads)]
    running = [
        threading.Thread(target=_loop, args=(scripts, f"round_trip:{place}", ends, taken[place]))
        for place in range(threads)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return [one for own in taken for one in own]


def _loop(scripts: ThinScripts, key: str, ends: float, taken: list[float]) -> None:
    now = time.perf_counter()
    while now < ends:
        scripts.run(ONE_WRITE, [key], ["1"])
        after = time.perf_counter()
        taken.append(after - now)
        now = after
    scripts.close()
