"""The control port of Osmocom programs: framing, one question at a time; leaves meaning to the lookup.

A frame is two bytes of length (big-endian, counted from the fourth byte), 0xEE for Osmocom's own
protocols, 0x00 for control, then ASCII: `GET <id> <variable>`, answered by `GET_REPLY` or `ERROR` with
the same id. `TRAP`s may come in between. There is neither a login nor encryption.
"""

from __future__ import annotations

import itertools
import socket
import struct
import time
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.http_open import Opener, Peer

DEFAULT_PORT: Final = 4259
"""Where osmo-hlr listens; one address takes one HLR."""

_IPA_OSMO, _EXT_CTRL = 0xEE, 0x00
_HEAD: Final = struct.Struct("!HB")
_FRAME_LIMIT: Final = 16 * 1024
_READ_BYTES: Final = 16 * 1024
_KEPT_AT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class CtrlValue:
    """The value of a variable, as it was told."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CtrlError:
    """The program's own words on why there is no value; they may hold what was asked for."""

    words: str = field(repr=False)


CtrlReply = CtrlValue | CtrlError | NotSent | NoReply


def frame(said: str) -> bytes:
    """Put a control message in its frame. Raises ValueError for what does not fit on one line of ASCII."""
    if not said.isascii() or any(character < " " for character in said):
        raise ValueError("a control message is one line of ASCII")
    payload = bytes([_EXT_CTRL]) + said.encode("ascii")
    return _HEAD.pack(len(payload), _IPA_OSMO) + payload


class _Frames:
    """Cuts what arrives into control messages; other protocols on the same connection are passed over."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, received: bytes) -> list[str]:
        """Give the control messages that are whole now. Raises ValueError for what is no frame of theirs."""
        self._held += received
        found: list[str] = []
        while len(self._held) >= _HEAD.size:
            length, protocol = _HEAD.unpack_from(self._held)
            if length == 0 or length > _FRAME_LIMIT:
                raise ValueError("no frame of this protocol")
            if len(self._held) < _HEAD.size + length:
                break
            payload = self._held[_HEAD.size : _HEAD.size + length]
            self._held = self._held[_HEAD.size + length :]
            if protocol == _IPA_OSMO and payload[0] == _EXT_CTRL:
                found.append(payload[1:].decode("latin-1"))
        return found


class _Line:
    """One connection, closed by itself when nobody holds it any more."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self.idle_since = time.monotonic()
        self.close = weakref.finalize(self, opened.close)

    def ask(self, number: str, variable: str, deadline: Deadline) -> CtrlReply:
        """Ask and read until the answer to this question has come. Never raises."""
        try:
            self._socket.settimeout(deadline.wait())
            self._socket.sendall(frame(f"GET {number} {variable}"))
            return self._read(number, deadline)
        except TimeoutError:
            return NoReply(NoReplyReason.TIMEOUT)
        except OSError:
            return NoReply(NoReplyReason.CONNECTION_LOST)
        except ValueError:
            return NoReply(NoReplyReason.BROKEN_ANSWER)

    def _read(self, number: str, deadline: Deadline) -> CtrlReply:
        frames = _Frames()
        while True:
            self._socket.settimeout(deadline.wait())
            received = self._socket.recv(_READ_BYTES)
            if not received:
                return NoReply(NoReplyReason.CONNECTION_LOST)
            for said in frames.feed(received):
                kind, _, rest = said.partition(" ")
                answered, _, told = rest.partition(" ")
                if answered != number:
                    continue  # a TRAP, or the answer to a question that ran out of time
                if kind == "ERROR":
                    return CtrlError(told)
                if kind == "GET_REPLY":
                    return CtrlValue(told.partition(" ")[2])


class CtrlLink:
    """Asks one program; safe to share between threads, each question on a connection of its own.

    `connect_s` bounds the opening of a connection within the deadline of the question; connections are
    kept for `max_idle_s` seconds. Questions change nothing, so one is repeated where a kept connection
    turns out dead.
    """

    def __init__(
        self, host: str, port: int = DEFAULT_PORT, *, connect_s: float = 1.0, max_idle_s: float = 30.0
    ) -> None:
        self._opener = Opener(Peer(host, port, None), connect_s=connect_s)
        self._max_idle_s = max_idle_s
        self._kept: deque[_Line] = deque()
        self._numbers = itertools.count(1)

    def get(self, variable: str, within_s: float) -> CtrlReply:
        """Ask for the value of a variable within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        if deadline.left() <= 0:
            return NotSent(NotSentReason.NO_TIME)
        kept = self._take()
        if kept is not None:
            reply = self._ask(kept, variable, deadline)
            if reply != NoReply(NoReplyReason.CONNECTION_LOST):
                return reply
        opened = self._opener.open(deadline)
        return opened if isinstance(opened, NotSent) else self._ask(_Line(opened), variable, deadline)

    def close(self) -> None:
        """Close all kept connections; questions under way are not touched."""
        while self._kept:
            self._kept.pop().close()

    def _take(self) -> _Line | None:
        while True:
            try:
                line = self._kept.pop()
            except IndexError:
                return None
            if time.monotonic() - line.idle_since < self._max_idle_s:
                return line
            line.close()

    def _ask(self, line: _Line, variable: str, deadline: Deadline) -> CtrlReply:
        reply = line.ask(str(next(self._numbers)), variable, deadline)
        if isinstance(reply, CtrlValue | CtrlError) and len(self._kept) < _KEPT_AT_MOST:
            line.idle_since = time.monotonic()
            self._kept.append(line)
        else:
            line.close()
        return reply
