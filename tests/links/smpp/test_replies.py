"""Replies of subscribers out of deliver_sm: whose, in which words; receipts are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.smpp.bodies import UDH_INDICATOR, Address, MessageBody
from security_service.links.smpp.pdu import Tag, Tlv
from security_service.links.smpp.replies import read_reply

FROM, TO = Address(1, 1, "79161112211"), Address(0, 1, "2435")


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [(b"NO", 0, "NO"), ("НЕТ".encode("utf-16-be"), 8, "НЕТ"), (b"0", 3, "0")],
)
def test_a_reply_is_read_in_its_alphabet(octets: bytes, coding: int, text: str) -> None:
    reply = read_reply(MessageBody(FROM, TO, octets, coding))
    assert reply is not None
    assert (reply.number, reply.to, reply.text) == ("79161112211", "2435", text)


def test_payload_and_header_are_taken_apart() -> None:
    payload = read_reply(MessageBody(FROM, TO, tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"NO"),)))
    part = read_reply(MessageBody(FROM, TO, b"\x05\x00\x03\x01\x02\x01NO", esm_class=UDH_INDICATOR))
    assert payload is not None
    assert part is not None
    assert payload.text == part.text == "NO"


def test_a_receipt_a_name_and_an_unknown_coding_are_no_replies() -> None:
    assert read_reply(MessageBody(FROM, TO, b"id:1 stat:DELIVRD", esm_class=0x04)) is None
    assert read_reply(MessageBody(Address(5, 0, "BANK"), TO, b"NO")) is None
    assert read_reply(MessageBody(FROM, TO, b"NO", 4)) is None


@given(st.binary(max_size=254), st.integers(0, 255), st.integers(0, 255))
def test_nothing_that_comes_breaks_the_reader(octets: bytes, coding: int, esm_class: int) -> None:
    body = MessageBody(FROM, TO, octets, coding, esm_class)
    first, again = read_reply(body), read_reply(body)
    assert first == again
