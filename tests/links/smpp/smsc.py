"""An SMS centre on loopback: what it answers is written down by the test, what it got can be read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Final, Self

from security_service.links.smpp.bodies import (
    Address,
    BindBody,
    MessageBody,
    NameBody,
    read_bind,
    read_message,
)
from security_service.links.smpp.pdu import Command, Framer, Garbled, Pdu

PATIENCE_S: Final = 20.0
"""How long a test waits for something before it fails; nothing comes near it."""

SILENCE: Final = -1
"""Stands for no answer among the statuses that a test writes down."""


@dataclass(eq=False)
class Session:
    """One connection that a client made."""

    writer: asyncio.StreamWriter
    taken: list[Pdu] = field(default_factory=list)
    bound: BindBody | None = None

    def say(self, pdu: Pdu) -> None:
        self.writer.write(pdu.encode())

    def commands(self) -> list[int]:
        return [pdu.command for pdu in self.taken]


class Smsc:
    """Takes binds and messages under ids `m1`, `m2`, ...

    Each of `bind_statuses` and of `statuses` answers one bind or submit_sm, in order; without them the
    answer is 0. `on_message` is called with each message that was taken, after the answer.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()
        self._ids = count(1)
        self._sequences = count(1)
        self.sessions: list[Session] = []
        self.messages: list[MessageBody] = []
        self.statuses: deque[int] = deque()
        self.bind_statuses: deque[int] = deque()
        self.answers_enquiries = True
        self.on_message: Callable[[Session, MessageBody, str], None] | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def texts(self) -> list[bytes]:
        return [message.text for message in self.messages]

    @property
    def live(self) -> list[Session]:
        """Sessions that are bound and still connected."""
        return [one for one in self.sessions if one.bound is not None and not one.writer.is_closing()]

    async def until(self, found: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not found():
                self._changed.clear()
                await self._changed.wait()

    def deliver(self, text: str, session: Session | None = None, esm_class: int = 4) -> int:
        """Bring a deliver_sm to a session; gives its sequence number."""
        body = MessageBody(
            Address(1, 1, "79031234567"), Address(5, 1, "B"), text.encode("latin-1"), esm_class=esm_class
        )
        sequence = next(self._sequences)
        (session or self.live[0]).say(Pdu(Command.DELIVER_SM, 0, sequence, body.encode()))
        return sequence

    def answered(self, sequence: int) -> Pdu | None:
        """What the client answered to a deliver_sm."""
        taken = (pdu for session in self.sessions for pdu in session.taken)
        wanted = Command.DELIVER_SM.response
        return next((pdu for pdu in taken if pdu.command == wanted and pdu.sequence == sequence), None)

    def drop(self) -> None:
        """Cut every connection."""
        for session in self.sessions:
            session.writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()
        await self.until(lambda: all(one.writer.is_closing() for one in self.sessions))
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session, framer = Session(writer), Framer()
        self.sessions.append(session)
        self._changed.set()
        try:
            while data := await reader.read(65536):
                for found in framer.feed(data):
                    assert not isinstance(found, Garbled)
                    session.taken.append(found)
                    self._take(session, found)
                    self._changed.set()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._changed.set()

    def _take(self, session: Session, pdu: Pdu) -> None:
        match pdu.command:
            case Command.BIND_TRANSCEIVER:
                self._bind(session, pdu)
            case Command.SUBMIT_SM:
                self._submit(session, pdu)
            case Command.ENQUIRE_LINK if self.answers_enquiries:
                session.say(pdu.answer())
            case Command.UNBIND:
                session.say(pdu.answer())
                session.writer.close()
            case _:
                pass

    def _bind(self, session: Session, pdu: Pdu) -> None:
        status = self.bind_statuses.popleft() if self.bind_statuses else 0
        body = read_bind(pdu.body)
        assert isinstance(body, BindBody)
        if status == 0:
            session.bound = body
        if status != SILENCE:
            session.say(pdu.answer(status, NameBody("fake").encode() if status == 0 else b""))

    def _submit(self, session: Session, pdu: Pdu) -> None:
        status = self.statuses.popleft() if self.statuses else 0
        body = read_message(pdu.body)
        assert isinstance(body, MessageBody)
        if status == SILENCE:
            self.messages.append(body)
        elif status:
            session.say(pdu.answer(status))
        else:
            message_id = f"m{next(self._ids)}"
            self.messages.append(body)
            session.say(pdu.answer(0, NameBody(message_id).encode()))
            if self.on_message is not None:
                self.on_message(session, body, message_id)
