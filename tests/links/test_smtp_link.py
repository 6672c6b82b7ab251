from __future__ import annotations

import base64
import logging
import time
from pathlib import Path

import pytest

from security_service.domain.secret import Secret
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.smtp_link import (
    NOT_OFFERED,
    Envelope,
    Security,
    SmtpLink,
    SmtpStep,
    SmtpTaken,
    SmtpTurnedAway,
)
from tests.links.smtp_peer import DRIP, HANG_UP, SILENCE, SmtpPeer, SmtpScript
from tests.links.test_http_tls import Certificate

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
ENVELOPE = Envelope("bank@bank.example", "ivan@client.example", b"Subject: x\r\n\r\n481516\n.dot\n")
STEPS = {
    "greeting": SmtpStep.GREETING,
    "MAIL": SmtpStep.SENDER,
    "RCPT": SmtpStep.RECIPIENT,
    "DATA": SmtpStep.DATA,
    ".": SmtpStep.LETTER,
}


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


def plain(peer: SmtpPeer, login: str = "") -> SmtpLink:
    return SmtpLink("127.0.0.1", peer.port, Security.NONE, login=login, password=Secret("pa55"))


def test_a_letter_is_handed_over_with_its_dots_doubled() -> None:
    with SmtpPeer(SmtpScript()) as peer:
        assert plain(peer).send(ENVELOPE, WITHIN_S) == SmtpTaken("2.0.0 queued as 7F00")
    assert peer.lines[:4] == [
        "ehlo [127.0.0.1]",
        "mail FROM:<bank@bank.example>",
        "rcpt TO:<ivan@client.example>",
        "DATA",
    ]
    assert peer.letters == [b"Subject: x\r\n\r\n481516\r\n..dot\r\n"]


