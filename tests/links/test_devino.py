from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import (
    Accepted,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.links.devino import (
    ERRORS,
    STATES,
    call_fault,
    date_ms,
    error_code,
    is_sender,
    is_session_refused,
    message_ids,
    read_json,
    read_session_id,
    receipt_answer,
    send_form,
    send_outcome,
)
from security_service.links.devino_access import DevinoReply
from security_service.links.http_answer import (
    HttpAnswer,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.session import NoSession, NoSessionReason


def answer(body: bytes | str | object, status: int = 200) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {"content-type": "application/json; charset=utf-8"}, raw)


def a_message(text: str = "Код 1234", sender: str = "ETALON", life_s: int = 300) -> Message:
    return Message(Msisdn("79031234567"), MessageText(text), sender, life_s, "ref-1")


ERROR_ROWS: list[tuple[int, int, SendOutcome]] = [
    (1, 400, Failed("d", "argument_missing")),
    (2, 400, Refused("d", "argument_invalid")),
    (3, 400, Failed("d", "session_invalid")),
    (4, 401, Failed("d", "unauthorized")),
    (5, 403, Failed("d", "no_credits")),
    (6, 400, Failed("d", "operation_invalid")),
    (7, 403, Failed("d", "forbidden")),
    (8, 500, OutcomeUnknown("d", "gateway_error")),
    (9, 500, OutcomeUnknown("d", "internal_error")),
]


@pytest.mark.parametrize(("code", "status", "outcome"), ERROR_ROWS)
def test_each_error_code_ends_a_send_in_its_own_way(code: int, status: int, outcome: SendOutcome) -> None:
    assert send_outcome("d", answer({"Code": code, "Desc": "words"}, status)) == outcome


def test_every_row_of_the_table_of_errors_is_tested() -> None:
    assert {code for code, _, _ in ERROR_ROWS} == set(ERRORS)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Code": 6, "Desc": "Invalid source address"}',
        b'{"Desc": "Invalid source address", "Code": "6"}',
        b'{"code":6}',
        b'{\nCode: 6,\nDesc: "Invalid source address"\n}',
        b'\xef\xbb\xbf{"Code":6}',
    ],
)
def test_an_error_code_is_read_in_the_forms_it_comes_in(body: bytes) -> None:
    assert error_code(answer(body, 400)) == 6


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"6"',
        b'{"Code": null}',
        b'{"Code": true}',
        b'{"Code": 6.5}',
        b'{"Code": 12345}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_error_code_is_not_read_as_one(body: bytes) -> None:
    assert error_code(answer(body, 400)) is None


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(["579700854169272358"]), Accepted("d", ("579700854169272358",))),
        (
            answer(b"[579700854169272358, 579700854169272359]"),
            Accepted("d", ("579700854169272358", "579700854169272359")),
        ),
        (
            answer(["SAR-GW01+79160000000-5f3b1972-2-1", "SAR-GW01+79160000000-5f3b1972-2-2"]),
            Accepted("d", ("SAR-GW01+79160000000-5f3b1972-2-1", "SAR-GW01+79160000000-5f3b1972-2-2")),
        ),
        (answer([]), OutcomeUnknown("d", "answer_unreadable")),
        (answer(["1", None]), OutcomeUnknown("d", "answer_unreadable")),
        (answer(["1", ""]), OutcomeUnknown("d", "answer_unreadable")),
        (answer(b"<html>OK</html>"), OutcomeUnknown("d", "answer_unreadable")),
        (answer(["1"], 201), OutcomeUnknown("d", "http_201")),
        (answer({"Code": 77}), OutcomeUnknown("d", "answer_unreadable")),
        (answer(b"<html>Bad gateway</html>", 502), OutcomeUnknown("d", "http_502")),
        (answer(b"", 503), OutcomeUnknown("d", "http_503")),
        (answer(b"", 408), OutcomeUnknown("d", "http_408")),
        (answer(b"", 401), Failed("d", "http_401")),
        (answer(b"not found", 404), Failed("d", "http_404")),
        (answer(b"slow down", 429), Failed("d", "http_429")),
        (NotSent(NotSentReason.CONNECT_FAILED), Failed("d", "connect_failed")),
        (NoSession(NoSessionReason.REFUSED), Failed("d", "session_refused")),
        (NoReply(NoReplyReason.TIMEOUT), OutcomeUnknown("d", "timeout")),
        (NoReply(NoReplyReason.REDIRECTED), OutcomeUnknown("d", "redirected")),
    ],
)
def test_only_what_surely_did_not_leave_lets_the_next_gateway_try(
    reply: DevinoReply, outcome: SendOutcome
) -> None:
    assert send_outcome("d", reply) == outcome


