"""Signed heads of the audit log: what they say and the bytes that are signed; leaves keys to the links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from security_service.domain.audit import Json, canonical
from security_service.domain.merkle import HASH_BYTES

VERSION: Final = 1
LONGEST_HEAD: Final = 4096
"""Bytes of a signed head's line at most; a longer line is no head."""

_HEAD: Final = frozenset({"at", "log", "root", "size", "v"})
_SIGNED: Final = frozenset({"head", "key", "signature"})


class Unreadable(ValueError):
    """A text that is not what it should be; the message says what it should have been."""


class SignatureCheck(Enum):
    """What a signature under one of the trusted keys turned out to be."""

    GOOD = "good"
    WRONG = "wrong"
    UNKNOWN_KEY = "unknown_key"
    UNSIGNED = "unsigned"


class CheckSignature(Protocol):
    """Checks signatures under the public keys that whoever verifies trusts."""

    def __call__(self, key_id: str, message: bytes, signature: bytes) -> SignatureCheck:
        """Tell whether `signature` was made over `message` with the key of that id."""
        ...


@dataclass(frozen=True, slots=True)
class LogHead:
    """What is signed: log `log` (an installation) had `size` leaves of that root at Unix ms `at_ms`."""

    log: str
    size: int
    root: bytes
    at_ms: int

    def members(self) -> dict[str, Json]:
        """Give the head as members of a JSON object."""
        return {"at": self.at_ms, "log": self.log, "root": self.root.hex(), "size": self.size, "v": VERSION}

    def signed_bytes(self) -> bytes:
        """Give the bytes that a signature is made over: canonical JSON in UTF-8."""
        return canonical(self.members()).encode("utf-8")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its Ed25519 signature; `key_id` names the key, and is empty where there was none."""

    head: LogHead
    key_id: str
    signature: bytes

    def members(self) -> dict[str, Json]:
        """Give the signed head as members of a JSON object, the form in which it is published."""
        return {"head": self.head.members(), "key": self.key_id, "signature": self.signature.hex()}

    def line(self) -> str:
        """Give the line of the published file, without its end."""
        return canonical(self.members())

    def check(self, check: CheckSignature) -> SignatureCheck:
        """Tell whether the signature is one of a trusted key."""
        if not self.signature:
            return SignatureCheck.UNSIGNED
        return check(self.key_id, self.head.signed_bytes(), self.signature)


def read_signed_head(text: str | bytes) -> SignedHead:
    """Read a published line; raises Unreadable."""
    return signed_head_of(read_json(text))


def signed_head_of(read: object) -> SignedHead:
    """Make a signed head of parsed JSON, which must have its members and no others; raises Unreadable."""
    outer = exactly(read, _SIGNED, "a signed head")
    inner = exactly(outer["head"], _HEAD, "a head")
    if inner["v"] != VERSION:
        raise Unreadable("a head of a version that this program does not know")
    head = LogHead(
        log=text_of(inner["log"]),
        size=count_of(inner["size"]),
        root=bytes_of(inner["root"], HASH_BYTES),
        at_ms=count_of(inner["at"]),
    )
    return SignedHead(head, text_of(outer["key"]), bytes_of(outer["signature"]))


def read_json(text: str | bytes) -> object:
    """Parse JSON that may be hostile; raises Unreadable for whatever the parser breaks on."""
    try:
        read: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    return read


def exactly(read: object, members: frozenset[str], what: str) -> Mapping[str, object]:
    """Demand an object of just these members; raises Unreadable."""
    if not isinstance(read, dict) or read.keys() != members:
        raise Unreadable(f"not {what}: it needs the members {', '.join(sorted(members))} and no others")
    return read


def text_of(value: object) -> str:
    """Demand a text; raises Unreadable."""
    if not isinstance(value, str):
        raise Unreadable("a text was expected")
    return value


def count_of(value: object) -> int:
    """Demand a whole number of 0 or more; raises Unreadable."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unreadable("a whole number of 0 or more was expected")
    return value


def bytes_of(value: object, length: int | None = None) -> bytes:
    """Demand bytes in hex, so many of them where that is given; raises Unreadable."""
    text = text_of(value)
    try:
        found = bytes.fromhex(text)
    except ValueError:
        raise Unreadable("hexadecimal digits were expected") from None
    if text != found.hex() or (length is not None and len(found) != length):
        raise Unreadable("hexadecimal digits of the right number, in lower case, were expected")
    return found


def hashes_of(value: object) -> tuple[bytes, ...]:
    """Demand a list of hashes in hex; raises Unreadable."""
    if not isinstance(value, list):
        raise Unreadable("a list of hashes was expected")
    return tuple(bytes_of(one, HASH_BYTES) for one in value)
