"""The response of every face: bears what browsers and caches must know of an API's answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from wsgiref.types import WSGIEnvironment

from flask import Response

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


class SecuredResponse(Response):
    """A response with the headers of an answer that is neither shown, framed nor kept."""

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Give what goes to the server; a header that the response has itself stands as it is."""
        body, status, headers = super().get_wsgi_response(environ)
        # On the finished list: a response checks every header that is added to it, for each request anew.
        own = {name.lower() for name, _ in headers}
        return body, status, [*headers, *(pair for pair in SECURITY_HEADERS if pair[0].lower() not in own)]
