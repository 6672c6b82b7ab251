from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import (
    Accepted,
    Balance,
    Channel,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    SendOutcome,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.stream_telecom import (
    ERRORS,
    STATES,
    StreamTelecomGateway,
    StreamTelecomSettings,
    balance_answer,
    receipt_answer,
    send_form,
    send_outcome,
)
from security_service.links.http_answer import (
    HttpAnswer,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.session import NoSession, NoSessionReason
from security_service.links.stream_telecom import NAMES, StreamReply
from tests.links.peer import Answer, Peer, as_json
from tests.links.stream_service import LOGIN, PASSWORD, StreamService, fault

WITHIN_S = 5.0


def a_message(text: str = "Код 1234 & ещё", sender: str = "ETALON", life_s: int = 299) -> Message:
    return Message(Msisdn("79031234567"), MessageText(text), sender, life_s, "ref-1")


def answer(body: bytes | object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def service() -> StreamService:
    return StreamService()


@pytest.fixture
def peer(service: StreamService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def gateway(peer: Peer) -> StreamTelecomGateway:
    settings = StreamTelecomSettings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest")
    return StreamTelecomGateway("stream", settings)


def test_a_message_goes_out_as_the_manual_says_with_every_parameter_in_the_body(
    gateway: StreamTelecomGateway, service: StreamService, peer: Peer
) -> None:
    service.sms = as_json(["371324579", "371324580"])
    assert gateway.send(a_message(), WITHIN_S) == Accepted("stream", ("371324579", "371324580"))
    _, send = peer.requests
    assert (send.method, send.path, send.query) == ("POST", "/rest/Send/SendSms/", {})
    assert send.form == {
        "sessionId": service.key,
        "sourceAddress": "ETALON",
        "destinationAddress": "79031234567",
        "data": "Код 1234 & ещё",
        "validity": "4",
    }


def test_a_message_that_cannot_go_this_way_is_not_sent(gateway: StreamTelecomGateway, peer: Peer) -> None:
    assert gateway.send(a_message(sender="A SENDER TOO LONG"), WITHIN_S) == Failed(
        "stream", "sender_not_possible"
    )
    assert peer.requests == []


def test_a_session_that_the_provider_dropped_costs_no_message(
    gateway: StreamTelecomGateway, service: StreamService
) -> None:
    gateway.send(a_message(), WITHIN_S)
    service.key = "gone"
    assert isinstance(gateway.send(a_message(), WITHIN_S), Accepted)
    service.key = "gone again"
    assert gateway.receipt("1", WITHIN_S) == Receipt(ReceiptState.PENDING, "-1")
    assert service.logins == 3


def test_the_state_is_asked_for_by_the_messages_id(
    gateway: StreamTelecomGateway, service: StreamService, peer: Peer
) -> None:
    printed = rb'{"State":0,"ReportedDateUtc":"\Date(1377761466000)\","StateDescription":"Delivered"}'
    service.state = Answer(printed)
    assert gateway.receipt("371329059", WITHIN_S) == Receipt(ReceiptState.DELIVERED, "0", 1377761466000)
    _, state = peer.requests
    assert (state.path, state.form) == (
        "/rest/State/state.php",
        {"sessionId": service.key, "messageId": "371329059"},
    )


def test_the_balance_is_told_to_the_last_digit(gateway: StreamTelecomGateway, service: StreamService) -> None:
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.3"))
    service.money = fault(7, 403)
    assert gateway.balance(WITHIN_S) == NoBalance("forbidden")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer(b"20015.30"), Balance(Decimal("20015.30"))),
        (answer(b"-1"), Balance(Decimal(-1))),
        (answer(b'"17"'), Balance(Decimal(17))),
        (answer(b"NaN"), NoBalance("answer_unreadable")),
        (answer(b"{}"), NoBalance("answer_unreadable")),
        (answer(b"5", 502), NoBalance("http_502")),
        (NoReply(NoReplyReason.TIMEOUT), NoBalance("timeout")),
    ],
)
def test_a_balance_is_a_bare_number(reply: StreamReply, told: Balance | NoBalance) -> None:
    assert balance_answer(reply) == told


ERROR_ROWS: list[tuple[int, int, SendOutcome]] = [
    (1, 400, Failed("s", "argument_missing")),
    (2, 400, Failed("s", "argument_invalid")),
    (3, 400, Failed("s", "session_invalid")),
    (4, 401, Failed("s", "unauthorized")),
    (5, 403, Failed("s", "no_credits")),
    (6, 400, Failed("s", "operation_invalid")),
    (7, 403, Failed("s", "forbidden")),
    (8, 500, OutcomeUnknown("s", "gateway_error")),
    (9, 500, OutcomeUnknown("s", "internal_error")),
    (10, 400, Failed("s", "flood")),
]


@pytest.mark.parametrize(("code", "status", "outcome"), ERROR_ROWS)
def test_each_error_ends_a_send_in_its_own_way(code: int, status: int, outcome: SendOutcome) -> None:
    assert send_outcome("s", answer({"Code": code, "Desc": "words"}, status)) == outcome
    assert send_outcome("s", answer(NAMES[code], status)) == outcome


def test_every_row_of_the_table_of_errors_is_tested() -> None:
    assert {code for code, _, _ in ERROR_ROWS} == set(ERRORS) == set(NAMES)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer([371324579]), Accepted("s", ("371324579",))),
        (answer([]), OutcomeUnknown("s", "answer_unreadable")),
        (answer(["1", None]), OutcomeUnknown("s", "answer_unreadable")),
        (answer(["a b"]), OutcomeUnknown("s", "answer_unreadable")),
        (answer(b'[{"371329058"}, {"371329059"}]'), OutcomeUnknown("s", "answer_unreadable")),
        (answer(["1"], 201), OutcomeUnknown("s", "http_201")),
        (answer({"Code": 77}), OutcomeUnknown("s", "answer_unreadable")),
        (answer(b"<html>Bad gateway</html>", 502), OutcomeUnknown("s", "http_502")),
        (answer(b"", 408), OutcomeUnknown("s", "http_408")),
        (answer(b"", 400), Failed("s", "http_400")),
        (answer(b"", 401), Failed("s", "unauthorized")),
        (answer(b"not found", 404), Failed("s", "http_404")),
        (NotSent(NotSentReason.CONNECT_FAILED), Failed("s", "connect_failed")),
        (NoSession(NoSessionReason.REFUSED), Failed("s", "session_refused")),
        (NoReply(NoReplyReason.TIMEOUT), OutcomeUnknown("s", "timeout")),
    ],
)
def test_only_what_surely_did_not_leave_lets_the_next_gateway_try(
    reply: StreamReply, outcome: SendOutcome
) -> None:
    assert send_outcome("s", reply) == outcome


