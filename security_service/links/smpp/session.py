"""One session with an SMS centre as its client, from bind to unbind; leaves when to bind to `binds`.

Runs in the thread of one event loop. Every call of the centre gets an answer with status 0, and
generic_nack is never sent: the centre would end the session for it (Devino manual 3.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.messages import Push
from security_service.links.smpp.account import SmppAccount, SmppPace
from security_service.links.smpp.bodies import BindBody, read_data, read_message, read_name
from security_service.links.smpp.pdu import LAST_SEQUENCE, Command, Framer, Garbled, Pdu
from security_service.links.smpp.receipts import read_receipt
from security_service.links.smpp.replies import SmppReply, read_reply
from security_service.links.smpp.results import Answered, NoAnswer, NoAnswerReason, Result
from security_service.links.smpp.status import OK
from security_service.links.smpp.timing import Timer, Timing

_EMPTY_NAME: Final = b"\0"


class End(StrEnum):
    """Why a session ended, or was never bound."""

    CONNECTION_LOST = "connection_lost"
    NOT_CONNECTED = "not_connected"
    NOT_ANSWERED = "bind_not_answered"
    REFUSED = "bind_refused"
    UNBOUND_BY_PEER = "unbound_by_peer"
    UNBOUND_BY_US = "unbound_by_us"
    SILENT = "enquire_link_not_answered"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner of a session is told.

    `roomy`: there may be room for a request now. `received`: a message came, as the receipt or the reply
    that it is; the owner calls what it is handed once to have it answered, and may do so later.
    """

    roomy: Callable[[], None]
    received: Callable[[Push | SmppReply | None, Callable[[], None]], None]


