"""Letters as they come over SMTP: MIME to text, and whether the sender's domain signed them (RFC 6376)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Final

import dkim
from dkim.dnsplug import get_txt

from security_service.domain.mail import Letter

_MOST_SIGNATURES: Final = 4
_DNS_WITHIN_S: Final = 3.0

DnsText = Callable[..., bytes | None]
"""Gives the TXT record of a name (`selector._domainkey.domain.`), None where there is none."""


def read_letter(raw: bytes, dns_text: DnsText) -> Letter | None:
    """Read a letter; None for one without exactly one sender. Never raises.

    The first plain text is what counts; a letter of HTML alone has none. A signature proves the letter
    where it holds, is of the very domain of From, and covers From.
    """
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        senders = getaddresses([str(value) for value in message.get_all("From", [])])
        if len(senders) != 1 or "@" not in senders[0][1]:
            return None
        sender = senders[0][1]
        subject, name = str(message.get("Subject", "")), str(message.get("Message-ID", ""))
        return Letter(sender, subject, name, _plain(message), _is_proved(raw, message, sender, dns_text))
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        # What the standard library raises over letters that no standard describes.
        return None


def known_records(records: Mapping[str, str]) -> DnsText:
    """Give the look-up of records that a bank's network holds itself, by `selector._domainkey.domain`."""
    held = {
        name.rstrip(".").lower().encode("ascii"): value.encode("ascii") for name, value in records.items()
    }

    def dns_text(name: bytes, **_options: object) -> bytes | None:
        return held.get(name.rstrip(b".").lower())

    return dns_text


def ask_dns(name: bytes, timeout: float = _DNS_WITHIN_S, **_options: object) -> bytes | None:
    """Look a TXT record up by DNS within so many seconds; None where there is none or nobody answers."""
    record: bytes | None = get_txt(name, timeout=timeout)
    return record


def _plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return "" if part is None else str(part.get_content())


def _is_proved(raw: bytes, message: EmailMessage, sender: str, dns_text: DnsText) -> bool:
    domain = sender.rpartition("@")[2].lower().encode("idna")
    signatures = len(message.get_all("DKIM-Signature", []))
    for index in range(min(signatures, _MOST_SIGNATURES)):
        verifier = dkim.DKIM(raw, minkey=1024)
        try:
            holds = verifier.verify(index, dnsfunc=dns_text)
        except (dkim.DKIMException, ValueError):
            continue
        # `l=` leaves the end of a letter unsigned, and with it what anybody may add there.
        is_whole = b"l" not in verifier.signature_fields
        if holds and is_whole and verifier.domain is not None and verifier.domain.lower() == domain:
            return True
    return False
