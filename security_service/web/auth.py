"""Who calls the management API and for which tenants; leaves roles to the domain, keys to configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from security_service.domain.access import Actor, ManagementKeys
from security_service.domain.secret import Secret

EVERY_TENANT: Final = frozenset({"*"})
"""What a principal that may act for any tenant has in place of a list."""

_LONGEST_KEY: Final = 256


class Authentication(StrEnum):
    """How a blueprint knows its callers; stated where it is registered, `none` included."""

    TENANT_KEY = "tenant_key"
    MANAGEMENT_KEY = "management_key"
    CLIENT_NETWORK = "client_network"
    CONSOLE_SESSION = "console_session"
    ACCOUNT = "account"
    OAUTH_CLIENT = "oauth_client"
    CALLBACK_TOKEN = "callback_token"  # noqa: S105 - the word for a way of knowing, not a token
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, and the tenants that this may concern.

    `home` is the tenant of a request that names none; a principal with one tenant needs no home.
    """

    actor: Actor
    tenants: frozenset[str] = EVERY_TENANT
    home: str = ""

    def may_act_for(self, tenant: str) -> bool:
        """True where `tenant` is among those that the principal may act for."""
        return self.tenants == EVERY_TENANT or tenant in self.tenants

    def default_tenant(self) -> str:
        """The tenant meant where a request names none; empty where it must name one."""
        if self.home or self.tenants == EVERY_TENANT or len(self.tenants) != 1:
            return self.home
        return next(iter(self.tenants))


class AdminKeys(Protocol):
    """The bearer keys of the management API."""

    def find(self, key: Secret) -> Principal | None:
        """Give the principal of a key, None for an unknown one; how long it takes tells nothing."""
        ...


@dataclass(frozen=True, slots=True)
class BearerKeys:
    """AdminKeys over configured keys: `tenants` limits actors by name, the others have all tenants.

    `home` is the tenant that those others mean where a request names none.
    """

    keys: ManagementKeys
    tenants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    home: str = ""

    def find(self, key: Secret) -> Principal | None:
        """Give the principal of a key, None for an unknown one."""
        actor = self.keys.actor(key)
        if actor is None:
            return None
        own = self.tenants.get(actor.name)
        return Principal(actor, EVERY_TENANT, self.home) if own is None else Principal(actor, own)


def bearer_key(authorization: str) -> Secret | None:
    """Read a key out of an `Authorization` header (RFC 6750); None where there is none to look up."""
    scheme, _, key = authorization.partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key or len(key) > _LONGEST_KEY:
        return None
    return Secret(key)
