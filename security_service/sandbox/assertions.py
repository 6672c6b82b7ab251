"""What a client's signed assertion must be like (RFC 7523, CAMARA's profile); leaves tokens to `camara`."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

LONGEST_LIFE_S: Final = 300
_SKEW_S: Final = 30
_ALGORITHMS: Final = frozenset({"RS256", "ES256"})


def refusal_of(
    assertion: str, *, client: str, audience: str, public_key: str, now: float, used: set[str]
) -> str:
    """Say what is wrong with an assertion, '' where nothing is; its `jti` is then among `used`.

    Without a public key the signature is not looked at.
    """
    try:
        head, body, signature = assertion.split(".")
        header, claims, raw = _read(head), _read(body), _decoded(signature)
    except ValueError:
        return "not a JWT"
    if header.get("alg") not in _ALGORITHMS:
        return "alg is not allowed"
    if public_key and not _is_signed(public_key, f"{head}.{body}".encode(), raw):
        return "the signature is wrong"
    if claims.get("iss") != client or claims.get("sub") != client:
        return "iss and sub must be the client"
    if claims.get("aud") not in (audience, [audience]):
        return "aud must be the token endpoint"
    issued, ends, name = claims.get("iat"), claims.get("exp"), claims.get("jti")
    if not isinstance(issued, int) or not isinstance(ends, int) or not isinstance(name, str) or not name:
        return "iat, exp and jti are required"
    if not 0 < ends - issued <= LONGEST_LIFE_S or not issued - _SKEW_S <= now < ends:
        return "it has ended, or lives too long"
    if name in used:
        return "jti was used before"
    used.add(name)
    return ""


def _read(part: str) -> dict[str, Any]:
    read = json.loads(_decoded(part))
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - the caller asks only whether it is a JWT
    return read


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _is_signed(public_key: str, signed: bytes, signature: bytes) -> bool:
    key = load_pem_public_key(public_key.encode())
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, signed, PKCS1v15(), SHA256())
        elif isinstance(key, EllipticCurvePublicKey) and len(signature) == 64:
            first, second = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(first, second), signed, ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True