STATE_ROWS = [
    (-1, ReceiptState.PENDING),
    (-2, ReceiptState.PENDING),
    (47, ReceiptState.UNDELIVERED),
    (-98, ReceiptState.UNDELIVERED),
    (0, ReceiptState.DELIVERED),
    (10, ReceiptState.UNDELIVERED),
    (11, ReceiptState.UNDELIVERED),
    (41, ReceiptState.UNDELIVERED),
    (42, ReceiptState.UNDELIVERED),
    (46, ReceiptState.EXPIRED),
    (48, ReceiptState.UNDELIVERED),
    (69, ReceiptState.UNDELIVERED),
    (99, ReceiptState.UNKNOWN),
    (255, ReceiptState.UNKNOWN),
]


@pytest.mark.parametrize(("code", "state"), STATE_ROWS)
def test_each_state_of_the_table_has_its_meaning(code: int, state: ReceiptState) -> None:
    assert receipt_answer(answer({"State": code})) == Receipt(state, str(code))


def test_every_row_of_the_table_of_states_is_tested() -> None:
    assert {str(code) for code, _ in STATE_ROWS} == set(STATES)


def test_a_state_that_the_table_does_not_know_proves_nothing() -> None:
    assert receipt_answer(answer({"State": 4711})) == Receipt(ReceiptState.UNKNOWN, "4711")


def test_the_answer_that_the_manual_prints_is_read() -> None:
    printed = (
        rb'{"State":255,"CreationDateUtc":null,"SubmittedDateUtc":null,"ReportedDateUtc":null,'
        rb'"TimeStampUtc":"\/Date(-62135596800000)\/","StateDescription":"'
        + "Неизвестный".encode()
        + b'","Price":null}'
    )
    assert receipt_answer(answer(printed)) == Receipt(ReceiptState.UNKNOWN, "255")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer({"Code": 1, "Desc": "MessageID can not be null"}, 400), "argument_missing"),
        (answer({"Code": 12}, 400), "code_12"),
        (answer({"State": None}), "answer_unreadable"),
        (answer({"State": "x"}), "answer_unreadable"),
        (answer([]), "answer_unreadable"),
        (answer({"State": 0}, 500), "http_500"),
        (NotSent(NotSentReason.NAME_UNKNOWN), "name_unknown"),
        (NoReply(NoReplyReason.TIMEOUT), "timeout"),
        (NoSession(NoSessionReason.UNREACHABLE), "session_unreachable"),
    ],
)
def test_without_a_state_there_is_no_receipt(reply: DevinoReply, reason: str) -> None:
    assert receipt_answer(reply) == NoReceipt(reason)


def test_a_call_has_a_result_only_at_200_without_an_error() -> None:
    replies: list[DevinoReply] = [
        answer(["1"]),
        answer({"Code": 5}, 403),
        answer({"Code": 55}, 400),
        answer(b"", 502),
        NoReply(NoReplyReason.TIMEOUT),
    ]
    assert [call_fault(reply) for reply in replies] == [None, "no_credits", "code_55", "http_502", "timeout"]


@pytest.mark.parametrize(
    ("life_s", "minutes"), [(0, 1), (1, 1), (59, 1), (60, 1), (119, 1), (120, 2), (300, 5), (359, 5)]
)
def test_validity_is_the_life_in_whole_minutes_rounded_down_but_never_none(life_s: int, minutes: int) -> None:
    form = send_form("d", a_message(life_s=life_s), "")
    assert isinstance(form, dict)
    assert form["Validity"] == str(minutes)


