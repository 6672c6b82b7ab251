"""A receiver of syslog on loopback: over TCP and TLS with octet counting, over UDP; it reads strictly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from types import TracebackType
from typing import Self

from tests.domain.strict_syslog import Message, read_message

_WITHIN_S = 60.0


class SyslogReceiver:
    """Serves until the block ends. `faults` are breaches of the protocol that it saw.

    It tears a connection down after `hang_up_after` messages of it, and with `deaf` reads nothing.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        udp: bool = False,
        hang_up_after: int = 0,
        deaf: bool = False,
        port: int = 0,
    ) -> None:
        self._tls, self._udp, self._deaf = tls, udp, deaf
        self.hang_up_after = hang_up_after
        self.messages: list[Message] = []
        self._seen: set[int] = set()
        self.connections = 0
        self.faults: list[str] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What the system took in is acknowledged, whatever becomes of it: a failure needs little room there.
        room = 4096 if deaf or hang_up_after else 1 << 20
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._socket.bind(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run)
        self._up = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(_WITHIN_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def wait_for(self, count: int) -> list[Message]:
        """Wait until so many messages are here."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) >= count, _WITHIN_S), len(self.messages)
            return list(self.messages)

    def wait_for_leaf(self, leaf: int) -> None:
        """Wait until an event is here that has this place in the log."""
        with self._changed:
            assert self._changed.wait_for(lambda: leaf in self._seen, _WITHIN_S), self.leaves[-3:]

    @property
    def leaves(self) -> list[int]:
        """The leaves of what is here, in its order."""
        return [int(message.data["etalon@32473"]["leaf"]) for message in self.messages]

    def hang_up(self) -> None:
        """Close all connections, as a receiver that is started anew."""

        async def close() -> None:
            for writer in list(self._writers):
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(_WITHIN_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        if self._udp:
            transport, _ = self._loop.run_until_complete(
                self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=self._socket)
            )
            end = transport.close
        else:
            server = self._loop.run_until_complete(
                asyncio.start_server(self._serve, sock=self._socket, ssl=self._tls)
            )
            end = server.close
        self._loop.call_soon(self._up.set)
        self._loop.run_forever()
        end()
        for writer in self._writers:
            writer.transport.abort()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        taken = 0
        try:
            if self._deaf:
                writer.transport.pause_reading()  # type: ignore[attr-defined]  # the stubs know no transport that reads
                await asyncio.Event().wait()
            while raw := await _counted(reader):
                self.take(raw)
                taken += 1
                if taken == self.hang_up_after:
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    writer.transport.abort()
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def take(self, raw: bytes) -> None:
        """Read one message."""
        with self._changed:
            try:
                message = read_message(raw)
                self.messages.append(message)
                self._seen |= {int(data["leaf"]) for data in message.data.values()}
            except AssertionError as fault:
                self.faults.append(f"{fault}: {raw!r}")
            self._changed.notify_all()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receiver: SyslogReceiver) -> None:
        self._receiver = receiver

    def datagram_received(self, data: bytes, address: object) -> None:
        self._receiver.take(data)


async def _counted(reader: asyncio.StreamReader) -> bytes:
    """Read one message by its count of octets (RFC 6587, 3.4.1); no bytes at the connection's end."""
    count = b""
    while (one := await reader.read(1)) not in {b" ", b""}:
        count += one
    if not count:
        return b""
    assert count.isdigit(), count
    assert not count.startswith(b"0")
    return await reader.readexactly(int(count))
