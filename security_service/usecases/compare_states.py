"""What the archive says of the store, held against the store; changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from security_service.domain.kept_states import ManagedKind
from security_service.domain.rebuild_ports import ArchivedStates, LiveStates
from security_service.domain.secret import Msisdn
from security_service.usecases.rebuild_store import pages


class Differs(StrEnum):
    """What of a subscriber, a shard or the management differs."""

    RECORD = "record"
    GUESSES = "guesses"
    COUNT = "count"
    MANAGED = "managed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: whose it is, or the name of a thing that is managed, or a count of both sides."""

    what: Differs
    shard: str = ""
    tenant: str = ""
    number: Msisdn | None = None
    name: str = ""
    archived: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class CompareStates:
    """Reads both sides of every subscriber and of all that is managed.

    What the last second changed may not be archived yet, and then differs until it is. Which sources
    are known is not compared: the store forgets those with time, and no event tells of it.
    """

    states: ArchivedStates
    live: Callable[[int], LiveStates]
    shards: Sequence[str]

    def run(self) -> Iterator[Difference]:
        """Give all differences. Raises StoreUnavailable and ArchiveUnavailable."""
        known = self.states.remembered()
        if known is None:
            yield Difference(Differs.MISSING)
            return
        live = self.live(known.buckets)
        for kind in ManagedKind:
            archived = {one.id: one.document for one in self.states.managed(kind)}
            yield from _managed(kind, archived, live.managed(kind))
        for shard in self.shards:
            yield from self._records(shard, live)
            yield from self._guesses(shard, live)

    def _records(self, shard: str, live: LiveStates) -> Iterator[Difference]:
        count = 0
        for page in pages(self.states.records, shard):
            count += sum(1 for state in page if state.record)
            stored = live.records([state.place for state in page])
            for state, record in zip(page, stored, strict=True):
                if state.record != record:
                    yield Difference(Differs.RECORD, shard, state.place.tenant, state.place.number)
        held = live.count(shard)
        if held != count:
            yield Difference(Differs.COUNT, shard, archived=count, stored=held)

    def _guesses(self, shard: str, live: LiveStates) -> Iterator[Difference]:
        for page in pages(self.states.guesses, shard):
            stored = live.guesses([state.place for state in page])
            for state, fields in zip(page, stored, strict=True):
                if _counted(state.fields) != _counted(fields):
                    yield Difference(Differs.GUESSES, shard, state.place.tenant, state.place.number)


def _managed(
    kind: ManagedKind, archived: Mapping[str, str], stored: Mapping[str, str]
) -> Iterator[Difference]:
    read = _policies if kind is ManagedKind.POLICY else dict[str, object]
    told, held = read(archived), read(stored)
    for name in sorted({*told, *held}):
        if told.get(name) != held.get(name):
            # the digest of a key is no secret, but a name that nobody knows: it is cut short
            yield Difference(Differs.MANAGED, name=f"{kind.value} {name[:16]}")


def _policies(rows: Mapping[str, str]) -> dict[str, object]:
    """What is in force, and the texts: trials and when a row was written are not brought back."""
    return {field: json.loads(row)[:2] for field, row in rows.items() if not field.endswith("#")}


def _counted(fields: Mapping[str, str]) -> dict[str, str]:
    """Fields that a rebuild brings back; `u` names a proposal, and those are not archived."""
    return {name: value for name, value in fields.items() if not name.startswith("k:") and name != "u"}
