"""The store's side of a rebuild: shards are marked, filled and let go; leaves the order to the use case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from security_service.domain.audit import EventKind, canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.guess_state import FORGOTTEN_AFTER_MS
from security_service.domain.kept_states import (
    GuessState,
    ManagedKind,
    ManagedState,
    RecordState,
    ShardState,
    SubscriberPlace,
)
from security_service.store.connection import Argument, Reply, Scripts
from security_service.store.frame import raw, whole, words
from security_service.store.keys import MANAGEMENT, SHARDS, Layout, NumberKeys, shard_key
from security_service.store.scripts import Script, load

_HASHES: Final[Mapping[ManagedKind, str]] = {
    ManagedKind.TENANT: "tenants",
    ManagedKind.KEY: "keys",
    ManagedKind.POLICY: "policies",
    ManagedKind.BAN: "bans",
    ManagedKind.TRUST: "trust",
}
_OF_A_SHARD: Final = ("events", "seq", "queue", "bodies")
_NOT_BEGUN: Final = b"not_begun"
_KEYS_AT_ONCE: Final = 1000


class StoredRebuild:
    """Implements ShardOpening and StateRestoring over a store whose count of buckets the archive told."""

    def __init__(
        self, scripts: Scripts, installation: str, buckets: int, now: Callable[[], str] = lambda: ""
    ) -> None:
        self._scripts, self._installation, self._now = scripts, installation, now
        self._layout = Layout(buckets)
        self._begin, self._finish = load("begin_rebuild"), load("finish_rebuild")
        self._records, self._guesses = load("restore_records"), load("restore_guesses")
        self._managed = load("restore_managed")

    def look(self, shard: str) -> ShardState:
        """Tell what a shard holds; changes nothing."""
        return self._marked(shard, "")

    def begin(self, shard: str) -> ShardState:
        """Mark an empty shard as one that is being rebuilt; gives what it holds then."""
        return self._marked(shard, "1")

    def finish(self, shard: str, seq: int, facts: Mapping[str, str | int]) -> None:
        """Let a shard be used; the management shard last, for with it the whole store is."""
        buckets: Argument = self._layout.buckets if shard == MANAGEMENT else ""
        self._run(
            self._finish,
            shard,
            [shard_key(shard, "events"), shard_key(shard, "seq")],
            [
                self._now(),
                shard,
                seq,
                canonical({**facts, "buckets": self._layout.buckets, "installation": self._installation}),
                buckets,
                EventKind.STORE_REBUILT.value,
            ],
        )

    def put_records(self, shard: str, states: Sequence[RecordState]) -> None:
        """Write records; one that nothing was left of is left out."""
        left = [state for state in states if state.record]
        keys = [self._keys(shard, state.place) for state in left]
        arguments: list[Argument] = []
        for one, state in zip(keys, left, strict=True):
            arguments += [one.field, state.record]
        if left:
            self._run(self._records, shard, [one.bucket for one in keys], arguments)

    def put_guesses(self, shard: str, states: Sequence[GuessState]) -> None:
        """Write guesses and locks."""
        keys = [self._keys(shard, state.place).of_number("guesses") for state in states]
        arguments: list[Argument] = [self._now(), FORGOTTEN_AFTER_MS]
        for state in states:
            arguments += [json.dumps(state.fields), state.at_ms]
        if states:
            self._run(self._guesses, shard, keys, arguments)

    def put_managed(self, states: Sequence[ManagedState]) -> None:
        """Write things that are managed; few enough for a call each."""
        for state in states:
            key = shard_key(MANAGEMENT, _HASHES[state.kind])
            self._run(self._managed, MANAGEMENT, [key], [state.id, state.document])

    def _marked(self, shard: str, mark: str) -> ShardState:
        keys = [shard_key(shard, what) for what in _OF_A_SHARD]
        if shard == MANAGEMENT:
            keys += [shard_key(shard, what) for what in _HASHES.values()]
        else:
            keys += _buckets_of(self._layout, shard)
        reply = self._scripts.run(
            self._begin,
            [shard_key(shard, "installation"), shard_key(shard, "rebuilding"), *keys],
            [self._installation, mark],
        )
        return ShardState(words(reply[0]))

    def _run(self, script: Script, shard: str, keys: Sequence[str], arguments: Sequence[Argument]) -> None:
        reply = self._scripts.run(
            script,
            [shard_key(shard, "installation"), shard_key(shard, "rebuilding"), *keys],
            [self._installation, *arguments],
        )
        if reply[0] == _NOT_BEGUN:
            raise StoreUnavailable(f"{shard} is not being rebuilt any more")

    def _keys(self, shard: str, place: SubscriberPlace) -> NumberKeys:
        keys = self._layout.of(place.tenant, place.number)
        if keys.shard != shard:
            raise StoreUnavailable(f"a state of {shard} belongs to {keys.shard}")
        return keys


class StoredLiveStates:
    """Implements LiveStates."""

    def __init__(self, scripts: Scripts, buckets: int) -> None:
        self._scripts, self._layout = scripts, Layout(buckets)
        self._peek, self._count = load("peek_states"), load("count_fields")

    def records(self, places: Sequence[SubscriberPlace]) -> Sequence[bytes]:
        """Give the records at places, in their order."""
        return [raw(one) for one in self._read(places)[::2]]

    def guesses(self, places: Sequence[SubscriberPlace]) -> Sequence[Mapping[str, str]]:
        """Give guesses and locks at places, in their order."""
        return [_pairs(one) for one in self._read(places)[1::2]]

    def managed(self, kind: ManagedKind) -> Mapping[str, str]:
        """Give all things of a kind."""
        return _pairs(self._scripts.command("HGETALL", shard_key(MANAGEMENT, _HASHES[kind])))

    def count(self, shard: str) -> int:
        """Count the records of a shard."""
        buckets = _buckets_of(self._layout, shard)
        return sum(
            whole(self._scripts.run(self._count, buckets[first : first + _KEYS_AT_ONCE], [])[0])
            for first in range(0, len(buckets), _KEYS_AT_ONCE)
        )

    def _read(self, places: Sequence[SubscriberPlace]) -> list[Reply]:
        keys = [self._layout.of(place.tenant, place.number) for place in places]
        names = [name for one in keys for name in (one.bucket, one.of_number("guesses"))]
        return self._scripts.run(self._peek, names, [one.field for one in keys]) if keys else []


def _buckets_of(layout: Layout, shard: str) -> list[str]:
    first = int(shard.removeprefix("s"))
    return [layout.bucket_key(bucket) for bucket in range(first, layout.buckets, SHARDS)]


def _pairs(reply: Reply) -> dict[str, str]:
    flat = [words(one) for one in reply] if isinstance(reply, list) else []
    return dict(zip(flat[::2], flat[1::2], strict=True))
