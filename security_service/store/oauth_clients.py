"""The OAuthClients and OAuthTokens ports: clients by id, tokens and used assertions by their digests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from security_service.domain.audit import Event, Json, canonical
from security_service.domain.oauth_clients import TOKEN_LIFE_S, FoundClient, HeldToken, OAuthClient
from security_service.domain.secret import Secret
from security_service.store.frame import MANAGED, StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load


class StoredOAuthClients:
    """Every client in one hash on the management shard."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._put = load("put_account")

    def find(self, client_id: str) -> FoundClient:
        """Give a client as it is now."""
        text = self._frame.scripts.command("HGET", _clients(), client_id)
        stored = text.decode("utf-8") if isinstance(text, bytes) else ""
        return FoundClient(_read(stored) if stored else None, _digest(stored) if stored else "")

    def save(self, client: OAuthClient, event: Event) -> None:
        """Write a client; its tokens end, for they name its former state."""
        self._write(client.id, client.tenant, _text(client), event)

    def remove(self, client_id: str, event: Event) -> bool:
        """Forget a client; its tokens end. False where there was none."""
        return self._write(client_id, "", "", event)

    def of(self, tenant: str) -> Sequence[OAuthClient]:
        """Give a tenant's clients by id, or all where `tenant` is ''."""
        reply = self._frame.scripts.command("HVALS", _clients())
        told = reply if isinstance(reply, list) else []
        texts = [one.decode("utf-8") for one in told if isinstance(one, bytes)]
        found = [client for client in map(_read, texts) if not tenant or client.tenant == tenant]
        return sorted(found, key=lambda client: client.id)

    def _write(self, client_id: str, tenant: str, document: str, event: Event) -> bool:
        facts: dict[str, Json] = {**event.facts, "document": document}
        reply = self._frame.run_ours(
            self._put,
            [_clients(), shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [
                self._frame.now(),
                canonical({"tenant": tenant} if tenant else {}),
                MANAGEMENT,
                client_id,
                document,
                event.kind.value,
                canonical(facts),
            ],
        )
        return reply[0] == 1


class StoredOAuthTokens:
    """Tokens and used assertions are keys that end by themselves; neither lies there in the clear."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def begin(self, token: Secret, held: HeldToken) -> None:
        """Keep a token for its life."""
        value = json.dumps([held.client_id, held.state, sorted(held.scopes)])
        self._frame.scripts.command("SET", _token(token), value, "PX", TOKEN_LIFE_S * 1000)

    def find(self, token: Secret) -> HeldToken | None:
        """Give what a token stands for; None where it ended or never was."""
        reply = self._frame.scripts.command("GET", _token(token))
        if not isinstance(reply, bytes):
            return None
        client_id, state, scopes = json.loads(reply)
        return HeldToken(client_id, state, frozenset(scopes))

    def use(self, client_id: str, jti: str, for_s: int) -> bool:
        """Mark an assertion as used for so many seconds; False where it was used before."""
        name = shard_key(MANAGEMENT, f"oauth_jti:{_digest(json.dumps([client_id, jti]))}")
        reply = self._frame.scripts.command("SET", name, "1", "PX", max(for_s, 1) * 1000, "NX")
        return reply is not None


def _text(client: OAuthClient) -> str:
    return canonical(
        {"id": client.id, "jwks": client.jwks, "scopes": sorted(client.scopes), "tenant": client.tenant}
    )


def _read(text: str) -> OAuthClient:
    read = json.loads(text)
    return OAuthClient(read["id"], read["tenant"], read["jwks"], frozenset(read["scopes"]))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()


def _clients() -> str:
    return shard_key(MANAGEMENT, "clients")


def _token(token: Secret) -> str:
    return shard_key(MANAGEMENT, f"oauth_token:{_digest(token.reveal())}")
