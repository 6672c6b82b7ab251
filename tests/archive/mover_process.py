"""A mover in a process of its own, which moves until it is killed: `mover_process STORE-URL ARCHIVE-URL`."""

from __future__ import annotations

import sys
from pathlib import Path

from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.writer import EventWriter
from security_service.domain.secret import Secret
from security_service.links.operating_system import SystemClock
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.event_streams import StoredEventStreams
from security_service.telemetry.metrics import PrometheusMeter
from security_service.usecases.move_events import MoveEvents


def main(store: str, archive: str) -> None:
    """Say that it moves, then move."""
    database = ArchiveDatabase(archive_address(archive, Secret(""), Path("/nowhere"), 30.0))
    clock = SystemClock()
    writer = EventWriter(database, "i1", clock)
    scripts = ThinScripts(parse_address(store), within_s=10.0)
    mover = MoveEvents(StoredEventStreams(scripts), writer, clock, PrometheusMeter())
    while True:
        if mover.run():
            sys.stdout.write("moved\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
