"""Receipts and answers about messages as accounts get them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from security_service.domain.messages import ReceiptState
from security_service.domain.relay import MessageState, Report
from security_service.domain.secret import Msisdn
from security_service.links.smpp.bodies import Address, MessageBody, read_message
from security_service.links.smpp.pdu import Tag, tlv_value
from security_service.links.smpp.receipts import read_receipt
from security_service.links.smpp.reporting import ERRORS, STATES, is_wanted, receipt_body

REPORT = Report(
    "1024", "bank1", "1024", "", Msisdn("79161112211"), "BANK", MessageState.DELIVERED, "",
    1_700_000_000_000, 1_700_000_060_000,
)  # fmt: skip
GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "relay-messages-over-smpp.md"


def receipt(report: Report = REPORT, offset: int = 0) -> MessageBody:
    read = read_message(receipt_body(report, offset).encode())
    assert isinstance(read, MessageBody)
    return read


def test_a_receipt_is_written_as_the_protocol_has_it() -> None:
    body = receipt()
    assert body.text == (
        b"id:1024 sub:001 dlvrd:001 submit date:2311142213 done date:2311142214 stat:DELIVRD err:000 text:"
    )
    assert (body.source, body.destination) == (Address(1, 1, "79161112211"), Address(5, 0, "BANK"))
    assert body.esm_class == 0x04
    assert tlv_value(body.tlvs, Tag.RECEIPTED_MESSAGE_ID) == b"1024\0"
    assert tlv_value(body.tlvs, Tag.MESSAGE_STATE) == b"\x02"


def test_a_refused_message_says_so_and_why() -> None:
    body = receipt(replace(REPORT, state=MessageState.REFUSED, reason="sim_changed"))
    assert b"dlvrd:000" in body.text
    assert b"stat:REJECTD err:101" in body.text
    assert tlv_value(body.tlvs, Tag.MESSAGE_STATE) == b"\x08"


@pytest.mark.parametrize(
    ("state", "reason", "error"),
    [
        (MessageState.REFUSED, "a_rule_of_the_bank", "100"),
        (MessageState.FAILED, "frozen", "150"),
        (MessageState.FAILED, "not_routed", "163"),
        (MessageState.EXPIRED, "validity", "160"),
        (MessageState.DELIVERED, "whatever", "000"),
    ],
)
def test_every_end_has_its_error(state: MessageState, reason: str, error: str) -> None:
    assert f"err:{error}".encode() in receipt(replace(REPORT, state=state, reason=reason)).text


def test_every_state_is_told_and_errors_fit_into_one_byte() -> None:
    assert set(STATES) == set(MessageState)
    assert all(told.error > 0 for state, told in STATES.items() if state.is_final and told.number != 2)
    numbers = [*ERRORS.values(), *(told.error for told in STATES.values() if told.error)]
    assert all(0 < number < 256 for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("state", [state for state in MessageState if state.is_final])
def test_a_receipt_is_understood_by_a_client_of_the_protocol(state: MessageState) -> None:
    push = read_receipt(receipt(replace(REPORT, state=state)), 0)
    assert push is not None
    assert push.message_id == "1024"
    assert (push.receipt.state is ReceiptState.DELIVERED) == (state is MessageState.DELIVERED)
    assert push.receipt.reported_at_ms == 1_700_000_040_000


def test_dates_are_in_the_zone_of_the_settings() -> None:
    assert b"submit date:2311150113" in receipt(offset=180).text


def test_the_accounts_own_number_of_a_message_comes_back() -> None:
    assert tlv_value(receipt(replace(REPORT, reference="258")).tlvs, Tag.USER_MESSAGE_REFERENCE) == b"\1\2"


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("79990001122", Address(1, 1, "79990001122")),
        ("A longer name than any", Address(5, 0, "A longer name than a")),
        ("Банк", Address(5, 0, "????")),
    ],
)
def test_a_receipt_goes_to_the_sender_of_the_message(sender: str, address: Address) -> None:
    assert receipt(replace(REPORT, sender=sender)).destination == address


def test_who_wants_to_hear_of_failures_only_hears_of_them() -> None:
    asked = replace(REPORT, reference="258 failures")
    assert not is_wanted(asked)
    assert is_wanted(replace(asked, state=MessageState.REFUSED))
    assert is_wanted(REPORT)


def test_the_guide_has_every_error() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `?(\w+)`? \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: int(number) for number, name in rows}
    assert {name: told.get(name) for name in ERRORS} == dict(ERRORS)
