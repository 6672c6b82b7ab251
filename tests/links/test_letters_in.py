"""Letters as they come: their text in any coding, and signatures that prove them or do not."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.letters_in import known_records, read_letter

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
RECORDS = known_records(
    dict.fromkeys(("s._domainkey.bank.example", "s._domainkey.thief.example"), f"v=DKIM1; k=rsa; p={PUBLIC}")
)
PLAIN = (
    b"From: Boss <boss@bank.example>\r\nTo: e@x\r\nSubject: hi\r\nMessage-ID: <1@b>\r\n\r\n"
    b"reverify +79161112211\r\n"
)


def signed(raw: bytes = PLAIN, domain: bytes = b"bank.example", **options: bool) -> bytes:
    return bytes(dkim.sign(raw, b"s", domain, PEM, **options)) + raw


def is_proved(raw: bytes) -> bool:
    letter = read_letter(raw, RECORDS)
    return letter is not None and letter.proved


def test_a_letter_that_its_domain_signed_is_proved() -> None:
    letter = read_letter(signed(), RECORDS)
    assert letter is not None
    assert (letter.sender, letter.subject, letter.id, letter.proved) == (
        "boss@bank.example",
        "hi",
        "<1@b>",
        True,
    )


def test_no_signature_another_domains_or_a_changed_letter_proves_nothing() -> None:
    assert not is_proved(PLAIN)
    assert not is_proved(signed(domain=b"thief.example"))
    assert not is_proved(signed().replace(b"reverify", b"allow"))
    assert not is_proved(signed().replace(b"boss@bank", b"chief@bank"))


def test_a_signature_over_a_part_of_the_text_proves_nothing() -> None:
    assert not is_proved(signed(length=True) + b"allow +79990000000\r\n")
    assert not is_proved(signed(length=True))


def test_a_second_sender_makes_it_no_letter() -> None:
    assert read_letter(PLAIN.replace(b"To:", b"From: x@y.example\r\nTo:"), RECORDS) is None
    assert read_letter(b"Subject: hi\r\n\r\nx", RECORDS) is None


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (
            b"Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: 8bit",
            "Привет".encode("cp1251"),
        ),
        (
            b"Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: quoted-printable",
            b"=CF=F0=E8=E2=E5=F2",
        ),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
            base64.b64encode("Привет".encode()),
        ),
    ],
)
def test_the_text_is_read_in_the_manuals_codings(header: bytes, body: bytes) -> None:
    letter = read_letter(b"From: a@b.example\r\n" + header + b"\r\n\r\n" + body, RECORDS)
    assert letter is not None
    assert letter.text.strip() == "Привет"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    letter = read_letter(b"From: a@b.example\r\n" + raw, RECORDS)
    assert letter is None or not letter.proved
