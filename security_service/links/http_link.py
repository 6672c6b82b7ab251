"""HTTP calls to one peer with a total deadline, over kept connections; leaves meaning to its callers.

It logs nothing and raises nothing that holds a URL, a header or a body: queries and bodies carry
passwords and codes. Why not by a library, and measured how: docs/how-to/add-a-gateway.md.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections import deque
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from security_service.links.deadline import Deadline
from security_service.links.http_answer import (
    HttpAnswer,
    HttpReply,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.http_connection import Connection, Lost
from security_service.links.http_open import Opener, Peer, Resolve, system_addresses

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of an answer's body that are read at most."""

_KEPT_AT_MOST: Final = 1024
_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = range(300, 400)


def checked_base_url(base_url: str, *, plain_http: bool) -> SplitResult:
    """Read the base URL of a peer; settings classes call this, so that a fault stops the start.

    `plain_http` allows http to a peer that is not on loopback. Raises ValueError with a sentence
    that does not repeat the URL, for somebody may have put a password into it.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in _PORTS or not parts.hostname or not base_url.isascii():
        raise ValueError("base_url must be an absolute http or https URL in ASCII")
    if parts.username is not None or parts.password is not None:
        raise ValueError("base_url must not hold a login or a password")
    if parts.query or parts.fragment or any(character <= " " for character in base_url):
        raise ValueError("base_url must not hold a query, a fragment or white space")
    if parts.port == 0:
        raise ValueError("base_url must not name port 0")
    if parts.scheme == "http" and not plain_http and not is_loopback(parts.hostname):
        raise ValueError("base_url must be https unless the peer is on loopback or plain_http is set")
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address of a URL stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HttpLink:
    """Calls one peer; safe to share between threads and greenlets.

    Connections are kept after use and taken again last in, first out. They belong to no thread:
    taking one costs a `deque.pop`, there are never more than calls at once, and greenlets that
    live for one request find them too. One that the peer has closed or spoken on meanwhile, or
    that lay idle for more than `max_idle_s` seconds, is thrown away before it is used.

    `connect_s` bounds name, TCP and TLS together within the deadline of the call. `ca_file` names
    a PEM file with the authorities to trust in place of the system's. Raises ValueError for a base
    URL that `checked_base_url` refuses, OSError for a CA file that cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_s: float = 3.0,
        max_idle_s: float = 15.0,
        body_limit: int = BODY_LIMIT,
        plain_http: bool = False,
        ca_file: str = "",
        resolve: Resolve = system_addresses,
    ) -> None:
        parts = checked_base_url(base_url, plain_http=plain_http)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._opener = Opener(Peer(host, port, tls), connect_s=connect_s, resolve=resolve)
        self._max_idle_s = max_idle_s
        self._body_limit = body_limit
        self._path = parts.path or "/"
        self._prefix = parts.path.rstrip("/")
        named = f"[{host}]" if ":" in host else host
        where = named if port == _PORTS[parts.scheme] else f"{named}:{port}"
        self._common = f"Host: {where}\r\nUser-Agent: etalon\r\nAccept-Encoding: identity\r\n"
        self._kept: deque[Connection] = deque()

    def get(
        self, path: str, params: Mapping[str, str], within_s: float, headers: Mapping[str, str] | None = None
    ) -> HttpReply:
        """GET `path` under the base URL with `params` in the query, within `within_s` seconds in all.

        A GET is taken to change nothing: it is repeated once if a kept connection turns out dead.
        Raises ValueError for a header with a line break in it.
        """
        query = f"?{urlencode(params)}" if params else ""
        line = f"GET {self._target(path)}{query} HTTP/1.1\r\n"
        head = f"{line}{self._common}{_header_lines(headers or {})}\r\n"
        return self._call(head.encode("latin-1"), within_s, repeatable=True)

    def post_form(self, path: str, params: Mapping[str, str], within_s: float) -> HttpReply:
        """POST `params` form-encoded in the body, within `within_s` seconds in all."""
        body = urlencode(params).encode("ascii")
        return self.post(path, body, {"Content-Type": "application/x-www-form-urlencoded"}, within_s)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], within_s: float) -> HttpReply:
        """POST a body with headers of its own, within `within_s` seconds in all.

        A POST is never sent twice, unless not a byte of it was handed to the system. Raises
        ValueError for a header with a line break in it.
        """
        line = f"POST {self._target(path)} HTTP/1.1\r\n"
        head = f"{line}{self._common}{_header_lines(headers)}Content-Length: {len(body)}\r\n\r\n"
        return self._call(head.encode("latin-1") + body, within_s, repeatable=False)

    def close(self) -> None:
        """Close all kept connections; calls under way are not touched."""
        while self._kept:
            self._kept.pop().close()

    def _target(self, path: str) -> str:
        return f"{self._prefix}{path}" if path else self._path

    def _call(self, request: bytes, within_s: float, *, repeatable: bool) -> HttpReply:
        deadline = Deadline.after(within_s)
        kept = self._take()
        if kept is not None:
            outcome = kept.exchange(request, deadline)
            if isinstance(outcome, HttpAnswer):
                return self._answered(kept, outcome)
            if not (outcome.untouched or (repeatable and _died_idle(outcome))):
                return NoReply(outcome.reason)
        opened = self._opener.open(deadline)
        if isinstance(opened, NotSent):
            return opened
        fresh = Connection(opened, body_limit=self._body_limit)
        outcome = fresh.exchange(request, deadline)
        if isinstance(outcome, HttpAnswer):
            return self._answered(fresh, outcome)
        return NotSent(_unsent(outcome.reason)) if outcome.untouched else NoReply(outcome.reason)

    def _answered(self, connection: Connection, answer: HttpAnswer) -> HttpReply:
        if connection.reusable and len(self._kept) < _KEPT_AT_MOST:
            connection.idle_since = time.monotonic()
            self._kept.append(connection)
            self._shed(connection.idle_since - self._max_idle_s)
        else:
            connection.close()
        if answer.status in _REDIRECTS:
            return NoReply(NoReplyReason.REDIRECTED)
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            return NoReply(NoReplyReason.BROKEN_ANSWER)
        return answer

    def _shed(self, oldest_allowed: float) -> None:
        # What a peak left behind lies at the left end and would not be taken again for a long time.
        try:
            oldest = self._kept.popleft()
        except IndexError:
            return
        if oldest.idle_since < oldest_allowed:
            oldest.close()
        else:
            self._kept.appendleft(oldest)

    def _take(self) -> Connection | None:
        oldest_allowed = time.monotonic() - self._max_idle_s
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return None
            if connection.idle_since >= oldest_allowed and connection.is_quiet():
                return connection
            connection.close()


def _header_lines(headers: Mapping[str, str]) -> str:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header must not hold a line break")
    return lines


def _died_idle(outcome: Lost) -> bool:
    return outcome.silent and outcome.reason is NoReplyReason.CONNECTION_LOST


def _unsent(reason: NoReplyReason) -> NotSentReason:
    timed_out = reason is NoReplyReason.TIMEOUT
    return NotSentReason.NO_TIME if timed_out else NotSentReason.CONNECT_FAILED
