from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Push,
    Receipt,
    ReceiptState,
    Refused,
    Urgency,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_viber import REQUEST_CODES, DevinoViberGateway, DevinoViberSettings
from security_service.links.devino_viber import CODES, STATES
from tests.links.devino_json_service import LOGIN, PASSWORD, DevinoJsonService, viber_sent, viber_states
from tests.links.peer import Answer, Peer, Reply, as_json

WITHIN_S = 5.0
ID = "3158611117333282816"
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234 & ещё"), "ETALON", 300, "ref-1")
PENDING, DELIVERED = ReceiptState.PENDING, ReceiptState.DELIVERED
UNDELIVERED, EXPIRED, UNKNOWN = ReceiptState.UNDELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN

REQUEST_ROWS = {
    "error-syntax": Failed,
    "error-auth": Failed,
    "error-system": OutcomeUnknown,
    "error-account-locked": Failed,
    "error-instant-message-type-format": Failed,
    "error-instant-message-typeformat": Failed,
    "error-instant-message-content-type-format": Failed,
    "error-instant-message-content-image-id-format": Failed,
}
CODE_ROWS = {
    "error-system": OutcomeUnknown,
    "not-permitted": Failed,
    "error-subject-format": Failed,
    "error-subject-unknown": Failed,
    "error-subject-not-specified": Failed,
    "error-address-format": Refused,
    "error-address-unknown": Failed,
    "error-address-not-specified": Failed,
    "error-priority-format": Failed,
    "error-comment-format": Failed,
    "error-instant-message-type-format": Failed,
    "error-instant-message-type-not-specified": Failed,
    "error-content-type-format": Failed,
    "error-content-not-specified": Failed,
    "error-validity-period-seconds-format": Failed,
    "error-instant-message-client-id-not-unique": Failed,
    "error-instant-message-provider-id-format": Failed,
    "error-instant-message-provider-id-duplicate": Failed,
    "error-instant-message-provider-id-unknown": Failed,
    "error-resend-sms-error": Failed,
    "error-resend-sms-validity-period-error": Failed,
    "error-route-not-found": Failed,
}
STATE_ROWS = {
    "enqueued": PENDING,
    "sent": PENDING,
    "delivered": DELIVERED,
    "read": DELIVERED,
    "visited": DELIVERED,
    "undelivered": UNDELIVERED,
    "failed": UNDELIVERED,
    "cancelled": UNDELIVERED,
    "vp_expired": EXPIRED,
}


@pytest.fixture
def service() -> DevinoJsonService:
    return DevinoJsonService(viber_sent(), viber_states())


@pytest.fixture
def peer(service: DevinoJsonService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, **values: object) -> DevinoViberGateway:
    settings = DevinoViberSettings(login=LOGIN, password=Secret(PASSWORD), base_url=peer.url)
    return DevinoViberGateway("viber", replace(settings, **values))  # type: ignore[arg-type] # settings of several types


def test_every_row_of_each_table_is_tested() -> None:
    assert dict(REQUEST_CODES) == REQUEST_ROWS
    assert dict(CODES) == CODE_ROWS
    assert dict(STATES) == STATE_ROWS


def test_a_text_goes_out_as_the_manual_prints_it(service: DevinoJsonService, peer: Peer) -> None:
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Accepted("viber", (ID,))
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/send", {})
    assert asked.headers["content-type"] == "application/json; charset=utf-8"
    assert service.document() == {
        "resendSms": "false",
        "messages": [
            {
                "subject": "ETALON",
                "priority": "realtime",
                "validityPeriodSec": 300,
                "type": "viber",
                "contentType": "text",
                "content": {"text": "Код 1234 & ещё"},
                "address": "79031234567",
            }
        ],
    }


def test_an_sms_may_follow_within_the_same_life(service: DevinoJsonService, peer: Peer) -> None:
    gateway_to(peer, resend_sms=True, sms_sender="BANK").send(MESSAGE, WITHIN_S)
    document = service.document()
    (message,) = document["messages"]
    assert document["resendSms"] == "true"
    assert message["validityPeriodSec"] == 60
    assert (message["smsText"], message["smsSrcAddress"], message["smsValidityPeriodSec"]) == (
        "Код 1234 & ещё",
        "BANK",
        240,
    )


def test_an_sms_that_would_come_too_late_is_not_ordered(service: DevinoJsonService, peer: Peer) -> None:
    gateway_to(peer, resend_sms=True).send(replace(MESSAGE, life_s=119), WITHIN_S)
    document = service.document()
    assert document["resendSms"] == "false"
    assert document["messages"][0]["validityPeriodSec"] == 119
    assert [name for name in document["messages"][0] if name.startswith("sms")] == []


