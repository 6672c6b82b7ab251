"""One HTTP/1.1 connection: a request out, its answer in, under a total deadline; leaves opening to others."""

from __future__ import annotations

import select
import socket
import ssl
import weakref
from dataclasses import dataclass
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from security_service.links.deadline import Deadline
from security_service.links.http_answer import HttpAnswer, NoReplyReason

HEAD_LIMIT: Final = 64 * 1024
"""Bytes that status line and headers may take beside the body's own limit."""

_CHUNK: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Lost:
    """The exchange ended without an answer.

    `untouched` is True where not a byte of the request was handed to the system; `silent` where
    not a byte of an answer came.
    """

    reason: NoReplyReason
    untouched: bool
    silent: bool


class _Answer:
    """Collects what the parser finds; reset before each exchange.

    It lives as long as its connection, so that an exchange makes no reference cycle with the parser.
    """

    __slots__ = ("complete", "framed", "headed", "headers", "keep", "parser", "parts", "size", "status")

    def __init__(self) -> None:
        self.parser = HttpResponseParser(self)
        self.reset()

    def reset(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self.size = 0
        self.headed = False
        self.framed = False
        self.complete = False
        self.keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if not self.complete:
            self.status = self.parser.get_status_code()
            self.headed = True
            self.framed = "content-length" in self.headers or "transfer-encoding" in self.headers

    def on_body(self, chunk: bytes) -> None:
        if not self.complete:
            self.parts.append(chunk)
            self.size += len(chunk)

    def on_message_begin(self) -> None:
        # Bytes after a whole answer were not asked for: nothing that follows them can be trusted.
        if self.complete:
            self.keep = False

    def on_message_complete(self) -> None:
        if self.complete:
            return
        if self.status < 200:  # HTTP's own border: 1xx is only an interim answer
            self.reset()
            return
        self.complete = True
        self.keep = self.parser.should_keep_alive()


class Connection:
    """An open connection that is used by one caller at a time.

    `idle_since` is the monotonic time in seconds at which it was put aside, for the one who keeps it.
    """

    __slots__ = ("__weakref__", "_answer", "_limit", "_poll", "_socket", "_tls", "close", "idle_since")

    def __init__(self, opened: socket.socket, *, body_limit: int) -> None:
        self._socket = opened
        self._tls = isinstance(opened, ssl.SSLSocket)
        self._limit = body_limit
        self._answer = _Answer()
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)
        self.idle_since = 0.0
        # Closes at most once, never raises, and by itself when nobody holds the connection any more:
        # a link has no end of its own, so whoever drops one need not know that it holds sockets.
        self.close = weakref.finalize(self, opened.close)

    def is_quiet(self) -> bool:
        """Tell whether the connection may be used again: the peer has neither closed nor spoken."""
        return not self._poll.poll(0)

    def exchange(self, request: bytes, deadline: Deadline) -> HttpAnswer | Lost:
        """Send one whole request and read its whole answer before the deadline.

        On `Lost` the connection is closed; after an answer `reusable` tells whether it may be kept.
        Never raises for what the peer or the network does.
        """
        answer = self._answer
        answer.reset()
        # Under TLS a record may have left although the call that wrote it failed.
        touched = self._tls
        sent = received = 0
        try:
            while sent < len(request):
                self._socket.settimeout(deadline.wait())
                sent += self._socket.send(request[sent:] if sent else request)
                touched = True
            while not answer.complete:
                self._socket.settimeout(deadline.wait())
                data = self._socket.recv(_CHUNK)
                received += len(data)
                if not self._take(data):
                    return self._lost(NoReplyReason.CONNECTION_LOST, touched, received)
                if self._too_large(received):
                    return self._lost(NoReplyReason.TOO_LARGE, touched, received)
        except TimeoutError:
            return self._lost(NoReplyReason.TIMEOUT, touched, received)
        except OSError:
            return self._lost(NoReplyReason.CONNECTION_LOST, touched, received)
        except (HttpParserError, HttpParserUpgrade):
            return self._lost(NoReplyReason.BROKEN_ANSWER, touched, received)
        return HttpAnswer(answer.status, answer.headers, b"".join(answer.parts))

    @property
    def reusable(self) -> bool:
        """True where the answer just given leaves the connection open for another request."""
        return self._answer.keep

    def _take(self, data: bytes) -> bool:
        """Feed the parser; give False where the peer closed before its answer was whole."""
        answer = self._answer
        if not data:
            # Without a length the end of the connection is the end of the answer.
            answer.complete = answer.headed and not answer.framed
            return answer.complete
        try:
            answer.parser.feed_data(data)
        except HttpParserError:
            # The answer was whole; what follows it is noise that costs only the connection.
            if not answer.complete:
                raise
            answer.keep = False
        return True

    def _too_large(self, received: int) -> bool:
        answer = self._answer
        return answer.size > self._limit or received > HEAD_LIMIT + (self._limit if answer.headed else 0)

    def _lost(self, reason: NoReplyReason, touched: bool, received: int) -> Lost:  # noqa: FBT001  # passed on as it is
        self.close()
        return Lost(reason, untouched=not touched, silent=received == 0)
