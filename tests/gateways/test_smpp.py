from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import HandedOver, HandoverEnd, NoReply, NotTaken
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Push,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    Refused,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.smpp import (
    STATUSES,
    SmppGateway,
    SmppSettings,
    StatusRow,
    send_outcome,
    submit_bodies,
    validity,
)
from security_service.links.smpp.bodies import Address, MessageBody, read_message
from security_service.links.smpp.pdu import Tag, Tlv
from security_service.links.smpp.results import (
    Answered,
    NoAnswer,
    NoAnswerReason,
    NotSubmitted,
    NotSubmittedReason,
    Result,
    pack_results,
    unpack_bodies,
)
from security_service.links.smpp.text import Alphabet, Segmentation
from tests.fakes.handover import FakeHandover, FakeReceipts

SETTINGS: Final = SmppSettings(
    host="smpp.example", system_id="bank", password=Secret("hunter2"), sender="BANK"
)
MESSAGE: Final = Message(Msisdn("79031234567"), MessageText("Code 481516"), "ETALON", 300, "ref-1")

# SMPP 3.4, table 5-2: the statuses, and what each means for a message.
ROWS: Final[list[tuple[int, type[Failed | Refused | OutcomeUnknown], str]]] = [
    (0x01, Failed, "message_length"),
    (0x02, Failed, "command_length"),
    (0x03, Failed, "command_unknown"),
    (0x04, Failed, "bind_state"),
    (0x05, Failed, "already_bound"),
    (0x06, Failed, "priority"),
    (0x07, Failed, "registered_delivery"),
    (0x08, OutcomeUnknown, "system_error"),
    (0x0A, Failed, "source_address"),
    (0x0B, Refused, "destination_address"),
    (0x0C, Failed, "message_id"),
    (0x0D, Failed, "bind_failed"),
    (0x0E, Failed, "password"),
    (0x0F, Failed, "system_id"),
    (0x14, Failed, "queue_full"),
    (0x15, Failed, "service_type"),
    (0x33, Failed, "destination_count"),
    (0x34, Failed, "list_name"),
    (0x40, Failed, "destination_flag"),
    (0x42, Failed, "submit_with_replace"),
    (0x43, Failed, "esm_class"),
    (0x44, Failed, "submit_to_list"),
    (0x45, Failed, "submit_failed"),
    (0x48, Failed, "source_ton"),
    (0x49, Failed, "source_npi"),
    (0x50, Failed, "destination_ton"),
    (0x51, Failed, "destination_npi"),
    (0x53, Failed, "system_type"),
    (0x54, Failed, "replace_flag"),
    (0x55, Failed, "message_count"),
    (0x58, Failed, "throttled"),
    (0x61, Failed, "schedule"),
    (0x62, Failed, "validity"),
    (0x63, Failed, "predefined_message"),
    (0x64, OutcomeUnknown, "application_temporary"),
    (0x65, OutcomeUnknown, "application_permanent"),
    (0x66, OutcomeUnknown, "application_reject"),
    (0xC0, Failed, "optional_part"),
    (0xC1, Failed, "parameter_not_allowed"),
    (0xC2, Failed, "parameter_length"),
    (0xC3, Failed, "parameter_missing"),
    (0xC4, Failed, "parameter_value"),
    (0xFE, Failed, "delivery_failure"),
    (0xFF, OutcomeUnknown, "unknown_error"),
]


def ended(*results: Result) -> HandoverEnd:
    return HandedOver(pack_results(results))


def bodies(message: Message = MESSAGE, settings: SmppSettings = SETTINGS) -> tuple[MessageBody, ...]:
    found = submit_bodies("it", message, settings)
    assert not isinstance(found, Failed)
    return found


def gateway(*then: HandoverEnd) -> tuple[SmppGateway, FakeHandover, FakeReceipts]:
    handover, receipts = FakeHandover(*then), FakeReceipts()
    return SmppGateway("it", SETTINGS, handover, receipts), handover, receipts


# --- statuses


def test_every_row_of_the_table_is_tried() -> None:
    assert {status: StatusRow(ends, reason) for status, ends, reason in ROWS} == STATUSES


@pytest.mark.parametrize(("status", "ends", "reason"), ROWS)
def test_a_status_means_what_its_row_says(
    status: int, ends: type[Failed | Refused | OutcomeUnknown], reason: str
) -> None:
    assert send_outcome("it", ended(Answered(status)), 1) == ends("it", reason)