@pytest.mark.parametrize(
    ("life_s", "urgency", "validity", "priority"),
    [
        (1, Urgency.CODE, 30, "realtime"),
        (31, Urgency.NOTICE, 31, "normal"),
        (100_000, Urgency.NOTICE, 86400, "normal"),
    ],
)
def test_validity_keeps_the_protocols_bounds(
    service: DevinoJsonService, peer: Peer, life_s: int, urgency: Urgency, validity: int, priority: str
) -> None:
    gateway_to(peer).send(replace(MESSAGE, life_s=life_s, urgency=urgency), WITHIN_S)
    (message,) = service.document()["messages"]
    assert (message["validityPeriodSec"], message["priority"]) == (validity, priority)


@pytest.mark.parametrize(("code", "ends"), REQUEST_ROWS.items())
def test_each_code_of_a_request_is_an_outcome(
    service: DevinoJsonService, peer: Peer, code: str, ends: type[Failed | OutcomeUnknown]
) -> None:
    service.says = service.states = as_json({"status": code})
    reason = code.replace("-", "_")
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == ends("viber", reason)
    assert gateway_to(peer).receipt(ID, WITHIN_S) == NoReceipt(reason)


@pytest.mark.parametrize(("code", "ends"), CODE_ROWS.items())
def test_each_code_of_a_message_is_an_outcome(
    service: DevinoJsonService, peer: Peer, code: str, ends: type[Failed | OutcomeUnknown | Refused]
) -> None:
    service.says = as_json({"status": "ok", "messages": [{"code": code}]})
    service.states = viber_states({"providerId": int(ID), "code": code})
    reason = code.replace("-", "_")
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == ends("viber", reason)
    assert gateway_to(peer).receipt(ID, WITHIN_S) == NoReceipt(reason)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (as_json({"status": "ok", "messages": []}), OutcomeUnknown("viber", "answer_unreadable")),
        (as_json({"status": "ok"}), OutcomeUnknown("viber", "answer_unreadable")),
        (
            as_json({"status": "ok", "messages": [{"code": "ok"}]}),
            OutcomeUnknown("viber", "answer_unreadable"),
        ),
        (viber_sent(message_id=0), OutcomeUnknown("viber", "answer_unreadable")),
        (viber_sent("new-code"), OutcomeUnknown("viber", "answer_unreadable")),
        (as_json({"status": "error-new"}), OutcomeUnknown("viber", "error_new")),
        (as_json({"status": "error-new"}, 400), Failed("viber", "error_new")),
        (as_json([]), OutcomeUnknown("viber", "answer_unreadable")),
        (Answer(b"", 401), Failed("viber", "http_401")),
        (Answer(b"", 503), OutcomeUnknown("viber", "http_503")),
    ],
)
def test_an_answer_that_says_nothing_of_the_message_leaves_it_unknown(
    service: DevinoJsonService, peer: Peer, reply: Reply, outcome: object
) -> None:
    service.says = reply
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == outcome


def test_a_wrong_password_lets_the_next_gateway_try(peer: Peer) -> None:
    gateway = gateway_to(peer, password=Secret("wrong"))
    assert gateway.send(MESSAGE, WITHIN_S) == Failed("viber", "http_401")
    assert gateway.receipt(ID, WITHIN_S) == NoReceipt("http_401")