STATE_ROWS = [
    (-1, ReceiptState.PENDING),
    (0, ReceiptState.DELIVERED),
    (42, ReceiptState.UNDELIVERED),
    (46, ReceiptState.EXPIRED),
]


@pytest.mark.parametrize(("code", "state"), STATE_ROWS)
def test_each_state_of_the_table_has_its_meaning(code: int, state: ReceiptState) -> None:
    assert receipt_answer(answer({"State": code, "ReportedDateUtc": None})) == Receipt(state, str(code))


def test_every_row_of_the_table_of_states_is_tested() -> None:
    assert {code for code, _ in STATE_ROWS} == set(STATES)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer({"State": 4711}), Receipt(ReceiptState.UNKNOWN, "4711")),
        (answer({"Code": 2}, 400), NoReceipt("argument_invalid")),
        (answer({"Code": 77}, 400), NoReceipt("code_77")),
        (answer({"State": None}), NoReceipt("answer_unreadable")),
        (answer([]), NoReceipt("answer_unreadable")),
        (answer({"State": 0}, 500), NoReceipt("http_500")),
        (NotSent(NotSentReason.NAME_UNKNOWN), NoReceipt("name_unknown")),
        (NoSession(NoSessionReason.UNREACHABLE), NoReceipt("session_unreachable")),
    ],
)
def test_a_state_of_no_row_proves_nothing_and_no_state_is_no_receipt(
    reply: StreamReply, told: Receipt | NoReceipt
) -> None:
    assert receipt_answer(reply) == told


@pytest.mark.parametrize(("life_s", "minutes"), [(0, 1), (59, 1), (60, 1), (119, 1), (120, 2), (359, 5)])
def test_validity_is_the_life_in_whole_minutes_rounded_down_but_never_none(life_s: int, minutes: int) -> None:
    form = send_form("s", a_message(life_s=life_s), "")
    assert isinstance(form, dict)
    assert form["validity"] == str(minutes)


def test_the_configured_sender_stands_in_for_none() -> None:
    form = send_form("s", a_message(sender=""), "123456789012345")
    assert isinstance(form, dict)
    assert form["sourceAddress"] == "123456789012345"


@pytest.mark.parametrize("sender", ["", "TWELVECHARSX", "1234567890123456", "Банк", "a\nb"])
def test_senders_against_the_rule_go_to_another_gateway(sender: str) -> None:
    assert send_form("s", a_message(sender=sender), "") == Failed("s", "sender_not_possible")


def test_an_empty_text_goes_to_another_gateway() -> None:
    assert send_form("s", a_message(""), "") == Failed("s", "text_not_possible")


@given(st.binary(max_size=200), st.sampled_from([200, 400, 500]))
def test_no_body_makes_reading_raise(body: bytes, status: int) -> None:
    reply = answer(body, status)
    assert isinstance(send_outcome("s", reply), Accepted | Failed | OutcomeUnknown)
    assert isinstance(receipt_answer(reply), Receipt | NoReceipt)
    assert isinstance(balance_answer(reply), Balance | NoBalance)


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = StreamTelecomSettings(login="a", password=Secret("b"))
    assert settings.base_url == "https://gateway.api.sc/rest"
    assert StreamTelecomGateway("s", settings).channel is Channel.SMS


def test_a_sender_that_cannot_work_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="11 latin characters"):
        StreamTelecomSettings(login="a", password=Secret("b"), sender="A SENDER TOO LONG")


def test_every_setting_has_help_and_the_password_is_marked_secret() -> None:
    described = fields(StreamTelecomSettings)
    assert [field.name for field in described if not field.metadata["help"]] == []
    assert [field.name for field in described if field.metadata.get("secret")] == ["password"]
