"""The first visit of an invited person: invitation, password and authenticator app, recovery codes."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import assert_never

from flask import Response, request

from security_service.domain.people import LEAST_PASSWORD
from security_service.domain.secret import Secret
from security_service.usecases.sign_in import SignInRefused
from security_service.usecases.welcome_person import (
    AppOffered,
    CodeWrong,
    PasswordRefused,
    WelcomeAttempt,
    Welcomed,
)
from security_service.web.callers import ClientAddresses
from security_service.web.console import forms
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.sign_in_pages import remember

_BAD = HTTPStatus.UNPROCESSABLE_ENTITY


class WelcomePages:
    """Two forms: the second brings name and invitation along, for nothing of them may stand in an address."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._addresses = ClientAddresses(services.trusted_proxies)

    def form(self) -> Response:
        """Ask for name and invitation."""
        return self._screen.show("welcome.html", name="", refused=None)

    def take(self) -> Response:
        """Take name and invitation; show the app's secret and ask for a password."""
        attempt = self._attempt()
        outcome = self._services.welcome.begin(attempt)
        match outcome:
            case AppOffered():
                return self._second(attempt, outcome)
            case SignInRefused():
                return self._screen.show("welcome.html", _BAD, name=attempt.name, refused=outcome)
            case _:
                assert_never(outcome)

    def finish(self) -> Response:
        """Take password and the app's first code; show the recovery codes this once, signed in."""
        attempt, password = self._attempt(), forms.secret("password")
        if password.reveal() != forms.secret("again").reveal():
            return self._once_more(attempt, "welcome.differ")
        outcome = self._services.welcome.finish(attempt, password, forms.secret("code"))
        match outcome:
            case Welcomed():
                response = self._screen.show("recovery.html", codes=outcome.recovery_codes, first=True)
                remember(response, outcome.signed_in)
                return response
            case PasswordRefused():
                return self._once_more(attempt, f"password.{outcome.fault}")
            case CodeWrong():
                return self._once_more(attempt, "welcome.code_wrong")
            case SignInRefused():
                return self._screen.show("welcome.html", _BAD, name=attempt.name, refused=outcome)
            case _:
                assert_never(outcome)

    def _attempt(self) -> WelcomeAttempt:
        source = self._addresses.of(request.environ)
        return WelcomeAttempt(forms.line("name"), forms.secret("invitation"), source, forms.device())

    def _once_more(self, attempt: WelcomeAttempt, fault: str) -> Response:
        """Show the second form again; the app's secret is the same as before."""
        outcome = self._services.welcome.begin(attempt)
        if isinstance(outcome, SignInRefused):
            return self._screen.show("welcome.html", _BAD, name=attempt.name, refused=outcome)
        return self._second(attempt, outcome, fault)

    def _second(self, attempt: WelcomeAttempt, offered: AppOffered, fault: str = "") -> Response:
        return self._screen.show(
            "welcome_choose.html",
            _BAD if fault else HTTPStatus.OK,
            name=attempt.name,
            invitation=attempt.invitation,
            secret=offered.secret,
            image=_data_address(offered.qr_svg),
            least=LEAST_PASSWORD,
            fault=fault,
        )


def _data_address(svg: Secret) -> Secret:
    """Give an image as an address of its own, for it holds a secret and may lie nowhere else."""
    encoded = base64.b64encode(svg.reveal().encode("utf-8")).decode("ascii")
    return Secret(f"data:image/svg+xml;base64,{encoded}")
