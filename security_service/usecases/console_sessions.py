"""Sessions of the console: whose one is now, and its end; leaves cookies and headers to `web`."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.access import Actor, Role
from security_service.domain.people import csrf_of
from security_service.domain.people_ports import Sessions
from security_service.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that is open: whose it is, with their rights of this moment (no tenants: all)."""

    name: str
    roles: frozenset[Role]
    tenants: frozenset[str]
    csrf: Secret
    locale: str
    is_federated: bool = False

    @property
    def actor(self) -> Actor:
        """The person as one who acts."""
        return Actor(self.name, self.roles)


@dataclass(frozen=True, slots=True)
class NoSession:
    """No session, or one that has ended: by time, by its person, or because their rights changed."""


@dataclass(frozen=True, slots=True)
class ConsoleSessions:
    """Opens and ends sessions by the tokens of cookies."""

    sessions: Sessions

    def open(self, token: Secret) -> OpenSession | NoSession:
        """Give the session of a token, and count it as used. Raises StoreUnavailable."""
        found = self.sessions.open(token) if token.reveal() else None
        if found is None:
            return NoSession()
        one = found.person
        return OpenSession(one.name, one.roles, one.tenants, csrf_of(token), one.locale, one.is_federated)

    def end(self, token: Secret) -> None:
        """End a session, if there is one, with its event. Raises StoreUnavailable."""
        if token.reveal():
            self.sessions.end(token)
