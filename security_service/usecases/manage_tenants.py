"""List, view, check and save tenants; two people who change one at a time do not overwrite each other.

Who may ask is for the faces; API keys are `keep_api_keys`'s.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.errors import SettingsFault
from security_service.domain.messages import Channel
from security_service.domain.tenant_document import (
    ReadTenant,
    read_tenant,
    unknown_names,
    unserved_channels,
)
from security_service.domain.tenant_ports import KeptTenant, PolicyNames, TenantBook, TenantWrite
from security_service.domain.tenants import Tenant

PAGE: Final = 50

OTHER_ID: Final = "id: cannot be changed"


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """The gateways and lookups that tenants may name, and the channels that the gateways carry."""

    gateways: tuple[str, ...]
    lookups: tuple[str, ...]
    channels: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class TenantPage:
    """Tenants by their ids, and the id behind which the next page begins (empty at the end)."""

    tenants: tuple[KeptTenant, ...]
    next: str


@dataclass(frozen=True, slots=True)
class TenantOrder:
    """What a tenant is to be. `document` holds all its settings; what it lacks has its default.

    `version` names the state that was looked at, empty for a tenant that is to be made.
    """

    id: str
    document: Mapping[str, object]
    version: str
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TenantSaved:
    """The tenant as it is now, and what is weak but allowed."""

    kept: KeptTenant
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenantFaults:
    """Every fault of the document, each beginning with the setting's name; nothing was written."""

    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenantMoved:
    """Not what was looked at is there now, but `version`; nothing was written."""

    version: str


@dataclass(frozen=True, slots=True)
class NoSuchTenant:
    """There is no tenant of that id; nothing was written."""


SaveTenantOutcome = TenantSaved | TenantFaults | TenantMoved | NoSuchTenant


@dataclass(frozen=True, slots=True)
class ManageTenants:
    """Tenants' documents, held against what is configured. Every method may raise StoreUnavailable."""

    book: TenantBook
    policies: PolicyNames
    providers: ProviderNames

    def ids(self) -> Sequence[str]:
        """Give the ids of all tenants, sorted."""
        return self.book.ids()

    def page(self, after: str, is_shown: Callable[[str], bool], count: int = PAGE) -> TenantPage:
        """Give up to `count` tenants behind an id, of those that the asker may see."""
        ids = [one for one in self.book.ids() if is_shown(one)]
        start = bisect_right(ids, after) if after else 0
        chosen = ids[start : start + count]
        read = [self.book.read(one) for one in chosen]
        is_more = start + count < len(ids)
        return TenantPage(
            tuple(kept for kept in read if kept is not None), chosen[-1] if chosen and is_more else ""
        )

    def view(self, tenant: str) -> KeptTenant | NoSuchTenant:
        """Give a tenant as it is at this moment."""
        return self.book.read(tenant) or NoSuchTenant()

    def check(self, tenant: str, document: Mapping[str, object]) -> ReadTenant | TenantFaults:
        """Read a document as one of this tenant, and hold it against what is configured; writes nothing."""
        named = document.get("id", tenant)
        try:
            read = read_tenant({**document, "id": tenant})
        except SettingsFault as fault:
            return TenantFaults((*([OTHER_ID] if named != tenant else []), *fault.faults))
        faults = [OTHER_ID] if named != tenant else []
        faults += self._unknown(read.tenant)
        return TenantFaults(tuple(faults)) if faults else read

    def save(self, order: TenantOrder) -> SaveTenantOutcome:
        """Check a document and write it in place of the one that was looked at."""
        kept = self.book.read(order.id)
        version = "" if kept is None else kept.version
        if kept is None and order.version:
            return NoSuchTenant()
        if version != order.version:
            return TenantMoved(version)
        read = self.check(order.id, order.document)
        if isinstance(read, TenantFaults):
            return read
        known = "" if kept is None else kept.stored
        is_written = self.book.swap(TenantWrite(read.tenant, known, order.actor, order.reason))
        now = self.book.read(order.id)
        if now is None:
            return NoSuchTenant()
        return TenantSaved(now, read.warnings) if is_written else TenantMoved(now.version)

    def _unknown(self, tenant: Tenant) -> Sequence[str]:
        providers = self.providers
        names = unknown_names(tenant, tuple(self.policies.names()), providers.gateways, providers.lookups)
        return (*names, *unserved_channels(tenant, providers.channels))
