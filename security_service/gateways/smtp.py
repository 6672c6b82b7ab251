"""E-mail to one person through an SMTP server, such as Devino's (Devino manual, chapter 13)."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, assert_never

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    ReceiptAnswer,
    Refused,
    SendOutcome,
)
from security_service.domain.secret import Secret
from security_service.links.http_answer import NoReply, NotSent
from security_service.links.http_link import is_loopback
from security_service.links.letters import is_address, is_line, letter
from security_service.links.smtp_link import (
    NOT_OFFERED,
    Envelope,
    Security,
    SmtpLink,
    SmtpReply,
    SmtpStep,
    SmtpTaken,
    SmtpTurnedAway,
)
from security_service.links.xml_text import fits_xml

_HIGHEST_PORT: Final = 65535
# 7 bits: not every server takes 8.
_POLICY: Final = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """Settings of one `smtp` gateway. Raises ValueError for values that cannot work."""

    host: str = field(metadata={"help": "name or address of the server"})
    port: int = field(default=587, metadata={"help": "port of the server", "least": 1, "most": _HIGHEST_PORT})
    security: Security = field(
        default=Security.STARTTLS,
        metadata={"help": "when TLS begins; none: never, for loopback or with plain_smtp"},
    )
    login: str = field(default="", metadata={"help": "login; empty: the server asks for none"})
    password: Secret = field(default=Secret(""), metadata={"help": "password of the login", "secret": True})
    sender: str = field(metadata={"help": "address that letters come from"})
    sender_name: str = field(
        default="", metadata={"help": "name beside it for messages that name no sender; empty: none"}
    )
    subject: str = field(default="Уведомление", metadata={"help": "subject of every letter"})
    links: bool = field(
        default=False,
        metadata={"help": "add the tags [Unsubscribe] and [WebVersion] that Devino's server demands"},
    )
    connect_s: float = field(
        default=3.0,
        metadata={"help": "seconds for name, TCP and TLS; within the deadline of the call"},
    )
    plain_smtp: bool = field(
        default=False,
        metadata={"help": "allow no TLS to a host that is not on loopback; letters are then readable"},
    )
    ca_file: str = field(
        default="",
        metadata={"help": "PEM file of the authorities to trust in place of the system's"},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "letters a second that the server allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        if not self.host or not self.host.isascii() or not is_line(self.host) or " " in self.host:
            raise ValueError("host must be a name or an address in ASCII")
        if self.security is Security.NONE and not self.plain_smtp and not is_loopback(self.host):
            raise ValueError("security must be tls or starttls unless the host is on loopback")
        if bool(self.login) != bool(self.password.reveal()):
            raise ValueError("login and password must be given together")
        if not self.login.isascii() or not self.password.reveal().isascii():
            raise ValueError("login and password must be ASCII")
        if not is_address(self.sender):
            raise ValueError("sender must be an e-mail address")
        if not is_line(self.subject) or (self.sender_name and not is_line(self.sender_name)):
            raise ValueError("subject and sender_name must be one line each")
        if self.connect_s <= 0:
            raise ValueError("connect_s must be above 0")


_Ends = type[Refused] | type[Failed]

WORDS: Final[Mapping[str, tuple[_Ends, str]]] = {
    "must authenticate before sending mail": (Failed, "unauthorized"),
    # Whatever broke there: a server that says no has not taken the letter.
    "internal server error": (Failed, "internal_error"),
    "not allowed attachement type": (Failed, "attachment_not_allowed"),
    "message exceeds fixed size limit": (Failed, "too_large"),
    "invalid recipient address": (Refused, "recipient_wrong"),
    "disallowed source address": (Failed, "sender_wrong"),
}
"""Words beside code 554, in lower case as far as they are fixed (Devino manual 13.6)."""

# RFC 3463, 3.2: the mailbox or its domain does not exist, or is written wrongly, or has moved.
_NO_SUCH_MAILBOX: Final = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")


def write_letter(message: Message, settings: SmtpSettings, message_id: str, now_s: float) -> bytes | str:
    """Give a letter in bytes (RFC 5322), or the reason why the message cannot go this way.

    A letter has no time of life in this protocol. A tenant's sender becomes the name beside the address.
    """
    address = message.email.reveal() if message.email is not None else ""
    said = message.text.reveal()
    name = message.sender or settings.sender_name
    if not is_address(address):
        return "no_email" if not address else "email_not_possible"
    if name and not is_line(name):
        return "sender_not_possible"
    if not said or not fits_xml(said):  # lone surrogates and the like: no letter can hold them either
        return "text_not_possible"
    body = letter(said, links=settings.links)
    written = EmailMessage(_POLICY)
    written["From"] = Address(name, addr_spec=settings.sender)
    written["To"] = Address(addr_spec=address)
    written["Subject"] = settings.subject
    written["Date"] = format_datetime(datetime.fromtimestamp(now_s, UTC))
    written["Message-ID"] = f"<{message_id}>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(body.plain)
    if settings.links:
        written.add_alternative(body.html, subtype="html")
    return written.as_bytes()


def send_outcome(gateway: str, reply: SmtpReply, message_id: str) -> SendOutcome:
    """Read how handing over ended: only a letter whose last dot was answered by nothing is unknown."""
    match reply:
        case SmtpTaken():
            return Accepted(gateway, (message_id,))
        case SmtpTurnedAway():
            return _turned_away(gateway, reply)
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case _:
            assert_never(reply)


def _turned_away(gateway: str, reply: SmtpTurnedAway) -> SendOutcome:
    words = reply.words.lower()
    known = next((row for phrase, row in WORDS.items() if phrase in words), None)
    if known is not None:
        return known[0](gateway, known[1])
    if reply.step in {SmtpStep.RECIPIENT, SmtpStep.LETTER} and _NO_SUCH_MAILBOX.search(words):
        return Refused(gateway, "recipient_unknown")
    what = "not_offered" if reply.code == NOT_OFFERED else str(reply.code)
    return Failed(gateway, f"{reply.step.value}_{what}")


class SmtpGateway:
    """Sends letters over SMTP. Implements the port `Gateway`; safe to share between threads.

    The protocol knows no receipts: what becomes of a letter comes back as another letter, if at all.
    `unix_s` is the wall clock in Unix seconds, for the date of letters.
    """

    def __init__(self, name: str, settings: SmtpSettings, unix_s: Callable[[], float] = time.time) -> None:
        self._name = name
        self._settings = settings
        self._unix_s = unix_s
        self._link = SmtpLink(
            settings.host,
            settings.port,
            settings.security,
            login=settings.login,
            password=settings.password,
            connect_s=settings.connect_s,
            ca_file=settings.ca_file,
        )

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.EMAIL

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one letter over (RFC 5321) within `within_s` seconds in all; its Message-ID is its id."""
        message_id = f"{secrets.token_hex(16)}@{self._settings.sender.partition('@')[2]}"
        written = write_letter(message, self._settings, message_id, self._unix_s())
        if isinstance(written, str) or message.email is None:
            return Failed(self._name, written if isinstance(written, str) else "no_email")
        envelope = Envelope(self._settings.sender, message.email.reveal(), written)
        return send_outcome(self._name, self._link.send(envelope, within_s), message_id)

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Say that there are no receipts."""
        del message_id, within_s
        return NoReceipt("no_receipts")
