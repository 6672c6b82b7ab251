from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import NoReceipt, Receipt, ReceiptState
from security_service.domain.secret import Secret
from security_service.gateways.aso_broker import (
    STATES,
    AsoBrokerGateway,
    AsoBrokerSettings,
    AsoChannel,
    date_ms,
    receipts_answer,
)
from security_service.links.aso import AsoDone, AsoError, AsoReply, AsoUnread
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from tests.links.aso_service import LOGIN, PASSWORD, AsoService
from tests.links.peer import Peer, as_json

WITHIN_S = 5.0
SMS, CALL = AsoChannel.SMS, AsoChannel.CALL


def told(*rows: dict[str, str]) -> AsoDone:
    return AsoDone({"messages": list(rows)})


STATE_ROWS = [
    ("Transmitted", ReceiptState.PENDING),
    ("Delivered", ReceiptState.DELIVERED),
    ("Not Delivered", ReceiptState.UNDELIVERED),
    ("Failed", ReceiptState.UNDELIVERED),
    ("Rejected", ReceiptState.UNDELIVERED),
    ("Deferred", ReceiptState.PENDING),
    ("Buffered", ReceiptState.PENDING),
    ("Error", ReceiptState.UNDELIVERED),
    ("Not Answered", ReceiptState.UNDELIVERED),
    ("Finished", ReceiptState.DELIVERED),
    ("Expired", ReceiptState.EXPIRED),
]


@pytest.mark.parametrize(("status", "state"), STATE_ROWS)
def test_each_status_of_the_table_has_its_meaning(status: str, state: ReceiptState) -> None:
    reply = told({"message-id": "1", "status": status, "channel": "SMS"})
    assert receipts_answer(reply, ["1"], [SMS])["1"] == Receipt(state, status.lower().replace(" ", "_"))


def test_every_row_of_the_table_of_states_is_tested() -> None:
    assert {status.lower() for status, _ in STATE_ROWS} == set(STATES)


@pytest.mark.parametrize("status", ["Not Delivered", "Failed", "Rejected", "Expired"])
def test_a_channel_that_did_not_deliver_ends_nothing_while_the_next_is_to_come(status: str) -> None:
    for row in ({"channel": "SMS"}, {}):
        reply = told({"message-id": "1", "status": status, **row})
        receipt = receipts_answer(reply, ["1"], [SMS, CALL])["1"]
        assert isinstance(receipt, Receipt)
        assert receipt.state is ReceiptState.PENDING


@pytest.mark.parametrize(
    ("sms", "call", "state"),
    [
        ("Not Delivered", "Finished", ReceiptState.DELIVERED),
        ("Delivered", "Not Answered", ReceiptState.DELIVERED),
        ("Expired", "Not Answered", ReceiptState.UNDELIVERED),
        ("Expired", "Buffered", ReceiptState.PENDING),
    ],
)
def test_delivered_by_any_channel_is_delivered_and_the_last_one_decides_the_rest(
    sms: str, call: str, state: ReceiptState
) -> None:
    rows = [
        {"message-id": "1", "status": sms, "channel": "SMS"},
        {"message-id": "1", "status": call, "channel": "Call"},
    ]
    for order in (rows, rows[::-1]):
        receipt = receipts_answer(told(*order), ["1"], [SMS, CALL])["1"]
        assert isinstance(receipt, Receipt)
        assert receipt.state is state


def test_the_answer_that_the_document_prints_is_read() -> None:
    service = AsoService()
    service.states = as_json(
        {
            "messages": [
                {
                    "message-id": "12314",
                    "status": "Delivered",
                    "status-date": "2016-11-07 18:42:02",
                    "description": "",
                    "channel": "SMS",
                },
                {
                    "message-id": "42325",
                    "status": "Finished",
                    "status-date": "2016-11-07 19:22:02",
                    "description": "",
                    "channel": "Call",
                },
            ]
        }
    )
    with Peer(service) as peer:
        settings = AsoBrokerSettings(
            login=LOGIN,
            password=Secret(PASSWORD),
            base_url=f"{peer.url}/re-broker-api",
            channels=(SMS, CALL),
            status_batch=2,
        )
        gateway = AsoBrokerGateway("aso", settings)
        receipts = gateway.receipts(["12314", "42325", "7"], WITHIN_S)
        receipt = gateway.receipt("12314", WITHIN_S)
    assert receipts == {
        "12314": Receipt(ReceiptState.DELIVERED, "delivered", 1478544122000),
        "42325": Receipt(ReceiptState.DELIVERED, "finished", 1478546522000),
        "7": NoReceipt("not_told"),
    }
    assert receipt == receipts["12314"]
    assert [json.loads(request.body) for request in peer.requests] == [
        {"message-id": ["12314", "42325"]},
        {"message-id": ["7"]},
        {"message-id": ["12314"]},
    ]


@pytest.mark.parametrize(
    ("reply", "receipt"),
    [
        (told({"message-id": "1", "status": "Odd"}), Receipt(ReceiptState.UNKNOWN, "odd")),
        (told({"message-id": "1"}), NoReceipt("not_told")),
        (AsoDone(None), NoReceipt("not_told")),
        (AsoDone({"messages": {}}), NoReceipt("not_told")),
        (AsoError(105), NoReceipt("too_many_ids")),
        (AsoUnread(502), NoReceipt("http_502")),
        (NotSent(NotSentReason.NO_TIME), NoReceipt("no_time")),
        (NoReply(NoReplyReason.TIMEOUT), NoReceipt("timeout")),
    ],
)
def test_without_a_status_there_is_no_receipt(reply: AsoReply, receipt: Receipt | NoReceipt) -> None:
    assert receipts_answer(reply, ["1"], [SMS]) == {"1": receipt}


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        ("2016-11-07 18:42:02", 1478544122000),
        ("2016-11-07T18:42:02", 1478544122000),
        ("2016-11-07T21:42:02+03:00", 1478544122000),
        ("", None),
        ("yesterday", None),
    ],
)
def test_dates_are_utc_and_what_is_none_is_none(moment: str, read: int | None) -> None:
    assert date_ms(moment) == read


@given(st.text(max_size=40) | st.datetimes().map(str))
def test_no_date_makes_reading_raise(moment: str) -> None:
    assert isinstance(date_ms(moment), int | None)
