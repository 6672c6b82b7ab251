"""Incoming messages over Devino REST, as chapter 11 of the manual prints them."""

from __future__ import annotations

import pytest

from security_service.domain.incoming import Incoming, IncomingUntold
from security_service.domain.secret import MessageText, Msisdn
from security_service.links.devino_incoming import handed_on, incoming_answer, period
from security_service.links.http_answer import HttpAnswer, NoReply, NoReplyReason

PRINTED = rb"""[{"Data":"test1",
"SourceAddress":"79260000000",
"DestinationAddress":"79160000000",
"ID":539187174,
"CreatedDateUtc":"\/Date(1294045911213)\/"},
{"Data":"test2",
"SourceAddress":"79260000001",
"DestinationAddress":"79160000000",
"ID":539187214,
"CreatedDateUtc":"\/Date(1294045911353)\/"}]"""


def test_the_printed_answer_is_read() -> None:
    told = incoming_answer("sms", HttpAnswer(200, {}, PRINTED))
    assert told == [
        Incoming(
            "sms", "539187174", Msisdn("79260000000"), "79160000000", MessageText("test1"), 1294045911213
        ),
        Incoming(
            "sms", "539187214", Msisdn("79260000001"), "79160000000", MessageText("test2"), 1294045911353
        ),
    ]


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b'{"Code": 9, "Desc": "maxDateUtc"}'])
def test_what_is_no_list_is_no_answer(body: bytes) -> None:
    assert isinstance(incoming_answer("sms", HttpAnswer(200, {}, body)), IncomingUntold)


def test_rows_that_are_none_are_passed_over() -> None:
    rows = b'[1, {}, {"SourceAddress": "BANK", "ID": 1}, {"SourceAddress": "79260000000"}]'
    assert incoming_answer("sms", HttpAnswer(200, {}, rows)) == []


def test_no_reply_is_no_answer() -> None:
    assert incoming_answer("sms", NoReply(NoReplyReason.TIMEOUT)) == IncomingUntold("timeout")


def test_a_handlers_call_is_read_as_the_manual_prints_it() -> None:
    query = {
        "sourcePhone": "79089876534",
        "number": "2435",
        "prefix": " loto",
        "text": "НЕТ",
        "messageId": "235515",
    }
    (message,) = handed_on("sms", query, 1000)
    assert (message.number, message.to, message.text.reveal(), message.id, message.at_ms) == (
        *(Msisdn("79089876534"), "2435", "НЕТ", "235515", 1000),
    )
    assert handed_on("sms", {"status": "delivered"}, 1000) == ()


def test_a_period_is_told_in_utc_and_its_end_is_rounded_up() -> None:
    assert period(1294045911213, 1294045911213) == {
        "minDateUTC": "2011-01-03T09:11:51",
        "maxDateUTC": "2011-01-03T09:11:52",
    }
