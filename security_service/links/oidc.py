"""Sign-in at an OpenID Connect provider: authorisation code flow with PKCE; roles are for the use case.

OpenID Connect Core 1.0, section 3.1; Discovery 1.0, section 4; RFC 7636. Keys and claims are checked by
libraries, every call goes over a link of ours with a deadline.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from security_service.domain.people_ports import FederationRequest, Identity, NotVouched, ProviderAway
from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline
from security_service.links.http_answer import HttpAnswer, HttpReply
from security_service.links.http_link import HttpLink, checked_base_url
from security_service.links.json_body import members, read_json, text

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
"""Signatures that are believed: by a key of the provider's only, never `none`, never by our own secret."""

_METHODS: Final = "token_endpoint_auth_methods_supported"
_DISCOVERY: Final = "/.well-known/openid-configuration"
_FRESH_S: Final = 600.0
_ASK_FOR_KEYS_EVERY_S: Final = 60.0
_SKEW_S: Final = 60
_LONGEST_TOKEN: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Who we are at the provider, and which of its claims say whose roles they are."""

    issuer: str
    client_id: str
    client_secret: Secret
    redirect_uri: str
    scope: str = "openid profile"
    name_claim: str = "preferred_username"
    roles_claim: str = "groups"
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says of itself; links are to where it says it is."""

    authorize: str
    token: HttpLink
    jwks: HttpLink
    posts_secret: bool


class OidcProvider:
    """Implements the port `IdentityProvider`; safe to share between threads.

    `now` gives Unix seconds for the claims, `monotonic` the age of what is kept of the provider's metadata
    (ten minutes) and keys. Raises ValueError for an issuer that is no address, OSError for an unreadable
    `ca_file`.
    """

    def __init__(
        self,
        client: OidcClient,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._now, self._monotonic = client, now, monotonic
        self._discovery = self._link(client.issuer.rstrip("/"))
        self._lock = threading.Lock()
        self._metadata: tuple[float, _Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def address(self, request: FederationRequest, within_s: float) -> Secret | ProviderAway:
        """Give the address that the browser is sent to (section 3.1.2.1)."""
        metadata = self._found(Deadline.after(within_s))
        if metadata is None:
            return ProviderAway()
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": self._client.scope,
            "state": request.state.reveal(),
            "nonce": request.nonce.reveal(),
            "code_challenge": create_s256_code_challenge(request.verifier.reveal()),
            "code_challenge_method": "S256",
        }
        return Secret(f"{metadata.authorize}?{urlencode(asked)}")

    def identity(
        self, code: Secret, request: FederationRequest, within_s: float
    ) -> Identity | NotVouched | ProviderAway:
        """Exchange the code (section 3.1.3.1) and check the ID token (section 3.1.3.7)."""
        deadline = Deadline.after(within_s)
        metadata = self._found(deadline)
        if metadata is None:
            return ProviderAway()
        reply = self._exchanged(metadata, code, request.verifier, deadline)
        if not isinstance(reply, HttpAnswer) or reply.status >= 500:
            return ProviderAway()
        told = members(read_json(reply.body))
        token = text(told.get("id_token"))
        if reply.status != 200 or not token or len(token) > _LONGEST_TOKEN:
            return NotVouched("code_refused")
        claims = self._believed(metadata, token, deadline)
        if isinstance(claims, NotVouched | ProviderAway):
            return claims
        fault = self._fault(claims, request.nonce, text(told.get("access_token")))
        return fault or self._read(claims.claims)

    def _exchanged(
        self, metadata: _Metadata, code: Secret, verifier: Secret, deadline: Deadline
    ) -> HttpReply:
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": verifier.reveal(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        client_id, secret = self._client.client_id, self._client.client_secret.reveal()
        if metadata.posts_secret or not secret:
            form |= {"client_id": client_id, **({"client_secret": secret} if secret else {})}
        else:
            pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode("ascii")
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        return metadata.token.post("", urlencode(form).encode("ascii"), headers, deadline.left())

    def _believed(
        self, metadata: _Metadata, token: str, deadline: Deadline
    ) -> jwt.Token | NotVouched | ProviderAway:
        """Give what a key of the provider's signed; keys that are new to us are fetched, once a minute."""
        for may_be_old in (True, False):
            keys = self._key_set(metadata, deadline, may_be_old=may_be_old)
            if keys is None:
                return ProviderAway()
            try:
                return jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):  # ValueError: no key of that id or kind, text that is no token
                continue
        return NotVouched("signature")

    def _fault(self, token: jwt.Token, nonce: Secret, access_token: str) -> NotVouched | None:
        issuer, client_id = self._client.issuer, self._client.client_id
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
            },
            params={"nonce": nonce.reveal(), "client_id": client_id, "access_token": access_token},
        )
        try:
            claims.validate(now=int(self._now()), leeway=_SKEW_S)
        except (JoseError, TypeError, ValueError):  # claims of kinds that the library did not think of
            return NotVouched("claims")
        return None

    def _read(self, claims: Mapping[str, Any]) -> Identity | NotVouched:
        name = claims.get(self._client.name_claim)
        if not isinstance(name, str) or not name:
            return NotVouched("name")
        told = claims.get(self._client.roles_claim, [])
        groups = [told] if isinstance(told, str) else told
        if not isinstance(groups, list):
            return NotVouched("roles")
        return Identity(name, tuple(group for group in groups if isinstance(group, str)))

    # --- what is kept of the provider

    def _found(self, deadline: Deadline) -> _Metadata | None:
        kept = self._metadata
        if kept is not None and self._monotonic() - kept[0] < _FRESH_S:
            return kept[1]
        reply = self._discovery.get(_DISCOVERY, {}, deadline.left())
        read = self._read_metadata(reply.body) if _is_good(reply) else None
        if read is not None:
            with self._lock:
                self._metadata = (self._monotonic(), read)
        return read

    def _read_metadata(self, body: bytes) -> _Metadata | None:
        told = members(read_json(body))
        if text(told.get("issuer")) != self._client.issuer:
            return None
        authorize, told_methods = text(told.get("authorization_endpoint")), told.get(_METHODS)
        methods = told_methods if isinstance(told_methods, list) else ["client_secret_basic"]
        try:
            checked_base_url(authorize, plain_http=False)
            links = [self._link(text(told.get(name))) for name in ("token_endpoint", "jwks_uri")]
        except ValueError:
            return None
        posts = "client_secret_post" in methods and "client_secret_basic" not in methods
        return _Metadata(authorize, links[0], links[1], posts)

    def _key_set(self, metadata: _Metadata, deadline: Deadline, *, may_be_old: bool) -> KeySet | None:
        kept = self._keys
        if kept is not None:
            age = self._monotonic() - kept[0]
            if age < (_FRESH_S if may_be_old else _ASK_FOR_KEYS_EVERY_S):
                return kept[1]
        reply = metadata.jwks.get("", {}, deadline.left())
        if not _is_good(reply):
            return None
        try:
            keys = KeySet.import_key_set(json.loads(reply.body))
        except (JoseError, ValueError, TypeError, KeyError):  # whatever a set of keys may lack
            return None
        with self._lock:
            self._keys = (self._monotonic(), keys)
        return keys

    def _link(self, url: str) -> HttpLink:
        return HttpLink(url, ca_file=self._client.ca_file)


def _is_good(reply: HttpReply) -> TypeGuard[HttpAnswer]:
    return isinstance(reply, HttpAnswer) and reply.status == 200