@pytest.mark.parametrize(("status", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(
    service: DevinoJsonService, peer: Peer, status: str, state: ReceiptState
) -> None:
    row = {"providerId": int(ID), "code": "ok", "status": status, "statusAt": "2016-08-10 15:28:50"}
    service.states = viber_states(row)
    assert gateway_to(peer).receipt(ID, WITHIN_S) == Receipt(state, status, 1470842930000)


FAILED = {"status": "undelivered", "errorCode": "not-viber-user"}


@pytest.mark.parametrize(
    ("members", "receipt"),
    [
        (FAILED, Receipt(PENDING, "not_viber_user")),
        ({**FAILED, "smsStates": [{"id": 5, "status": "sent"}]}, Receipt(PENDING, "sms_pending")),
        ({**FAILED, "smsStates": [{"id": 5, "status": "delivered"}]}, Receipt(DELIVERED, "sms_delivered")),
        ({"smsStates": [{"id": 5, "state": "delivered"}]}, Receipt(DELIVERED, "sms_delivered")),
        (
            {**FAILED, "smsStates": [{"id": 5, "status": "undelivered"}]},
            Receipt(UNDELIVERED, "sms_undelivered"),
        ),
        ({"status": "read"}, Receipt(DELIVERED, "read")),
        ({"status": "odd"}, Receipt(UNKNOWN, "odd")),
        ({}, NoReceipt("answer_unreadable")),
    ],
)
def test_a_message_that_an_sms_may_follow_ends_with_the_sms(
    service: DevinoJsonService, peer: Peer, members: dict[str, object], receipt: object
) -> None:
    service.states = viber_states({"providerId": int(ID), "code": "ok", **members})
    assert gateway_to(peer, resend_sms=True).receipt(ID, WITHIN_S) == receipt


def test_without_an_sms_to_follow_a_failure_is_final(service: DevinoJsonService, peer: Peer) -> None:
    service.states = viber_states({"providerId": int(ID), "code": "ok", **FAILED})
    assert gateway_to(peer).receipt(ID, WITHIN_S) == Receipt(UNDELIVERED, "not_viber_user")


def test_states_are_asked_for_in_batches_by_whole_numbers(service: DevinoJsonService, peer: Peer) -> None:
    service.states = viber_states(
        {"providerId": 3158611117333282817, "code": "ok", "status": "read"},
        {"providerId": 3158611117333282816, "code": "ok", "status": "sent"},
    )
    ids = ["3158611117333282816", "3158611117333282817", "3158611117333282818", "x"]
    assert gateway_to(peer, status_batch=2).receipts(ids, WITHIN_S) == {
        ids[0]: Receipt(PENDING, "sent"),
        ids[1]: Receipt(DELIVERED, "read"),
        ids[2]: NoReceipt("not_told"),
        "x": NoReceipt("not_an_id"),
    }
    assert [service.document(index) for index in (0, 1)] == [
        {"messages": [3158611117333282816, 3158611117333282817]},
        {"messages": [3158611117333282818]},
    ]
    assert {one.path for one in service.asked} == {"/status"}


def pushed(peer: Peer, document: object, *, resend: bool = False) -> tuple[Push, ...]:
    return gateway_to(peer, resend_sms=resend).read_push(
        "application/json", json.dumps(document).encode(), {}
    )


@pytest.mark.parametrize(("status", "state"), STATE_ROWS.items())
def test_each_state_of_a_callback_is_a_receipt(peer: Peer, status: str, state: ReceiptState) -> None:
    row = {"id": int(ID), "receivedAt": "1527861323068", "status": status.upper()}
    assert pushed(peer, [row]) == (Push(ID, Receipt(state, status, 1527861323068)),)


def test_a_callback_tells_why_and_is_not_final_where_an_sms_may_follow(peer: Peer) -> None:
    row = {
        "id": int(ID),
        "receivedAt": "1527861323068",
        "status": "UNDELIVERED",
        "errorCode": "USER_BLOCKED",
    }
    assert pushed(peer, [row]) == (Push(ID, Receipt(UNDELIVERED, "user_blocked", 1527861323068)),)
    assert pushed(peer, [row], resend=True) == (Push(ID, Receipt(PENDING, "user_blocked", 1527861323068)),)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        None,
        "text",
        [{"id": int(ID)}],
        [{"status": "READ"}],
        [{"id": 2, "parentId": 1, "contentType": "text", "content": "balance"}],
    ],
)
def test_a_callback_without_a_state_brings_nothing(peer: Peer, document: object) -> None:
    assert pushed(peer, document) == ()


def test_a_callback_that_is_no_json_brings_nothing(peer: Peer) -> None:
    assert gateway_to(peer).read_push("", b"\x00\xff", {}) == ()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (replace(MESSAGE, sender="A SENDER TOO LONG"), "sender_not_possible"),
        (replace(MESSAGE, sender=""), "sender_not_possible"),
        (replace(MESSAGE, sender="БАНК"), "sender_not_possible"),
        (replace(MESSAGE, text=MessageText("x")), "text_not_possible"),
        (replace(MESSAGE, text=MessageText("x" * 1001)), "text_not_possible"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(
    service: DevinoJsonService, peer: Peer, message: Message, reason: str
) -> None:
    assert gateway_to(peer, resend_sms=True).send(message, WITHIN_S) == Failed("viber", reason)
    assert service.asked == []


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = DevinoViberSettings(login="a", password=Secret("b"))
    assert (settings.base_url, settings.status_batch) == ("https://viber.devinotele.com:444", 100)
    assert DevinoViberGateway("it", settings).channel is Channel.VIBER


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sender": "A SENDER TOO LONG"}, "sender must be 11"),
        ({"sms_sender": "БАНК"}, "sms_sender must be 11 latin"),
        ({"login": ""}, "must not be empty"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(DevinoViberSettings(login="a", password=Secret("b")), **values)  # type: ignore[arg-type] # wrong values
