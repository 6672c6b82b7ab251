"""How scripts reach the store: a thin client, one connection a thread; leaves what they mean to others."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from urllib.parse import unquote, urlsplit

import hiredis
import redis

from security_service.domain.errors import StoreUnavailable
from security_service.domain.secret import Secret
from security_service.store.scripts import Script

Reply = bytes | int | None | list["Reply"]
Argument = str | bytes | int

_READ_BYTES: Final = 65536


class Scripts(Protocol):
    """Runs scripts; both clients below are one."""

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        """Run one script in one round trip; raises StoreUnavailable."""
        ...

    def command(self, *arguments: Argument) -> Reply:
        """Run one plain command; raises StoreUnavailable."""
        ...

    def close(self) -> None:
        """Close what the calling thread holds; a call after it connects anew."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where the store is: a Unix socket or a host, and how to sign in."""

    host: str = ""
    port: int = 6379
    path: str = ""
    username: str = ""
    password: Secret = Secret("")
    database: int = 0
    tls: bool = False


def parse_address(text: str) -> Address:
    """Read `unix:///path`, `redis://user:password@host:port/0` or `rediss://…`; raises ValueError."""
    url = urlsplit(text)
    password = Secret(unquote(url.password or ""))
    if url.scheme == "unix":
        return Address(path=unquote(url.path), username=unquote(url.username or ""), password=password)
    if url.scheme not in {"redis", "rediss"} or not url.hostname:
        raise ValueError("a store address begins with unix://, redis:// or rediss://")
    database = url.path.strip("/") or "0"
    if not database.isdigit():
        raise ValueError("the path of a store address is the number of its database")
    return Address(
        url.hostname,
        url.port or 6379,
        "",
        unquote(url.username or ""),
        password,
        int(database),
        tls=url.scheme == "rediss",
    )


class ThinScripts:
    """The hot path's client: one blocking socket a thread, packed and parsed by hiredis.

    A call whose reply was lost is sent once more on a new connection: every script of the two
    operations knows a repeated request by its id; of the others, those that count may count twice.
    """

    def __init__(self, address: Address, within_s: float = 2.0) -> None:
        self._address = address
        self._within_s = within_s
        self._local = threading.local()

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        """Run one script by its digest; where the store does not know it, by its text."""
        tail = (str(len(keys)), *keys, *arguments)
        reply = self._call(("EVALSHA", script.sha, *tail))
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = self._call(("EVAL", script.text, *tail))
        if isinstance(reply, hiredis.ReplyError):
            raise StoreUnavailable(f"{script.name}: {_kind_of(reply)}")
        return reply if isinstance(reply, list) else [reply]

    def command(self, *arguments: Argument) -> Reply:
        """Run one plain command."""
        reply = self._call(arguments)
        if isinstance(reply, hiredis.ReplyError):
            raise StoreUnavailable(f"{arguments[0]!s}: {_kind_of(reply)}")
        return reply

    def close(self) -> None:
        """Close this thread's connection."""
        link = getattr(self._local, "link", None)
        if link is not None:
            link.close()
            self._local.link = None

    def _call(self, arguments: Sequence[Argument]) -> Reply | hiredis.ReplyError:
        packed = _pack(arguments)
        for is_last in (False, True):
            link: _Link | None = getattr(self._local, "link", None)
            try:
                if link is None:
                    link = _Link(self._address, self._within_s)
                    self._local.link = link
                return link.exchange(packed)
            except (OSError, hiredis.ProtocolError) as error:
                self.close()
                if is_last:
                    raise StoreUnavailable(type(error).__name__) from error
        raise AssertionError("the last attempt returns or raises")


class _Link:
    """One signed-in connection."""

    def __init__(self, address: Address, within_s: float) -> None:
        self._within_s = within_s
        self._reader = hiredis.Reader()
        self._socket = _open_socket(address, within_s)
        # Closes at most once, and by itself where a thread ends that held the connection as its own.
        self.close = weakref.finalize(self, self._socket.close)
        with ExitStack() as undo:
            undo.callback(self.close)
            self._sign_in(address)
            undo.pop_all()

    def _sign_in(self, address: Address) -> None:
        password = address.password.reveal()
        if password:
            sign_in = ("AUTH", address.username, password) if address.username else ("AUTH", password)
            self._expect_ok(sign_in)
        if address.database:
            self._expect_ok(("SELECT", str(address.database)))

    def _expect_ok(self, arguments: tuple[str, ...]) -> None:
        reply = self.exchange(_pack(arguments))
        if isinstance(reply, hiredis.ReplyError):
            raise StoreUnavailable(f"sign-in: {_kind_of(reply)}")

    def exchange(self, packed: bytes) -> Reply | hiredis.ReplyError:
        """Send one packed command and read its reply within the deadline in all."""
        ends = time.monotonic() + self._within_s
        self._socket.settimeout(self._within_s)
        self._socket.sendall(packed)
        while True:
            reply: Reply | hiredis.ReplyError | Literal[False] = self._reader.gets()
            if reply is not False:
                return reply
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            received = self._socket.recv(_READ_BYTES)
            if not received:
                raise ConnectionResetError
            self._reader.feed(received)


def _open_socket(address: Address, within_s: float) -> socket.socket:
    if not address.path:
        link = socket.create_connection((address.host, address.port), within_s)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with ExitStack() as undo:
        undo.callback(link.close)
        link.settimeout(within_s)
        link.connect(address.path)
        undo.pop_all()
    return link


class LibraryScripts:
    """The same over redis-py, for TLS, Sentinel and Cluster, which the thin client leaves to it."""

    def __init__(self, client: redis.Redis) -> None:
        self._execute: Callable[..., Reply] = client.execute_command
        # The library reshapes replies of plain commands into dicts and tuples; callers read them as sent.
        client.response_callbacks.clear()

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        """Run one script by its digest; where the store does not know it, by its text."""
        tail = (len(keys), *keys, *arguments)
        try:
            try:
                reply = self._execute("EVALSHA", script.sha, *tail)
            except redis.exceptions.NoScriptError:
                reply = self._execute("EVAL", script.text, *tail)
        except redis.RedisError as error:
            raise StoreUnavailable(f"{script.name}: {type(error).__name__}") from error
        return reply if isinstance(reply, list) else [reply]

    def command(self, *arguments: Argument) -> Reply:
        """Run one plain command."""
        try:
            reply: Reply = self._execute(*arguments)
        except redis.RedisError as error:
            raise StoreUnavailable(f"{arguments[0]!s}: {type(error).__name__}") from error
        return reply

    def close(self) -> None:
        """Nothing: connections belong to the library's pool, which the threads share."""


def connect(address: Address, within_s: float = 2.0) -> Scripts:
    """Give the client that an address needs."""
    if not address.tls:
        return ThinScripts(address, within_s)
    client = redis.Redis(
        host=address.host,
        port=address.port,
        db=address.database,
        username=address.username or None,
        password=address.password.reveal() or None,
        ssl=True,
        socket_timeout=within_s,
        socket_connect_timeout=within_s,
        protocol=2,
    )
    return LibraryScripts(client)


def _pack(arguments: Sequence[Argument]) -> bytes:
    packed: bytes = hiredis.pack_command(tuple(arguments))  # type: ignore[arg-type]  # the stub names a 1-tuple
    return packed


def _kind_of(error: hiredis.ReplyError) -> str:
    """The first word of an error reply; the rest may quote arguments."""
    return str(error).split(" ", 1)[0]
