"""One session as the SMS centre's side of it, from connection to goodbye; leaves what is asked to its owner.

Runs in the thread of one event loop. Bytes that are no PDU end a session, a body that cannot be read is
answered with generic_nack, and nothing that a peer sends does more than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from ipaddress import ip_address
from typing import Final, Protocol

from security_service.links.smpp import status
from security_service.links.smpp.bodies import VERSION, BindBody, MessageBody, NameBody, read_bind
from security_service.links.smpp.pdu import LAST_SEQUENCE, Command, Framer, Garbled, Pdu, Tag, Tlv
from security_service.links.smpp.timing import Timer, Timing

LONGEST_REQUEST: Final = 65_536
"""Bytes of the longest PDU that is read."""

_MOST_FAULTS: Final = 10
"""PDUs out of place before a bind, after which the connection ends."""


class Mode(Enum):
    """What a session was bound for: whether it brings messages, and whether it takes receipts."""

    TRANSMITTER = (True, False)
    RECEIVER = (False, True)
    TRANSCEIVER = (True, True)

    @property
    def submits(self) -> bool:
        """True where it may submit, query and cancel."""
        return self.value[0]

    @property
    def receives(self) -> bool:
        """True where it takes receipts."""
        return self.value[1]


_BINDS: Final[Mapping[int, Mode]] = {
    Command.BIND_TRANSMITTER: Mode.TRANSMITTER,
    Command.BIND_RECEIVER: Mode.RECEIVER,
    Command.BIND_TRANSCEIVER: Mode.TRANSCEIVER,
}
_REQUESTS: Final = frozenset({Command.SUBMIT_SM, Command.QUERY_SM, Command.CANCEL_SM})
_KNOWN: Final = frozenset(_REQUESTS | {*_BINDS, Command.ENQUIRE_LINK, Command.UNBIND})


class Ended(StrEnum):
    """Why a session ended."""

    CONNECTION_LOST = "connection_lost"
    NOT_BOUND = "not_bound_in_time"
    REFUSED = "bind_refused"
    UNBOUND_BY_PEER = "unbound_by_peer"
    UNBOUND_BY_US = "unbound_by_us"
    SILENT = "enquire_link_not_answered"
    GARBLED = "garbled"
    TURNED_AWAY = "turned_away"


@dataclass(frozen=True, slots=True)
class ServedPace:
    """How long things may take, in seconds, and how much may be without an answer at once.

    `silence_s` without a whole PDU brings an enquire_link, which is to be answered in `enquire_s`. A peer
    that unbinds waits up to `goodbye_s` for the answers to what it asked before. `deliveries` is how many
    messages to it may be without an answer at once.
    """

    bind_s: float = 10.0
    silence_s: float = 60.0
    enquire_s: float = 10.0
    answer_s: float = 20.0
    goodbye_s: float = 5.0
    unbind_s: float = 3.0
    deliveries: int = 10


class Owner(Protocol):
    """Who a session asks and tells; every call comes in the thread of the loop."""

    def opened(self, session: ServedSession) -> bool:
        """A connection stands; False turns it away."""
        ...

    def bind(self, session: ServedSession, mode: Mode, body: BindBody) -> None:
        """A peer wants to bind: `admit` or `refuse` it, now or later."""
        ...

    def request(self, session: ServedSession, pdu: Pdu) -> None:
        """A bound peer asks something; each request is to be answered once, now or later."""
        ...

    def ended(self, session: ServedSession, why: Ended) -> None:
        """The session is over; answers to it are of no use any more."""
        ...


class ServedSession(asyncio.Protocol):
    """One connection of a peer. `mode` is None until it is bound; `address` is where it comes from."""

    def __init__(self, owner: Owner, timing: Timing, pace: ServedPace, name: str) -> None:
        self._owner, self._timing, self._pace, self._name = owner, timing, pace, name
        self.address = ""
        self.mode: Mode | None = None
        self._transport: asyncio.Transport | None = None
        self._framer = Framer(LONGEST_REQUEST)
        self._timers: dict[str, Timer] = {}
        self._heard_at = timing.now()
        self._binding: tuple[Pdu, Mode, int] | None = None
        self._in_hand = self._faults = self._sequence = self._enquire_sequence = 0
        self._pending: dict[int, tuple[float, Callable[[int | None], None]]] = {}
        self._goodbye: Pdu | None = None
        self._leaving: Ended | None = None
        self._is_clogged = False

    # --- what the owner asks

    @property
    def is_bound(self) -> bool:
        """True from the answer to a bind until the session begins to end."""
        return self.mode is not None and self._leaving is None and self._transport is not None

    @property
    def is_open(self) -> bool:
        """True while the connection stands, bound or not."""
        return self._transport is not None

    @property
    def in_hand(self) -> int:
        """How many requests of the peer are without an answer."""
        return self._in_hand

    @property
    def undelivered(self) -> int:
        """How many messages to the peer are without an answer."""
        return len(self._pending)

    @property
    def room(self) -> int:
        """How many messages may be delivered now."""
        if not self.is_bound or self.mode is None or not self.mode.receives or self._is_clogged:
            return 0
        return max(self._pace.deliveries - len(self._pending), 0)

    def admit(self) -> bool:
        """Answer the bind with yes (SMPP 3.4, 4.1.2); False where the session has ended meanwhile."""
        if self._binding is None or self._transport is None or self._leaving is not None:
            return False
        pdu, self.mode, version = self._binding
        self._binding = None
        self._unset("bind")
        # Optional parameters are for peers that know them (SMPP 3.4, 3.4.2).
        tlvs = (Tlv(Tag.SC_INTERFACE_VERSION, bytes((VERSION,))),) if version >= VERSION else ()
        self._write(pdu.answer(status.OK, NameBody(self._name, tlvs).encode()))
        self._set("silence", self._pace.silence_s, self._break_silence)
        return True

    def refuse(self, why: int) -> None:
        """Answer the bind with no, and end the connection."""
        if self._binding is not None:
            self._write(self._binding[0].answer(why))
            self._end(Ended.REFUSED)

    def answer(self, pdu: Pdu, how: int, body: bytes = b"") -> None:
        """Answer a request that `Owner.request` was handed."""
        self._in_hand -= 1
        self._write(pdu.answer(how, body))
        self._part_when_done()

    def nack(self, pdu: Pdu, how: int) -> None:
        """Answer a request with generic_nack (SMPP 3.4, 4.3)."""
        self._in_hand -= 1
        self._write(Pdu(Command.GENERIC_NACK, how, pdu.sequence))
        self._part_when_done()

    def deliver(self, body: MessageBody, on_answer: Callable[[int | None], None]) -> None:
        """Write a deliver_sm; `on_answer` is called once, with its status or None where none came."""
        self._pending[self._ask(Command.DELIVER_SM, body.encode())] = (
            self._timing.now() + self._pace.answer_s,
            on_answer,
        )
        if "answers" not in self._timers:
            self._set("answers", self._pace.answer_s, self._end_unanswered)

    def unbind(self, why: Ended = Ended.UNBOUND_BY_US) -> None:
        """Say goodbye and end once that is answered, or after a short while; an unbound one ends at once."""
        if self._leaving is not None:
            return
        if self.mode is None:
            self._end(why)
            return
        self._leaving = why
        self._ask(Command.UNBIND, b"")
        self._set("cut", self._pace.unbind_s, self._cut)

    # --- what the connection tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a bind, unless the owner turns the peer away."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a session needs a transport that reads and writes")
        self._transport, self._heard_at = transport, self._timing.now()
        self.address = _address_of(transport.get_extra_info("peername"))
        if self._owner.opened(self):
            self._set("bind", self._pace.bind_s, lambda: self._end(Ended.NOT_BOUND))
        else:
            self._leaving = Ended.TURNED_AWAY
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read what came and act on it."""
        for found in self._framer.feed(data):
            if isinstance(found, Garbled):
                self._say_garbled()
                return
            self._heard_at = self._timing.now()
            self._take(found)

    def pause_writing(self) -> None:
        """Read no more from a peer that does not read what it is answered."""
        self._is_clogged = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on."""
        self._is_clogged = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """End everything that is open."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._transport = None
        pending, self._pending = self._pending, {}
        for _, on_answer in pending.values():
            on_answer(None)
        self._owner.ended(self, self._leaving or Ended.CONNECTION_LOST)

    # --- what the peer says

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_response:
            self._take_answer(pdu)
        elif pdu.command not in _KNOWN:
            self._write(Pdu(Command.GENERIC_NACK, status.INVALID_COMMAND, pdu.sequence))
            self._count_fault()
        elif pdu.command in _BINDS:
            self._take_bind(pdu)
        elif self.mode is None:
            self._write(pdu.answer(status.WRONG_BIND_STATE))
            self._count_fault()
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(pdu.answer())
        elif pdu.command == Command.UNBIND:
            self._take_unbind(pdu)
        else:
            self._take_request(pdu, self.mode)

    def _take_bind(self, pdu: Pdu) -> None:
        body = read_bind(pdu.body)
        if self.mode is not None or self._binding is not None:
            self._write(pdu.answer(status.ALREADY_BOUND))
            self._count_fault()
        elif isinstance(body, Garbled):
            self._write(Pdu(Command.GENERIC_NACK, status.INVALID_COMMAND_LENGTH, pdu.sequence))
            self._count_fault()
        elif self._leaving is None:
            mode = _BINDS[pdu.command]
            self._binding = (pdu, mode, body.version)
            self._owner.bind(self, mode, body)

    def _take_request(self, pdu: Pdu, mode: Mode) -> None:
        if self._leaving is not None or self._goodbye is not None:
            self._write(pdu.answer(status.SYSTEM_ERROR))
        elif not mode.submits:
            self._write(pdu.answer(status.WRONG_BIND_STATE))
        else:
            self._in_hand += 1
            self._owner.request(self, pdu)

    def _take_answer(self, pdu: Pdu) -> None:
        if pdu.sequence == self._enquire_sequence:
            self._unset("enquire")
        if pdu.command == Command.UNBIND.response:
            if self._leaving is not None:
                self._close()
            return
        waiting = self._pending.pop(pdu.sequence, None)
        if waiting is not None:
            # A nack is no word that the message arrived, whatever its status.
            is_answer = pdu.command == Command.DELIVER_SM.response
            waiting[1](pdu.status if is_answer else pdu.status or status.SYSTEM_ERROR)

    def _take_unbind(self, pdu: Pdu) -> None:
        self._goodbye = pdu
        self._set("goodbye", self._pace.goodbye_s, self._part)
        self._part_when_done()

    def _part_when_done(self) -> None:
        if self._goodbye is not None and self._in_hand == 0:
            self._part()

    def _part(self) -> None:
        if self._goodbye is not None:
            self._write(self._goodbye.answer())
            self._end(Ended.UNBOUND_BY_PEER)

    def _say_garbled(self) -> None:
        # Which request it was nobody can tell: a number among bytes that are no PDU means nothing.
        self._write(Pdu(Command.GENERIC_NACK, status.INVALID_COMMAND_LENGTH, 0))
        self._end(Ended.GARBLED)

    def _count_fault(self) -> None:
        self._faults += 1
        if self.mode is None and self._faults >= _MOST_FAULTS:
            self._end(Ended.GARBLED)

    # --- time

    def _break_silence(self) -> None:
        """Ask whether the peer is there after `silence_s` without a word from it (SMPP 3.4, 4.11)."""
        left = self._heard_at + self._pace.silence_s - self._timing.now()
        if left <= 0 and "enquire" not in self._timers:
            self._enquire_sequence = self._ask(Command.ENQUIRE_LINK, b"")
            self._set("enquire", self._pace.enquire_s, lambda: self.unbind(Ended.SILENT))
        self._set("silence", left if left > 0 else self._pace.silence_s, self._break_silence)

    def _end_unanswered(self) -> None:
        """End deliveries whose time is over; they stand in the order in which they were written."""
        self._unset("answers")
        now = self._timing.now()
        while self._pending:
            sequence, (ends_at, on_answer) = next(iter(self._pending.items()))
            if ends_at > now:
                self._set("answers", ends_at - now, self._end_unanswered)
                return
            del self._pending[sequence]
            on_answer(None)

    def _set(self, what: str, seconds: float, call: Callable[[], None]) -> None:
        self._unset(what)
        self._timers[what] = self._timing.later(seconds, call)

    def _unset(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()

    # --- the connection

    def _ask(self, command: Command, body: bytes) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        self._write(Pdu(command, status.OK, self._sequence, body))
        return self._sequence

    def _write(self, pdu: Pdu) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pdu.encode())

    def _end(self, why: Ended) -> None:
        """Close the connection with what is written; one that a peer keeps open is cut."""
        self._leaving = self._leaving or why
        self._close()
        if self._transport is not None:
            self._set("cut", self._pace.unbind_s, self._cut)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _address_of(peer: object) -> str:
    """Give a peer's address; one of IPv4 that came in over IPv6 is shown as what it is."""
    if not isinstance(peer, tuple) or not peer:
        return ""
    try:
        address = ip_address(str(peer[0]).partition("%")[0])
    except ValueError:  # a transport that knows no addresses
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
