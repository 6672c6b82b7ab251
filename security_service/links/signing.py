"""Ed25519 keys of the audit log (RFC 8032) out of settings and PEM files; leaves what is signed to others."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from security_service.domain.log_head import SignatureCheck
from security_service.domain.secret import Secret

SEED_BYTES: Final = 32
_ID_BYTES: Final = 8


def key_id_of(key: Ed25519PublicKey) -> str:
    """Give a key's id: the first 8 bytes of SHA-256 over its 32 bytes, in hex."""
    return sha256(key.public_bytes_raw()).digest()[:_ID_BYTES].hex()


class LogSigner:
    """The Signer port over a seed of 32 bytes in hex. Raises ValueError, which repeats nothing of it."""

    def __init__(self, seed: Secret) -> None:
        try:
            raw = bytes.fromhex(seed.reveal())
        except ValueError:
            raise ValueError("the seed of a signing key must be 64 hexadecimal digits") from None
        if len(raw) != SEED_BYTES:
            raise ValueError("the seed of a signing key must be 64 hexadecimal digits")
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self._key_id = key_id_of(self._key.public_key())

    def __repr__(self) -> str:
        return f"LogSigner({self._key_id})"

    @property
    def key_id(self) -> str:
        """The id under which verifiers know the key."""
        return self._key_id

    def sign(self, message: bytes) -> bytes:
        """Give the 64 bytes of the signature."""
        return self._key.sign(message)

    def public_pem(self) -> str:
        """Give the public key as verifiers take it: PEM of SubjectPublicKeyInfo (RFC 8410)."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


class TrustedLogKeys:
    """The public keys that whoever verifies trusts, by id. Raises ValueError for what is no such key."""

    def __init__(self, pems: Iterable[bytes]) -> None:
        self._keys = {key_id_of(key): key for key in map(_read, pems)}

    def check(self, key_id: str, message: bytes, signature: bytes) -> SignatureCheck:
        """Tell whether `signature` was made over `message` with the key of that id."""
        key = self._keys.get(key_id)
        if key is None:
            return SignatureCheck.UNKNOWN_KEY
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return SignatureCheck.WRONG
        return SignatureCheck.GOOD


def _read(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("not a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not a public key of Ed25519")  # noqa: TRY004 - what was given is the value, not a type
    return key
