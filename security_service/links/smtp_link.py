"""Handing one letter to an SMTP server under a total deadline; leaves letters and meaning to its callers.

The protocol is smtplib's; the socket beneath it is ours, because smtplib's timeouts hold for a single read.
It logs nothing and raises nothing that holds an address, a letter or a password.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.http_open import Opener, Peer, Resolve, system_addresses

_CHUNK: Final = 4096
_LONGEST: Final = 500
_YES: Final = range(200, 300)
_GO_ON: Final = range(354, 355)
_NO: Final = range(400, 600)
NOT_OFFERED: Final = 0
"""Stands for a code where the server never offered what the settings ask for."""


class Security(StrEnum):
    """When TLS begins: before the first word, after STARTTLS, or never."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class SmtpStep(StrEnum):
    """How far a conversation had come."""

    GREETING = "greeting"
    STARTTLS = "starttls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class SmtpTaken:
    """The server took the letter upon itself; `words` may hold its own name for it."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpTurnedAway:
    """The server said no, so that it surely does not have the letter (RFC 5321, 4.2.1).

    `code` is NOT_OFFERED where it was never asked.
    """

    step: SmtpStep
    code: int
    words: str = field(repr=False)


SmtpReply = SmtpTaken | SmtpTurnedAway | NotSent | NoReply


@dataclass(frozen=True, slots=True)
class Envelope:
    """One letter, whole and in bytes, and between whom it goes."""

    sender: str
    recipient: str = field(repr=False)
    letter: bytes = field(repr=False)


class _Ended(Exception):  # carries an outcome through smtplib, and is no error of its own
    """Carries what the server said in place of yes."""

    def __init__(self, step: SmtpStep, code: int, words: str) -> None:
        super().__init__()
        self.away = SmtpTurnedAway(step, code, words)


class _Socket:
    """What smtplib needs of a socket, every wait of it cut from one deadline."""

    def __init__(self, opened: socket.socket, deadline: Deadline) -> None:
        self.opened = opened
        self._deadline = deadline
        self._read = b""

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self.opened.settimeout(self._deadline.wait())
            rest = rest[self.opened.send(rest) :]

    def makefile(self, mode: str) -> _Socket:
        del mode
        return self

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._read and len(self._read) < limit:
            self.opened.settimeout(self._deadline.wait())
            read = self.opened.recv(_CHUNK)
            if not read:
                return b""
            self._read += read
        end = min(limit, self._read.find(b"\n") + 1 or limit)
        line, self._read = self._read[:end], self._read[end:]
        return line

    @property
    def has_unread(self) -> bool:
        return bool(self._read)

    def close(self) -> None:
        self.opened.close()


class _Conversation(smtplib.SMTP):
    """Smtplib over a socket that is already open."""

    def __init__(self, opened: socket.socket, deadline: Deadline) -> None:
        # Its own guess at a name for this machine asks the resolver, without a limit of time.
        super().__init__(local_hostname=_literal(opened))
        self.carry(_Socket(opened, deadline))

    def carry(self, carried: _Socket) -> None:
        """Go on over another socket, having forgotten what the server said it can do (RFC 3207, 4.2)."""
        self.carried = carried
        self.sock = carried  # type: ignore[assignment] # what smtplib needs of a socket is there
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False


class SmtpLink:
    """Hands letters to one server, a connection each; safe to share between threads.

    `login` may be empty: then none is made. `tls` names the authorities to trust. `connect_s` bounds
    name, TCP and TLS within the deadline of the call.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        *,
        login: str = "",
        password: Secret = Secret(""),
        connect_s: float = 3.0,
        ca_file: str = "",
        resolve: Resolve = system_addresses,
    ) -> None:
        self._host = host
        self._security = security
        self._login = login
        self._password = password
        no_tls = security is Security.NONE
        self._tls = None if no_tls else ssl.create_default_context(cafile=ca_file or None)
        at_once = self._tls if security is Security.TLS else None
        self._opener = Opener(Peer(host, port, at_once), connect_s=connect_s, resolve=resolve)

    def send(self, envelope: Envelope, within_s: float) -> SmtpReply:
        """Hand one letter over within `within_s` seconds in all. Never raises for what the server does."""
        deadline = Deadline.after(within_s)
        opened = self._opener.open(deadline)
        if isinstance(opened, NotSent):
            return opened
        steps = _Steps()
        with contextlib.closing(_Conversation(opened, deadline)) as conversation:
            try:
                words = self._converse(conversation, envelope, steps, deadline)
                return SmtpTaken(words)
            except _Ended as ended:
                return ended.away
            except (smtplib.SMTPException, OSError, ValueError) as error:
                # ValueError: a challenge that is not base64, a login that is not ASCII.
                return _lost(steps.now, deadline, in_tls=isinstance(error, ssl.SSLError))

    def _converse(
        self, conversation: _Conversation, envelope: Envelope, steps: _Steps, deadline: Deadline
    ) -> str:
        _expect(steps.now, conversation.getreply())
        _greet(steps.now, conversation)
        if self._security is Security.STARTTLS:
            steps.now = SmtpStep.STARTTLS
            self._start_tls(conversation, deadline)
            _greet(steps.now, conversation)
        if self._login:
            steps.now = SmtpStep.LOGIN
            self._log_in(conversation)
        steps.now = SmtpStep.SENDER
        _expect(steps.now, conversation.mail(envelope.sender))
        steps.now = SmtpStep.RECIPIENT
        _expect(steps.now, conversation.rcpt(envelope.recipient))
        steps.now = SmtpStep.DATA
        _expect(steps.now, conversation.docmd("DATA"), _GO_ON)
        steps.now = SmtpStep.LETTER
        conversation.send(_stuffed(envelope.letter))
        taken = _expect(steps.now, conversation.getreply())
        with contextlib.suppress(smtplib.SMTPException, OSError):
            conversation.putcmd("QUIT")
        return taken

    def _start_tls(self, conversation: _Conversation, deadline: Deadline) -> None:
        plain = conversation.carried
        if self._tls is None or not conversation.has_extn("starttls"):
            raise _Ended(SmtpStep.STARTTLS, NOT_OFFERED, "")
        _expect(SmtpStep.STARTTLS, conversation.docmd("STARTTLS"))
        if plain.has_unread:  # said in the clear, to be believed as if it had come over TLS
            raise ssl.SSLError
        wrapped = self._tls.wrap_socket(
            plain.opened, server_hostname=self._host, do_handshake_on_connect=False
        )
        conversation.carry(_Socket(wrapped, deadline))
        wrapped.settimeout(deadline.wait())
        wrapped.do_handshake()

    def _log_in(self, conversation: _Conversation) -> None:
        try:
            conversation.login(self._login, self._password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            raise _Ended(SmtpStep.LOGIN, error.smtp_code, _text(error.smtp_error)) from None
        except smtplib.SMTPNotSupportedError:
            raise _Ended(SmtpStep.LOGIN, NOT_OFFERED, "") from None


@dataclass(slots=True)
class _Steps:
    """How far one conversation has come: what a lost connection means depends on it."""

    now: SmtpStep = SmtpStep.GREETING


def _lost(step: SmtpStep, deadline: Deadline, *, in_tls: bool) -> NotSent | NoReply:
    timed_out = deadline.left() <= 0
    if step is SmtpStep.LETTER:
        return NoReply(NoReplyReason.TIMEOUT if timed_out else NoReplyReason.CONNECTION_LOST)
    if timed_out:
        return NotSent(NotSentReason.NO_TIME)
    in_handshake = in_tls and step is SmtpStep.STARTTLS
    return NotSent(NotSentReason.TLS_FAILED if in_handshake else NotSentReason.CONNECT_FAILED)


def _greet(step: SmtpStep, conversation: _Conversation) -> None:
    code, _ = conversation.ehlo()
    if not 200 <= code < 300:
        _expect(step, conversation.helo())


def _expect(step: SmtpStep, reply: tuple[int, bytes], wanted: range = _YES) -> str:
    code, words = reply
    if code in wanted:
        return _text(words)
    if code in _NO:
        raise _Ended(step, code, _text(words))
    raise smtplib.SMTPServerDisconnected  # an answer that is none: nothing is known of what it did


def _text(words: bytes | str) -> str:
    said = words if isinstance(words, str) else words.decode("utf-8", "replace")
    return " ".join(said.split())[:_LONGEST]


def _stuffed(letter: bytes) -> bytes:
    """Give a letter as DATA wants it: CRLF, lines that begin with a dot doubled, a dot at the end."""
    lines = letter.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


def _literal(opened: socket.socket) -> str:
    address = str(opened.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
