"""Sign-in by name, password and code in one form; leaves judging them to the use case."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.people_ports import ProviderAway
from security_service.domain.secret import Secret
from security_service.usecases.sign_in import SignedIn, SignInAttempt, SignInRefused
from security_service.usecases.sign_in_federated import FederationReturn
from security_service.web.callers import ClientAddresses
from security_service.web.console import cookies, forms
from security_service.web.console.guard import HOME, LONGEST_PATH, local_path
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import this_visit
from security_service.web.secured_response import SecuredResponse

_LONGEST_WORD: Final = 64


class SignInPages:
    """The way in. Whatever was wrong, the answer is the same."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._addresses = ClientAddresses(services.trusted_proxies)

    def form(self) -> Response:
        """Show the form, or go on for one who is signed in already."""
        onward = local_path(request.args.get("next", HOME))
        if this_visit().visitor is not None:
            return self._screen.go_to(onward)
        return self._form(onward, said="signed_out" if "out" in request.args else "")

    def take(self) -> Response:
        """Take name, password and code; the session that comes of it is a new one."""
        onward = local_path(forms.line("next", LONGEST_PATH + 1))
        attempt = SignInAttempt(
            forms.line("name"),
            forms.secret("password"),
            forms.secret("code"),
            self._addresses.of(request.environ),
            forms.device(),
        )
        outcome = self._services.sign_in.run(attempt)
        match outcome:
            case SignedIn():
                response = self._screen.go_to(onward)
                remember(response, outcome)
                return response
            case SignInRefused():
                return self._form(onward, name=attempt.name, refused=outcome)
            case _:
                assert_never(outcome)

    def provider(self) -> Response:
        """Send the browser to the bank's identity provider, with what it must bring back."""
        federated = self._services.federated
        if federated is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")
        started = federated.begin()
        if isinstance(started, ProviderAway):
            return self._form(HOME, said="provider_away")
        response = SecuredResponse("", HTTPStatus.SEE_OTHER.value)
        response.headers["Location"] = started.address.reveal()
        cookies.set_cookie(request, response, cookies.FEDERATION, started.cookie)
        return response

    def returned(self) -> Response:
        """Take what the browser brought back from the identity provider (OpenID Connect Core, 3.1.2.5)."""
        federated = self._services.federated
        if federated is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")
        brought = FederationReturn(
            Secret(request.args.get("state", "")[: forms.LONGEST_SECRET]),
            Secret(request.args.get("code", "")[: forms.LONGEST_SECRET]),
            request.args.get("error", "")[:_LONGEST_WORD],
            Secret(cookies.read_cookie(request, cookies.FEDERATION)),
            self._addresses.of(request.environ),
            forms.device(),
        )
        outcome = federated.finish(brought)
        if isinstance(outcome, SignedIn):
            response = self._screen.go_to(HOME)
            remember(response, outcome)
        else:
            response = self._form(HOME, refused=outcome)
        cookies.end_cookie(request, response, cookies.FEDERATION)
        return response

    def _form(
        self, onward: str, *, name: str = "", refused: SignInRefused | None = None, said: str = ""
    ) -> Response:
        status = HTTPStatus.OK if refused is None else HTTPStatus.UNPROCESSABLE_ENTITY
        if refused is not None and refused.retry_after_s:
            status = HTTPStatus.TOO_MANY_REQUESTS
        response = self._screen.show(
            "sign_in.html",
            status,
            onward=onward,
            name=name,
            refused=refused,
            said=said,
            has_provider=self._services.federated is not None,
        )
        if status is HTTPStatus.TOO_MANY_REQUESTS and refused is not None:
            response.headers["Retry-After"] = str(refused.retry_after_s)
        return response


def remember(response: Response, entered: SignedIn) -> None:
    """Give the browser its session, and the token by which its device is known the next time."""
    cookies.set_cookie(request, response, cookies.SESSION, entered.session)
    cookies.set_cookie(request, response, cookies.DEVICE, entered.device)
    cookies.end_cookie(request, response, cookies.START)
