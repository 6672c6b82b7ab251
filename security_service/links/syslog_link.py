"""Carries messages of syslog over TLS, TCP or UDP under one deadline; leaves their words to their form.

Syslog has no answers. Over a stream a batch counts as taken once the receiver's machine has
acknowledged every byte of it and the connection still stands; what a receiver then loses in its own
memory nobody is told of. Over UDP it counts as taken once it was sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.forwarded_syslog import LONGEST, LONGEST_DATAGRAM, Form, SyslogFrame
from security_service.domain.forwarding import ForwardedEvent
from security_service.domain.forwarding_ports import Delivered, Delivery, NotDelivered
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReplyReason, NotSent, NotSentReason
from security_service.links.http_open import Opener, Peer, system_addresses

_WITHIN_S: Final = 10.0
_CONNECT_S: Final = 5.0
_LOOK_AGAIN_S: Final = 0.002
_CHUNK: Final = 4096
_MOST_READS: Final = 16
# Enough messages for one call, so that its deadline is a fair one.
_MOST_BYTES: Final = 1024 * 1024


class SyslogProtocol(StrEnum):
    """What carries messages: RFC 5425, RFC 6587 with octet counting, RFC 5426."""

    TLS = "tls"
    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class SyslogReceiver:
    """Where messages go. With TLS: `ca_file` in place of the system's authorities, and our certificate."""

    host: str
    port: int
    protocol: SyslogProtocol
    ca_file: str = ""
    certificate_file: str = ""
    private_key_file: str = ""

    def context(self) -> ssl.SSLContext | None:
        """Give the TLS context, None without TLS. Raises OSError for files that cannot be used."""
        if self.protocol is not SyslogProtocol.TLS:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.certificate_file:
            context.load_cert_chain(self.certificate_file, self.private_key_file or None)
        return context


class SyslogLink:
    """Implements ForwardLink for one receiver; for one thread at a time.

    Raises OSError where a file of TLS cannot be used.
    """

    def __init__(
        self, receiver: SyslogReceiver, form: Form, *, facility: int, within_s: float = _WITHIN_S
    ) -> None:
        self._receiver, self._form, self._within_s = receiver, form, within_s
        is_datagram = receiver.protocol is SyslogProtocol.UDP
        self._frame = SyslogFrame(
            socket.gethostname(), facility, LONGEST_DATAGRAM if is_datagram else LONGEST
        )
        peer = Peer(receiver.host, receiver.port, receiver.context())
        self._opener = Opener(peer, connect_s=_CONNECT_S)
        self._open: socket.socket | None = None

    def deliver(self, events: Sequence[ForwardedEvent]) -> Delivery:
        """Send events, each as one message; a connection that fails is closed."""
        deadline = Deadline.after(self._within_s)
        messages = self._messages(events)
        is_datagram = self._receiver.protocol is SyslogProtocol.UDP
        try:
            opened = self._datagrams(deadline) if is_datagram else self._stream(deadline)
            if isinstance(opened, NotSent):
                return NotDelivered(opened.reason.value)
            if is_datagram:
                _send_datagrams(opened, messages, deadline)
            else:
                _send_stream(opened, messages, deadline)
        except TimeoutError:
            self.close()
            return NotDelivered(NoReplyReason.TIMEOUT.value)
        except (OSError, ValueError):  # ValueError: TLS over a connection that another thread closed
            self.close()
            return NotDelivered(NoReplyReason.CONNECTION_LOST.value)
        return Delivered(len(messages))

    def close(self) -> None:
        """Close the connection."""
        opened, self._open = self._open, None
        if opened is None:
            return
        if isinstance(opened, ssl.SSLSocket):
            # Says goodbye (RFC 5425, 4.4) and does not wait for an answer.
            opened.settimeout(0)
            with contextlib.suppress(OSError, ValueError):
                opened.unwrap()
        opened.close()

    def _messages(self, events: Sequence[ForwardedEvent]) -> list[bytes]:
        messages: list[bytes] = []
        size = 0
        for event in events:
            message = self._form(event, self._frame)
            size += len(message)
            if messages and size > _MOST_BYTES:
                break
            messages.append(message)
        return messages

    def _stream(self, deadline: Deadline) -> socket.socket | NotSent:
        """Give the connection that stands, or a new one."""
        if self._open is not None and not _stands(self._open):
            self.close()
        if self._open is None:
            opened = self._opener.open(deadline)
            if isinstance(opened, NotSent):
                return opened
            self._open = opened
        return self._open

    def _datagrams(self, deadline: Deadline) -> socket.socket | NotSent:
        if self._open is None:
            try:
                family, address = system_addresses(self._receiver.host)[0]
            except (OSError, UnicodeError, IndexError):
                return NotSent(NotSentReason.NAME_UNKNOWN)
            opened = socket.socket(family, socket.SOCK_DGRAM)
            self._open = opened
            opened.settimeout(deadline.wait())
            opened.connect((address, self._receiver.port))
        return self._open


def _send_datagrams(opened: socket.socket, messages: Sequence[bytes], deadline: Deadline) -> None:
    """Send each message as one datagram (RFC 5426, 3.1)."""
    for message in messages:
        opened.settimeout(deadline.wait())
        opened.send(message)


def _send_stream(opened: socket.socket, messages: Sequence[bytes], deadline: Deadline) -> None:
    """Send messages with their lengths before them (RFC 6587, 3.4.1; RFC 5425, 4.3) and see them arrive."""
    rest = memoryview(b"".join(b"%d %s" % (len(message), message) for message in messages))
    while rest:
        opened.settimeout(deadline.wait())
        rest = rest[opened.send(rest) :]
    # What a connection that was torn down had not had acknowledged stays counted for ever.
    while _stands(opened):
        if not _unacknowledged(opened):
            return
        deadline.wait()
        time.sleep(_LOOK_AGAIN_S)
    raise ConnectionResetError


def _unacknowledged(opened: socket.socket) -> int:
    """Tell how many bytes the other machine has not acknowledged; 0 where the system cannot tell."""
    with contextlib.suppress(OSError):
        waiting: tuple[int] = struct.unpack("i", fcntl.ioctl(opened, termios.TIOCOUTQ, bytes(4)))
        return waiting[0]
    return 0


def _stands(opened: socket.socket) -> bool:
    """Tell whether the receiver has not closed; what it says meanwhile is nothing to us."""
    opened.settimeout(0)
    try:
        for _ in range(_MOST_READS):
            if not opened.recv(_CHUNK):
                return False
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return True
