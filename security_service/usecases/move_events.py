"""Move events from the streams into the archive, each once; leaves the transaction to the archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.archive_ports import (
    Appended,
    Archive,
    ArchiveMeter,
    EventStreams,
    StreamEntry,
)
from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.ports import Clock

_OF_A_SHARD: Final = 400
_MOST_ROUNDS: Final = 100


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class MoveEvents:
    """One mover; any number of them may run, for the archive lets one at a time append.

    An entry is let go of only once the archive holds it durably. A crash in between leaves it in both
    until the next round, which finds it archived and only lets go of it.
    """

    streams: EventStreams
    archive: Archive
    clock: Clock
    meter: ArchiveMeter

    def run(self, is_stopping: Callable[[], bool] = _never) -> int:
        """Move until little is left, or it is to stop; gives how many events were archived.

        Raises StoreUnavailable and ArchiveUnavailable; also where the streams are moved to another
        archive.
        """
        self._claim()
        moved = 0
        read: Mapping[str, Sequence[StreamEntry]] = {}
        for _ in range(_MOST_ROUNDS):
            read = self.streams.read(_OF_A_SHARD)
            appended = self._round(read)
            moved += appended.added
            is_full = any(len(entries) == _OF_A_SHARD for entries in read.values())
            progressed = any(appended.archived.values())
            if not (is_full and progressed) or is_stopping():
                break
        self._show(read)
        return moved

    def shard(self, name: str) -> None:
        """Move what one shard has by now, so that lists show what was just done; the port CatchUp.

        Raises StoreUnavailable and ArchiveUnavailable, as `run` does.
        """
        self._claim()
        for _ in range(_MOST_ROUNDS):
            entries = self.streams.read(_OF_A_SHARD).get(name, ())
            if not entries or not self._round({name: entries}).archived.get(name):
                return
            if len(entries) < _OF_A_SHARD:
                return

    def adopt(self, actor: str) -> None:
        """Let the store's events go to this archive from now on, whichever they went to; leaves an event."""
        archive = self.archive.id()
        facts = {"actor": actor, "archive": archive, "what": "archive_adopted"}
        self.archive.tell([Event(EventKind.INCIDENT, facts)])
        self.streams.claim(archive, adopt=True)

    def _claim(self) -> None:
        if self.streams.claim(archive := self.archive.id()) != archive:
            self.meter.event("archive_other", "claim")
            raise ArchiveUnavailable("the store's events go to another archive: see `archive adopt`")

    def _round(self, read: Mapping[str, Sequence[StreamEntry]]) -> Appended:
        """Archive what was read, then let go of what the archive holds."""
        if not read:
            return Appended({}, 0)
        appended = self.archive.append(read)
        for shard, count in appended.archived.items():
            if count:
                self.streams.trim(shard, read[shard][count - 1])
        self.meter.moved(appended.added)
        for gap in appended.gaps:
            self.meter.event("archive_gap", gap.shard)
        for conflict in appended.conflicts:
            self.meter.event("archive_conflict", conflict.shard)
        return appended

    def _show(self, last_read: Mapping[str, Sequence[StreamEntry]]) -> None:
        """Show how many wait, and how long the oldest of the last round had waited."""
        oldest = min((entries[0].at_ms for entries in last_read.values()), default=None)
        waited_ms = 0 if oldest is None else max(0, self.clock.unix_ms() - oldest)
        self.meter.lag(sum(self.streams.backlog().values()), waited_ms / 1000)
