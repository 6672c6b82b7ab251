"""Sends many calls to the store together, for laying down what a run needs; measures nothing."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import hiredis

from security_service.store.connection import Argument, Reply
from security_service.store.scripts import Script

_AT_ONCE: Final = 2000
_READ_BYTES: Final = 1 << 20
_OPENED: Final[list[Reply]] = [b"opened"]
_REFUSALS: Final = frozenset({b"moved", b"exists", b"running", b"other_store"})


class PipelineRefusedError(Exception):
    """The store answered something else than was taken for granted."""


class Pipeline:
    """Implements the store's `Scripts` without waiting: calls are gathered and sent together.

    A script's call is answered `opened` in advance; that it was so is seen when the replies are read,
    and PipelineRefusedError raised where it was not. The last calls are sent when the block ends.
    """

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(socket_path))
        self._reader = hiredis.Reader()
        self._gathered: list[bytes] = []
        self._known: set[str] = set()

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        """Gather a script's call."""
        if script.sha not in self._known:
            self._known.add(script.sha)
            self.command("SCRIPT", "LOAD", script.text)
        self.command("EVALSHA", script.sha, len(keys), *keys, *arguments)
        return _OPENED

    def command(self, *arguments: Argument) -> Reply:
        """Gather a plain command."""
        packed: bytes = hiredis.pack_command(arguments)  # type: ignore[arg-type]  # the stub names a 1-tuple
        self._gathered.append(packed)
        if len(self._gathered) >= _AT_ONCE:
            self.flush()
        return None

    def flush(self) -> None:
        """Send what was gathered and read all replies."""
        gathered, self._gathered = self._gathered, []
        self._socket.sendall(b"".join(gathered))
        for _ in gathered:
            reply = self._next_reply()
            if isinstance(reply, hiredis.ReplyError):
                raise PipelineRefusedError(str(reply))
            if isinstance(reply, list) and reply and reply[0] in _REFUSALS:
                raise PipelineRefusedError(f"the store answered {reply[0]!r}")

    def close(self) -> None:
        """Close the connection; what was gathered and not sent is lost."""
        self._socket.close()

    def _next_reply(self) -> object:
        while (reply := self._reader.gets()) is False:
            received = self._socket.recv(_READ_BYTES)
            if not received:
                raise PipelineRefusedError("the store closed the connection")
            self._reader.feed(received)
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the rest, unless something went wrong before."""
        if error is None:
            self.flush()
        self.close()
