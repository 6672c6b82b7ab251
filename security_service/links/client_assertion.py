"""Signed client assertions (RFC 7523) and sets of public keys (RFC 7517), by a library; judges no claims."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from security_service.domain.audit import Json, canonical
from security_service.domain.secret import Secret

ALGORITHMS: Final = ("ES256", "PS256", "RS256")
"""Signatures that are believed: by a private key of the client's, never `none`, never by a shared secret."""

_LONGEST: Final = 8192
_MOST_KEYS: Final = 16
_LEAST_RSA_BITS: Final = 2048
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class SignedAssertions:
    """Implements the port `Assertions`; safe to share between threads."""

    def issuer(self, assertion: Secret) -> str:
        """Give whose an assertion claims to be, before anything is believed; '' for what cannot be read."""
        parts = assertion.reveal().split(".")
        if len(parts) != 3 or len(assertion.reveal()) > _LONGEST:
            return ""
        try:
            padded = parts[1] + "=" * (-len(parts[1]) % 4)
            told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, binascii.Error, RecursionError):
            return ""
        issuer = told.get("iss") if isinstance(told, dict) else None
        return issuer if isinstance(issuer, str) and issuer.isascii() else ""

    def claims(self, assertion: Secret, jwks: str) -> Mapping[str, Json] | None:
        """Give the claims where a key of the set signed them; None where none did."""
        try:
            keys = KeySet.import_key_set(json.loads(jwks))
            signed = jws.deserialize_compact(assertion.reveal(), keys, algorithms=list(ALGORITHMS))
            told: object = json.loads(signed.payload)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):  # whatever a text may lack
            return None
        return told if isinstance(told, dict) else None


def public_keys(text: str) -> str:
    """Read a set of public keys as canonical JSON; raises ValueError, without the text, for any other.

    RSA from 2048 bits on, and EC on P-256. A set that holds a private or a shared key is refused: its
    owner must know that it went where it should not.
    """
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= _MOST_KEYS or not all(map(_is_object, keys)):
        raise ValueError(f"a JWK set has `keys`, 1 to {_MOST_KEYS} of them")
    return canonical({"keys": [_public(key) for key in keys]})


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _public(told: dict[str, Any]) -> dict[str, Json]:
    if _PRIVATE & told.keys():
        raise ValueError("the set holds a private or a shared key: give public keys only")
    if told.get("kty") == "RSA":
        names: tuple[str, ...] = ("kty", "n", "e")
    elif told.get("kty") == "EC" and told.get("crv") == "P-256":
        names = ("kty", "crv", "x", "y")
    else:
        raise ValueError("keys must be RSA or EC on P-256")
    kept = {name: told.get(name) for name in (*names, "kid", "alg", "use")}
    texts: dict[str, Json] = {name: value for name, value in kept.items() if isinstance(value, str)}
    if texts.get("alg", "RS256") not in ALGORITHMS or texts.get("use", "sig") != "sig":
        raise ValueError(f"keys must be for signatures by {', '.join(ALGORITHMS)}")
    # Base64 has six bits a character; the library only warns of a short key.
    if told["kty"] == "RSA" and len(str(texts.get("n", "")).lstrip("A")) * 6 < _LEAST_RSA_BITS:
        raise ValueError(f"RSA keys need {_LEAST_RSA_BITS} bits or more")
    try:
        (RSAKey if told["kty"] == "RSA" else ECKey).import_key(json.loads(canonical(texts)))
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError("a key of the set cannot be read") from None
    return texts
