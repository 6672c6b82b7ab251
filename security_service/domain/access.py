"""Who may manage the service: roles, and bearer keys known by their digests; leaves HTTP to `web`."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from security_service.domain.secret import Secret


class Role(StrEnum):
    """What a person or system may do: `admin` all of it, `auditor` read everything and change nothing.

    `analyst` looks at subscribers and re-verifies them; `lead` also sets modes, adds SIMs and
    unlocks. `enroller` is the bank's own backend, which enrols authenticator apps of customers it has
    identified, and does nothing else. Which route takes which role is one table, in `web/admin.py`.
    """

    ADMIN = "admin"
    LEAD = "lead"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ENROLLER = "enroller"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name stands in audit events."""

    name: str
    roles: frozenset[Role]

    def may(self, *roles: Role) -> bool:
        """True where one of `roles`, or `admin`, is among the actor's."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)


def bearer_digest(key: Secret) -> str:
    """Give the form in which a bearer key is configured: SHA-256 in hex.

    A plain digest is enough, for the keys are random and long; they are not passwords.
    """
    return sha256(key.reveal().encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class ManagementKeys:
    """The bearer keys of the management API, by digest."""

    actors: Sequence[tuple[str, Actor]]

    def actor(self, key: Secret) -> Actor | None:
        """Give the actor of a key, None for an unknown one. Every key is compared, in constant time."""
        digest = bearer_digest(key)
        found: Actor | None = None
        for known, actor in self.actors:
            if hmac.compare_digest(known, digest):
                found = actor
        return found
