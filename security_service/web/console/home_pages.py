"""The home page, and the small forms of the frame: language, colours, tenant, the way out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from security_service.domain.cases import CasePage, CaseQuery, CaseState
from security_service.domain.errors import ArchiveUnavailable
from security_service.web.console import cookies, forms
from security_service.web.console.figures import Writing
from security_service.web.console.guard import LONGEST_PATH, local_path
from security_service.web.console.proposal_pages import waiting_for
from security_service.web.console.proposal_words import told_deed
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import Theme, this_visit
from security_service.web.console.words import Locale

_SHOWN: Final = 5


class HomePages:
    """What everybody may do who is signed in, and how the console looks to them."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen

    def home(self) -> Response:
        """Show the search and what waits for this person."""
        visit = this_visit()
        waiting = waiting_for(self._services, visit.tenant) if visit.tenant else ()
        return self._screen.show(
            "home.html",
            mine=self._mine(),
            waiting=[(one, told_deed(one.deed)) for one in waiting[:_SHOWN]],
            more=max(len(waiting) - _SHOWN, 0),
            now_ms=self._services.clock.unix_ms(),
            write=Writing(visit.locale),
        )

    def _mine(self) -> CasePage | None:
        """The visitor's open cases; None where the archive is away, for the search is there all the same."""
        visit = this_visit()
        query = CaseQuery(visit.tenant, CaseState.OPEN, assignee=visit.person.name, count=_SHOWN)
        try:
            return self._services.work_cases.page(query)
        except ArchiveUnavailable:
            return None

    def look(self) -> Response:
        """Take the choice of language or colours, and stay on the page."""
        response = self._screen.go_to(local_path(forms.line("back", LONGEST_PATH + 1)))
        locale, theme = forms.line("locale"), forms.line("theme")
        if locale in set(Locale):
            cookies.set_cookie(request, response, cookies.LOCALE, locale)
        if theme in set(Theme):
            cookies.set_cookie(request, response, cookies.THEME, theme)
        return response

    def tenant(self) -> Response:
        """Take the choice of the tenant that pages without one of their own are about."""
        wanted = forms.line("tenant")
        if wanted not in this_visit().person.tenants:
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.tenant")
        response = self._screen.go("home")
        cookies.set_cookie(request, response, cookies.TENANT, wanted)
        return response

    def sign_out(self) -> Response:
        """End the session, here and on the server."""
        self._services.sessions.end(this_visit().person.session)
        response = self._screen.go("sign_in", out="1")
        cookies.end_cookie(request, response, cookies.SESSION)
        return response
