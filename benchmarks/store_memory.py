"""Bytes of the store's memory a subscriber, in a store laid out for as many: real records, really written."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.pipeline import Pipeline
from benchmarks.report import Cell, Table
from benchmarks.subjects import number
from security_service.domain.imsi import IMSI_DIGITS, Grade, ImsiMember, Reference, ReferenceMember
from security_service.domain.secret import DIGEST_BYTES, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey, Fsync
from security_service.store.keys import Layout, buckets_for
from security_service.store.records import pack

_TENANT: Final = "demo"
_SEEN: Final = 1_800_000_000
_LIMITS: Final = ("hash-max-listpack-entries", "hash-max-listpack-value")


def measure_store_memory(subscribers: int) -> Table:
    """Write that many subscribers, each with one reference IMSI, and tell what they take."""
    layout = Layout(buckets_for(subscribers))
    with (
        TemporaryDirectory(prefix="etalon-bench-") as folder,
        EmbeddedValkey(Path(folder) / "store", fsync=Fsync.EVERY_SECOND) as store,
    ):
        scripts = ThinScripts(parse_address(store.url))
        before = _memory(scripts, "used_memory")
        length = _write(store, layout, subscribers)
        taken = _memory(scripts, "used_memory") - before
        bucket = layout.of(_TENANT, Msisdn(number(0))).bucket
        encoding = scripts.command("OBJECT", "ENCODING", bucket)
        rows: list[list[Cell]] = [
            ["subscribers", subscribers],
            ["bytes a subscriber", taken / subscribers],
            ["of these the packed record", length],
            ["buckets", layout.buckets],
            ["subscribers a bucket", subscribers / layout.buckets],
            ["encoding of a bucket", encoding.decode() if isinstance(encoding, bytes) else None],
        ]
        rows += [[name, _setting(scripts, name)] for name in _LIMITS]
    notes = [
        "used_memory of INFO before and after; the field of a record is the tenant's id and the number,",
        "the record holds one IMSI of the network with its times, grade and operator.",
    ]
    return Table("Memory of the store", ("", ""), rows, notes)


def _write(store: EmbeddedValkey, layout: Layout, subscribers: int) -> int:
    """Write the records; give the length of one."""
    length = 0
    with Pipeline(store.socket_path) as pipeline:
        for place in range(subscribers):
            imsi = ImsiMember(1, IMSI_DIGITS, os.urandom(DIGEST_BYTES), "25001")
            member = ReferenceMember(imsi, _SEEN, _SEEN + place, Grade.FIRST_SEEN)
            record = pack(Subscriber(Reference((member,)), messaged=True))
            keys = layout.of(_TENANT, Msisdn(number(place)))
            pipeline.command("HSET", keys.bucket, keys.field, record)
            length = len(record)
    return length


def _setting(scripts: ThinScripts, name: str) -> str | None:
    reply = scripts.command("CONFIG", "GET", name)
    value = reply[1] if isinstance(reply, list) else None
    return value.decode() if isinstance(value, bytes) else None


def _memory(scripts: ThinScripts, name: str) -> int:
    reply = scripts.command("INFO", "memory")
    lines = reply.decode().splitlines() if isinstance(reply, bytes) else []
    return next(int(line.partition(":")[2]) for line in lines if line.startswith(f"{name}:"))
