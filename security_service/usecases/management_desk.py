"""The use cases of an administrator's day under one name; the faces take them from here. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.usecases.check_senders import CheckSenders
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.keep_api_keys import KeepApiKeys
from security_service.usecases.manage_tenants import ManageTenants
from security_service.usecases.set_trust import SetTrust
from security_service.usecases.view_providers import ViewProviders


@dataclass(frozen=True, slots=True)
class ManagementDesk:
    """Tenants, their keys, accounts and senders; what is configured, and whose word counts."""

    tenants: ManageTenants
    api_keys: KeepApiKeys
    accounts: KeepAccounts
    senders: CheckSenders
    providers: ViewProviders
    set_trust: SetTrust
