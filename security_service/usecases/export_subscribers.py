"""Export a tenant's subscribers and references as lines; leaves writing them anywhere to the faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.import_merge import HEADER, row_of
from security_service.domain.log_ports import LogJournal
from security_service.domain.ports import Clock
from security_service.domain.transfer_ports import RecordStream

EXPORTERS: Final = (Role.LEAD, Role.AUDITOR)
"""Who may export, beside admins."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Lines with their ends, the header first, in pieces of about a hundred; read as they are asked for."""

    pieces: Iterator[str]


@dataclass(frozen=True, slots=True)
class MayNotExport:
    """Only leads and auditors export."""


@dataclass(frozen=True, slots=True)
class ExportSubscribers:
    """Reads the store part by part; each subscriber is as it was when its part was read."""

    stream: RecordStream
    journal: LogJournal
    clock: Clock

    def run(self, tenant: str, actor: Actor, request_id: str) -> Exported | MayNotExport:
        """Begin an export; the log tells of it before the first line. Raises StoreUnavailable."""
        if not actor.may(*EXPORTERS):
            return MayNotExport()
        facts: dict[str, Json] = {"actor": actor.name, "request_id": request_id}
        self.journal.tell(tenant, None, Event(EventKind.SUBSCRIBERS_EXPORTED, facts))
        return Exported(self._pieces(tenant))

    def _pieces(self, tenant: str) -> Iterator[str]:
        yield f"{HEADER}\r\n"
        now = self.clock.unix_ms() // 1000
        for place in range(self.stream.parts):
            rows = (row_of(number, known, now) for number, known in self.stream.part(tenant, place))
            piece = "".join(f"{row}\r\n" for row in rows if row)
            if piece:
                yield piece
