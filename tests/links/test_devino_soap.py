from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.links.devino_soap import (
    FAULTS,
    STATES,
    DevinoSoapReply,
    balance_answer,
    is_session_refused,
    receipt_answer,
    send_arguments,
    send_outcome,
    session_answer,
)
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.session import NoSession, NoSessionReason
from security_service.links.soap import SoapFault, SoapReply, SoapResult

PREFIX: Final = "Server was unable to process request. ---> "
FAULT_ROWS = {
    "can not be null or empty": Failed("it", "argument_missing"),
    "cannot be null or empty": Failed("it", "argument_missing"),
    "invalid argument": Refused("it", "argument_invalid"),
    "invalid session id": Failed("it", "session_invalid"),
    "sessionid expired": Failed("it", "unauthorized"),
    "invalid user login or password": Failed("it", "unauthorized"),
    "unauthorized access": Failed("it", "unauthorized"),
    "not enough credits": Failed("it", "no_credits"),
    "invalid source address": Failed("it", "operation_invalid"),
    "invalid destination address": Failed("it", "operation_invalid"),
    "invalid operation": Failed("it", "operation_invalid"),
    "forbidden": Failed("it", "forbidden"),
    "gateway error": OutcomeUnknown("it", "gateway_error"),
    "internal server error": OutcomeUnknown("it", "internal_error"),
}
STATE_ROWS = {
    -200: ReceiptState.UNKNOWN,
    -100: ReceiptState.UNKNOWN,
    -3: ReceiptState.UNDELIVERED,
    -1: ReceiptState.PENDING,
    -2: ReceiptState.PENDING,
    -40: ReceiptState.PENDING,
    -30: ReceiptState.PENDING,
    -20: ReceiptState.PENDING,
    0: ReceiptState.DELIVERED,
    11: ReceiptState.UNDELIVERED,
    10: ReceiptState.UNDELIVERED,
    41: ReceiptState.UNDELIVERED,
    42: ReceiptState.UNDELIVERED,
    46: ReceiptState.EXPIRED,
    47: ReceiptState.EXPIRED,
    48: ReceiptState.UNDELIVERED,
    255: ReceiptState.UNKNOWN,
    8: ReceiptState.UNKNOWN,
}


def said(words: str, *, by_caller: bool = False) -> SoapFault:
    return SoapFault({}, f"{PREFIX}{words.capitalize()}", by_caller=by_caller)


def message(text: str = "Код 1234", life_s: int = 299, sender: str = "ETALON") -> Message:
    return Message(Msisdn("79031234567"), MessageText(text), sender, life_s, "ref-1")


def test_every_row_of_both_tables_is_tested() -> None:
    assert set(FAULT_ROWS) == set(FAULTS)
    assert set(STATE_ROWS) == set(STATES)


@pytest.mark.parametrize(("words", "outcome"), FAULT_ROWS.items())
def test_the_words_of_a_fault_say_what_became_of_the_message(words: str, outcome: object) -> None:
    assert send_outcome("it", said(words)) == outcome
    assert send_outcome("it", said(words, by_caller=True)) == outcome


@pytest.mark.parametrize("words", FAULTS)
def test_a_fault_tells_nothing_of_an_earlier_message_or_of_the_account(words: str) -> None:
    assert isinstance(receipt_answer(said(words)), NoReceipt)
    assert isinstance(balance_answer(said(words)), NoBalance)


def test_words_in_no_table_are_unknown_unless_the_request_could_not_be_read() -> None:
    assert send_outcome("it", said("Object reference not set")) == OutcomeUnknown("it", "fault")
    assert send_outcome("it", said("Unexpected element", by_caller=True)) == Failed("it", "request_refused")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (SoapResult(["579700854169272358"]), Accepted("it", ("579700854169272358",))),
        (SoapResult({"string": ["GW01", "GW02"]}), Accepted("it", ("GW01", "GW02"))),
        (SoapResult([" GW01 "]), Accepted("it", ("GW01",))),
        (SoapResult([]), OutcomeUnknown("it", "answer_unreadable")),
        (SoapResult(None), OutcomeUnknown("it", "answer_unreadable")),
        (SoapResult(["GW01", None]), OutcomeUnknown("it", "answer_unreadable")),
        (SoapResult(["with space"]), OutcomeUnknown("it", "answer_unreadable")),
        (NotSent(NotSentReason.CONNECT_FAILED), Failed("it", "connect_failed")),
        (NoSession(NoSessionReason.REFUSED), Failed("it", "session_refused")),
        (NoReply(NoReplyReason.TIMEOUT), OutcomeUnknown("it", "timeout")),
    ],
)
def test_an_answer_is_accepted_only_with_an_id_for_each_segment(
    reply: DevinoSoapReply, outcome: object
) -> None:
    assert send_outcome("it", reply) == outcome


