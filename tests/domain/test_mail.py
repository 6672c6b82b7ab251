"""Letters: the three forms of chapter 4 of the manual, commands, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.mail import (
    Letter,
    MailCommand,
    MailDeed,
    MailedSms,
    NotMailedSms,
    read_command,
    read_confirmation,
    read_mailed_sms,
)

TEMPLATE = """UserLogin=7284_smuser777
Password=qwerty12
SourceAddress=My Bank
PhoneNumber=+79161234567
Summa scheta 1038.35 Summa k oplate:1038.26
==|| КОНЕЦ ТЕКСТА ||==
"""
POINTS = "StartWithPoint;login;p;w;79001234567;TEL;Привет, мир!;EndWithPoint"


def letter(text: str, subject: str = "") -> Letter:
    return Letter("a@bank.example", subject, "<1@bank>", text)


def test_the_printed_template_is_read() -> None:
    read = read_mailed_sms(letter(TEMPLATE))
    assert isinstance(read, MailedSms)
    assert (read.login, read.password.reveal(), read.sender) == ("7284_smuser777", "qwerty12", "My Bank")
    assert read.numbers == ("+79161234567",)
    assert read.text.reveal() == "Summa scheta 1038.35 Summa k oplate:1038.26"


def test_a_template_with_blank_lines_and_several_numbers_is_read() -> None:
    text = TEMPLATE.replace("\n", "\r\n\r\n").replace(
        "+79161234567", "+79151234567,+79161234567,+79151234567"
    )
    read = read_mailed_sms(letter("==|| НАЧАЛО ТЕКСТА ||==\r\n" + text))
    assert isinstance(read, MailedSms)
    assert read.numbers == ("+79151234567", "+79161234567")


def test_the_one_line_form_is_read_and_its_text_may_hold_points() -> None:
    read = read_mailed_sms(letter("StartWithPoint;login;pw;79001234567;TEL;Привет; мир!;EndWithPoint\n"))
    assert isinstance(read, MailedSms)
    assert (read.login, read.sender, read.text.reveal()) == ("login", "TEL", "Привет; мир!")


def test_the_base64_form_is_known_by_its_subject_in_any_case() -> None:
    line = "login;pw;79001234567,79001234568;TEL;Привет мир!"
    read = read_mailed_sms(letter(line, "modeb64"))
    assert isinstance(read, MailedSms)
    assert len(read.numbers) == 2
    assert read_mailed_sms(letter(line)) is NotMailedSms.FORM


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", NotMailedSms.FORM),
        ("Hello", NotMailedSms.FORM),
        (TEMPLATE.replace("Password", "Passwort"), NotMailedSms.FORM),
        (TEMPLATE.replace("+79161234567", ""), NotMailedSms.NUMBERS),
        (
            TEMPLATE.replace("+79161234567", ",".join(str(79160000000 + n) for n in range(21))),
            NotMailedSms.NUMBERS,
        ),
        (TEMPLATE.split("Summa", maxsplit=1)[0], NotMailedSms.TEXT),
        ("StartWithPoint;a;b;c;EndWithPoint", NotMailedSms.FORM),
        ("x" * 40_000, NotMailedSms.TEXT),
    ],
)
def test_what_is_no_form_says_why(text: str, fault: NotMailedSms) -> None:
    assert read_mailed_sms(letter(text)) is fault


@given(st.text(max_size=300), st.sampled_from(["", "MODEB64"]))
def test_no_letter_breaks_the_readers(text: str, subject: str) -> None:
    given_letter = letter(text, subject)
    assert isinstance(read_mailed_sms(given_letter), MailedSms | NotMailedSms)
    assert read_command(given_letter) is None or text.strip()
    assert len(read_confirmation(given_letter)) in {0, 16}


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("reverify +79161112211: new phone", MailCommand(MailDeed.REVERIFY, "+79161112211", "new phone")),
        ("Перепроверить 8 916 111-22-11", MailCommand(MailDeed.REVERIFY, "8 916 111-22-11", "by e-mail")),
        ("всегда отклонять +79161112211, мошенник", MailCommand(MailDeed.DENY, "+79161112211", "мошенник")),
        ("ALLOW +79161112211.", MailCommand(MailDeed.ALLOW, "+79161112211", "by e-mail")),
    ],
)
def test_a_command_stands_in_the_first_line(line: str, command: MailCommand) -> None:
    assert read_command(letter(f"\n\n{line}\n> reverify +79990000000")) == command


@pytest.mark.parametrize(
    "line", ["", "please reverify +79161112211", "reverify", "unlock +79161112211", "reverify x"]
)
def test_anything_else_is_no_command(line: str) -> None:
    assert read_command(letter(line)) is None


def test_a_confirmation_is_a_line_of_its_own() -> None:
    assert read_confirmation(letter("Confirm 0123456789ABCDEF\n\n> old")) == "0123456789abcdef"
    assert read_confirmation(letter("> confirm 0123456789abcdef")) == ""
    assert read_confirmation(letter("confirm 0123456789abcdef please")) == ""