class ClientSession(asyncio.Protocol):
    """One connection that binds as a transceiver as soon as it stands.

    `bound` is done when the centre took the bind; `ended` when the session is over, with the reason,
    and then every request without an answer has ended as NoAnswer.
    """

    def __init__(self, account: SmppAccount, pace: SmppPace, timing: Timing, hooks: Hooks) -> None:
        self._account, self._pace, self._timing, self._hooks = account, pace, timing, hooks
        loop = asyncio.get_running_loop()
        self.bound: asyncio.Future[bool] = loop.create_future()
        self.ended: asyncio.Future[End] = loop.create_future()
        self.refused_status = OK
        self._transport: asyncio.Transport | None = None
        self._framer = Framer()
        self._sequence = 0
        self._pending: dict[int, tuple[float, Callable[[Result], None]]] = {}
        self._timers: dict[str, Timer] = {}
        self._bind_sequence = self._enquire_sequence = 0
        self._heard_at = timing.now()
        self._resting = False
        self._leaving: End | None = None

    # --- what the owner asks

    @property
    def has_room(self) -> bool:
        """True where a request may be submitted now."""
        return self._is_up and not self._resting and len(self._pending) < self._account.window

    @property
    def in_flight(self) -> int:
        """How many requests are without an answer."""
        return len(self._pending)

    def submit(self, body: bytes, on_result: Callable[[Result], None]) -> None:
        """Write one submit_sm; `on_result` is called once. For a session that has room only."""
        sequence = self._write(Command.SUBMIT_SM, body)
        self._pending[sequence] = (self._timing.now() + self._pace.answer_s, on_result)
        if "answers" not in self._timers:
            self._set("answers", self._pace.answer_s, self._end_unanswered)

    def rest(self, seconds: float) -> None:
        """Take no requests for so long."""
        self._resting = True
        self._set("rest", seconds, self._go_on)

    def unbind(self, why: End = End.UNBOUND_BY_US) -> None:
        """Say goodbye and end once that is answered, or after a short while without an answer."""
        if self._leaving is not None or self.ended.done():
            return
        self._leaving = why
        if self._transport is not None:
            self._write(Command.UNBIND, b"")
        self._set("unbind", self._pace.unbind_s, self._cut)

    def abort(self, why: End) -> None:
        """End without a goodbye, but with what is written."""
        self._leaving = self._leaving or why
        self._close()
        self._set("unbind", self._pace.unbind_s, self._cut)

    # --- what the connection tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind as a transceiver (SMPP 3.4, 4.1.5)."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a session needs a transport that reads and writes")
        self._transport = transport
        self._heard_at = self._timing.now()
        account = self._account
        body = BindBody(account.system_id, account.password, account.system_type).encode()
        self._bind_sequence = self._write(Command.BIND_TRANSCEIVER, body)
        self._set("bind", self._pace.bind_s, lambda: self.abort(End.NOT_ANSWERED))

    def data_received(self, data: bytes) -> None:
        """Read what came and act on it."""
        self._heard_at = self._timing.now()
        for found in self._framer.feed(data):
            if isinstance(found, Garbled):
                self.unbind(End.GARBLED)
                return
            self._take(found)

    def connection_lost(self, _error: Exception | None) -> None:
        """End everything that is open."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._transport = None
        pending, self._pending = self._pending, {}
        if not self.bound.done():
            self.bound.set_result(False)
        if not self.ended.done():
            self.ended.set_result(self._leaving or End.CONNECTION_LOST)
        for _, on_result in pending.values():
            on_result(NoAnswer(NoAnswerReason.SESSION_LOST))

    # --- what the centre says

    def _take(self, pdu: Pdu) -> None:
        match pdu.command:
            case Command.DELIVER_SM | Command.DATA_SM:
                self._receive(pdu)
            case Command.ENQUIRE_LINK:
                self._answer(pdu.answer())
            case Command.UNBIND:
                self._answer(pdu.answer())
                self.abort(End.UNBOUND_BY_PEER)
            case Command.GENERIC_NACK:
                self._take_answer(pdu, "")
            case _ if pdu.is_response:
                name = read_name(pdu.body) if pdu.command == Command.SUBMIT_SM.response else None
                # An id that cannot be read is as good as none: the message was taken all the same.
                self._take_answer(pdu, "" if name is None or isinstance(name, Garbled) else name.name)
            case _:
                # alert_notification and outbind want no answer; a nack for all else would end the session.
                return

    def _take_answer(self, pdu: Pdu, message_id: str) -> None:
        if not self.bound.done():
            self._take_bind(pdu)
        elif pdu.command == Command.UNBIND.response:
            self._close()
        elif pdu.command == Command.ENQUIRE_LINK.response or pdu.sequence == self._enquire_sequence:
            self._unset("enquire")
        else:
            waiting = self._pending.pop(pdu.sequence, None)
            if waiting is not None:
                waiting[1](Answered(pdu.status, message_id))
                self._hooks.roomy()

    def _take_bind(self, pdu: Pdu) -> None:
        if pdu.sequence != self._bind_sequence:
            return
        self._unset("bind")
        if pdu.status != OK or pdu.command == Command.GENERIC_NACK:
            self.refused_status = pdu.status
            self.abort(End.REFUSED)
            return
        self.bound.set_result(True)
        self._set("silence", self._pace.silence_s, self._break_silence)
        self._hooks.roomy()

    def _receive(self, pdu: Pdu) -> None:
        read = read_message(pdu.body) if pdu.command == Command.DELIVER_SM else read_data(pdu.body)
        offset = self._account.receipt_offset_minutes
        told = None if isinstance(read, Garbled) else read_receipt(read, offset) or read_reply(read)
        answer = pdu.answer(OK, _EMPTY_NAME)
        self._hooks.received(told, lambda: self._answer(answer))

    # --- time

    def _break_silence(self) -> None:
        """Ask whether the centre is there after `silence_s` without a word from it (SMPP 3.4, 4.11)."""
        left = self._heard_at + self._pace.silence_s - self._timing.now()
        if left <= 0:
            self._enquire_sequence = self._write(Command.ENQUIRE_LINK, b"")
            self._set("enquire", self._pace.enquire_s, lambda: self.unbind(End.SILENT))
        self._set("silence", left if left > 0 else self._pace.silence_s, self._break_silence)

    def _end_unanswered(self) -> None:
        """End requests whose time is over; they stand in the order in which they were written."""
        self._unset("answers")
        now = self._timing.now()
        while self._pending:
            sequence, (ends_at, on_result) = next(iter(self._pending.items()))
            if ends_at > now:
                self._set("answers", ends_at - now, self._end_unanswered)
                return
            del self._pending[sequence]
            on_result(NoAnswer(NoAnswerReason.SILENCE))
        self._hooks.roomy()

    def _go_on(self) -> None:
        self._resting = False
        self._hooks.roomy()

    def _set(self, what: str, seconds: float, call: Callable[[], None]) -> None:
        self._unset(what)
        self._timers[what] = self._timing.later(seconds, call)

    def _unset(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()

    # --- the connection

    @property
    def _is_up(self) -> bool:
        return (
            self._transport is not None
            and self._leaving is None
            and self.bound.done()
            and self.bound.result()
        )

    def _write(self, command: Command, body: bytes) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        self._answer(Pdu(command, OK, self._sequence, body))
        return self._sequence

    def _answer(self, pdu: Pdu) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pdu.encode())

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _cut(self) -> None:
        """End a connection that a peer who reads nothing would keep open."""
        if self._transport is not None:
            self._transport.abort()
