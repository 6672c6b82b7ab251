"""The frame of the console: sessions, roles, forgery, headers, language and errors round every page.

How a page comes about:
1. `pages.py` names it: name, method, path, view, roles. The frame serves nothing else under /console.
2. Before the view the frame finds the session by its cookie, checks the page's roles, and for a POST that the
   form came from our own page and bears the session's token. A view never checks any of that again.
3. The view (a method of `<what>_pages.py`) reads the visit (`visit.this_visit()`) and the form (`forms`),
   calls one use case and answers through `Screen`: `show` a template, or after a form `go` to a page with a
   `Notice`. What cannot be shown ends as `PageRefused(status, word)`.
4. The template extends `frame.html`, takes parts from `parts.html` and every word from `words/<what>.py`.
The steps of adding one are in docs/how-to/add-a-console-page.md.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, Final

import structlog
from flask import Blueprint, Response, request
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import HTTPException, NotFound

from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.domain.secret import Secret
from security_service.usecases.console_sessions import NoSession
from security_service.web.callers import ClientAddresses, read_address, within
from security_service.web.console import cookies
from security_service.web.console.guard import (
    CSRF_FIELD,
    check_csrf,
    check_origin,
    check_token,
    comes_from_elsewhere,
    local_path,
)
from security_service.web.console.handles import Handles
from security_service.web.console.pages import Page, pages
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import BLUEPRINT, HEADERS, Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.shown import zone_named
from security_service.web.console.uploads import open_upload, put_upload
from security_service.web.console.visit import (
    MenuEntry,
    Theme,
    Visit,
    Visitor,
    has_visit,
    put_visit,
    this_visit,
)
from security_service.web.console.words import Locale, Words
from security_service.web.streamed_bodies import let_stream

PREFIX: Final = "/console"
_STATIC: Final = "static_file"
_STRAY: Final = "stray"

_log = structlog.get_logger(__name__)


def create_console(services: ConsoleServices) -> Blueprint:
    """Give the blueprint of the console; every page is guarded before its view runs."""
    blueprint = Blueprint(BLUEPRINT, __name__, url_prefix=PREFIX)
    screen = Screen(Handles(services.sealer), services.clock)
    table = {page.name: page for page in pages(services, screen)}
    frame = _Frame(services, screen, table, ClientAddresses(services.trusted_proxies))
    for page in frame.pages.values():
        blueprint.add_url_rule(
            page.path, endpoint=page.name, view_func=page.view, methods=[page.method], defaults=page.values
        )
        if page.streamed:
            let_stream(blueprint, page.name)
    blueprint.add_url_rule("/static/<name>", endpoint=_STATIC, view_func=_static(screen))
    for path in ("/", "/<path:_rest>"):
        blueprint.add_url_rule(path, endpoint=_STRAY, view_func=_stray, methods=["GET", "POST"])
    blueprint.before_request(frame.enter)
    blueprint.after_request(_with_headers)
    blueprint.register_error_handler(PageRefused, frame.refused)
    blueprint.register_error_handler(HTTPException, frame.http_error)
    blueprint.register_error_handler(StoreUnavailable, frame.store_away)
    blueprint.register_error_handler(ArchiveUnavailable, frame.archive_away)
    blueprint.register_error_handler(Exception, frame.unforeseen)
    return blueprint


def _static(screen: Screen) -> Callable[[str], Response]:
    def static_file(name: str) -> Response:
        """Give a file of the package; it needs no session."""
        response = screen.statics.answer(name)
        if response is None:
            raise NotFound
        return response

    return static_file


def _stray(_rest: str = "") -> Response:
    """Answer what the registry does not name."""
    raise NotFound


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands round every page of the registry."""

    services: ConsoleServices
    screen: Screen
    pages: Mapping[str, Page]
    addresses: ClientAddresses

    def enter(self) -> Response | None:
        """Let the request through to its view, or answer it; raises `PageRefused`."""
        name = str(request.endpoint).partition(".")[2]
        if name == _STATIC:
            return None
        if not self._is_within_networks():
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.network")
        page = self.pages.get(name)
        visit = self._visit(name)
        put_visit(visit)
        bind_contextvars(request_id=visit.request_id)
        if visit.visitor is None and (page is None or page.roles is not None):
            return self._nobody()
        if page is None:
            return None
        if page.roles is not None and not visit.person.may(page.roles):
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.role")
        if page.method == "POST":
            check_origin(request)
            _take_form(page, visit)
        return None

    def _is_within_networks(self) -> bool:
        networks = self.services.networks
        if not networks:
            return True
        client = read_address(self.addresses.of(request.environ))
        is_known = client is not None and not self.addresses.is_hidden(request.environ)
        return client is not None and is_known and within(client, networks)

    def _visit(self, name: str) -> Visit:
        words, theme = _words(), _theme()
        zone = zone_named(request.cookies.get(cookies.ZONE_NAME, ""))
        request_id = self.services.chance.token()
        token = cookies.read_cookie(request, cookies.SESSION)
        found = self.services.sessions.open(Secret(token)) if token else NoSession()
        if isinstance(found, NoSession):
            csrf = cookies.read_cookie(request, cookies.START) or self.services.chance.token()
            return Visit(None, csrf, words, theme, zone, request_id, name)
        tenants = tuple(sorted(found.tenants)) or tuple(self.services.tenant_ids.ids())
        visitor = Visitor(
            found.name, found.roles, tenants, Secret(token), found.is_federated, for_all=not found.tenants
        )
        return Visit(
            visitor,
            found.csrf.reveal(),
            _words(found.locale),
            theme,
            zone,
            request_id,
            name,
            self._tenant(tenants),
            self._menu(visitor),
        )

    def _tenant(self, tenants: tuple[str, ...]) -> str:
        """The one chosen before, else home, else the first; empty where there is none."""
        wanted = (cookies.read_cookie(request, cookies.TENANT), self.services.home_tenant, *tenants)
        return next((tenant for tenant in wanted if tenant in tenants), "")

    def _menu(self, visitor: Visitor) -> tuple[MenuEntry, ...]:
        return tuple(
            MenuEntry(page.name, page.menu)
            for page in self.pages.values()
            if page.menu and page.roles is not None and visitor.may(page.roles)
        )

    def _nobody(self) -> Response:
        """Answer one who is not signed in: to sign in, and then back to where they wanted to be."""
        if comes_from_elsewhere(request):
            # The browser kept the strict cookies back. Sent on by our own page, it brings them along.
            return self.screen.show("onward.html", path=local_path(request.full_path.rstrip("?")))
        if request.method == "GET":
            return self.screen.go("sign_in", next=local_path(request.full_path.rstrip("?")))
        raise PageRefused(HTTPStatus.UNAUTHORIZED, "error.signed_out")

    # --- errors, as pages -----------------------------------------------------------------------

    def refused(self, refusal: PageRefused) -> Response:
        """Show what a view or the frame itself refused."""
        return self._error(refusal.status, refusal.word, **refusal.facts)

    def http_error(self, error: HTTPException) -> Response:
        """Show an HTTP error; its words are never those of the library."""
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        return self._error(status, _SENTENCES.get(status, "error.request"))

    def store_away(self, _error: StoreUnavailable) -> Response:
        """Say that the store does not answer, and that nobody knows whether the last form was carried out."""
        _log.error("store_unavailable")
        response = self._error(HTTPStatus.SERVICE_UNAVAILABLE, "error.store")
        response.headers["Retry-After"] = "5"
        return response

    def archive_away(self, error: ArchiveUnavailable) -> Response:
        """Say that the archive of the log cannot be read now."""
        _log.error("archive_unavailable", why=str(error))
        response = self._error(HTTPStatus.SERVICE_UNAVAILABLE, "error.archive")
        response.headers["Retry-After"] = "5"
        return response

    def unforeseen(self, error: Exception) -> Response:
        """Promise nothing; log what broke, never its words."""
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        _log.error("unforeseen", fault=type(error).__name__, where=where)
        return self._error(HTTPStatus.INTERNAL_SERVER_ERROR, "error.broken")

    def _error(self, status: HTTPStatus, word: str, **facts: object) -> Response:
        if not has_visit():
            zone = zone_named(request.cookies.get(cookies.ZONE_NAME, ""))
            csrf = cookies.read_cookie(request, cookies.START)
            request_id = self.services.chance.token()
            put_visit(Visit(None, csrf, _words(), _theme(), zone, request_id))
        visit = this_visit()
        return self.screen.show(
            "error.html", status, code=status.value, word=word, facts=facts, request_id=visit.request_id
        )


_SENTENCES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "error.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "error.not_found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "error.too_large",
}


def _take_form(page: Page, visit: Visit) -> None:
    """Raise `PageRefused` where the form does not bear the visit's token; a stream is read up to its file."""
    request.max_content_length = page.largest
    if page.streamed:
        upload = open_upload(request, page.largest)
        check_token(upload.fields.get(CSRF_FIELD, ""), visit.csrf)
        put_upload(upload)
    else:
        check_csrf(request, visit.csrf)


def _words(locale: str = "") -> Words:
    """The browser's choice, else the person's own language, else what the browser asks for; else Russian."""
    for wanted in (cookies.read_cookie(request, cookies.LOCALE), locale):
        if wanted in set(Locale):
            return Words(Locale(wanted))
    asked: Any = request.accept_languages.best_match([one.value for one in Locale])
    return Words(Locale(asked) if asked else Locale.RU)


def _theme() -> Theme:
    wanted = cookies.read_cookie(request, cookies.THEME)
    return Theme(wanted) if wanted in set(Theme) else Theme.AUTO
