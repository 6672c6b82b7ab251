"""A small HTTP server on loopback whose every answer, pause and breach of the protocol a test writes down."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

DRIP_EVERY_S = 0.02


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Which connection it came over, counted from 1."""


@dataclass(frozen=True)
class Answer:
    """A well-formed answer; with `close` the connection ends after it without a word."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    close: bool = False

    @property
    def raw(self) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return (
            f"HTTP/1.1 {self.status} Words\r\n{lines}Content-Length: {len(self.body)}\r\n\r\n".encode()
            + self.body
        )


@dataclass(frozen=True)
class Raw:
    """Bytes as they are; then the connection is closed or stays open."""

    data: bytes
    close: bool = True


@dataclass(frozen=True)
class Drip:
    """Bytes one at a time, each well within any timeout of a single read."""

    data: bytes


@dataclass(frozen=True)
class Silence:
    """No answer, ever."""


@dataclass(frozen=True)
class Reset:
    """The connection is torn down in place of an answer."""


Reply = Answer | Raw | Drip | Silence | Reset
Script = Callable[[Request], Reply]


def as_json(document: object, status: int = 200) -> Answer:
    return Answer(json.dumps(document).encode(), status)


class Peer:
    """Serves a script on 127.0.0.1 in threads of its own, and remembers each request."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.hung_up = threading.Event()
        """Set once the peer has closed a connection."""
        self._stop = threading.Event()
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._open)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for opened in list(self._open.values()):
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            number = len(self._open) + 1
            self._open[number] = accepted
            self._start(self._serve, accepted, number)

    def _serve(self, accepted: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(accepted.close)
            spoken = accepted
            if self._tls is not None:
                spoken = stack.enter_context(self._tls.wrap_socket(accepted, server_side=True))
                self._open[number] = spoken
            stream = stack.enter_context(spoken.makefile("rb"))
            while line := stream.readline():
                request = _read(line, stream, number)
                with self._lock:
                    self.requests.append(request)
                if not self._reply(spoken, self._script(request)):
                    break
        self.hung_up.set()

    def _reply(self, spoken: socket.socket, reply: Reply) -> bool:
        match reply:
            case Answer():
                spoken.sendall(reply.raw)
                return not reply.close
            case Raw():
                spoken.sendall(reply.data)
                return not reply.close
            case Drip():
                for byte in reply.data:
                    spoken.sendall(bytes([byte]))
                    if self._stop.wait(DRIP_EVERY_S):
                        return False
                return True
            case Silence():
                self._stop.wait()
                return False
            case Reset():
                spoken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False


def _read(line: bytes, stream: object, number: int) -> Request:
    assert hasattr(stream, "readline")
    assert hasattr(stream, "read")
    method, target, _ = line.decode("ascii").split()
    headers: dict[str, str] = {}
    while (header := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return Request(
        method,
        parts.path,
        _single(parts.query),
        _single(body.decode("utf-8")) if is_form else {},
        headers,
        body,
        number,
    )


def _single(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
