"""A tenant's API keys and the accounts of its older systems: what is secret is shown once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.accounts import Face
from security_service.usecases.keep_accounts import AccountWish, LoginTaken, MadeAccount
from security_service.usecases.keep_api_keys import (
    MOST_KEYS,
    IssueOutcome,
    KeyEnded,
    KeyIssued,
    KeyNameRefused,
    NoSuchKey,
    TooManyKeys,
)
from security_service.usecases.manage_tenants import NoSuchTenant
from security_service.web.console import forms
from security_service.web.console.notices import good, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.tenant_access import is_admin, tenant_of
from security_service.web.console.visit import this_visit

GRACES: Final = (0, 3600, 86_400, 7 * 86_400, 30 * 86_400)
"""How long a key may go on after it was ended, in seconds."""

_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_PAGE: Final = 50


class KeyPages:
    """Keys and accounts of one tenant."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen, self._desk = services, screen, services.management

    def page(self, tenant: str) -> Response:
        """List the keys."""
        return self._keys(tenant)

    def issue(self, tenant: str) -> Response:
        """Let a new key in and show it; the others end after the grace where one was chosen."""
        tenant_of(self._desk, tenant)
        name, replaces = forms.line("name", 32), forms.ticked("replaces")
        actor, keys = this_visit().person.name, self._desk.api_keys
        grace_s = _grace()
        outcome: IssueOutcome = (
            keys.rotate(tenant, grace_s, actor, name) if replaces else keys.issue(tenant, name, actor)
        )
        match outcome:
            case KeyIssued():
                return self._screen.show("key_issued.html", issued=outcome, tenant=tenant, grace_s=grace_s)
            case KeyNameRefused():
                return self._keys(tenant, "keys.odd_name")
            case TooManyKeys():
                return self._keys(tenant, "keys.too_many")
            case NoSuchTenant():
                raise PageRefused(HTTPStatus.NOT_FOUND, "tenants.unknown")
            case _:
                assert_never(outcome)

    def end(self, tenant: str) -> Response:
        """End a key, at once or after a grace."""
        tenant_of(self._desk, tenant)
        outcome = self._desk.api_keys.end(tenant, forms.line("key", 12), _grace(), this_visit().person.name)
        match outcome:
            case KeyEnded():
                return self._screen.go(
                    "tenant_keys", good("keys.ended", name=outcome.info.name), tenant=tenant
                )
            case NoSuchKey():
                return self._screen.go("tenant_keys", warn("keys.gone"), tenant=tenant)
            case _:
                assert_never(outcome)

    def _keys(self, tenant: str, fault: str = "") -> Response:
        kept, listed = tenant_of(self._desk, tenant), self._desk.api_keys.of(tenant)
        return self._screen.show(
            "tenant_keys.html",
            _BAD if fault else HTTPStatus.OK,
            kept=kept,
            keys=[] if isinstance(listed, NoSuchTenant) else listed,
            now_ms=self._services.clock.unix_ms(),
            graces=GRACES,
            most=MOST_KEYS,
            fault=fault,
            may_change=is_admin(),
        )

    # --- accounts -------------------------------------------------------------------------------

    def accounts(self, tenant: str) -> Response:
        """List the accounts."""
        return self._accounts(tenant)

    def add_account(self, tenant: str) -> Response:
        """Make an account and show its password."""
        tenant_of(self._desk, tenant)
        try:
            made = self._desk.accounts.make(_wish(tenant), this_visit().person.name)
        except ValueError:
            return self._accounts(tenant, "accounts.odd")
        match made:
            case MadeAccount():
                return self._screen.show("account_made.html", made=made, tenant=tenant)
            case LoginTaken():
                return self._accounts(tenant, "accounts.taken")
            case _:
                assert_never(made)

    def account_password(self, tenant: str) -> Response:
        """Draw a new password for an account and show it."""
        login = self._own_login(tenant)
        made = self._desk.accounts.change_password(login, this_visit().person.name)
        if made is None:
            return self._screen.go("tenant_accounts", warn("accounts.gone"), tenant=tenant)
        return self._screen.show("account_made.html", made=made, tenant=tenant)

    def remove_account(self, tenant: str) -> Response:
        """Remove an account."""
        login = self._own_login(tenant)
        if not self._desk.accounts.remove(login, this_visit().person.name):
            return self._screen.go("tenant_accounts", warn("accounts.gone"), tenant=tenant)
        return self._screen.go("tenant_accounts", good("accounts.removed", login=login), tenant=tenant)

    def _own_login(self, tenant: str) -> str:
        """Give the login of the form; raises `PageRefused` for one that is not this tenant's."""
        tenant_of(self._desk, tenant)
        login = forms.line("login", 15)
        if login not in {one.login for one in self._desk.accounts.of(tenant)}:
            raise PageRefused(HTTPStatus.NOT_FOUND, "accounts.unknown")
        return login

    def _accounts(self, tenant: str, fault: str = "") -> Response:
        kept = tenant_of(self._desk, tenant)
        after = request.args.get("after", "")[:15]
        every = sorted(self._desk.accounts.of(tenant), key=lambda one: one.login)
        found = [one for one in every if one.login > after]
        return self._screen.show(
            "tenant_accounts.html",
            _BAD if fault else HTTPStatus.OK,
            kept=kept,
            accounts=found[:_PAGE],
            after=after,
            following=found[_PAGE - 1].login if len(found) > _PAGE else "",
            faces=list(Face),
            fault=fault,
            may_change=is_admin(),
        )


def _grace() -> int:
    typed = forms.line("grace", 9)
    return int(typed) if typed.isascii() and typed.isdigit() and int(typed) in GRACES else 0


def _wish(tenant: str) -> AccountWish:
    """Read the form; raises ValueError for numbers that are none."""
    networks = tuple(one for one in forms.line("networks").replace(",", " ").split() if one)
    faces = frozenset(face for face in Face if forms.ticked(f"face.{face}"))
    counts = int(forms.line("a_second", 6) or "100"), int(forms.line("sessions", 2) or "4")
    return AccountWish(forms.line("login", 40), tenant, faces, networks, *counts)
