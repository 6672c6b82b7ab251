"""People of the console: rights, state, rules of names and passwords; leaves hashing to `links`.

A person proves who they are by a password and an authenticator app (design, section 1), or at the bank's own
identity provider. Names of the two never meet: those of the provider begin with `oidc:`.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.secret import Secret

INVITATION_S: Final = 24 * 3600
RECOVERY_CODES: Final = 10
LEAST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 256
LOCALES: Final = ("ru", "en")
FEDERATED_PREFIX: Final = "oidc:"
ISSUER: Final = "Etalon"
"""What an authenticator app shows beside the name."""

_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,47}")
_FEDERATED_NAME: Final = re.compile(r"oidc:[a-z0-9][a-z0-9._@+-]{0,127}")
_CODE_GROUP: Final = 4
_CODE_LETTERS: Final = 20
_REFUSED: Final = frozenset(
    {
        "password", "passw0rd", "parol", "пароль", "qwerty", "qwertyuiop", "asdfghjkl", "йцукен",
        "фывапролдж", "letmein", "welcome", "changeme", "administrator", "admin", "operator", "etalon",
        "iloveyou", "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "abcdef", "abc123", "secret", "default", "master",
    }
)  # fmt: skip
_ROWS: Final = ("0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


class PersonState(StrEnum):
    """Where a person stands: only an active one is let in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person proves themselves by; nothing of it is in the clear.

    `password` is argon2's own text, `totp` the sealed secret of the authenticator app, `offered` that of one
    being enrolled, `recovery` digests of the codes that are left, `last_step` the newest time step (RFC 6238)
    whose code was accepted, `invitation` the digest of the invitation code that ends at `invited_until_ms`.
    """

    password: str = field(default="", repr=False)
    totp: bytes = field(default=b"", repr=False)
    offered: bytes = field(default=b"", repr=False)
    recovery: tuple[str, ...] = field(default=(), repr=False)
    last_step: int = 0
    invitation: str = field(default="", repr=False)
    invited_until_ms: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `name` is the login, `tenants` whom they may act for (empty: all), `created_ms` Unix ms.

    `is_federated`: the identity provider vouches for them, and there are no credentials here.
    """

    name: str
    roles: frozenset[Role]
    tenants: frozenset[str] = frozenset()
    locale: str = "ru"
    state: PersonState = PersonState.INVITED
    credentials: Credentials = Credentials()
    created_ms: int = 0
    created_by: str = ""
    is_federated: bool = False

    @property
    def is_local_admin(self) -> bool:
        """True for one who may let others in even where the identity provider is away."""
        return Role.ADMIN in self.roles and self.state is PersonState.ACTIVE and not self.is_federated

    @property
    def actor(self) -> Actor:
        """The person as one who acts: the name stands in audit events."""
        return Actor(self.name, self.roles)


class PasswordFault(StrEnum):
    """Why a password may not be chosen."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    HOLDS_NAME = "holds_name"
    GUESSED_FIRST = "guessed_first"


def normal_name(text: str) -> str:
    """Give a name as it is compared: without white space around it, in lower case."""
    return text.strip().lower()


def is_name(name: str) -> bool:
    """True for a login: a letter, then letters, digits, `.`, `_`, `-`; 2 to 48 characters, in lower case."""
    return _NAME.fullmatch(name) is not None


def federated_name(name: str) -> str:
    """Give the name under which the provider's `name` is known here; empty where it cannot be one."""
    ours = f"{FEDERATED_PREFIX}{normal_name(name)}"
    return ours if _FEDERATED_NAME.fullmatch(ours) else ""


def password_fault(name: str, password: Secret) -> PasswordFault | None:
    """Say why a password may not be chosen, None where it may (NIST SP 800-63B, section 5.1.1.2).

    Length counts and what attackers try first is refused; which kinds of characters it has does not matter.
    """
    clear = password.reveal()
    plain = clear.casefold()
    if len(clear) < LEAST_PASSWORD:
        return PasswordFault.TOO_SHORT
    if len(clear) > LONGEST_PASSWORD:
        return PasswordFault.TOO_LONG
    if name.casefold() and name.casefold() in plain:
        return PasswordFault.HOLDS_NAME
    return PasswordFault.GUESSED_FIRST if _is_guessed_first(plain) else None


def _is_guessed_first(plain: str) -> bool:
    """True for few characters, 12 keys in a row, a word of the list with signs around it, one word again."""
    letters = re.sub(r"[\W\d_]+", "", plain)
    word = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    is_listed = letters in _REFUSED or word in _REFUSED
    return len(set(plain)) < 5 or is_listed or _is_row(plain) or _is_row(letters) or _is_repeated(plain)


def _is_row(plain: str) -> bool:
    return any(
        row[at : at + LEAST_PASSWORD] in plain for row in _ROWS for at in range(len(row) - LEAST_PASSWORD + 1)
    )


def _is_repeated(plain: str) -> bool:
    """True for a word of eight characters or fewer that is typed twice or more."""
    return any(
        plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, min(8, len(plain) // 2) + 1)
    )


def spoken_code(token: str) -> Secret:
    """Make a code that people type of 32 random hex digits: 80 bits of them, in groups of four."""
    letters = token[:_CODE_LETTERS]
    return Secret("-".join(letters[at : at + _CODE_GROUP] for at in range(0, len(letters), _CODE_GROUP)))


def code_digest(use: str, name: str, code: Secret) -> str:
    """Give the form in which a spoken code is kept: SHA-256 over its use, whose it is, and its digits.

    A plain digest is enough, for the codes are random. White space, dashes and case do not count.
    """
    letters = re.sub(r"[\s-]+", "", code.reveal()).lower()
    return sha256(f"{use}\n{name}\n{letters}".encode()).hexdigest()


def has_code(digests: tuple[str, ...], digest: str) -> bool:
    """Tell whether a digest is among those kept; compares with each in constant time."""
    return sum(hmac.compare_digest(one, digest) for one in digests) > 0


def token_digest(use: str, token: Secret) -> str:
    """Give the form in which a token of a cookie is kept: SHA-256 in hex over its use and itself."""
    return sha256(f"{use}\n{token.reveal()}".encode()).hexdigest()


def csrf_of(session: Secret) -> Secret:
    """Give the token that a session's forms must bring along; it does not tell the session's own."""
    return Secret(token_digest("csrf", session)[:32])


def network_of(source: str) -> str:
    """Give the network that an address is counted under: /24 of IPv4, /56 of IPv6, other texts as such."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{IPv6Address(int(address) >> 72 << 72)}/56"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else address
    return f"{str(mapped).rpartition('.')[0]}.0/24"
