"""Rows a second that an import takes in, and its memory: a real store, rows made as they are read."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.report import Cell, Table
from benchmarks.subjects import number
from security_service.domain.access import Actor, Role
from security_service.domain.secret import KeyRing
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.store.bans import StoredBans
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey, Fsync
from security_service.store.frame import StoreFrame
from security_service.store.import_runs import StoredImportRuns
from security_service.store.installation import InstalledLayout, StoreHealth, initialise
from security_service.store.record_batches import StoredRecordBatches
from security_service.usecases.import_subscribers import ImportEnded, ImportOrder, ImportSubscribers

_PIECE: Final = 1000
_OURS: Final = "bench"
_ADMIN: Final = Actor("bench", frozenset({Role.ADMIN}))


def measure_import(rows: int) -> Table:
    """Import that many new subscribers, each with one SIM given by its digits; then the same file again."""
    with (
        TemporaryDirectory(prefix="etalon-bench-") as folder,
        EmbeddedValkey(Path(folder) / "store", fsync=Fsync.EVERY_SECOND) as store,
    ):
        scripts = ThinScripts(parse_address(store.url), 10.0)
        initialise(scripts, _OURS, rows)
        clock = SystemClock()
        frame = StoreFrame(scripts, InstalledLayout(scripts), _OURS)
        take = ImportSubscribers(
            StoredRecordBatches(frame),
            StoredImportRuns(frame),
            StoredBans(frame, clock),
            KeyRing({1: b"i" * 32}),
            StoreHealth(scripts, _OURS, clock),
            clock,
            SystemChance(),
        )
        before = _peak_mib()
        table: list[list[Cell]] = [
            _timed("new subscribers", take, rows),
            _timed("the same again", take, rows),
        ]
        grown = _peak_mib() - before
    notes = [
        "One process reads, seals and writes; the store keeps the file by fsync every second.",
        f"Memory of that process grew by {grown:.0f} MiB for both.",
    ]
    return Table("Import of subscribers", ("", "rows", "seconds", "rows a second", "written"), table, notes)


def _timed(name: str, take: ImportSubscribers, rows: int) -> list[Cell]:
    began = time.perf_counter()
    outcome = take.run(ImportOrder(Tenant("demo"), _ADMIN, "bench", "bench.csv"), _file(rows))
    seconds = time.perf_counter() - began
    written = outcome.run.counts.written if isinstance(outcome, ImportEnded) else None
    return [name, rows, seconds, rows / seconds, written]


def _file(rows: int) -> Iterator[bytes]:
    yield b"number,imsi,mcc_mnc,first_seen\n"
    for first in range(0, rows, _PIECE):
        yield "".join(
            f"{number(place)},25001{place + 1_000_000_000:010d},25001,2025-01-01T00:00:00Z\n"
            for place in range(first, min(first + _PIECE, rows))
        ).encode("ascii")


def _peak_mib() -> float:
    """The greatest memory of this process so far; Linux tells it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform == "linux" else 1024 * 1024)
