"""A lost store put together again from the archive; leaves reading and writing to the ports.

Design, section 5: after a total loss references, candidates, modes, locks, tenants, digests of keys,
policies, bans and words of trust come back. Nothing decides on the store until all of it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar, assert_never

from security_service.domain.kept_states import (
    GuessState,
    ManagedKind,
    RecordState,
    Remembered,
    ShardState,
    SubscriberPlace,
)
from security_service.domain.rebuild_ports import ArchivedStates, ShardOpening, StateRestoring

S = TypeVar("S", RecordState, GuessState)

Progress = Callable[[str, int, int], None]
"""Is told how far a rebuild is: what is being done, how many shards are done, of how many."""

PAGE: Final = 500


class WhyNot(StrEnum):
    """Why a rebuild was not begun."""

    NOTHING_ARCHIVED = "nothing_archived"
    ANOTHERS_ARCHIVE = "anothers_archive"
    IN_USE = "in_use"
    ANOTHERS_STORE = "anothers_store"
    NOT_EMPTY = "not_empty"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was put back, and how long the log was that it came from."""

    buckets: int
    records: int
    guesses: int
    managed: int
    archived: int
    root: str


@dataclass(frozen=True, slots=True)
class RebuildRefused:
    """Nothing was changed; `shard` is the first that speaks against it, '' where none does."""

    why: WhyNot
    shard: str = ""


class Rebuilding(ShardOpening, StateRestoring, Protocol):
    """Both sides of a store that is being rebuilt."""


@dataclass(frozen=True, slots=True)
class RebuildStore:
    """Fills an empty store, or goes on where an earlier rebuild was interrupted.

    Every step may be done again: a rebuild that dies is begun anew and comes to the same. The
    markers that let scripts decide are set when everything is in place, the store's own last.
    `target` gives the store for a count of buckets; `shards` are those that numbers live in.
    """

    states: ArchivedStates
    target: Callable[[int], Rebuilding]
    installation: str
    shards: Sequence[str]
    management: str

    def run(self, progress: Progress) -> Rebuilt | RebuildRefused:
        """Rebuild the store. Raises StoreUnavailable and ArchiveUnavailable."""
        known = self.states.remembered()
        if known is None:
            return RebuildRefused(WhyNot.NOTHING_ARCHIVED)
        if known.installation != self.installation:
            return RebuildRefused(WhyNot.ANOTHERS_ARCHIVE)
        store = self.target(known.buckets)
        refused = self._refusal(store)
        if refused is not None:
            return refused
        # The management shard is marked first and finished last: while its mark stands, shards that
        # are ours already are those that an earlier attempt finished.
        store.begin(self.management)
        due = [shard for shard in self.shards if store.begin(shard) is ShardState.BEGUN]
        managed = self._put_managed(store)
        records, guesses = self._put_subscribers(store, due, progress)
        done = Rebuilt(known.buckets, records, guesses, managed, known.size, known.root)
        self._finish(store, known, done, progress)
        return done

    def _refusal(self, store: ShardOpening) -> RebuildRefused | None:
        """Look before anything is written."""
        managed = store.look(self.management)
        is_resumed = managed is ShardState.BEGUN
        shards = (
            [(shard, store.look(shard)) for shard in self.shards] if managed is not ShardState.OURS else []
        )
        for shard, state in ((self.management, managed), *shards):
            why = _why_not(state, is_resumed=is_resumed)
            if why is not None:
                return RebuildRefused(why, shard)
        return None

    def _put_managed(self, store: StateRestoring) -> int:
        count = 0
        for kind in ManagedKind:
            states = self.states.managed(kind)
            store.put_managed(states)
            count += len(states)
        return count

    def _put_subscribers(
        self, store: StateRestoring, due: Sequence[str], progress: Progress
    ) -> tuple[int, int]:
        records = guesses = 0
        for done, shard in enumerate(due):
            progress("subscribers", done, len(due))
            for page in pages(self.states.records, shard):
                store.put_records(shard, page)
                records += sum(1 for state in page if state.record)
            for found in pages(self.states.guesses, shard):
                store.put_guesses(shard, found)
                guesses += len(found)
        progress("subscribers", len(due), len(due))
        return records, guesses

    def _finish(self, store: ShardOpening, known: Remembered, done: Rebuilt, progress: Progress) -> None:
        facts: dict[str, str | int] = {
            "archive_root": done.root,
            "archive_size": done.archived,
            "guesses": done.guesses,
            "managed": done.managed,
            "records": done.records,
        }
        order = [*self.shards, self.management]
        for count, shard in enumerate(order):
            store.finish(shard, known.seqs.get(shard, 0), facts)
            progress("markers", count + 1, len(order))


def pages(
    read: Callable[[str, SubscriberPlace | None, int], Sequence[S]], shard: str
) -> Iterator[Sequence[S]]:
    """Give all states of a shard, page by page."""
    after: SubscriberPlace | None = None
    while True:
        page = read(shard, after, PAGE)
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1].place


def _why_not(state: ShardState, *, is_resumed: bool) -> WhyNot | None:
    match state:
        case ShardState.EMPTY | ShardState.BEGUN:
            return None
        case ShardState.OURS:
            return None if is_resumed else WhyNot.IN_USE
        case ShardState.ANOTHERS:
            return WhyNot.ANOTHERS_STORE
        case ShardState.FOREIGN:
            return WhyNot.NOT_EMPTY
        case _:
            assert_never(state)
