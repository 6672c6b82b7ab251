"""The RecordBatches and RecordStream ports: records of many subscribers at once, in and out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from security_service.domain.audit import canonical
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.transfer_ports import KnownRecord, RecordChange, RecordWritten
from security_service.store.connection import Argument
from security_service.store.frame import StoreFrame, raw
from security_service.store.keys import SHARDS, shard_key, shard_name
from security_service.store.records import pack, unpack
from security_service.store.scripts import load

_WRITTEN = RecordWritten()


class StoredRecordBatches:
    """Writes records of one shard in one round trip; see `import_records.lua` for compare-and-set.

    A call whose reply was lost is sent once more: what it wrote comes back as a record that is there.
    """

    def __init__(self, frame: StoreFrame) -> None:
        self._frame, self._script = frame, load("import_records")

    def group_of(self, number: Msisdn) -> int:
        """Give the shard of a number."""
        return self._frame.layout.bucket_of(number) % SHARDS

    def write(self, tenant: str, changes: Sequence[RecordChange]) -> Sequence[RecordWritten | KnownRecord]:
        """Write records of one shard, each for itself; the others are given as they are."""
        if not changes:
            return []
        layout = self._frame.layout
        shard = shard_name(self.group_of(changes[0].number))
        keys = [shard_key(shard, "events"), shard_key(shard, "seq")]
        arguments: list[Argument] = [self._frame.now(), shard]
        for change in changes:
            digits = change.number.digits
            record = pack(change.subscriber)
            facts = {**change.event.facts, "record": b64encode(record).decode("ascii")}
            keys.append(layout.bucket_key(layout.bucket_of(change.number)))
            arguments += [
                f"{tenant}:{digits}",
                change.known.stored,
                record,
                # as `subject_text` gives it: digits and ids of tenants need no escape
                f'{{"number":"{digits}","tenant":"{tenant}"}}',
                canonical(facts),
            ]
        reply = self._frame.run_ours(self._script, keys, shard_key(shard, "installation"), arguments)
        return [_WRITTEN if one == 0 else KnownRecord(unpack(raw(one)), raw(one)) for one in reply]


class StoredRecordStream:
    """Reads buckets, each in one round trip and as it is at that moment."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    @property
    def parts(self) -> int:
        """How many buckets the store has."""
        return self._frame.layout.buckets

    def part(self, tenant: str, place: int) -> Sequence[tuple[Msisdn, Subscriber]]:
        """Give one bucket's records of a tenant, in the order of their numbers."""
        reply = self._frame.scripts.command("HGETALL", self._frame.layout.bucket_key(place))
        flat = [raw(one) for one in reply] if isinstance(reply, list) else []
        prefix = f"{tenant}:".encode()
        found = [
            (Msisdn(field[len(prefix) :].decode("ascii")), unpack(record))
            for field, record in zip(flat[::2], flat[1::2], strict=True)
            if field.startswith(prefix)
        ]
        return sorted(found, key=lambda one: one[0])
