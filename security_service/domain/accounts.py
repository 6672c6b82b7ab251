"""Accounts by which a tenant's older systems sign in; leaves keeping them to the store."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from security_service.domain.audit import Event
from security_service.domain.secret import KeyRing, Secret

SESSION_S: Final = 120 * 60
"""How long a session of the Devino faces lasts in seconds (Devino manual 1.2 and 7.2)."""

WRONG_PASSWORDS_A_MINUTE: Final = 10
"""After so many from one address in a minute, that address waits; the account itself is never locked."""

_LOGIN: Final = re.compile(r"[A-Za-z0-9_.-]{1,15}")
_LONGEST_PASSWORD: Final = 64


class Face(StrEnum):
    """A way in that takes login and password."""

    SMPP = "smpp"
    REST = "rest"
    SOAP = "soap"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `networks` are whence it may come (empty: from anywhere), `faces` what it may use.

    `a_second` bounds the messages that it may bring in a second, `sessions` its SMPP sessions at once.
    `digest` is an HMAC of the password under the installation's key `version`.
    """

    login: str
    tenant: str
    faces: frozenset[Face]
    version: int
    digest: bytes = field(repr=False)
    networks: tuple[str, ...] = ()
    a_second: int = 100
    sessions: int = 4

    def __post_init__(self) -> None:
        if not _LOGIN.fullmatch(self.login):
            raise ValueError("a login has 1 to 15 of A-Z a-z 0-9 _ . -")
        if not self.faces:
            raise ValueError("an account needs a face that it may use")
        if not 1 <= self.a_second <= 100_000 or not 1 <= self.sessions <= 64:
            raise ValueError("a_second must be 1 to 100000 and sessions 1 to 64")
        for network in self.networks:
            ip_network(network, strict=False)

    def admits(self, address: str) -> bool:
        """True where a client at `address` may use the account; an address that cannot be read may not."""
        if not self.networks:
            return True
        try:
            client = ip_address(address)
        except ValueError:
            return False
        return any(client in ip_network(network, strict=False) for network in self.networks)


def password_digest(keys: KeyRing, version: int, login: str, password: Secret) -> bytes:
    """Give what a password is stored as: bound to its login, under a key that lies outside the store."""
    return keys.digest(version, "account", login, password.reveal()[:_LONGEST_PASSWORD])


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """What the store has of a login; `stored` names this very state of it, `tries` the wrong passwords."""

    account: Account | None
    stored: str
    tries: int


class AccountRefusal(StrEnum):
    """Why an account is not let in; what a face says of it tells nobody which logins there are."""

    WRONG = "wrong_login_or_password"
    ADDRESS = "address_not_allowed"
    FACE = "face_not_allowed"
    WAIT = "too_many_wrong_passwords"
    SESSION = "session_ended"


class Accounts(Protocol):
    """Accounts of all tenants. Every method may raise StoreUnavailable."""

    def find(self, login: str, source: str) -> FoundAccount:
        """Give an account, and how many wrong passwords came from `source` within the last minute."""
        ...

    def refused(self, source: str, event: Event) -> None:
        """Count a wrong password of `source`; the first of a minute is told with `event`."""
        ...

    def save(self, account: Account, event: Event) -> None:
        """Write an account; sessions of it as it was before end."""
        ...

    def remove(self, login: str, event: Event) -> bool:
        """Forget an account; False where there was none."""
        ...


class AccountList(Protocol):
    """Lists of accounts. May raise StoreUnavailable."""

    def of(self, tenant: str) -> Sequence[Account]:
        """Give a tenant's accounts, or those of all where `tenant` is ''."""
        ...


class AccountSessions(Protocol):
    """Sessions of accounts, each for two hours. Every method may raise StoreUnavailable."""

    def begin(self, token: Secret, login: str, stored: str) -> None:
        """Keep a session of an account as it is now."""
        ...

    def find(self, token: Secret) -> tuple[str, str]:
        """Give login and state that a session was begun with; two empty texts where there is none."""
        ...
