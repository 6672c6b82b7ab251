"""The ports through which tenants and API keys are managed; each may raise StoreUnavailable. No behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from security_service.domain.secret import Secret
from security_service.domain.tenants import Tenant

_VERSION_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class KeptTenant:
    """A tenant as it lies in the store: `stored` is its document's very text."""

    tenant: Tenant
    stored: str

    @property
    def version(self) -> str:
        """What names this state of the document: the beginning of its SHA-256 in hex."""
        return sha256(self.stored.encode()).hexdigest()[:_VERSION_DIGITS]


@dataclass(frozen=True, slots=True)
class ApiKeyInfo:
    """An API key as it is listed, without the key.

    `id` tells it from others of the same name. `until_ms` is when it ends (Unix milliseconds, 0: never),
    `issued_ms` when it was let in (0: before that was kept).
    """

    id: str
    name: str
    tenant: str
    until_ms: int = 0
    issued_ms: int = 0


@dataclass(frozen=True, slots=True)
class TenantWrite:
    """A tenant's document to be, who wants it and why; `known` is the text it replaces, '' for a new one."""

    tenant: Tenant
    known: str
    actor: str
    reason: str = ""


class TenantBook(Protocol):
    """Tenants' documents."""

    def ids(self) -> Sequence[str]:
        """Give the ids of all tenants, sorted."""
        ...

    def read(self, tenant: str) -> KeptTenant | None:
        """Give a tenant as it is at this moment; None where there is none of that id."""
        ...

    def swap(self, write: TenantWrite) -> bool:
        """Write a document where `known` still stands, with its event; False, and nothing written, if not."""
        ...


class ApiKeyBook(Protocol):
    """API keys by what is known of them; the keys themselves are nowhere."""

    def keys_of(self, tenant: str) -> Sequence[ApiKeyInfo]:
        """List a tenant's keys, by name."""
        ...

    def issue_key(self, tenant: str, key: Secret, name: str, actor: str) -> ApiKeyInfo:
        """Let a key in, next to those that are in already."""
        ...

    def end_key(self, info: ApiKeyInfo, until_ms: int, actor: str) -> bool:
        """Let a key end: at once where `until_ms` is 0, else then. False where it is not as `info` says."""
        ...


class PolicyNames(Protocol):
    """The policies that a tenant may choose from."""

    def names(self) -> Sequence[str]:
        """Give their names, sorted."""
        ...
