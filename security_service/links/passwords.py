"""Passwords hashed by argon2id, a few at a time; which may be chosen is for the domain."""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from security_service.domain.people_answers import PasswordAnswer
from security_service.domain.people_ports import Busy
from security_service.domain.secret import Secret

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one hash costs: RFC 9106, section 4, second choice (64 MiB, three passes, four lanes)."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


class HashPlaces:
    """So many hashes at once and so many callers waiting for one; each for `wait_s` seconds at most."""

    def __init__(self, at_once: int, waiting: int, wait_s: float) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._queue = threading.BoundedSemaphore(at_once + waiting)
        self._wait_s = wait_s

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take a place for the block; False where there is none in time."""
        if not self._queue.acquire(blocking=False):
            yield False
            return
        try:
            has_place = self._places.acquire(timeout=self._wait_s)
            try:
                yield has_place
            finally:
                if has_place:
                    self._places.release()
        finally:
            self._queue.release()


class Argon2Passwords:
    """Implements the port `Passwords`; safe to share between threads.

    A process hashes at most four passwords at once, 256 MiB in all: two for devices that are known, two for
    strangers, so that a flood of strangers takes neither the memory of the rest nor the places of operators.
    """

    def __init__(
        self, cost: HashCost = HashCost(), *, at_once: int = 2, waiting: int = 16, wait_s: float = 2.0
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._known = HashPlaces(at_once, waiting, wait_s)
        self._strange = HashPlaces(at_once, waiting, wait_s)
        parameters = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
        # Made up, not computed: no password gives it, and to find that out costs what a real one costs.
        self._nobodys = f"$argon2id$v=19${parameters}${_random(_SALT_BYTES)}${_random(_HASH_BYTES)}"

    def hashed(self, password: Secret) -> str | Busy:
        """Hash a password that is chosen; it is compared in the composed form of its characters (NFKC)."""
        with self._known.taken() as has_place:
            return self._hasher.hash(_composed(password)) if has_place else Busy()

    def check(self, stored: str, password: Secret, *, known_device: bool) -> PasswordAnswer:
        """Hold a password against a hash; an empty one costs the same and is never right."""
        places = self._known if known_device else self._strange
        with places.taken() as has_place:
            if not has_place:
                return PasswordAnswer.BUSY
            try:
                self._hasher.verify(stored or self._nobodys, _composed(password))
            except (VerificationError, InvalidHashError):
                return PasswordAnswer.WRONG
        if not stored:
            return PasswordAnswer.WRONG
        is_outgrown = self._hasher.check_needs_rehash(stored)
        return PasswordAnswer.OUTGROWN if is_outgrown else PasswordAnswer.RIGHT


def _composed(password: Secret) -> bytes:
    return unicodedata.normalize("NFKC", password.reveal()).encode("utf-8", "surrogatepass")


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode("ascii")
