"""Who may speak to the sandbox: this machine, and no page of another site; leaves logins to the faces."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Response, request

_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


class NotLoopbackError(Exception):
    """The sandbox operator was told to listen where others can reach it."""


def refuse_unless_loopback(host: str) -> None:
    """Raise NotLoopbackError unless `host` is `localhost` or a loopback address."""
    if not _is_loopback(host):
        raise NotLoopbackError(
            f"the sandbox operator listens on loopback only, and {host!r} is not a loopback address"
        )


def refuse_strangers() -> Response | None:
    """Answer 403 to a request from elsewhere, to one under a foreign name, and to a foreign page's post.

    A foreign name in `Host` is how a web page reaches loopback by DNS rebinding. A browser says by
    `Sec-Fetch-Site` and `Origin` which page sends a request; other clients send neither.
    """
    named = _HOST.fullmatch(request.headers.get("Host", ""))
    if named is None or not _is_loopback(named["name"]) or not _is_loopback(request.remote_addr or ""):
        return _forbidden("The sandbox operator answers on loopback only.")
    if request.method in _READING:
        return None
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
        return _forbidden("The request comes from a page of another site.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers["Host"].lower():
        return _forbidden("The request comes from a page of another site.")
    return None


def _is_loopback(host: str) -> bool:
    bare = host.removeprefix("[").removesuffix("]").lower()
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def _forbidden(words: str) -> Response:
    return Response(words + "\n", 403, content_type="text/plain; charset=utf-8")
