"""The response of every face: bears what browsers and caches must know of an API's answer."""

from __future__ import annotations

from typing import Any, Final

from flask import Response

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


class SecuredResponse(Response):
    """A response with the headers of an answer that is neither shown, framed nor kept."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(*arguments, **options)
        for name, value in SECURITY_HEADERS:
            if name not in self.headers:
                self.headers.add(name, value)
