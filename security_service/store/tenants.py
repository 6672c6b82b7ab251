"""The Tenants port and its management side: tenants' documents, API keys by their digests."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, TypeVar

from security_service.domain.audit import EventKind, Json, canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.kept_states import key_value
from security_service.domain.ports import Clock
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.tenant_document import read_tenant, tenant_document
from security_service.domain.tenant_ports import ApiKeyInfo, KeptTenant, TenantWrite
from security_service.domain.tenants import Tenant
from security_service.store.frame import MANAGED, StoreFrame
from security_service.store.installation import read_installation
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

V = TypeVar("V")

_FRESH_S: Final = 1.0
_MOST_REMEMBERED: Final = 10_000
_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class _Write:
    """What one call of the script changes: a document, or a key from one value to another."""

    document: str = ""
    known: str | None = None
    digest: str = ""
    action: str = ""
    before: str = ""
    value: str = ""


class StoredTenants:
    """Tenants and keys. What was read is believed for a second, so that a revoked key ends within one.

    Keys are stored as HMACs under the installation's own keys and found by them: how long a
    look-up takes tells nothing of a key's characters.
    """

    def __init__(self, frame: StoreFrame, keys: KeyRing, clock: Clock) -> None:
        self._frame, self._ring, self._clock = frame, keys, clock
        self._put = load("put_tenant")
        self._lock = threading.Lock()
        self._by_digest: dict[str, tuple[float, str, int]] = {}
        self._by_id: dict[str, tuple[float, Tenant | None]] = {}

    def by_key(self, api_key: Secret) -> Tenant | None:
        """Give the tenant of an API key; None for one that is unknown or has ended.

        Raises StoreUnavailable also where the store is not this installation's.
        """
        for version in self._ring.versions():
            tenant, until_ms = self._known_key(self._digest(api_key, version))
            if tenant and not (until_ms and until_ms <= self._clock.unix_ms()):
                return self.get(tenant)
        return None

    def get(self, tenant: str) -> Tenant | None:
        """Give a tenant by its id."""
        now = self._clock.monotonic()
        remembered = self._by_id.get(tenant)
        if remembered is None or remembered[0] <= now:
            document = self._frame.scripts.command("HGET", self._key("tenants"), tenant)
            read = read_tenant(json.loads(document)).tenant if isinstance(document, bytes) else None
            remembered = (now + _FRESH_S, read)
            self._remember(self._by_id, tenant, remembered)
        return remembered[1]

    def ids(self) -> list[str]:
        """Give the ids of all tenants, sorted."""
        reply = self._frame.scripts.command("HKEYS", self._key("tenants"))
        return (
            sorted(one.decode() for one in reply if isinstance(one, bytes)) if isinstance(reply, list) else []
        )

    def read(self, tenant: str) -> KeptTenant | None:
        """Give a tenant as the store holds it at this moment, whatever was read before."""
        document = self._frame.scripts.command("HGET", self._key("tenants"), tenant)
        if not isinstance(document, bytes):
            return None
        stored = document.decode()
        return KeptTenant(read_tenant(json.loads(stored)).tenant, stored)

    def swap(self, write: TenantWrite) -> bool:
        """Write a tenant's document in place of the one that was read, with its event."""
        return self._save(write.tenant, write.known, write.actor, write.reason)

    def save(self, tenant: Tenant, actor: str) -> None:
        """Write a tenant's document with its event, whatever stands there."""
        self._save(tenant, None, actor, "")

    def _save(self, tenant: Tenant, known: str | None, actor: str, reason: str) -> bool:
        document = canonical_bytes(tenant_document(tenant)).decode()
        digest = sha256(document.encode()).hexdigest()
        facts: dict[str, Json] = {"actor": actor, "digest": digest, "document": document}
        if reason:
            facts["reason"] = reason
        return self._write(tenant.id, _Write(document, known), EventKind.TENANT_SAVED, facts)

    def issue_key(self, tenant: str, key: Secret, name: str, actor: str) -> ApiKeyInfo:
        """Let a key in, next to those that are in already."""
        digest = self._digest(key, self._ring.newest)
        info = ApiKeyInfo(_id_of(digest), name, tenant, 0, self._clock.unix_ms())
        write = _Write(digest=digest, action="issue", value=_value_of(info))
        self._write(tenant, write, EventKind.KEY_ISSUED, _facts_of(info, digest, actor))
        return info

    def end_key(self, info: ApiKeyInfo, until_ms: int, actor: str) -> bool:
        """Let a key end: at once where `until_ms` is 0, else then. False where it is not as `info` says.

        One that was revoked meanwhile stays revoked.
        """
        found = next(((one, text) for one, text in self._values().items() if _id_of(one) == info.id), None)
        if found is None or _info_of(*found) != info:
            return False
        digest, before = found
        after = replace(info, until_ms=until_ms)
        action = "end" if until_ms else "revoke"
        write = _Write(digest=digest, action=action, before=before, value=_value_of(after))
        return self._write(info.tenant, write, EventKind.KEY_REVOKED, _facts_of(after, digest, actor))

    def keys_of(self, tenant: str) -> list[ApiKeyInfo]:
        """List a tenant's keys by their short names; the keys themselves are nowhere."""
        known = (_info_of(digest, text) for digest, text in self._values().items())
        return sorted(
            (info for info in known if info.tenant == tenant),
            key=lambda info: (info.name, info.issued_ms, info.id),
        )

    def _values(self) -> dict[str, str]:
        reply = self._frame.scripts.command("HGETALL", self._key("keys"))
        flat = [one.decode() for one in reply if isinstance(one, bytes)] if isinstance(reply, list) else []
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def _known_key(self, digest: str) -> tuple[str, int]:
        now = self._clock.monotonic()
        remembered = self._by_digest.get(digest)
        if remembered is None or remembered[0] <= now:
            remembered = (now + _FRESH_S, *self._read_key(digest))
            self._remember(self._by_digest, digest, remembered)
        return remembered[1:]

    def _read_key(self, digest: str) -> tuple[str, int]:
        value = self._frame.scripts.command("HGET", self._key("keys"), digest)
        if not isinstance(value, bytes):
            self._must_be_ours()
            return "", 0
        tenant, _, until_ms, *_ = json.loads(value)
        return tenant, until_ms

    def _must_be_ours(self) -> None:
        """A key that a store of another installation lacks, or one that was emptied, is not unknown."""
        installation = read_installation(self._frame.scripts)
        if installation is None or installation.id != self._frame.installation:
            raise StoreUnavailable("other_store")

    def _write(self, tenant: str, write: _Write, kind: EventKind, facts: Mapping[str, Json]) -> bool:
        reply = self._frame.run_ours(
            self._put,
            [self._key(what) for what in ("tenants", "keys", "events", "seq")],
            MANAGED,
            [
                *(self._frame.now(), canonical({"tenant": tenant}), MANAGEMENT, tenant),
                *(write.document, "" if write.known is None else "1", write.known or ""),
                *(write.digest, write.action, write.value, write.before),
                *(kind.value, canonical(facts)),
            ],
        )
        with self._lock:
            self._by_id.pop(tenant, None)
            self._by_digest.pop(write.digest, None)
        return reply[0] == 1

    def _digest(self, key: Secret, version: int) -> str:
        return f"{version}:{self._ring.digest(version, 'api key', key.reveal()).hex()}"

    def _key(self, what: str) -> str:
        return shard_key(MANAGEMENT, what)

    def _remember(self, memory: dict[str, V], name: str, value: V) -> None:
        with self._lock:
            if len(memory) >= _MOST_REMEMBERED:
                memory.clear()
            memory[name] = value


def canonical_bytes(document: Mapping[str, object]) -> bytes:
    """Give a document as sorted JSON."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _id_of(digest: str) -> str:
    """Give what tells a key from others: it follows from the digest, so that keys of old have one too."""
    return sha256(digest.encode()).hexdigest()[:_ID_DIGITS]


def _info_of(digest: str, value: str) -> ApiKeyInfo:
    tenant, name, until_ms, *issued = json.loads(value)
    return ApiKeyInfo(_id_of(digest), name, tenant, until_ms, *issued)


def _value_of(info: ApiKeyInfo) -> str:
    return key_value(info.tenant, info.name, info.until_ms, info.issued_ms)


def _facts_of(info: ApiKeyInfo, digest: str, actor: str) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "actor": actor,
        "digest": digest,
        "key": info.name,
        "key_id": info.id,
        "until_ms": info.until_ms,
    }
    return {**facts, "issued_ms": info.issued_ms} if info.issued_ms else facts
