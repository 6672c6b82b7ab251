"""Give access tokens for signed assertions, and know the callers that bring them (RFC 6749, RFC 7523)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.audit import Event, EventKind
from security_service.domain.oauth_clients import (
    TOKEN_LIFE_S,
    AssertionFault,
    Assertions,
    HeldToken,
    OAuthClient,
    OAuthClients,
    OAuthTokens,
    RefusedSignIns,
    granted_scopes,
    judged,
)
from security_service.domain.ports import Chance, Clock, Tenants
from security_service.domain.secret import Secret
from security_service.domain.tenants import Tenant

_TOKEN_LENGTH: Final = 64


class TokenRefusal(StrEnum):
    """Why no token is given, in the words of RFC 6749 section 5.2."""

    CLIENT = "invalid_client"
    SCOPE = "invalid_scope"


@dataclass(frozen=True, slots=True)
class GivenToken:
    """An access token: its life in seconds and what it opens."""

    token: Secret
    scopes: frozenset[str]
    life_s: int = TOKEN_LIFE_S


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """Whose token a request brought, for which tenant, and what it opens."""

    client: OAuthClient
    tenant: Tenant
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class GrantToken:
    """Judges assertions made for one of `audiences`: the issuer and its token endpoint.

    Every fault of an assertion is answered alike, so that nobody learns which clients there are; the
    audit tells them apart. Raises StoreUnavailable.
    """

    clients: OAuthClients
    tokens: OAuthTokens
    assertions: Assertions
    refusals: RefusedSignIns
    tenants: Tenants
    chance: Chance
    clock: Clock
    audiences: Sequence[str]

    def run(self, assertion: Secret, client_id: str, scope: str, address: str) -> GivenToken | TokenRefusal:
        """Give a token; `client_id` is '' where the request names none beside the assertion."""
        claimed = self.assertions.issuer(assertion)
        found = self.clients.find(claimed) if claimed else None
        if found is None or found.client is None or client_id not in ("", claimed):
            fault = AssertionFault.CLIENT if claimed else AssertionFault.UNREADABLE
            return self._refused(fault, claimed, address)
        use = self._judged(found.client, assertion)
        if isinstance(use, AssertionFault):
            return self._refused(use, claimed, address)
        scopes = granted_scopes(found.client, scope)
        if scopes is None:
            return TokenRefusal.SCOPE
        token = Secret((self.chance.token() + self.chance.token())[:_TOKEN_LENGTH])
        self.tokens.begin(token, HeldToken(found.client.id, found.stored, scopes))
        return GivenToken(token, scopes)

    def caller(self, token: Secret) -> KnownCaller | None:
        """Give whose a token is; None where it ended, its client changed since, or its tenant is gone."""
        held = self.tokens.find(token)
        if held is None:
            return None
        found = self.clients.find(held.client_id)
        if found.client is None or not hmac.compare_digest(found.stored, held.state):
            return None
        tenant = self.tenants.get(found.client.tenant)
        return None if tenant is None else KnownCaller(found.client, tenant, held.scopes)

    def _judged(self, client: OAuthClient, assertion: Secret) -> AssertionFault | None:
        """Judge one assertion, and use it up; only a good one is, so that nobody spends another's."""
        claims = self.assertions.claims(assertion, client.jwks)
        if claims is None:
            return AssertionFault.SIGNATURE
        now = self.clock.unix_ms() // 1000
        use = judged(claims, client.id, self.audiences, now)
        if isinstance(use, AssertionFault):
            return use
        fresh = self.tokens.use(client.id, use.jti, use.until - now + 1)
        return None if fresh else AssertionFault.REPLAYED

    def _refused(self, fault: AssertionFault, claimed: str, address: str) -> TokenRefusal:
        shown = "".join(one for one in claimed[:64] if one.isascii() and one.isprintable())
        facts = {"address": address, "face": "open_gateway", "login": shown, "reason": fault.value}
        self.refusals.refused(f"open_gateway {address}", Event(EventKind.ACCOUNT_REFUSED, facts))
        return TokenRefusal.CLIENT
