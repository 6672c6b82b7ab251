"""The mail listener as smtplib meets it: two addresses, answers only once a letter was dealt with."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.mail import Letter
from security_service.links.letters_in import known_records, read_letter
from security_service.processes.mail_listener import MailPlan, MailUses, serve_mail
from security_service.usecases.obey_mail import MailEnd
from security_service.usecases.send_mailed_sms import MailedSmsEnd
from tests.usecases.behind_the_scenes import CountingMeter

SMS, COMMANDS = "email2sms@etalon.example", "commands@etalon.example"


class Served:
    """A listener in a thread of its own, with uses that answer as told."""

    def __init__(self) -> None:
        self.meter = CountingMeter()
        self.obeyed: list[Letter] = []
        self.sms: list[tuple[Letter, str]] = []
        self.end: MailedSmsEnd | Exception = MailedSmsEnd(1, 0)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        uses = MailUses(lambda raw: read_letter(raw, known_records({})), self.obey, self.send)
        plan = MailPlan("127.0.0.1", 0, SMS, COMMANDS)
        serving = asyncio.run_coroutine_threadsafe(serve_mail(plan, uses, self.meter), self.loop)
        self.server = serving.result(10)
        self.port = self.server.sockets[0].getsockname()[1]

    def obey(self, letter: Letter) -> MailEnd:
        self.obeyed.append(letter)
        return MailEnd.STRANGER

    def send(self, letter: Letter, address: str) -> MailedSmsEnd:
        if isinstance(self.end, Exception):
            raise self.end
        self.sms.append((letter, address))
        return self.end

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def write(self, to: str, text: str = "Привет", sender: str = "a@bank.example") -> int:
        """Send a letter; gives the code of the server's last word."""
        message = EmailMessage()
        message["From"], message["To"], message["Message-ID"] = sender, to, "<1@b>"
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.port, "bank", timeout=10) as client:
            try:
                client.send_message(message)
            except smtplib.SMTPRecipientsRefused as refused:
                return next(iter(refused.recipients.values()))[0]
            except smtplib.SMTPResponseException as refused:
                return refused.smtp_code
            return 250


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


def test_letters_go_where_they_are_written_to(served: Served) -> None:
    assert served.write(SMS) == 250
    assert served.write(COMMANDS.upper(), "deny +79161112211") == 250
    assert [(letter.text.strip(), address) for letter, address in served.sms] == [("Привет", "127.0.0.1")]
    assert [letter.text.strip() for letter in served.obeyed] == ["deny +79161112211"]


def test_no_other_address_is_served_and_it_relays_for_nobody(served: Served) -> None:
    assert served.write("someone@elsewhere.example") == 550
    assert served.sms == []


def test_a_store_that_is_away_has_the_letter_brought_again(served: Served) -> None:
    served.end = StoreUnavailable("away")
    assert served.write(SMS) == 451
    served.end = MailedSmsEnd(0, 0, "queue_full", again=True)
    assert served.write(SMS) == 451
    served.end = MailedSmsEnd(0, 1, "wrong_login_or_password")
    assert served.write(SMS) == 554


def test_one_letter_has_one_address(served: Served) -> None:
    with smtplib.SMTP("127.0.0.1", served.port, "bank", timeout=10) as client:
        client.ehlo()
        client.mail("a@bank.example")
        assert client.rcpt(SMS)[0] == 250
        assert client.rcpt(COMMANDS)[0] == 452


@pytest.mark.parametrize(
    "letter", [b"Subject: x\r\n\r\nx", b"From: a@b.example\r\n\r\n" + b"x" * 300_000], ids=["nobodys", "huge"]
)
def test_a_letter_without_a_sender_and_a_huge_one_are_not_taken(served: Served, letter: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", served.port, "bank", timeout=10) as client:
        client.ehlo()
        client.mail("a@bank.example")
        client.rcpt(SMS)
        with pytest.raises(smtplib.SMTPException):
            _deliver(client, letter)
    assert served.sms == []


def _deliver(client: smtplib.SMTP, letter: bytes) -> None:
    code, words = client.data(letter)
    if code != 250:
        raise smtplib.SMTPDataError(code, words)
