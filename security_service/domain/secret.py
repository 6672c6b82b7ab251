"""Values that must not leak, and keyed digests over them; leaves key storage to configuration."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DIGEST_BYTES: Final = 16
"""Bytes kept of an HMAC-SHA-256: 128 bits, which is what the packed stores hold."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that prints as stars: a password, an API key, the text of a message."""

    value: str

    def reveal(self) -> str:
        """Give the clear text; every call of this method is a place to review."""
        return self.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('***')"

    __str__ = __repr__


class Code(Secret):
    """A one-time code in the clear; exists in memory only."""

    __slots__ = ()


class MessageText(Secret):
    """The text of a message, which may hold a code."""

    __slots__ = ()


class Imsi(Secret):
    """What a source says identifies the SIM: digits, or the source's own hash."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False, order=True)
class Msisdn:
    """A number as E.164 digits without `+`; prints masked (`7916***2211`)."""

    digits: str

    def __repr__(self) -> str:
        return f"Msisdn('{self.masked}')"

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """The form that may stand in logs and metrics."""
        return f"{self.digits[:4]}***{self.digits[-4:]}" if len(self.digits) > 8 else "***"


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Keys of one use by version; the newest signs, all of them may be compared against.

    `keys` maps a version (1 to 255) to at least 32 bytes. Versions only grow.
    """

    keys: Mapping[int, bytes]
    _begun: Mapping[int, hmac.HMAC] = field(init=False, compare=False)
    _versions: tuple[int, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring needs at least one key")
        for version, key in self.keys.items():
            if not 1 <= version <= 255:
                raise ValueError("key versions run from 1 to 255")
            if len(key) < 32:
                raise ValueError(f"key version {version} is shorter than 32 bytes")
        begun = {version: hmac.new(key, digestmod="sha256") for version, key in self.keys.items()}
        object.__setattr__(self, "_begun", begun)
        object.__setattr__(self, "_versions", tuple(sorted(self.keys, reverse=True)))

    def __repr__(self) -> str:
        return f"KeyRing(versions={sorted(self.keys)})"

    @property
    def newest(self) -> int:
        """The version that new digests are made under."""
        return self._versions[0]

    def versions(self) -> tuple[int, ...]:
        """All versions at hand, newest first."""
        return self._versions

    def digest(self, version: int, *parts: str) -> bytes:
        """Give the first 16 bytes of HMAC-SHA-256 over length-prefixed UTF-8 parts.

        The length prefix keeps ("ab", "c") and ("a", "bc") apart. Raises KeyError for a
        version that is not at hand.
        """
        message = b""
        for part in parts:
            raw = part.encode("utf-8")
            message += len(raw).to_bytes(4, "big") + raw
        # Not hmac.digest: it lets other threads in each time, which costs more than the digest itself.
        digest = self._begun[version].copy()
        digest.update(message)
        return digest.digest()[:DIGEST_BYTES]
