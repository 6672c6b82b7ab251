"""What is known of the request being answered: who asks, in which language, for which tenant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast
from zoneinfo import ZoneInfo

from flask import g, has_request_context

from security_service.domain.access import Role
from security_service.domain.secret import Secret
from security_service.web.console.words import Locale, Words

UTC_ZONE: Final = "UTC"


class Theme(StrEnum):
    """Which colours a person wants: `auto` follows the browser."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in. `tenants` are those they may act for, `session` their session's token.

    `for_all`: they may act for every tenant there is or will be. `is_federated`: the bank's identity
    provider vouches for them, and there is no password here.
    """

    name: str
    roles: frozenset[Role]
    tenants: tuple[str, ...]
    session: Secret
    is_federated: bool = False
    for_all: bool = False

    def may(self, roles: frozenset[Role]) -> bool:
        """True where one of `roles`, or `admin`, is among the person's (as `Actor.may`)."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page that stands in the navigation: its name in the registry and the key of its word."""

    page: str
    word: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: `visitor` is None before sign-in; `tenant` is the one chosen among the visitor's.

    `csrf` is the token that every form of the answer must bear; `zone` is the browser's time zone.
    """

    visitor: Visitor | None
    csrf: str
    words: Words
    theme: Theme
    zone: ZoneInfo
    request_id: str
    page: str = ""
    tenant: str = ""
    menu: tuple[MenuEntry, ...] = ()

    @property
    def locale(self) -> Locale:
        """The language of this answer."""
        return self.words.locale

    @property
    def person(self) -> Visitor:
        """The visitor of a page that the registry opens to signed-in people only."""
        if self.visitor is None:
            raise LookupError("nobody is signed in")
        return self.visitor


def put_visit(visit: Visit) -> None:
    """Keep the visit for the rest of this request."""
    g.console_visit = visit


def has_visit() -> bool:
    """Tell whether this request got as far as a visit."""
    return has_request_context() and "console_visit" in g


def this_visit() -> Visit:
    """Give the visit of this request; the frame has put it there before any view runs."""
    return cast("Visit", g.console_visit)
