"""Opening of connections: name, TCP and TLS under one deadline; leaves what is said over them to others."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from security_service.links.deadline import Deadline
from security_service.links.http_answer import NotSent, NotSentReason

_NAME_LIFE_S: Final = 30.0
_RESOLVING_AT_ONCE: Final = 8

Address = tuple[socket.AddressFamily, str]
Resolve = Callable[[str], tuple[Address, ...]]


def system_addresses(host: str) -> tuple[Address, ...]:
    """Ask the system's resolver; raises OSError (`socket.gaierror`) where it knows no address."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


class _Names:
    """Resolves names off the caller's thread, for the system's resolver knows no timeout."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[str, tuple[float, tuple[Address, ...]]] = {}
        self._slots = threading.BoundedSemaphore(_RESOLVING_AT_ONCE)

    def addresses(self, host: str, deadline: Deadline) -> tuple[Address, ...] | NotSent:
        known = self._known.get(host)
        if known is not None and time.monotonic() - known[0] < _NAME_LIFE_S:
            return known[1]
        if not self._slots.acquire(timeout=max(0.0, deadline.left())):
            return NotSent(NotSentReason.CONNECT_TIMEOUT)
        done = threading.Event()
        threading.Thread(target=self._ask, args=(host, done), name="resolve", daemon=True).start()
        if not done.wait(max(0.0, deadline.left())):
            return NotSent(NotSentReason.CONNECT_TIMEOUT)
        fresh = self._known.get(host)
        return NotSent(NotSentReason.NAME_UNKNOWN) if fresh is None or not fresh[1] else fresh[1]

    def _ask(self, host: str, done: threading.Event) -> None:
        try:
            self._known[host] = (time.monotonic(), self._resolve(host))
        except (OSError, UnicodeError):  # UnicodeError: a label that IDNA cannot encode
            self._known.pop(host, None)
        finally:
            self._slots.release()
            done.set()


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a link leads: a host name or address, a port, and the TLS context if there is TLS."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class Opener:
    """Opens connections to one peer, each within `connect_s` seconds and the caller's deadline."""

    def __init__(self, peer: Peer, *, connect_s: float, resolve: Resolve = system_addresses) -> None:
        self._peer = peer
        self._connect_s = connect_s
        self._names = _Names(resolve)
        self._literal = _literal(peer.host)

    def open(self, deadline: Deadline) -> socket.socket | NotSent:
        """Give a connected socket, past its TLS handshake, or why there is none. Never raises."""
        if deadline.left() <= 0:
            return NotSent(NotSentReason.NO_TIME)
        until = Deadline(min(deadline.until, Deadline.after(self._connect_s).until))
        addresses = self._literal or self._names.addresses(self._peer.host, until)
        if isinstance(addresses, NotSent):
            return addresses
        outcome: socket.socket | NotSent = NotSent(NotSentReason.NAME_UNKNOWN)
        for position, address in enumerate(addresses):
            # An address that swallows packets may not use up the time of those after it.
            share = until.left() / (len(addresses) - position)
            outcome = self._connect(address, Deadline.after(share))
            if isinstance(outcome, socket.socket):
                return outcome
        return outcome

    def _connect(self, address: Address, until: Deadline) -> socket.socket | NotSent:
        family, host = address
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(until.wait())
            opened.connect((host, self._peer.port))
            # A request goes out in one piece: waiting to fill a packet would only delay it.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened if self._peer.tls is None else self._shake_hands(opened, self._peer.tls, until)
        except TimeoutError:
            opened.close()
            return NotSent(NotSentReason.CONNECT_TIMEOUT)
        except (ssl.SSLError, ssl.CertificateError):
            opened.close()
            return NotSent(NotSentReason.TLS_FAILED)
        except OSError:
            opened.close()
            return NotSent(NotSentReason.CONNECT_FAILED)

    def _shake_hands(self, opened: socket.socket, tls: ssl.SSLContext, until: Deadline) -> ssl.SSLSocket:
        # Wrapping detaches the plain socket, so that from here on it is the wrapped one to be closed.
        wrapped = tls.wrap_socket(opened, server_hostname=self._peer.host, do_handshake_on_connect=False)
        try:
            wrapped.settimeout(until.wait())
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped


def _literal(host: str) -> tuple[Address, ...]:
    """Give the address that the host already is, or nothing where it is a name."""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return ()
    return ((socket.AF_INET if parsed.version == 4 else socket.AF_INET6, host),)  # IP versions