def test_a_form_holds_sender_number_text_and_validity() -> None:
    assert send_form("d", a_message(), "OTHER") == {
        "SourceAddress": "ETALON",
        "DestinationAddress": "79031234567",
        "Data": "Код 1234",
        "Validity": "5",
    }


def test_the_configured_sender_stands_in_for_none() -> None:
    form = send_form("d", a_message(sender=""), "OTHER")
    assert isinstance(form, dict)
    assert form["SourceAddress"] == "OTHER"
    assert send_form("d", a_message(sender=""), "") == Failed("d", "sender_not_possible")


@pytest.mark.parametrize(
    "sender", ["ETALON", "A", "Bank 24.ru", "12345678901", "123456789012345", "a-b_c&d!"]
)
def test_senders_of_the_rule_are_taken(sender: str) -> None:
    assert is_sender(sender)


@pytest.mark.parametrize(
    "sender", ["", "TWELVECHARSX", "1234567890123456", "Банк", "1234567890ab", "a\nb", "١٢٣"]
)
def test_senders_against_the_rule_go_to_another_gateway(sender: str) -> None:
    assert not is_sender(sender)
    assert send_form("d", a_message(sender=sender), "") == Failed("d", "sender_not_possible")


def test_a_text_of_2000_characters_is_taken_and_one_more_goes_to_another_gateway() -> None:
    assert isinstance(send_form("d", a_message("я" * 2000), ""), dict)
    assert send_form("d", a_message("я" * 2001), "") == Failed("d", "text_not_possible")
    assert send_form("d", a_message(""), "") == Failed("d", "text_not_possible")


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        (answer({"Code": 3}, 400), True),
        (answer({"Code": 4, "Desc": "SessionID expired"}, 401), True),
        (answer(b"", 401), True),
        (answer({"Code": 7}, 403), False),
        (answer({"Code": 9}, 500), False),
        (answer(["1"]), False),
        (answer(b"", 403), False),
    ],
)
def test_codes_3_and_4_and_http_401_tell_that_the_session_is_over(
    reply: HttpAnswer, *, refused: bool
) -> None:
    assert is_session_refused(reply) is refused


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer("Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1"), Secret("Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1")),
        (
            answer({"Code": 4, "Desc": "Invalid user login or password"}, 401),
            NoSession(NoSessionReason.REFUSED),
        ),
        (answer(b"", 401), NoSession(NoSessionReason.REFUSED)),
        (answer({"Code": 9}, 500), NoSession(NoSessionReason.UNREACHABLE)),
        (answer(b"oops", 503), NoSession(NoSessionReason.UNREACHABLE)),
        (answer(""), NoSession(NoSessionReason.UNREADABLE)),
        (answer("a b c d e f g"), NoSession(NoSessionReason.UNREADABLE)),
        (answer(b"<html>"), NoSession(NoSessionReason.UNREADABLE)),
    ],
)
def test_a_session_id_is_a_text_in_quotes(reply: HttpAnswer, outcome: Secret | NoSession) -> None:
    assert read_session_id(reply) == outcome


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(1377761466000)/", 1377761466000),
        ("/Date(1377761466000+0400)/", 1377761466000),
        ("/Date(-62135596800000)/", None),
        ("2013-08-29", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_unix_milliseconds_and_their_sentinel_is_none(text: str | None, moment: int | None) -> None:
    assert date_ms(text) == moment


@given(st.lists(st.integers(10**17, 10**30), min_size=1, max_size=20))
def test_ids_keep_all_their_digits_and_their_order(ids: list[int]) -> None:
    assert message_ids(answer(ids)) == tuple(str(one) for one in ids)


@given(st.binary(max_size=200))
def test_no_body_makes_reading_raise(body: bytes) -> None:
    assert isinstance(send_outcome("d", answer(body)), Accepted | Refused | Failed | OutcomeUnknown)
    assert isinstance(receipt_answer(answer(body)), Receipt | NoReceipt)


def test_nesting_without_end_is_not_json() -> None:
    assert read_json(b"[" * 200_000) is None
