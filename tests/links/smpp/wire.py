"""The far end of a session without a socket: what was written can be read, what is said is fed in."""

from __future__ import annotations

import asyncio

from security_service.links.smpp.pdu import Command, Framer, Garbled, Pdu
from security_service.links.smpp.session import ClientSession


class FakeTransport(asyncio.Transport):
    """Keeps what is written; the connection is lost at once when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.session: ClientSession | None = None
        self._framer = Framer()
        self.pdus: list[Pdu] = []
        self.closed = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        for found in self._framer.feed(bytes(data)):
            assert not isinstance(found, Garbled)
            self.pdus.append(found)

    def is_closing(self) -> bool:
        return bool(self.closed)

    def close(self) -> None:
        self._end("closed")

    def abort(self) -> None:
        self._end("aborted")

    def _end(self, how: str) -> None:
        if not self.closed:
            self.closed = how
            assert self.session is not None
            self.session.connection_lost(None)


class Wire:
    """One session with its transport."""

    def __init__(self, session: ClientSession) -> None:
        self.session, self.transport = session, FakeTransport()
        self.transport.session = session

    def connect(self) -> None:
        """The connection stands."""
        self.session.connection_made(self.transport)

    def bind(self) -> None:
        """The connection stands and the centre takes the bind."""
        self.connect()
        self.say(self.taken(Command.BIND_TRANSCEIVER).answer(0, b"smsc\0"))
        self.transport.pdus.clear()

    def say(self, *pdus: Pdu) -> None:
        """The centre says something."""
        self.session.data_received(b"".join(pdu.encode() for pdu in pdus))

    def taken(self, command: int) -> Pdu:
        """The last PDU of a command that was written."""
        return next(pdu for pdu in reversed(self.transport.pdus) if pdu.command == command)

    @property
    def written(self) -> list[int]:
        """The commands that were written, in order."""
        return [pdu.command for pdu in self.transport.pdus]
