"""The demo tenant that a newcomer sends the first code for; other tenants are left to `tenants`."""

from __future__ import annotations

from security_service.cli.data_directory import DEMO_ACCOUNT, DEMO_TENANT
from security_service.domain.accounts import Face
from security_service.domain.secret import Secret
from security_service.domain.tenant_document import read_tenant
from security_service.store.tenants import StoredTenants
from security_service.usecases.keep_accounts import AccountWish, KeepAccounts

_ACTOR = "run"


def ensure_demo_tenant(tenants: StoredTenants, api_key: Secret) -> None:
    """Make the tenant and let its key in, unless the key is known; what was changed since then stays.

    Raises StoreUnavailable.
    """
    if tenants.by_key(api_key) is not None:
        return
    if tenants.get(DEMO_TENANT) is None:
        document = {
            "id": DEMO_TENANT,
            "name": "Demo bank",
            "region": "RU",
            "policy": "standard",
            "notices": {
                "ru": "Ваша SIM-карта не прошла проверку. Обратитесь в банк.",
                "en": "Your SIM card did not pass the check. Please contact the bank.",
            },
        }
        tenants.save(read_tenant(document).tenant, _ACTOR)
    tenants.issue_key(DEMO_TENANT, api_key, "first", _ACTOR)


def ensure_demo_account(accounts: KeepAccounts, password: Secret) -> None:
    """Make the demo tenant's account for older systems, unless it has one; what was changed since stays.

    Raises StoreUnavailable.
    """
    if password.reveal() and not any(one.login == DEMO_ACCOUNT for one in accounts.of(DEMO_TENANT)):
        accounts.lay_down(AccountWish(DEMO_ACCOUNT, DEMO_TENANT, frozenset(Face)), password, _ACTOR)
