"""Answers in the thread of a letter, through one SMTP server; leaves what they say to the use case."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Final

from security_service.domain.mail import Letter
from security_service.links.smtp_link import Envelope, SmtpLink, SmtpTaken

_WITHIN_S: Final = 15.0
_LONGEST_SUBJECT: Final = 200


class MailAnswers:
    """Implements the port `Answers`: plain text from the address that was written to."""

    def __init__(self, link: SmtpLink, address: str) -> None:
        self._link, self._address = link, address

    def answer(self, letter: Letter, text: str) -> bool:
        """Send a text to the letter's sender; False where that did not go."""
        subject = " ".join(letter.subject.split())[:_LONGEST_SUBJECT]
        message = EmailMessage()
        message["From"], message["To"] = self._address, letter.sender
        message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        # No answer of a machine answers this one (RFC 3834).
        message["Auto-Submitted"] = "auto-replied"
        if letter.id:
            message["In-Reply-To"] = message["References"] = " ".join(letter.id.split())
        message.set_content(text)
        envelope = Envelope(self._address, letter.sender, message.as_bytes())
        return isinstance(self._link.send(envelope, _WITHIN_S), SmtpTaken)
