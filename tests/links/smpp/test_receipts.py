from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import Push, Receipt, ReceiptState
from security_service.links.smpp.bodies import Address, DataBody, MessageBody
from security_service.links.smpp.pdu import Tag, Tlv
from security_service.links.smpp.receipts import STATE_NUMBERS, STATES, read_receipt

NOBODY = Address(0, 0, "")
TEXT = "id:{id} sub:001 dlvrd:001 submit date:2611211259 done date:2611211300 stat:{stat} err:{err} text:Kod"
# SMPP 3.4, appendix B and 5.2.28.
ROWS = [
    (1, "ENROUTE", ReceiptState.PENDING),
    (2, "DELIVRD", ReceiptState.DELIVERED),
    (3, "EXPIRED", ReceiptState.EXPIRED),
    (4, "DELETED", ReceiptState.UNDELIVERED),
    (5, "UNDELIV", ReceiptState.UNDELIVERED),
    (6, "ACCEPTD", ReceiptState.PENDING),
    (7, "UNKNOWN", ReceiptState.UNKNOWN),
    (8, "REJECTD", ReceiptState.UNDELIVERED),
]


def told(
    text: str = "", *tlvs: Tlv, esm_class: int = 0x04, utc_offset_minutes: int | None = None
) -> Push | None:
    body = MessageBody(NOBODY, NOBODY, text.encode("latin-1"), esm_class=esm_class, tlvs=tlvs)
    return read_receipt(body, utc_offset_minutes)


def text_of(stat: str = "DELIVRD", err: str = "000", message_id: str = "1234567890123456789") -> str:
    return TEXT.format(id=message_id, stat=stat, err=err)


def test_every_row_of_both_tables_is_tried() -> None:
    assert {stat: state for _, stat, state in ROWS} == STATES
    assert {number: stat for number, stat, _ in ROWS} == STATE_NUMBERS


@pytest.mark.parametrize(("number", "stat", "state"), ROWS)
def test_a_state_is_read_from_the_text(number: int, stat: str, state: ReceiptState) -> None:
    assert told(text_of(stat)) == Push("1234567890123456789", Receipt(state, stat))


@pytest.mark.parametrize(("number", "stat", "state"), ROWS)
def test_a_state_is_read_from_the_parameters(number: int, stat: str, state: ReceiptState) -> None:
    named = Tlv(Tag.RECEIPTED_MESSAGE_ID, b"0000abc\0")
    numbered = Tlv(Tag.MESSAGE_STATE, bytes((number,)))
    assert told("", named, numbered) == Push("0000abc", Receipt(state, stat))


def test_the_parameters_count_before_the_text() -> None:
    named, numbered = Tlv(Tag.RECEIPTED_MESSAGE_ID, b"77"), Tlv(Tag.MESSAGE_STATE, b"\x05")
    assert told(text_of(err="069"), named, numbered) == Push(
        "77", Receipt(ReceiptState.UNDELIVERED, "UNDELIV:069")
    )


@pytest.mark.parametrize("stat", ["FAILED", "", "delivered!", "\xff\xff"])
def test_a_state_that_nobody_knows_is_unknown(stat: str) -> None:
    push = told(text_of(stat))
    assert push is not None
    assert push.receipt.state is ReceiptState.UNKNOWN


@pytest.mark.parametrize(("err", "code"), [("000", "UNDELIV"), ("0", "UNDELIV"), ("069", "UNDELIV:069")])
def test_the_centres_own_error_stands_in_the_code(err: str, code: str) -> None:
    push = told(text_of("UNDELIV", err))
    assert push is not None
    assert push.receipt.provider_code == code


@pytest.mark.parametrize(
    "text",
    [
        "ID:77 SUB:1 DLVRD:1 SUBMIT DATE:2611211259 DONE DATE:2611211300 STAT:DELIVRD ERR:0 TEXT:",
        "stat:DELIVRD id:77",
        "id: 77 stat: delivrd",
    ],
)
def test_a_text_is_read_in_any_case_and_order(text: str) -> None:
    assert told(text) == Push("77", Receipt(ReceiptState.DELIVERED, "DELIVRD"))


def test_the_message_itself_at_the_end_tells_nothing() -> None:
    assert told("id:77 text:stat:DELIVRD") == Push("77", Receipt(ReceiptState.UNKNOWN, "UNKNOWN"))


def test_a_receipt_may_come_as_payload_or_as_data() -> None:
    payload = Tlv(Tag.MESSAGE_PAYLOAD, text_of().encode())
    assert told("", payload) == Push("1234567890123456789", Receipt(ReceiptState.DELIVERED, "DELIVRD"))
    data = DataBody(NOBODY, NOBODY, esm_class=0x04, tlvs=(payload,))
    assert read_receipt(data) == told("", payload)


def test_an_intermediate_notice_is_never_final() -> None:
    push = told(text_of("UNDELIV"), esm_class=0x20)
    assert push is not None
    assert push.receipt == Receipt(ReceiptState.PENDING, "UNDELIV")


@pytest.mark.parametrize("esm_class", [0x00, 0x08, 0x10, 0x40])
def test_a_message_from_a_subscriber_is_no_receipt_whatever_it_says(esm_class: int) -> None:
    assert told(text_of(), esm_class=esm_class) is None


@pytest.mark.parametrize("text", ["", "stat:DELIVRD", "nothing"])
def test_a_receipt_that_names_no_message_is_none(text: str) -> None:
    assert told(text) is None


@pytest.mark.parametrize(
    ("done", "offset", "moment"),
    [
        ("2611211300", 180, 1_795_255_200_000),
        ("261121130030", 180, 1_795_255_230_000),
        ("2611211300", 0, 1_795_266_000_000),
        ("2611211300", None, None),
        ("2699999999", 0, None),
        ("soon", 0, None),
    ],
)
def test_the_date_is_read_where_its_zone_is_known(done: str, offset: int | None, moment: int | None) -> None:
    push = told(f"id:1 done date:{done} stat:DELIVRD", utc_offset_minutes=offset)
    assert push is not None
    assert push.receipt.reported_at_ms == moment


@given(st.binary(max_size=160), st.integers(0, 255), st.binary(max_size=70), st.binary(max_size=2))
def test_whatever_comes_is_a_receipt_or_none(text: bytes, esm_class: int, name: bytes, state: bytes) -> None:
    tlvs = (Tlv(Tag.RECEIPTED_MESSAGE_ID, name), Tlv(Tag.MESSAGE_STATE, state))
    for body in (MessageBody(NOBODY, NOBODY, text, esm_class=esm_class, tlvs=kept) for kept in ((), tlvs)):
        push = read_receipt(body, 0)
        assert push is None or push.message_id
