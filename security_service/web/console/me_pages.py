"""A person's own page: password, recovery codes, language and colours, sign-ins of late."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.people import LEAST_PASSWORD
from security_service.usecases.change_own import OwnAttempt, OwnPasswordSet, RecoveryCodesMade
from security_service.usecases.sign_in import SignInRefused
from security_service.usecases.welcome_person import PasswordRefused
from security_service.web.callers import ClientAddresses
from security_service.web.console import forms
from security_service.web.console.notices import good
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import this_visit

_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_LATELY_MS: Final = 30 * 86_400_000
_SHOWN: Final = 10
_READ: Final = 500


@dataclass(frozen=True, slots=True)
class Entered:
    """One sign-in: when (Unix seconds), from which address, whether the device was known, by what."""

    at: float
    source: str
    device: str
    method: str


class MePages:
    """What people change of themselves; each change is proven by password and code once more."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._addresses = ClientAddresses(services.trusted_proxies)

    def me(self) -> Response:
        """Show the page."""
        return self._page()

    def password(self) -> Response:
        """Take another password."""
        new = forms.secret("new")
        if new.reveal() != forms.secret("again").reveal():
            return self._page("welcome.differ")
        outcome = self._services.change_own.password(self._attempt(), new)
        match outcome:
            case OwnPasswordSet():
                return self._screen.go("me", good("me.password_set"))
            case PasswordRefused():
                return self._page(f"password.{outcome.fault}")
            case SignInRefused():
                return self._page("me.not_proven")
            case _:
                assert_never(outcome)

    def recovery(self) -> Response:
        """Draw new recovery codes and show them this once."""
        outcome = self._services.change_own.recovery_codes(self._attempt())
        match outcome:
            case RecoveryCodesMade():
                return self._screen.show("recovery.html", codes=outcome.codes, first=False)
            case SignInRefused():
                return self._page("me.not_proven")
            case _:
                assert_never(outcome)

    def _page(self, fault: str = "") -> Response:
        status = _BAD if fault else HTTPStatus.OK
        return self._screen.show("me.html", status, fault=fault, least=LEAST_PASSWORD, entered=self._lately())

    def _attempt(self) -> OwnAttempt:
        person = this_visit().person
        source = self._addresses.of(request.environ)
        return OwnAttempt(
            person.name,
            forms.secret("password"),
            forms.secret("code"),
            person.session,
            source,
            forms.device(),
        )

    def _lately(self) -> Sequence[Entered]:
        name = this_visit().person.name
        since = self._services.clock.unix_ms() - _LATELY_MS
        query = AuditQuery(kind=EventKind.SIGNED_IN.value, since_ms=since, count=_READ)
        events = [json.loads(text) for text in self._services.read_audit.run(query).events]
        own = [one for one in events if one["facts"].get("person") == name][:_SHOWN]
        return [_entered(one["at"], one["facts"]) for one in own]


def _entered(at_ms: int, facts: dict[str, str]) -> Entered:
    return Entered(at_ms / 1000, facts.get("source", ""), facts.get("device", ""), facts.get("method", ""))
