"""Make, list and remove clients of the Open Gateway face; leaves letting them in to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from security_service.domain.audit import Event, EventKind
from security_service.domain.oauth_clients import OAuthClient, OAuthClients


@dataclass(frozen=True, slots=True)
class AnothersClient:
    """Another tenant has a client of this id."""


@dataclass(frozen=True, slots=True)
class KeepClients:
    """A client that is saved anew loses the tokens that it had. Raises StoreUnavailable."""

    clients: OAuthClients

    def save(self, client: OAuthClient, actor: str) -> OAuthClient | AnothersClient:
        """Make a client, or make it anew."""
        found = self.clients.find(client.id).client
        if found is not None and found.tenant != client.tenant:
            return AnothersClient()
        facts = {"actor": actor, "login": client.id, "scopes": " ".join(sorted(client.scopes))}
        self.clients.save(client, Event(EventKind.CLIENT_SAVED, facts))
        return client

    def remove(self, client_id: str, actor: str) -> bool:
        """Remove a client; its tokens end at once. False where there was none."""
        event = Event(EventKind.CLIENT_REMOVED, {"actor": actor, "login": client_id})
        return self.clients.remove(client_id, event)

    def of(self, tenant: str) -> Sequence[OAuthClient]:
        """List a tenant's clients, or all where `tenant` is ''."""
        return self.clients.of(tenant)
