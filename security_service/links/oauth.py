"""Access tokens by OAuth 2 client credentials with a signed assertion; leaves what they open to each lookup.

RFC 6749 section 4.4, RFC 7523 section 2.2; the profile of CAMARA allows no other way (`private_key_jwt`).
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from security_service.domain.secret import Secret
from security_service.links.http_answer import HttpAnswer, NoReply, NotSent, NotSentReason
from security_service.links.http_link import HttpLink
from security_service.links.json_body import members, read_json, text, whole
from security_service.links.session import NoSession, NoSessionReason, SessionKeeper, TimedSession

SigningKey = RSAPrivateKey | EllipticCurvePrivateKey

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE_S: Final = 60
"""An assertion is used once and at once; the profile allows 300 s at most."""

_EARLY_S: Final = 10.0
"""A token is not used in its last seconds, for it has to arrive while it lives."""

_LONGEST_LIFE_S: Final = 3600.0
_LIFE_WHERE_NONE_IS_TOLD_S: Final = 60


def read_signing_key(pem: Secret) -> SigningKey:
    """Read a private key in PEM: RSA from 2048 bits on, or EC P-256. Raises ValueError without its text."""
    try:
        key = load_pem_private_key(pem.reveal().encode("utf-8"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may quote the key, and a TypeError means that it is encrypted.
        raise ValueError("private_key must be a private key in PEM without a password") from None
    is_rsa = isinstance(key, RSAPrivateKey) and key.key_size >= 2048
    is_ec = isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey) or not (is_rsa or is_ec):
        raise ValueError("private_key must be RSA of 2048 bits or more, or EC P-256")
    return key


def signed_jwt(key: SigningKey, key_id: str, claims: Mapping[str, str | int]) -> str:
    """Give a JWT over `claims`, by RS256 or ES256 as the key is."""
    algorithm = "RS256" if isinstance(key, RSAPrivateKey) else "ES256"
    header = {"alg": algorithm, "typ": "JWT", **({"kid": key_id} if key_id else {})}
    signed = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signed}.{_base64url(_signature(key, signed.encode('ascii')))}"


def _signature(key: SigningKey, signed: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(signed, PKCS1v15(), SHA256())
    first, second = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return first.to_bytes(32, "big") + second.to_bytes(32, "big")


def _encoded(document: Mapping[str, str | int]) -> str:
    return _base64url(json.dumps(document, separators=(",", ":")).encode("utf-8"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Who asks for tokens, what for, and what the assertion is addressed to."""

    client_id: str
    key: SigningKey
    key_id: str
    audience: str
    scope: str


class AccessTokens:
    """Keeps one token until shortly before it ends; safe to share between threads.

    `now` gives Unix seconds for the assertion.
    """

    def __init__(self, client: OAuthClient, link: HttpLink, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._link = link
        self._now = now
        self._keeper = SessionKeeper(self._fetch, life_s=_LONGEST_LIFE_S)

    def current(self, within_s: float) -> Secret | NoSession:
        """Give the token at hand, or fetch one within `within_s` seconds."""
        return self._keeper.current(within_s)

    def renewed(self, refused: Secret, within_s: float) -> Secret | NoSession:
        """Give a token other than the one that has just been refused."""
        return self._keeper.renewed(refused, within_s)

    def _fetch(self, within_s: float) -> TimedSession | NoSession:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.client_id,
            "scope": self._client.scope,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        reply = self._link.post_form("", form, within_s)
        match reply:
            case HttpAnswer():
                return _token(reply)
            case NotSent(NotSentReason.NO_TIME):
                return NoSession(NoSessionReason.NO_TIME)
            case NotSent() | NoReply():
                return NoSession(NoSessionReason.UNREACHABLE)

    def _assertion(self) -> str:
        issued = int(self._now())
        claims: dict[str, str | int] = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": self._client.audience,
            "jti": secrets.token_hex(16),
            "iat": issued,
            "exp": issued + _ASSERTION_LIFE_S,
        }
        return signed_jwt(self._client.key, self._client.key_id, claims)


def _token(answer: HttpAnswer) -> TimedSession | NoSession:
    """Read the answer of a token endpoint; a client that it does not let in is refused for a while."""
    if answer.status in {400, 401, 403}:
        return NoSession(NoSessionReason.REFUSED)
    if answer.status != 200:
        return NoSession(NoSessionReason.UNREACHABLE)
    told = members(read_json(answer.body))
    token = text(told.get("access_token"))
    is_bearer = text(told.get("token_type")).lower() == "bearer"
    if not token or not is_bearer or not token.isascii() or any(character <= " " for character in token):
        return NoSession(NoSessionReason.UNREADABLE)
    life_s = whole(told.get("expires_in"))
    lives = _LIFE_WHERE_NONE_IS_TOLD_S if life_s is None else life_s
    return TimedSession(Secret(token), max(0.0, lives - _EARLY_S))
