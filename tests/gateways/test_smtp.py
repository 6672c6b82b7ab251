from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Refused,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.smtp import WORDS, SmtpGateway, SmtpSettings
from security_service.links.smtp_link import Security
from tests.links.smtp_peer import HANG_UP, SILENCE, SmtpPeer, SmtpScript

WITHIN_S = 5.0
ADDRESS = "ivan@client.example"
MESSAGE = Message(
    Msisdn("79031234567"), MessageText("Вход <в> банк\n.точка"), "ЭТАЛОН", 300, "ref-1", email=Secret(ADDRESS)
)
WORD_ROWS = {
    "Must authenticate before sending mail": Failed("mail", "unauthorized"),
    "Internal server error": Failed("mail", "internal_error"),
    "Not allowed attachement type .exe": Failed("mail", "attachment_not_allowed"),
    "Message exceeds fixed size limit": Failed("mail", "too_large"),
    f"Invalid recipient address: {ADDRESS}": Refused("mail", "recipient_wrong"),
    "Disallowed source address: bank@bank.example": Failed("mail", "sender_wrong"),
}


@pytest.fixture
def peer() -> Iterator[SmtpPeer]:
    with SmtpPeer(SmtpScript()) as serving:
        yield serving


def settings_for(peer: SmtpPeer) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1",
        port=peer.port,
        security=Security.NONE,
        login="bank",
        password=Secret("pa55"),
        sender="bank@bank.example",
    )


def gateway_to(peer: SmtpPeer, **values: object) -> SmtpGateway:
    settings = replace(settings_for(peer), **values)  # type: ignore[arg-type] # settings of several types
    return SmtpGateway("mail", settings, lambda: 1_800_000_000.0)


def letter_of(peer: SmtpPeer) -> EmailMessage:
    read = message_from_bytes(peer.letters[-1].replace(b"\r\n..", b"\r\n."), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def test_a_letter_says_who_writes_to_whom_what_and_when(peer: SmtpPeer) -> None:
    outcome = gateway_to(peer).send(MESSAGE, WITHIN_S)
    letter = letter_of(peer)
    assert isinstance(outcome, Accepted)
    assert outcome.message_ids == (letter["Message-ID"].strip("<>"),)
    assert outcome.message_ids[0].endswith("@bank.example")
    assert (letter["From"], letter["To"]) == ("ЭТАЛОН <bank@bank.example>", ADDRESS)
    assert (letter["Subject"], letter["Date"]) == ("Уведомление", "Fri, 15 Jan 2027 08:00:00 +0000")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == ["Вход <в> банк", ".точка"]


def test_a_letter_travels_in_seven_bits_and_lines_of_sensible_length(peer: SmtpPeer) -> None:
    gateway_to(peer, links=True).send(replace(MESSAGE, text=MessageText("ё" * 5000)), WITHIN_S)
    (letter,) = peer.letters
    assert letter.isascii()
    assert max(map(len, letter.split(b"\r\n"))) <= 998


def test_no_two_letters_bear_one_id(peer: SmtpPeer) -> None:
    gateway = gateway_to(peer)
    outcomes = [gateway.send(MESSAGE, WITHIN_S) for _ in range(2)]
    assert outcomes[0] != outcomes[1]


def test_the_tags_that_devino_demands_stand_in_both_forms(peer: SmtpPeer) -> None:
    gateway_to(peer, links=True).send(MESSAGE, WITHIN_S)
    letter = letter_of(peer)
    assert letter.get_content_type() == "multipart/alternative"
    forms = [part.get_content() for part in letter.iter_parts() if isinstance(part, EmailMessage)]
    assert [("[Unsubscribe]" in form, "[WebVersion]" in form) for form in forms] == [(True, True)] * 2


@pytest.mark.parametrize(("name", "shown"), [("Банк", "Банк <bank@bank.example>"), ("", "bank@bank.example")])
def test_a_message_without_a_sender_bears_the_name_of_the_settings(
    peer: SmtpPeer, name: str, shown: str
) -> None:
    gateway_to(peer, sender_name=name).send(replace(MESSAGE, sender=""), WITHIN_S)
    assert letter_of(peer)["From"] == shown


def test_every_row_of_the_table_is_tested() -> None:
    assert {known for known in WORDS if any(known in words.lower() for words in WORD_ROWS)} == set(WORDS)
    assert len(WORD_ROWS) == len(WORDS)


@pytest.mark.parametrize(("words", "outcome"), WORD_ROWS.items())
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "."])
def test_the_words_beside_554_say_what_became_of_the_letter(
    peer: SmtpPeer, words: str, outcome: object, verb: str
) -> None:
    peer.script.answers[verb] = f"554 {words}"
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == outcome


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("RCPT", "550 5.1.1 no such user", Refused("mail", "recipient_unknown")),
        ("RCPT", "550 5.1.10 no mail for that domain", Refused("mail", "recipient_unknown")),
        (".", "550 5.1.1 no such user", Refused("mail", "recipient_unknown")),
        ("RCPT", "550 5.7.1 relaying denied", Failed("mail", "recipient_550")),
        ("RCPT", "550 no", Failed("mail", "recipient_550")),
        ("RCPT", "452 4.2.2 full", Failed("mail", "recipient_452")),
        ("MAIL", "550 5.1.1 you are nobody", Failed("mail", "sender_550")),
        ("AUTH", "535 wrong", Failed("mail", "login_535")),
        ("greeting", "554 no service", Failed("mail", "greeting_554")),
        (".", "451 try again", Failed("mail", "letter_451")),
        (".", HANG_UP, OutcomeUnknown("mail", "connection_lost")),
        ("DATA", HANG_UP, Failed("mail", "connect_failed")),
    ],
)
def test_only_a_mailbox_that_is_not_there_refuses_and_only_a_lost_answer_leaves_it_unknown(
    peer: SmtpPeer, verb: str, answer: str, outcome: object
) -> None:
    peer.script.answers[verb] = answer
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == outcome


