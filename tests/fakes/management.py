"""What people manage in memory: tenants' documents, API keys, accounts; a desk of use cases over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from security_service.domain.accounts import Account, FoundAccount
from security_service.domain.audit import Event
from security_service.domain.messages import Channel
from security_service.domain.ports import Chance
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.domain.tenant_document import tenant_document
from security_service.domain.tenant_ports import ApiKeyInfo, KeptTenant, TenantWrite
from security_service.domain.tenants import Tenant
from security_service.domain.trust import TrustEntry, TrustRules, TrustWord
from security_service.usecases.check_senders import CheckSenders
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.keep_api_keys import KeepApiKeys
from security_service.usecases.manage_tenants import ManageTenants, ProviderNames
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.set_trust import SetTrust
from security_service.usecases.view_providers import GatewayLine, LookupLine, ViewProviders
from tests.fakes.clock import HandClock
from tests.fakes.store import MemoryStore
from tests.fakes.trust import MemoryTrust

RULES: Final = TrustRules({"smsc": TrustWord.LEARN}, frozenset({("hlr", "25020")}))
PROVIDERS: Final = ProviderNames(("sms", "call"), ("hlr", "smsc"), frozenset({Channel.SMS, Channel.VOICE}))
GATEWAYS: Final = (
    GatewayLine("sms", "smsc", Channel.SMS, 10.0, brings_receipts=True),
    GatewayLine("call", "smsc", Channel.VOICE, 0.0, brings_receipts=False),
)
LOOKUPS: Final = (
    LookupLine("hlr", "osmo_hlr", 0.0, TrustWord.STABLE),
    LookupLine("smsc", "smsc_hlr", 5.0, TrustWord.LEARN),
)


class MemoryTenantBook:
    """The ports TenantBook and ApiKeyBook; `moves` lets so many writes meet one that was faster."""

    def __init__(self, store: MemoryStore, *tenants: Tenant) -> None:
        self.store = store
        self.held: dict[str, str] = {one.id: _text(one) for one in tenants}
        self.tenants = {one.id: one for one in tenants}
        self.keys: list[ApiKeyInfo] = []
        self.secrets: list[Secret] = []
        self.moves = 0

    # --- TenantBook

    def ids(self) -> Sequence[str]:
        self.store.check()
        return sorted(self.held)

    def read(self, tenant: str) -> KeptTenant | None:
        self.store.check()
        stored = self.held.get(tenant)
        return None if stored is None else KeptTenant(self.tenants[tenant], stored)

    def swap(self, write: TenantWrite) -> bool:
        self.store.check()
        if self.moves > 0:
            self.moves -= 1
            self._put(replace(write.tenant, name="somebody else's"))
            return False
        if self.held.get(write.tenant.id, "") != write.known:
            return False
        self._put(write.tenant)
        self._emit("tenant_saved", write.tenant.id, write.actor, reason=write.reason)
        return True

    # --- ApiKeyBook

    def keys_of(self, tenant: str) -> Sequence[ApiKeyInfo]:
        self.store.check()
        return [one for one in self.keys if one.tenant == tenant]

    def issue_key(self, tenant: str, key: Secret, name: str, actor: str) -> ApiKeyInfo:
        info = ApiKeyInfo(sha256(key.reveal().encode()).hexdigest()[:12], name, tenant, 0, self.store.now_ms)
        self.keys.append(info)
        self.secrets.append(key)
        self._emit("key_issued", tenant, actor, key=name)
        return info

    def end_key(self, info: ApiKeyInfo, until_ms: int, actor: str) -> bool:
        if info not in self.keys:
            return False
        place = self.keys.index(info)
        self.keys[place : place + 1] = [replace(info, until_ms=until_ms)] if until_ms else []
        self._emit("key_revoked", info.tenant, actor, key=info.name)
        return True

    def _put(self, tenant: Tenant) -> None:
        self.tenants[tenant.id], self.held[tenant.id] = tenant, _text(tenant)

    def _emit(self, kind: str, tenant: str, actor: str, **facts: str) -> None:
        self.store.emit(kind, tenant, Msisdn(""), {"actor": actor, **facts})


class MemoryAccounts:
    """The ports Accounts and AccountList; wrong passwords are not counted."""

    def __init__(self) -> None:
        self.held: dict[str, Account] = {}

    def find(self, login: str, source: str) -> FoundAccount:
        return FoundAccount(self.held.get(login), "", 0)

    def refused(self, source: str, event: Event) -> None:
        raise AssertionError("nobody signs in here")

    def save(self, account: Account, event: Event) -> None:
        self.held[account.login] = account

    def remove(self, login: str, event: Event) -> bool:
        return self.held.pop(login, None) is not None

    def of(self, tenant: str) -> Sequence[Account]:
        return [one for one in self.held.values() if tenant in {"", one.tenant}]


class Policies:
    """The port PolicyNames."""

    def names(self) -> Sequence[str]:
        return ["observe", "standard", "strict"]


class StoreTime(HandClock):
    """The Clock port, whose wall clock is that of the store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self.store = store

    def unix_ms(self) -> int:
        return self.store.now_ms


class BookOfTrust:
    """The port TrustEntries over a trust book in memory."""

    def __init__(self, trust: MemoryTrust, check: Callable[[], None] = lambda: None) -> None:
        self.trust, self._check = trust, check

    def entries(self) -> Mapping[tuple[str, str], TrustEntry]:
        self._check()
        return self.trust.entries


def memory_management(book: MemoryTenantBook, chance: Chance, trust: MemoryTrust) -> ManagementDesk:
    """The use cases of management over ports in memory."""
    clock, accounts = StoreTime(book.store), MemoryAccounts()
    return ManagementDesk(
        tenants=ManageTenants(book, Policies(), PROVIDERS),
        api_keys=KeepApiKeys(book, book, chance, clock),
        accounts=KeepAccounts(accounts, accounts, chance, KeyRing({1: b"a" * 32})),
        senders=CheckSenders({}),
        providers=ViewProviders(GATEWAYS, LOOKUPS, BookOfTrust(trust, book.store.check), RULES),
        set_trust=SetTrust(trust, frozenset(PROVIDERS.lookups), RULES, clock),
    )


def _text(tenant: Tenant) -> str:
    return json.dumps(tenant_document(tenant), sort_keys=True)
