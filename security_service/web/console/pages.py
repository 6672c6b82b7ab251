"""The registry of the console's pages: one table of what there is and who may see or do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from flask import Response

from security_service.domain.access import Role
from security_service.web.console.action_pages import ActionPages, Deed
from security_service.web.console.home_pages import HomePages
from security_service.web.console.me_pages import MePages
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.sign_in_pages import SignInPages
from security_service.web.console.subscriber_pages import SubscriberPages
from security_service.web.console.welcome_pages import WelcomePages
from security_service.web.wire.codec import MAX_BODY_BYTES

# `admin` may do all of it and stands in none of them, but where nobody else may.
EVERYBODY: Final = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
READ: Final = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
WORK: Final = frozenset({Role.ANALYST, Role.LEAD})


@dataclass(frozen=True, slots=True)
class Page:
    """One page or form: `roles` is None where somebody who is not signed in may come.

    `menu` is the key of its word in the navigation, empty where it does not stand there. `largest` is the
    greatest body in bytes that it takes; `values` go to the view beside those of the path.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    view: Callable[..., Response]
    roles: frozenset[Role] | None
    menu: str = ""
    largest: int = MAX_BODY_BYTES
    values: Mapping[str, Any] = field(default_factory=dict)


DEEDS: Final[Mapping[Deed, frozenset[Role]]] = dict.fromkeys(Deed, WORK)
"""Who may ask for what to be done to a subscriber; what a lead decides, an analyst proposes (FourEyes)."""


def pages(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    """Give every page of the console in the order of the navigation."""
    return (
        *_entrance(services, screen),
        *_own(services, screen),
        *_subscriber(services, screen),
    )


def _entrance(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    sign_in, welcome = SignInPages(services, screen), WelcomePages(services, screen)
    return (
        Page("sign_in", "GET", "/sign-in", sign_in.form, None),
        Page("sign_in_take", "POST", "/sign-in", sign_in.take, None),
        Page("sign_in_provider", "GET", "/oidc", sign_in.provider, None),
        Page("sign_in_returned", "GET", "/oidc/return", sign_in.returned, None),
        Page("welcome", "GET", "/welcome", welcome.form, None),
        Page("welcome_take", "POST", "/welcome", welcome.take, None),
        Page("welcome_finish", "POST", "/welcome/finish", welcome.finish, None),
    )


def _own(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    home, me = HomePages(services, screen), MePages(services, screen)
    return (
        Page("home", "GET", "/", home.home, EVERYBODY, menu="nav.home"),
        Page("look", "POST", "/look", home.look, None),
        Page("tenant", "POST", "/tenant", home.tenant, EVERYBODY),
        Page("sign_out", "POST", "/sign-out", home.sign_out, EVERYBODY),
        Page("me", "GET", "/me", me.me, EVERYBODY),
        Page("me_password", "POST", "/me/password", me.password, EVERYBODY),
        Page("me_recovery", "POST", "/me/recovery", me.recovery, EVERYBODY),
    )


def _subscriber(services: ConsoleServices, screen: Screen) -> Sequence[Page]:
    found, actions = SubscriberPages(services, screen, DEEDS), ActionPages(services, screen, DEEDS)
    one = "/subscribers/<handle>"
    rows = [
        Page("subscribers", "GET", "/subscribers", found.search, READ, menu="nav.subscriber"),
        Page("subscriber_find", "POST", "/subscribers", found.find, READ),
        Page("subscriber", "GET", one, found.show, READ),
    ]
    for deed, roles in DEEDS.items():
        path, values = f"{one}/{deed.path}", {"deed": deed}
        rows.append(Page(f"ask_{deed}", "GET", path, actions.ask, roles, values=values))
        rows.append(Page(f"do_{deed}", "POST", path, actions.do, roles, values=values))
    return rows
