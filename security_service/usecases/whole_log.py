"""The AuditLog port over both halves of the log, the streams' tail and the archive; reads neither itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from security_service.domain.archive_ports import ArchivedEvents, FoundEvents, Place, StreamTail
from security_service.domain.audit import AuditPage, AuditQuery
from security_service.domain.errors import ArchiveUnavailable

_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class WholeLog:
    """Gives each event once, wherever it lies at the moment, while events move from one half to the other."""

    tail: StreamTail
    archive: ArchivedEvents

    def page(self, query: AuditQuery) -> AuditPage:
        """Give matching events, newest first, with the cursor of the next page.

        The cursor names the place down to which all was given; a page ends early where very many
        events had to be read for it. Raises StoreUnavailable, and ArchiveUnavailable rather than give
        a part of the log.
        """
        before, wanted = _read_cursor(query.cursor), query.count + 1
        # In this order: what leaves the streams after they were read is in the archive before.
        tail = self.tail.newest(query, before, wanted)
        in_force = self.tail.archive()
        archived = self.archive.newest(query, before, wanted)
        if in_force and in_force != self.archive.id():
            raise ArchiveUnavailable("it is not the one that the worker moves events to")
        return _page(tail, archived, query.count)


def _page(tail: FoundEvents, archived: FoundEvents, count: int) -> AuditPage:
    """Merge both, down to where both were read."""
    ends = [found.read_to for found in (tail, archived) if found.read_to is not None]
    end = max(ends, default=None)
    # An event that moved meanwhile was found twice.
    found = {place: text for half in (tail, archived) for place, text in half.events}
    places = sorted((place for place in found if end is None or place >= end), reverse=True)
    if len(places) > count:
        return AuditPage(tuple(found[place] for place in places[:count]), _cursor(places[count - 1]))
    return AuditPage(tuple(found[place] for place in places), "" if end is None else _cursor(end))


def _cursor(place: Place) -> str:
    return f"{place.at_ms}-{place.seq}-{place.shard}"


def _read_cursor(cursor: str) -> Place | None:
    """Read a cursor; whatever is none of ours begins anew."""
    parts = cursor.split("-")
    if len(parts) != _PARTS:
        return None
    milliseconds, seq, shard = parts
    if not (milliseconds.isascii() and milliseconds.isdigit() and seq.isascii() and seq.isdigit() and shard):
        return None
    # No database takes a greater number than one of 18 digits.
    if max(len(milliseconds), len(seq)) > 18:
        return None
    return Place(int(milliseconds), shard, int(seq))
