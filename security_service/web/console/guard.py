"""Keeps forms of other sites out, and addresses of other sites out of redirects; knows no sessions."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Request

from security_service.web.console.refusals import PageRefused

CSRF_FIELD: Final = "csrf"
HOME: Final = "/console/"

_LOCAL: Final = re.compile(r"/console/[A-Za-z0-9_\-/]*(\?[A-Za-z0-9_\-=&%.:+/]*)?")
LONGEST_PATH: Final = 600


def check_origin(request: Request) -> None:
    """Raise `PageRefused` where another site sent the form, as far as the browser tells.

    Browsers tell by `Sec-Fetch-Site`; before those, by `Origin`. What tells neither is no browser of a
    person's and is left to the token.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.other_site")
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise PageRefused(HTTPStatus.FORBIDDEN, "error.other_site")


def check_csrf(request: Request, expected: str) -> None:
    """Raise `PageRefused` where the form does not bear the visit's own token."""
    check_token(request.form.get(CSRF_FIELD, ""), expected)


def check_token(given: str, expected: str) -> None:
    """Raise `PageRefused` where a token out of a form is not the visit's own."""
    if not expected or not hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8")):
        raise PageRefused(HTTPStatus.FORBIDDEN, "error.form_too_old")


def local_path(text: str) -> str:
    """Give a path of the console as it stands, the home page for anything else."""
    is_local = len(text) <= LONGEST_PATH and _LOCAL.fullmatch(text) and "//" not in text
    return text if is_local else HOME


def comes_from_elsewhere(request: Request) -> bool:
    """Tell whether a link on another site led here, so that the browser kept strict cookies back."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site"
