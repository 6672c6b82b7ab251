"""Texts sealed by AES-256-GCM under keys that never lie in the store; leaves where they lie to the store."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from security_service.domain.link_ports import NotOpened
from security_service.domain.secret import KeyRing

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class TextSealer:
    """Implements the port `Sealer` (design, section 2: sealed text); safe to share between threads.

    The keys are derived by HKDF-SHA-256 from a ring of another use, so that they rotate with it and
    neither tells of the other; `use` keeps apart those that one ring is for. A sealed text is the key's
    version, a random nonce, and what AES-GCM gives.
    """

    def __init__(self, ring: KeyRing, use: str = "sealed text") -> None:
        self._newest = ring.newest
        self._ciphers = {version: AESGCM(_derived(key, use)) for version, key in ring.keys.items()}

    def seal(self, text: bytes, about: str) -> bytes:
        """Seal a text under the newest key so that it opens only under the same `about`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, text, about.encode("utf-8"))
        return bytes((self._newest,)) + nonce + sealed

    def open(self, sealed: bytes, about: str) -> bytes | NotOpened:
        """Open what `seal` gave, under any key at hand."""
        cipher = self._ciphers.get(sealed[0]) if len(sealed) > _NONCE_BYTES else None
        if cipher is None:
            return NotOpened()
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, text, about.encode("utf-8"))
        except (InvalidTag, ValueError):  # ValueError: shorter than its nonce and tag can be
            return NotOpened()


def _derived(key: bytes, use: str) -> bytes:
    info = f"etalon {use}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)
