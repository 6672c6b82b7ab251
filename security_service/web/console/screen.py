"""Turns a view's facts into a page or a redirect; holds the templates and the files of the package."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from flask import Response, request, url_for
from jinja2 import Environment, PackageLoader, StrictUndefined

from security_service.domain.ports import Clock
from security_service.domain.secret import Msisdn
from security_service.web.console import cookies
from security_service.web.console.guard import CSRF_FIELD, HOME, local_path
from security_service.web.console.handles import Handles
from security_service.web.console.notices import Notice, packed, unpacked
from security_service.web.console.shown import number_shown, span, time_tag, zone_words
from security_service.web.console.visit import Visit, this_visit
from security_service.web.secured_response import SecuredResponse

BLUEPRINT: Final = "console"
SIGN_IN: Final = "sign_in"
SEARCH: Final = "subscribers"
"""The page whose visitors see the search of a number on every page."""
_PACKAGE: Final = "security_service.web.console"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Frame-Options": "DENY",
}
"""What every answer of the console bears beside the headers of all faces (`SECURITY_HEADERS`)."""


class Statics:
    """The files of `static/`, read once; their addresses change with their content."""

    def __init__(self) -> None:
        self._files = {
            entry.name: entry.read_bytes()
            for entry in files(_PACKAGE).joinpath("static").iterdir()
            if entry.name.rpartition(".")[2] in _TYPES
        }
        self._versions = {name: sha256(body).hexdigest()[:12] for name, body in self._files.items()}

    def address(self, name: str) -> str:
        """Give the address of a file; raises KeyError for one that there is not."""
        return url_for(f"{BLUEPRINT}.static_file", name=name, v=self._versions[name])

    def answer(self, name: str) -> Response | None:
        """Give a file, None where there is none of that name."""
        body = self._files.get(name)
        if body is None:
            return None
        response = SecuredResponse(body, content_type=_TYPES[name.rpartition(".")[2]])
        if request.args.get("v") == self._versions[name]:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class Screen:
    """What views answer with. Holds nothing of a request."""

    def __init__(self, handles: Handles, clock: Clock) -> None:
        self.statics = Statics()
        self._handles = handles
        self._clock = clock
        self._templates = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def show(self, template: str, status: HTTPStatus = HTTPStatus.OK, **facts: object) -> Response:
        """Give a page of a template with its facts; a notice that waited is shown, and gone."""
        visit = this_visit()
        notice = unpacked(cookies.read_cookie(request, cookies.NOTICE), visit.csrf)
        body = self._templates.get_template(template).render(
            {**self._surroundings(), "notice": notice, **facts}
        )
        response = SecuredResponse(body, status.value, content_type="text/html; charset=utf-8")
        if cookies.read_cookie(request, cookies.NOTICE):
            cookies.end_cookie(request, response, cookies.NOTICE)
        if visit.visitor is None and cookies.read_cookie(request, cookies.START) != visit.csrf:
            cookies.set_cookie(request, response, cookies.START, visit.csrf)
        return response

    def go(self, page: str, notice: Notice | None = None, **values: str) -> Response:
        """Redirect to a page of the registry after a form was taken (303, RFC 9110 15.4.4)."""
        return self.go_to(_address(page, **values), notice)

    def go_to(self, path: str, notice: Notice | None = None) -> Response:
        """Redirect to an address of ours; one out of a form or query goes through `local_path` before."""
        response = SecuredResponse("", HTTPStatus.SEE_OTHER.value)
        response.headers["Location"] = path
        if notice is not None:
            cookies.set_cookie(request, response, cookies.NOTICE, packed(notice, this_visit().csrf))
        return response

    def _surroundings(self) -> Mapping[str, object]:
        """What every template may use; docs/how-to/add-a-console-page.md lists it."""
        visit = this_visit()
        words, zone = visit.words, visit.zone

        def handle(number: Msisdn, tenant: str = "") -> str:
            return self._handles.of(tenant or visit.tenant, number)

        return {
            "visit": visit,
            "t": words,
            "n": words.count,
            "word": words.token,
            "url": _address,
            "static": self.statics.address,
            "handle": handle,
            "number": number_shown,
            "time": lambda seconds: time_tag(seconds, words.locale, zone),
            "precise": lambda seconds: time_tag(seconds, words.locale, zone, precise=True),
            "span": lambda seconds: span(seconds, words),
            "zone": zone_words(zone, self._clock.unix_ms() / 1000),
            "csrf_field": CSRF_FIELD,
            "here": request.path,
            "back": _back(visit),
            "may_search": any(entry.page == SEARCH for entry in visit.menu),
        }


def _back(visit: Visit) -> str:
    """Give the address to come back to from a choice of looks; repeats nothing that was typed into one."""
    if request.method != "GET":
        return HOME
    if visit.visitor is not None:
        return local_path(request.full_path.rstrip("?"))
    onward = local_path(request.args.get("next", HOME))
    return local_path(request.path) if onward == HOME else _address(SIGN_IN, next=onward)


def _address(page: str, **values: object) -> str:
    """Give the address of a page of the registry; values of nothing are left out."""
    kept: dict[str, Any] = {name: str(value) for name, value in values.items() if value != ""}
    return url_for(f"{BLUEPRINT}.{page}", **kept)
