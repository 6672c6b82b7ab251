"""Issue, end and rotate the API keys of tenants; a key itself is shown once, when it is issued."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.ports import Chance, Clock
from security_service.domain.secret import Secret
from security_service.domain.tenant_ports import ApiKeyBook, ApiKeyInfo, TenantBook
from security_service.usecases.manage_tenants import NoSuchTenant

LONGEST_GRACE_S: Final = 90 * 86_400
"""How long a key may go on beside the one that replaces it."""

MOST_KEYS: Final = 20

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_NAME_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class KeyIssued:
    """A key that is in now, shown this once; `ended` are those that it replaces."""

    info: ApiKeyInfo
    key: Secret
    ended: tuple[ApiKeyInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyNameRefused:
    """A key's name takes 1 to 32 of a-z 0-9 _ . - and begins with a letter or digit."""


@dataclass(frozen=True, slots=True)
class TooManyKeys:
    """The tenant has `MOST_KEYS` already; end some first."""


@dataclass(frozen=True, slots=True)
class KeyEnded:
    """The key ends when `info` says; it is gone where that is 0."""

    info: ApiKeyInfo


@dataclass(frozen=True, slots=True)
class NoSuchKey:
    """The tenant has no key of that id, or lost it at this moment."""


IssueOutcome = KeyIssued | NoSuchTenant | KeyNameRefused | TooManyKeys


@dataclass(frozen=True, slots=True)
class KeepApiKeys:
    """API keys of tenants. Every method may raise StoreUnavailable."""

    keys: ApiKeyBook
    tenants: TenantBook
    chance: Chance
    clock: Clock

    def of(self, tenant: str) -> Sequence[ApiKeyInfo] | NoSuchTenant:
        """List a tenant's keys: those that ended are told until they are removed."""
        return NoSuchTenant() if self.tenants.read(tenant) is None else self.keys.keys_of(tenant)

    def issue(self, tenant: str, name: str, actor: str) -> IssueOutcome:
        """Let a new key in; without a name it gets one."""
        if self.tenants.read(tenant) is None:
            return NoSuchTenant()
        given = name or f"k{self.chance.token()[:_NAME_DIGITS]}"
        if not _NAME.fullmatch(given):
            return KeyNameRefused()
        if len(self.keys.keys_of(tenant)) >= MOST_KEYS:
            return TooManyKeys()
        key = Secret(f"et_{self.chance.token()}{self.chance.token()}")
        return KeyIssued(self.keys.issue_key(tenant, key, given, actor), key)

    def end(self, tenant: str, key_id: str, after_s: int, actor: str) -> KeyEnded | NoSuchKey:
        """Let a key end at once (0) or after so many seconds; one that ends sooner anyway still does."""
        found = next((one for one in self.keys.keys_of(tenant) if one.id == key_id), None)
        return NoSuchKey() if found is None else self._end(found, self._until(after_s), actor)

    def rotate(self, tenant: str, overlap_s: int, actor: str, name: str = "") -> IssueOutcome:
        """Let a new key in; the others end after the overlap."""
        if self.tenants.read(tenant) is None:
            return NoSuchTenant()
        before, until_ms = self.keys.keys_of(tenant), self._until(overlap_s)
        issued = self.issue(tenant, name, actor)
        if not isinstance(issued, KeyIssued):
            return issued
        outcomes = [self._end(one, until_ms, actor) for one in before]
        return replace(issued, ended=tuple(one.info for one in outcomes if isinstance(one, KeyEnded)))

    def _end(self, info: ApiKeyInfo, until_ms: int, actor: str) -> KeyEnded | NoSuchKey:
        if until_ms and info.until_ms and info.until_ms <= until_ms:
            return KeyEnded(info)
        if not self.keys.end_key(info, until_ms, actor):
            return NoSuchKey()
        return KeyEnded(replace(info, until_ms=until_ms))

    def _until(self, after_s: int) -> int:
        return self.clock.unix_ms() + min(after_s, LONGEST_GRACE_S) * 1000 if after_s > 0 else 0