@pytest.mark.parametrize("status", [0x09, 0x10, 0x67, 0x400, 0x4FF, 0xFFFFFFFF])
def test_a_status_that_is_in_no_table_may_mean_anything(status: int) -> None:
    assert send_outcome("it", ended(Answered(status)), 1) == OutcomeUnknown("it", f"status_{status:#x}")


def test_a_providers_own_status_can_be_said_to_mean_not_sent() -> None:
    assert send_outcome("it", ended(Answered(0x400)), 1, (0x400,)) == Failed("it", "status_0x400")
    assert send_outcome("it", ended(Answered(0x08)), 1, (0x08,)) == OutcomeUnknown("it", "system_error")


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (NotTaken("not_bound"), Failed("it", "not_bound")),
        (NotTaken("not_taken"), Failed("it", "not_taken")),
        (NoReply("no_reply"), OutcomeUnknown("it", "no_reply")),
        (HandedOver(b"garbled"), OutcomeUnknown("it", "reply_unreadable")),
        (ended(), OutcomeUnknown("it", "reply_unreadable")),
        (ended(NotSubmitted(NotSubmittedReason.NOT_BOUND)), Failed("it", "not_bound")),
        (ended(NotSubmitted(NotSubmittedReason.NO_TIME)), Failed("it", "no_time")),
        (ended(NotSubmitted(NotSubmittedReason.UNREADABLE)), Failed("it", "unreadable")),
        (ended(NoAnswer(NoAnswerReason.SILENCE)), OutcomeUnknown("it", "silence")),
        (ended(NoAnswer(NoAnswerReason.SESSION_LOST)), OutcomeUnknown("it", "session_lost")),
        (ended(Answered(0, "m1")), Accepted("it", ("m1",))),
        (ended(Answered(0, "")), Accepted("it", ())),
        (ended(Answered(0, "two words")), Accepted("it", ())),
    ],
)
def test_the_end_of_a_handover_is_an_outcome(end: HandoverEnd, outcome: object) -> None:
    assert send_outcome("it", end, 1) == outcome


def test_a_message_of_parts_is_accepted_under_all_their_ids() -> None:
    assert send_outcome("it", ended(Answered(0, "m1"), Answered(0, "m2")), 2) == Accepted("it", ("m1", "m2"))


@pytest.mark.parametrize(
    "last",
    [
        Answered(0x0B),
        Answered(0x58),
        NotSubmitted(NotSubmittedReason.NO_TIME),
        NoAnswer(NoAnswerReason.SILENCE),
    ],
)
def test_a_message_of_which_a_part_left_is_neither_sent_nor_surely_not_sent(last: Result) -> None:
    assert send_outcome("it", ended(Answered(0, "m1"), last), 2) == OutcomeUnknown("it", "parts_missing")


# --- the request


def test_a_request_bears_what_the_manual_demands() -> None:
    assert bodies() == (
        MessageBody(
            source=Address(5, 1, "ETALON"),
            destination=Address(1, 1, "79031234567"),
            text=b"Code 481516",
            validity="000000000500000R",
            registered_delivery=1,
        ),
    )


def test_the_settings_decide_addresses_coding_parts_and_receipts() -> None:
    settings = replace(
        SETTINGS,
        source_ton=0,
        source_npi=2,
        dest_ton=3,
        dest_npi=4,
        segmentation=Segmentation.UDH,
        encoding=Alphabet.LATIN1,
        registered_delivery=17,
    )
    first, second = bodies(replace(MESSAGE, sender="", text=MessageText("Ж" * 71)), settings)
    assert (first.source, first.destination) == (Address(0, 2, "BANK"), Address(3, 4, "79031234567"))
    assert (first.data_coding, first.esm_class, first.registered_delivery) == (8, 0x40, 17)
    assert (first.text[4:6], second.text[4:6]) == (b"\x02\x01", b"\x02\x02")


def test_parts_of_one_message_share_a_number_that_another_message_has_not() -> None:
    def number(reference: str) -> set[Tlv]:
        found = bodies(replace(MESSAGE, text=MessageText("Ж" * 200), reference=reference))
        return {one.tlvs[0] for one in found}

    assert len(number("ref-1")) == 1
    assert number("ref-1") != number("ref-2")
    assert {tlv.tag for tlv in number("ref-1")} == {Tag.SAR_MSG_REF_NUM}


