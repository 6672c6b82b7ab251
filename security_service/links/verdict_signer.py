"""Verdicts signed by ES256 under keys of their own, and the JWK set that checks them; knows no claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import ECKey

from security_service.domain.audit import Json, canonical
from security_service.domain.secret import KeyRing

_ALGORITHM: Final = "ES256"
_TYPE: Final = "etalon-verdict+jwt"
_ORDER: Final = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)


class Es256Signer:
    """Implements the port `VerdictSigner`; safe to share between threads.

    Each key of the ring is a seed, from which a private key on P-256 is made; a key's id is its version and
    the thumbprint of its public half (RFC 7638), so that a client fetches the set anew after a rotation.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._keys = {version: _key(seed) for version, seed in ring.keys.items()}
        self._newest = ring.newest

    def sign(self, claims: dict[str, Json]) -> str:
        """Give the claims as a compact JWS (RFC 7515), signed by the newest key."""
        key = self._keys[self._newest]
        header = {"alg": _ALGORITHM, "kid": key.thumbprint(), "typ": _TYPE}
        return jws.serialize_compact(header, canonical(claims).encode("utf-8"), key, algorithms=[_ALGORITHM])

    def public_keys(self) -> dict[str, Json]:
        """Give the JWK set (RFC 7517) of every key at hand, the newest first."""
        return {"keys": [_public(self._keys[version]) for version in sorted(self._keys, reverse=True)]}


def _key(seed: bytes) -> ECKey:
    # One more than a remainder is never 0, and 256 bits over the order leave no bias that could be used.
    secret = int.from_bytes(seed[:32], "big") % (_ORDER - 1) + 1
    private = ec.derive_private_key(secret, ec.SECP256R1())
    return ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _public(key: ECKey) -> Mapping[str, Json]:
    public: dict[str, Json] = json.loads(json.dumps(key.as_dict(private=False)))
    return {**public, "alg": _ALGORITHM, "kid": key.thumbprint(), "use": "sig"}