def test_a_server_that_falls_silent_after_the_letter_leaves_it_unknown(peer: SmtpPeer) -> None:
    peer.script.answers["."] = SILENCE
    assert gateway_to(peer).send(MESSAGE, 0.3) == OutcomeUnknown("mail", "timeout")


def test_a_login_that_is_not_offered_lets_the_next_gateway_try(peer: SmtpPeer) -> None:
    peer.script.offers = ()
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Failed("mail", "login_not_offered")


@pytest.mark.parametrize("within_s", [0.0, -1.0])
def test_without_time_nothing_leaves(peer: SmtpPeer, within_s: float) -> None:
    assert gateway_to(peer).send(MESSAGE, within_s) == Failed("mail", "no_time")
    assert peer.lines == []


def test_there_are_no_receipts(peer: SmtpPeer) -> None:
    assert gateway_to(peer).receipt("a@b.example", WITHIN_S) == NoReceipt("no_receipts")
    assert peer.lines == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (replace(MESSAGE, email=None), "no_email"),
        (replace(MESSAGE, email=Secret("ivan")), "email_not_possible"),
        (replace(MESSAGE, email=Secret("ivan@client.example\r\nBcc: a@b.ru")), "email_not_possible"),
        (replace(MESSAGE, sender="a\r\nBcc: b"), "sender_not_possible"),
        (replace(MESSAGE, text=MessageText("")), "text_not_possible"),
        (replace(MESSAGE, text=MessageText("\ud800")), "text_not_possible"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(peer: SmtpPeer, message: Message, reason: str) -> None:
    assert gateway_to(peer).send(message, WITHIN_S) == Failed("mail", reason)
    assert peer.lines == []


def test_by_default_it_speaks_starttls_on_the_port_of_submission() -> None:
    settings = SmtpSettings(host="integrationapi.net", sender="a@b.example")
    assert (settings.port, settings.security) == (587, Security.STARTTLS)
    assert SmtpGateway("it", settings).channel is Channel.EMAIL


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"host": ""}, "host"),
        ({"host": "почта.example"}, "host"),
        ({"host": "a b"}, "host"),
        ({"security": Security.NONE}, "loopback"),
        ({"login": "a"}, "together"),
        ({"login": "ё", "password": Secret("b")}, "ASCII"),
        ({"sender": "bank"}, "e-mail address"),
        ({"subject": "a\nb"}, "one line"),
        ({"sender_name": "a\nb"}, "one line"),
        ({"connect_s": 0.0}, "connect_s"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, object], words: str) -> None:
    right = SmtpSettings(host="mail.example", sender="a@b.example")
    with pytest.raises(ValueError, match=words):
        replace(right, **values)  # type: ignore[arg-type] # wrong values are the point


def test_no_tls_to_another_machine_must_be_asked_for() -> None:
    settings = SmtpSettings(
        host="mail.example", sender="a@b.example", security=Security.NONE, plain_smtp=True
    )
    assert settings.security is Security.NONE
