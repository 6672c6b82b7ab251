"""A line to the store that loses one reply: the script has run, and the caller does not hear of it."""

from __future__ import annotations

import select
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import hiredis

_STOP_LOOKS_S = 0.05


class DroppingProxy:
    """Passes bytes both ways; when `lose` replies are left to pass it breaks that connection once instead."""

    def __init__(self, listen: Path, store: Path) -> None:
        self.path = listen
        self.lose: int | None = None
        self.replies = 0
        self.connections = 0
        self._store = store
        self._stopping = threading.Event()
        self._server = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._server.bind(str(self.path))
        self._server.listen()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if select.select([self._server], [], [], _STOP_LOOKS_S)[0]:
                client, _ = self._server.accept()
                self.connections += 1
                with client, socket.socket(socket.AF_UNIX) as store:
                    store.connect(str(self._store))
                    self._pass(client, store)

    def _pass(self, client: socket.socket, store: socket.socket) -> None:
        reader = hiredis.Reader()
        while not self._stopping.is_set():
            for ready in select.select([client, store], [], [], _STOP_LOOKS_S)[0]:
                received = ready.recv(65536)
                if not received:
                    return
                if ready is client:
                    store.sendall(received)
                    continue
                reader.feed(received)
                if reader.gets() is not False:
                    if self.replies == self.lose:
                        self.lose = None
                        return
                    self.replies += 1
                client.sendall(received)