@pytest.mark.parametrize("offer", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=PLAIN"])
def test_a_login_is_made_before_the_letter(offer: str) -> None:
    script = SmtpScript(offers=(offer,))
    if "LOGIN" in offer and "PLAIN" not in offer:
        script.answers["AUTH"] = "334 UGFzc3dvcmQ6"
        script.answers[base64.b64encode(b"pa55").decode().upper()] = "235 ok"
    with SmtpPeer(script) as peer:
        assert isinstance(plain(peer, "bank").send(ENVELOPE, WITHIN_S), SmtpTaken)
    assert peer.lines[1].startswith("AUTH ")


@pytest.mark.parametrize("answer", ["535 5.7.8 wrong", "454 later"])
def test_a_login_that_is_refused_sends_nothing(answer: str) -> None:
    with SmtpPeer(SmtpScript({"AUTH": answer})) as peer:
        outcome = plain(peer, "bank").send(ENVELOPE, WITHIN_S)
    assert isinstance(outcome, SmtpTurnedAway)
    assert (outcome.step, outcome.code) == (SmtpStep.LOGIN, int(answer[:3]))
    assert peer.letters == []


def test_a_login_that_the_server_does_not_know_sends_nothing() -> None:
    with SmtpPeer(SmtpScript(offers=())) as peer:
        outcome = plain(peer, "bank").send(ENVELOPE, WITHIN_S)
    assert outcome == SmtpTurnedAway(SmtpStep.LOGIN, NOT_OFFERED, "")


@pytest.mark.parametrize(("verb", "step"), STEPS.items())
@pytest.mark.parametrize("code", [421, 451, 550, 554])
def test_a_no_at_any_step_means_that_the_server_does_not_have_the_letter(
    verb: str, step: SmtpStep, code: int
) -> None:
    with SmtpPeer(SmtpScript({verb: f"{code}-no\r\n{code} way"})) as peer:
        assert plain(peer).send(ENVELOPE, WITHIN_S) == SmtpTurnedAway(step, code, "no way")


@pytest.mark.parametrize("answer", [HANG_UP, "hello", "999 what", "", "2"])
@pytest.mark.parametrize("verb", ["greeting", "MAIL", "RCPT", "DATA"])
def test_a_conversation_that_breaks_before_the_letter_has_sent_nothing(verb: str, answer: str) -> None:
    with SmtpPeer(SmtpScript({verb: answer})) as peer:
        assert plain(peer).send(ENVELOPE, WITHIN_S) == NotSent(NotSentReason.CONNECT_FAILED)
    assert peer.letters == []


@pytest.mark.parametrize("answer", [HANG_UP, "hello", "354 more?"])
def test_a_letter_that_is_answered_by_nothing_may_have_arrived(answer: str) -> None:
    with SmtpPeer(SmtpScript({".": answer})) as peer:
        assert plain(peer).send(ENVELOPE, WITHIN_S) == NoReply(NoReplyReason.CONNECTION_LOST)


@pytest.mark.parametrize("answer", [SILENCE, DRIP])
@pytest.mark.parametrize("verb", ["greeting", "EHLO", "RCPT", "."])
def test_the_deadline_holds_for_the_whole_conversation(verb: str, answer: str) -> None:
    with SmtpPeer(SmtpScript({verb: answer})) as peer:
        started = time.monotonic()
        outcome = plain(peer).send(ENVELOPE, SOON_S)
        assert time.monotonic() - started < SOON_S + LATE_S
    sent = verb == "."
    assert outcome == (NoReply(NoReplyReason.TIMEOUT) if sent else NotSent(NotSentReason.NO_TIME))


def test_without_time_or_a_server_nothing_is_sent() -> None:
    with SmtpPeer(SmtpScript()) as peer:
        assert plain(peer).send(ENVELOPE, 0.0) == NotSent(NotSentReason.NO_TIME)
    assert plain(peer).send(ENVELOPE, WITHIN_S) == NotSent(NotSentReason.CONNECT_FAILED)
    assert peer.lines == []


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    with SmtpPeer(SmtpScript({"EHLO": "502 unknown"})) as peer:
        assert isinstance(plain(peer).send(ENVELOPE, WITHIN_S), SmtpTaken)
    assert peer.lines[1] == "helo [127.0.0.1]"


def test_a_server_that_wants_no_greeting_turns_away() -> None:
    with SmtpPeer(SmtpScript({"EHLO": "502 unknown", "HELO": "504 no"})) as peer:
        assert plain(peer).send(ENVELOPE, WITHIN_S) == SmtpTurnedAway(SmtpStep.GREETING, 504, "no")


def secured(peer: SmtpPeer, security: Security, certificate: Certificate | None) -> SmtpLink:
    ca_file = "" if certificate is None else str(certificate.ca_file)
    return SmtpLink("127.0.0.1", peer.port, security, login="bank", password=Secret("pa55"), ca_file=ca_file)


def test_with_starttls_all_but_the_greeting_goes_over_tls(certificate: Certificate) -> None:
    with SmtpPeer(SmtpScript(tls=certificate.context)) as peer:
        link = secured(peer, Security.STARTTLS, certificate)
        assert isinstance(link.send(ENVELOPE, WITHIN_S), SmtpTaken)
    said = [
        (line.partition(" ")[0].upper(), tls) for line, tls in zip(peer.lines, peer.over_tls, strict=True)
    ]
    assert said[:4] == [("EHLO", False), ("STARTTLS", False), ("EHLO", True), ("AUTH", True)]
    assert all(tls for _, tls in said[2:])


def test_with_tls_everything_goes_over_tls(certificate: Certificate) -> None:
    with SmtpPeer(SmtpScript(tls=certificate.context, tls_at_once=True)) as peer:
        link = secured(peer, Security.TLS, certificate)
        assert isinstance(link.send(ENVELOPE, WITHIN_S), SmtpTaken)
    assert all(peer.over_tls)


def test_a_server_that_does_not_offer_starttls_gets_neither_login_nor_letter(
    certificate: Certificate,
) -> None:
    with SmtpPeer(SmtpScript(offers=("AUTH PLAIN",))) as peer:
        outcome = secured(peer, Security.STARTTLS, certificate).send(ENVELOPE, WITHIN_S)
    assert outcome == SmtpTurnedAway(SmtpStep.STARTTLS, NOT_OFFERED, "")
    assert peer.lines == ["ehlo [127.0.0.1]"]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_certificate_of_an_unknown_authority_gets_neither_login_nor_letter(
    certificate: Certificate, security: Security
) -> None:
    script = SmtpScript(tls=certificate.context, tls_at_once=security is Security.TLS)
    with SmtpPeer(script) as peer:
        outcome = secured(peer, security, None).send(ENVELOPE, WITHIN_S)
    assert outcome == NotSent(NotSentReason.TLS_FAILED)
    assert [line for line in peer.lines if line.startswith(("AUTH", "mail"))] == []


def test_what_is_said_in_the_clear_before_the_handshake_is_not_believed(certificate: Certificate) -> None:
    script = SmtpScript(tls=certificate.context, whispers="250 you are safe\r\n")
    with SmtpPeer(script) as peer:
        outcome = secured(peer, Security.STARTTLS, certificate).send(ENVELOPE, WITHIN_S)
    assert outcome == NotSent(NotSentReason.TLS_FAILED)


@pytest.mark.parametrize("answer", ["454 not now", "hello", HANG_UP])
def test_a_starttls_that_is_refused_sends_nothing(certificate: Certificate, answer: str) -> None:
    with SmtpPeer(SmtpScript({"STARTTLS": answer})) as peer:
        outcome = secured(peer, Security.STARTTLS, certificate).send(ENVELOPE, WITHIN_S)
    turned_away = SmtpTurnedAway(SmtpStep.STARTTLS, 454, "not now")
    assert outcome == (turned_away if answer[:3] == "454" else NotSent(NotSentReason.CONNECT_FAILED))


def test_nothing_is_printed_or_logged_of_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for script in (SmtpScript(), SmtpScript({"RCPT": "550 ivan@client.example is no one"})):
        with SmtpPeer(script) as peer:
            link = plain(peer, "bank")
            said += f"{link!r} {ENVELOPE!r} {link.send(ENVELOPE, WITHIN_S)!r}"
    for secret in ("481516", "ivan@client.example", "pa55", "queued as"):
        assert secret not in said + caplog.text
