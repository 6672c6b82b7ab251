"""The Subscribers port: records outside the hot path, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from security_service.domain.audit import Event, canonical
from security_service.domain.jobs import Job
from security_service.domain.ports import StoredSubscriber
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.store.connection import Reply
from security_service.store.frame import (
    StoreFrame,
    event_arguments,
    journal,
    raw,
    subject_text,
    whole,
    with_record,
)
from security_service.store.job_bodies import job_arguments
from security_service.store.records import pack, unpack
from security_service.store.scripts import load

_FORGOTTEN_AFTER_MS: Final = 400 * 86_400_000
_BUCKETS_A_PAGE: Final = 500


class StoredSubscribers:
    """Reads and swaps records; see `swap_record.lua` for compare-and-set."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._view, self._swap, self._unlock = load("view"), load("swap_record"), load("unlock")
        self._freeze = load("freeze")

    def get(self, tenant: str, number: Msisdn) -> StoredSubscriber:
        """Read one record with its locks; one that was never written is empty."""
        keys = self._frame.layout.of(tenant, number)
        reply = self._frame.scripts.run(
            self._view, [keys.bucket, keys.of_number("guesses")], [self._frame.now(), keys.field]
        )
        stored = raw(reply[1])
        return StoredSubscriber(
            unpack(stored),
            stored,
            whole(reply[0]),
            whole(reply[2]),
            whole(reply[3]),
            reply[4] == 1,
            reply[5] == 1,
        )

    def swap(
        self,
        tenant: str,
        number: Msisdn,
        stored: bytes,
        subscriber: Subscriber,
        events: Sequence[Event],
        jobs: Sequence[Job] = (),
        kill_code: str = "",
    ) -> bool:
        """Write a record where it still is `stored`, with its events and jobs; else change nothing."""
        keys = self._frame.layout.of(tenant, number)
        record = pack(subscriber)
        if record != stored:
            events = with_record(events, record)
        purpose, _, code_id = kill_code.rpartition(":")
        reply = self._frame.run_ours(
            self._swap,
            [keys.bucket, keys.slot(purpose), *journal(keys), keys.sealed(purpose)],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(tenant, number),
                keys.shard,
                keys.field,
                stored,
                record,
                code_id,
                len(events),
                len(jobs),
                *event_arguments(events),
                *job_arguments(jobs),
            ],
        )
        return reply[0] == 1

    def unlock(self, tenant: str, number: Msisdn, event: Event, once: str = "") -> bool:
        """Forget wrong guesses and locks; False where there were none (then nothing is written).

        Where `once` (a proposal's id) was the last that unlocked this number, nothing is written either.
        """
        keys = self._frame.layout.of(tenant, number)
        reply = self._frame.run_ours(
            self._unlock,
            [keys.of_number("guesses"), keys.of_shard("events"), keys.of_shard("seq")],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(tenant, number),
                keys.shard,
                canonical(event.facts),
                _FORGOTTEN_AFTER_MS,
                once,
            ],
        )
        return reply[0] == 1

    def freeze(self, tenant: str, number: Msisdn, events: Sequence[Event]) -> bool:
        """Implements the port `Freezer`; False where it was frozen before."""
        keys = self._frame.layout.of(tenant, number)
        reply = self._frame.run_ours(
            self._freeze,
            [keys.of_number("guesses"), keys.of_shard("events"), keys.of_shard("seq")],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(tenant, number),
                keys.shard,
                len(events),
                *event_arguments(events),
            ],
        )
        return reply[0] == 1

    def page(self, tenant: str, search: str, after: str, count: int) -> tuple[list[Msisdn], str]:
        """List numbers whose digits begin with `search`, bucket by bucket.

        The cursor is the next bucket to read. A page holds whole buckets, so it may be a little
        longer than `count`, and it ends after so many buckets even where it is short or empty;
        its order is the store's, not the numbers'.
        """
        bucket = int(after) if after.isdigit() else 0
        prefix = f"{tenant}:{search}".encode()
        found: list[Msisdn] = []
        last = min(self._frame.layout.buckets, bucket + _BUCKETS_A_PAGE)
        while bucket < last and len(found) < count:
            fields = self._fields_of(bucket)
            found += [
                Msisdn(field.decode().partition(":")[2]) for field in fields if field.startswith(prefix)
            ]
            bucket += 1
        return sorted(found), str(bucket) if bucket < self._frame.layout.buckets else ""

    def _fields_of(self, bucket: int) -> list[bytes]:
        reply: Reply = self._frame.scripts.command("HKEYS", self._frame.layout.bucket_key(bucket))
        return [raw(field) for field in reply] if isinstance(reply, list) else []