@pytest.mark.parametrize(("code", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(code: int, state: ReceiptState) -> None:
    reply = SoapResult({"State": code, "ReportedDateUtc": "2010-06-01T19:14:00"})
    assert receipt_answer(reply) == Receipt(state, str(code), 1275419640000)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (SoapResult({"State": 7}), Receipt(ReceiptState.UNKNOWN, "7")),
        (SoapResult({"State": 0, "ReportedDateUtc": None}), Receipt(ReceiptState.DELIVERED, "0")),
        (
            SoapResult({"State": -1, "ReportedDateUtc": "0001-01-01T00:00:00"}),
            Receipt(ReceiptState.PENDING, "-1"),
        ),
        (SoapResult({"State": None}), NoReceipt("answer_unreadable")),
        (SoapResult(None), NoReceipt("answer_unreadable")),
        (NoReply(NoReplyReason.BROKEN_ANSWER), NoReceipt("broken_answer")),
        (NotSent(NotSentReason.NO_TIME), NoReceipt("no_time")),
        (NoSession(NoSessionReason.NO_TIME), NoReceipt("session_no_time")),
    ],
)
def test_a_state_is_told_only_where_one_was_given(reply: DevinoSoapReply, answer: object) -> None:
    assert receipt_answer(reply) == answer


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (SoapResult(Decimal("20015.30")), Balance(Decimal("20015.30"))),
        (SoapResult(Decimal(-5)), Balance(Decimal(-5))),
        (SoapResult(Decimal("NaN")), NoBalance("answer_unreadable")),
        (SoapResult(Decimal("1e99")), NoBalance("answer_unreadable")),
        (SoapResult(None), NoBalance("answer_unreadable")),
        (NoReply(NoReplyReason.TIMEOUT), NoBalance("timeout")),
    ],
)
def test_a_balance_is_an_amount_of_sensible_size(reply: DevinoSoapReply, answer: object) -> None:
    assert balance_answer(reply) == answer


SESSION = "Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (SoapResult(SESSION), Secret(SESSION)),
        (SoapResult(f" {SESSION}\n"), Secret(SESSION)),
        (SoapResult("short"), NoSession(NoSessionReason.UNREADABLE)),
        (SoapResult(None), NoSession(NoSessionReason.UNREADABLE)),
        (said("invalid user login or password"), NoSession(NoSessionReason.REFUSED)),
        (said("internal server error"), NoSession(NoSessionReason.UNREACHABLE)),
        (said("what now"), NoSession(NoSessionReason.UNREACHABLE)),
        (NotSent(NotSentReason.NO_TIME), NoSession(NoSessionReason.NO_TIME)),
        (NotSent(NotSentReason.CONNECT_FAILED), NoSession(NoSessionReason.UNREACHABLE)),
        (NoReply(NoReplyReason.TIMEOUT), NoSession(NoSessionReason.UNREACHABLE)),
    ],
)
def test_a_session_is_opened_refused_or_out_of_reach(reply: SoapReply, answer: object) -> None:
    assert session_answer(reply) == answer


def test_only_words_about_the_session_refuse_the_session() -> None:
    refusing = [words for words in FAULTS if is_session_refused(said(words))]
    assert refusing == ["invalid session id", "sessionid expired"]
    assert not is_session_refused(SoapResult(["sessionid expired"]))


def test_a_message_names_sender_number_text_and_whole_minutes() -> None:
    assert send_arguments("it", message(), "OTHER") == {
        "Data": "Код 1234",
        "DestinationAddresses": {"string": ["79031234567"]},
        "SourceAddress": "ETALON",
        "ReceiptRequested": True,
        "Validity": 4,
    }


@pytest.mark.parametrize(("life_s", "validity"), [(1, 1), (59, 1), (60, 1), (119, 1), (120, 2), (600, 10)])
def test_validity_is_rounded_down_and_never_zero(life_s: int, validity: int) -> None:
    arguments = send_arguments("it", message(life_s=life_s), "")
    assert isinstance(arguments, dict)
    assert arguments["Validity"] == validity


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (message(sender="A SENDER TOO LONG"), "sender_not_possible"),
        (message(sender=""), "sender_not_possible"),
        (message(text=""), "text_not_possible"),
        (message(text="x" * 2001), "text_not_possible"),
        (message(text="a\x00b"), "text_not_possible"),
        (message(text="a\ud800b"), "text_not_possible"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(given: Message, reason: str) -> None:
    assert send_arguments("it", given, "") == Failed("it", reason)
