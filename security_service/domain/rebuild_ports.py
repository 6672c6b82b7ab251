"""The ports of rebuilding a lost store from the archive (design, section 5); no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from security_service.domain.kept_states import (
    GuessState,
    ManagedKind,
    ManagedState,
    RecordState,
    Remembered,
    ShardState,
    SubscriberPlace,
)


class ArchivedStates(Protocol):
    """What events left behind, newest only. Every method may raise ArchiveUnavailable."""

    def remembered(self) -> Remembered | None:
        """Give what is known of the store; None where the archive was told of no initialised store."""
        ...

    def records(self, shard: str, after: SubscriberPlace | None, count: int) -> Sequence[RecordState]:
        """Give records of a shard in the order of their places, from behind one; [] at the end."""
        ...

    def guesses(self, shard: str, after: SubscriberPlace | None, count: int) -> Sequence[GuessState]:
        """Give guesses of a shard likewise."""
        ...

    def managed(self, kind: ManagedKind) -> Sequence[ManagedState]:
        """Give all things of a kind."""
        ...


class ShardOpening(Protocol):
    """Makes an emptied store this installation's, shard by shard. May raise StoreUnavailable."""

    def look(self, shard: str) -> ShardState:
        """Tell what a shard holds; changes nothing."""
        ...

    def begin(self, shard: str) -> ShardState:
        """Mark an empty shard as one that is being rebuilt; gives what it holds then."""
        ...

    def finish(self, shard: str, seq: int, facts: Mapping[str, str | int]) -> None:
        """Let a shard be used: it numbers on behind `seq`, tells of the rebuild, and is ours.

        The management shard goes last: with it the whole store is.
        """
        ...


class StateRestoring(Protocol):
    """Writes states into shards that are being rebuilt; doing it again changes nothing.

    Every method may raise StoreUnavailable, also where the shard is not being rebuilt.
    """

    def put_records(self, shard: str, states: Sequence[RecordState]) -> None:
        """Write records."""
        ...

    def put_guesses(self, shard: str, states: Sequence[GuessState]) -> None:
        """Write guesses and locks."""
        ...

    def put_managed(self, states: Sequence[ManagedState]) -> None:
        """Write things that are managed."""
        ...


class LiveStates(Protocol):
    """Reads a store that works, to hold it against the archive. May raise StoreUnavailable."""

    def records(self, places: Sequence[SubscriberPlace]) -> Sequence[bytes]:
        """Give the records at places of one shard, in their order."""
        ...

    def guesses(self, places: Sequence[SubscriberPlace]) -> Sequence[Mapping[str, str]]:
        """Give guesses and locks at places of one shard, in their order."""
        ...

    def managed(self, kind: ManagedKind) -> Mapping[str, str]:
        """Give all things of a kind."""
        ...

    def count(self, shard: str) -> int:
        """Count the records of a shard."""
        ...