@pytest.mark.parametrize(
    ("life_s", "text"),
    [
        (0, "000000000100000R"),
        (59, "000000000100000R"),
        (61, "000000000101000R"),
        (300, "000000000500000R"),
        (3_600, "000000010000000R"),
        (90_061, "000001010101000R"),
        (10**9, "000028000000000R"),
    ],
)
def test_a_life_is_a_relative_time_of_at_least_a_minute(life_s: int, text: str) -> None:
    assert validity(life_s) == text
    assert len(text) == 16


@pytest.mark.parametrize("sender", ["ABCDEFGHIJKL", "БАНК", "1" * 21, ""])
def test_a_sender_that_the_protocol_cannot_carry_may_go_another_way(sender: str) -> None:
    found = submit_bodies("it", replace(MESSAGE, sender=sender), replace(SETTINGS, sender=""))
    assert found == Failed("it", "sender_not_possible")


@pytest.mark.parametrize("text", ["", "x" * 153 * 256])
def test_a_text_that_the_protocol_cannot_carry_may_go_another_way(text: str) -> None:
    found = submit_bodies("it", replace(MESSAGE, text=MessageText(text)), SETTINGS)
    assert found == Failed("it", "text_not_possible")


# --- the gateway


def test_it_hands_its_message_over_under_its_name_with_its_time() -> None:
    one, handover, _ = gateway(ended(Answered(0, "m1")))
    assert one.send(MESSAGE, 5.0) == Accepted("it", ("m1",))
    ((name, request, within_s),) = handover.handed
    assert (name, within_s, one.name, one.channel) == ("it", 5.0, "it", Channel.SMS)
    assert [read_message(body) for body in unpack_bodies(request)] == list(bodies())


def test_a_message_it_cannot_take_is_not_handed_over() -> None:
    one, handover, _ = gateway()
    assert one.send(replace(MESSAGE, text=MessageText("")), 5.0) == Failed("it", "text_not_possible")
    assert handover.handed == []


def test_a_receipt_that_came_is_given() -> None:
    one, _, receipts = gateway()
    assert one.receipt("m1", 1.0) == Receipt(ReceiptState.PENDING, "none_yet")
    receipts.put("it", [Push("m1", Receipt(ReceiptState.DELIVERED, "DELIVRD"))])
    assert one.receipt("m1", 1.0) == Receipt(ReceiptState.DELIVERED, "DELIVRD")


class StoreAway(FakeReceipts):
    def get(self, gateway: str, message_id: str) -> ReceiptAnswer:
        raise StoreUnavailable


def test_a_store_that_is_away_is_no_receipt() -> None:
    one = SmppGateway("it", SETTINGS, FakeHandover(), StoreAway())
    assert one.receipt("m1", 1.0) == NoReceipt("store_away")


def test_without_time_nothing_is_done() -> None:
    one, handover, _ = gateway()
    assert one.send(MESSAGE, 0.0) == Failed("it", "no_time")
    assert one.receipt("m1", 0.0) == NoReceipt("no_time")
    assert handover.handed == []


# --- settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"system_id": ""},
        {"password": Secret("")},
        {"system_id": "банк"},
        {"password": Secret("a\0b")},
        {"system_type": "ж"},
        {"sender": "ABCDEFGHIJKL"},
        {"sessions": 5},
        {"sessions": 0},
        {"window": 0},
        {"receipt_offset_minutes": 15 * 60},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_the_password(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+") as told:
        replace(SETTINGS, **wrong)
    assert "hunter2" not in str(told.value)


def test_the_account_is_what_sessions_need() -> None:
    account = replace(SETTINGS, sessions=4, window=7, system_type="vma", receipt_offset_minutes=180).account()
    assert (account.host, account.port, account.system_id) == ("smpp.example", 2775, "bank")
    assert (account.sessions, account.window, account.system_type) == (4, 7, "vma")
    assert account.receipt_offset_minutes == 180
    assert account.tls is not None
    assert replace(SETTINGS, tls=False).account().tls is None


def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r".+"):
        replace(SETTINGS, ca_file=str(tmp_path / "none.pem")).account()


def test_nothing_secret_is_printed() -> None:
    one = gateway(ended(Answered(0, "m1")))[0]
    one.send(MESSAGE, 1.0)
    printed = f"{SETTINGS!r} {SETTINGS.account()!r} {bodies()!r} {one!r}"
    assert [word for word in ("hunter2", "481516", "79031234567") if word in printed] == []
