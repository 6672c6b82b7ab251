"""The EventStreams port: the shards' streams read from their old end and trimmed behind the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Final

from security_service.domain.archive_ports import StreamEntry
from security_service.store.connection import Reply, Scripts
from security_service.store.frame import raw, whole, words
from security_service.store.keys import MANAGEMENT, all_shards, shard_key
from security_service.store.scripts import load

STREAMS: Final = (*all_shards(), MANAGEMENT)
"""The shards that have a stream of events."""

_ARCHIVE: Final = shard_key(MANAGEMENT, "archive")


class StoredEventStreams:
    """Reads all streams one after the other, for each has a hash tag of its own."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._trim = load("trim_events")

    def claim(self, archive: str, *, adopt: bool = False) -> str:
        """Give the id of the archive that the streams are moved to: `archive` where there was none yet.

        With `adopt` it is `archive` from now on, whichever it was.
        """
        if adopt:
            self._scripts.command("SET", _ARCHIVE, archive)
            return archive
        before = self._scripts.command("SET", _ARCHIVE, archive, "NX", "GET")
        return archive if before is None else words(before)

    def read(self, count: int) -> Mapping[str, Sequence[StreamEntry]]:
        """Give the oldest entries of every shard that has some, oldest first, `count` of each at most."""
        found: dict[str, Sequence[StreamEntry]] = {}
        for shard in STREAMS:
            reply = self._scripts.command("XRANGE", shard_key(shard, "events"), "-", "+", "COUNT", count)
            if isinstance(reply, list) and reply:
                found[shard] = [read_entry(entry) for entry in reply]
        return found

    def trim(self, shard: str, upto: StreamEntry) -> bool:
        """Let go of the entries up to this one; False, and nothing done, where that entry is not there."""
        milliseconds, _, number = upto.entry_id.partition("-")
        behind = f"{milliseconds}-{int(number) + 1}"
        digest = sha1(upto.text.encode(), usedforsecurity=False).hexdigest()
        reply = self._scripts.run(self._trim, [shard_key(shard, "events")], [upto.entry_id, digest, behind])
        return reply[0] == 1

    def backlog(self) -> Mapping[str, int]:
        """Give how many entries each shard's stream holds."""
        return {shard: whole(self._scripts.command("XLEN", shard_key(shard, "events"))) for shard in STREAMS}


def read_entry(entry: Reply) -> StreamEntry:
    """Read one entry of a stream's reply; bytes that are no UTF-8 come as surrogates."""
    if not isinstance(entry, list) or not isinstance(entry[1], list):
        raise TypeError("a stream entry is an id and its fields")
    return StreamEntry(words(entry[0]), raw(entry[1][1]).decode("utf-8", "surrogateescape"))


def archive_in_force(scripts: Scripts) -> str:
    """Give the id of the archive that the streams are moved to; '' where there is none yet."""
    reply = scripts.command("GET", _ARCHIVE)
    return "" if reply is None else words(reply)
