"""The store of a running service seen from within: tenants are made, slots and jobs looked at."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import redis

from security_service.config.classes import Settings
from security_service.config.sources import load
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.tenant_document import read_tenant
from security_service.store.installation import read_installation
from security_service.store.keys import Layout, NumberKeys, all_shards, shard_key
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import Service, build_service, plugin_kinds, store_address

UNLIMITED: Final[Mapping[str, object]] = {"requests": [], "checks": [], "sends": []}
"""A tenant's limits, for tests of what is behind them."""


class Inside:
    """The same use cases over the same store as the running service has them, in this process."""

    def __init__(self, settings: Settings, now: Callable[[], str] = lambda: "") -> None:
        self.service: Service = build_service(settings, PrometheusMeter(), now)
        self._archive = Path(settings.data_dir) / "archive.db"
        self.redis: Any = redis.Redis(unix_socket_path=store_address(settings).path)

    @classmethod
    def of_data_directory(cls, data: Path) -> Inside:
        """Look into the store that a running all-in-one left the address of."""
        return cls(load(plugin_kinds(), options={"data_dir": str(data)}, environ={}).settings)

    @classmethod
    def of_config(cls, config: Path, now: Callable[[], str] = lambda: "") -> Inside:
        """Look into the store that a configuration names."""
        return cls(load(plugin_kinds(), config_file=config, environ={}).settings, now)

    def close(self) -> None:
        """Close the connections of this thread."""
        self.redis.close()
        self.service.scripts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- tenants

    def tenant(self, tenant_id: str, /, **members: object) -> str:
        """Make a tenant, or change one, and give it an API key."""
        self.service.tenants.save(read_tenant({"id": tenant_id, **members}).tenant, "test")
        key = f"et_{secrets.token_urlsafe(32)}"
        self.service.tenants.issue_key(tenant_id, Secret(key), f"key-{secrets.token_hex(4)}", "test")
        return key

    # --- what lies in the store

    def keys(self, tenant: str, number: str) -> NumberKeys:
        """Give the names of a number's keys."""
        installation = read_installation(self.service.scripts)
        assert installation is not None
        return Layout(installation.buckets).of(tenant, Msisdn(number))

    def slot(self, tenant: str, number: str, purpose: str = "default") -> dict[str, str]:
        """Give the fields of a slot, empty where there is none."""
        found = self.redis.hgetall(self.keys(tenant, number).slot(purpose))
        return {name.decode(): value.decode() for name, value in found.items()}

    def is_looking(self, tenant: str, number: str) -> bool:
        """True while a lookup of the number is under way."""
        return bool(self.redis.exists(self.keys(tenant, number).of_number("flight")))

    def jobs(self, tenant: str, number: str) -> list[str]:
        """Give the kinds of the jobs that wait for a number or are being done."""
        bodies = self.redis.hvals(self.keys(tenant, number).of_shard("bodies"))
        read = [json.loads(body[1:]) for body in bodies]
        return [kind for kind, owner, digits, *_ in read if (owner, digits) == (tenant, number)]

    def all_slots(self) -> list[dict[str, str]]:
        """Give every slot in the store."""
        names = list(self.redis.scan_iter("*:slot:*", count=1000))
        hashes = [self.redis.hgetall(name) for name in names]
        return [{name.decode(): value.decode() for name, value in one.items()} for one in hashes]

    def all_events(self) -> list[dict[str, Any]]:
        """Give every event in the store, shard by shard, the oldest first."""
        return [event for shard in (*all_shards(), "m") for event in self._events_of(shard)]

    def events(self, tenant: str, number: str, kind: str = "") -> list[dict[str, Any]]:
        """Give a number's events, the oldest first, also where no face answers."""
        read = self._events_of(self.keys(tenant, number).shard)
        subject = {"tenant": tenant, "number": number}
        return [event for event in read if event["subject"] == subject and kind in {"", event["kind"]}]

    def _events_of(self, shard: str) -> list[dict[str, Any]]:
        """A shard's events by their numbers: what the worker moved to the archive, and the stream's rest."""
        # In this order: what leaves the stream after it was read is in the archive before.
        texts = [fields[b"e"] for _, fields in self.redis.xrange(shard_key(shard, "events"))]
        if self._archive.exists():
            with closing(sqlite3.connect(f"file:{self._archive}?mode=ro", uri=True, timeout=20)) as archive:
                found = archive.execute("SELECT text FROM events WHERE shard = ?", (shard,)).fetchall()
            texts += [text for (text,) in found]
        read = {event["seq"]: event for event in map(json.loads, texts)}
        return [read[seq] for seq in sorted(read)]
