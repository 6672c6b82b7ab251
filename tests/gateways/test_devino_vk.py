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
from security_service.gateways.devino_vk import CODES, DevinoVkGateway, DevinoVkSettings, TemplateTakes
from tests.links.devino_json_service import LOGIN, PASSWORD, DevinoJsonService, vk_sent, vk_state
from tests.links.peer import Answer, Peer, Reply, as_json

WITHIN_S = 5.0
ID = "3287014702114144256"
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 481516 & ещё"), "ETALON", 300, "ref-1")
PENDING, DELIVERED = ReceiptState.PENDING, ReceiptState.DELIVERED
UNDELIVERED, EXPIRED, UNKNOWN = ReceiptState.UNDELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN

CODE_ROWS = {
    "validation_error": Failed,
    "queue_full": Failed,
    "system_error": OutcomeUnknown,
    "subject_not_specified": Failed,
    "subject_invalid": Failed,
    "priority_not_specified": Failed,
    "priority_invalid": Failed,
    "routes_not_specified": Failed,
    "routes_invalid": Failed,
    "vp_invalid": Failed,
    "phone_not_specified": Failed,
    "phone_invalid": Refused,
    "text_not_specified": Failed,
    "text_invalid": Failed,
    "sms_text_not_specified": Failed,
    "sms_subject_not_specified": Failed,
    "sms_validity_period_not_specified": Failed,
    "invalid_sms_validity_period": Failed,
    "not-enough-credits": Failed,
}
STATE_ROWS = {
    "enqueued": PENDING,
    "sent": PENDING,
    "delivered": DELIVERED,
    "read": DELIVERED,
    "undelivered": UNDELIVERED,
    "failed": UNDELIVERED,
    "vp_expired": EXPIRED,
}


@pytest.fixture
def service() -> DevinoJsonService:
    return DevinoJsonService(vk_sent(), vk_state(status="sent"))


@pytest.fixture
def peer(service: DevinoJsonService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, **values: object) -> DevinoVkGateway:
    settings = DevinoVkSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=peer.url, template_id="123456"
    )
    return DevinoVkGateway("vk", replace(settings, **values))  # type: ignore[arg-type] # settings of several types


def test_every_row_of_the_table_is_tested() -> None:
    assert dict(CODES) == CODE_ROWS


def test_a_code_goes_into_the_template_as_the_manual_prints_it(
    service: DevinoJsonService, peer: Peer
) -> None:
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Accepted("vk", ("3222269333010907000",))
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/send/vk", {})
    assert service.document() == {
        "vk": {
            "subject": "ETALON",
            "priority": "realtime",
            "routes": ["vk"],
            "validityPeriod": 300,
            "phone": "79031234567",
            "templateId": "123456",
            "templateData": {"code": "481516"},
        }
    }


def test_viber_and_sms_share_the_life_of_the_message(service: DevinoJsonService, peer: Peer) -> None:
    gateway = gateway_to(
        peer, resend_viber=True, resend_sms=True, viber_sender="Банк", sms_sender="BANK", routes=("ok", "vk")
    )
    gateway.send(replace(MESSAGE, urgency=Urgency.NOTICE), WITHIN_S)
    document = service.document()
    assert (document["vk"]["validityPeriod"], document["vk"]["routes"]) == (60, ["ok", "vk"])
    assert document["vk"]["priority"] == "medium"
    assert document["viber"] == {
        "subject": "Банк",
        "priority": "medium",
        "validityPeriodSec": 60,
        "type": "viber",
        "contentType": "text",
        "text": "Код 481516 & ещё",
        "dstAddress": "79031234567",
    }
    assert document["sms"] == {
        "srcAddress": "BANK",
        "text": "Код 481516 & ещё",
        "validityPeriod": 180,
        "dstAddress": "79031234567",
    }


@pytest.mark.parametrize(
    ("life_s", "parts"),
    [(1, {"vk": 15}), (119, {"vk": 119}), (120, {"vk": 60, "sms": 60}), (100_000, {"vk": 60, "sms": 86400})],
)
def test_a_channel_that_would_come_too_late_is_left_out(
    service: DevinoJsonService, peer: Peer, life_s: int, parts: dict[str, int]
) -> None:
    gateway_to(peer, resend_sms=True).send(replace(MESSAGE, life_s=life_s), WITHIN_S)
    document = service.document()
    assert {name: part["validityPeriod"] for name, part in document.items()} == parts


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Код 481516", "481516"),
        ("481516 - код, никому: 481516", "481516"),
        ("Код 0042 на 1500.00 руб", "0042"),
        ("Код 12345678901", None),
        ("Код 481516 карта 1234", None),
        ("Вход", None),
        ("A481516", None),
    ],
)
def test_only_a_code_that_is_certain_goes_into_the_template(
    service: DevinoJsonService, peer: Peer, text: str, code: str | None
) -> None:
    outcome = gateway_to(peer).send(replace(MESSAGE, text=MessageText(text)), WITHIN_S)
    if code is None:
        assert outcome == Failed("vk", "code_not_certain")
        assert service.asked == []
    else:
        assert service.document()["vk"]["templateData"] == {"code": code}


def test_a_template_may_take_the_whole_text(service: DevinoJsonService, peer: Peer) -> None:
    gateway = gateway_to(peer, template_takes=TemplateTakes.TEXT, template_parameter="text")
    gateway.send(MESSAGE, WITHIN_S)
    assert service.document()["vk"]["templateData"] == {"text": "Код 481516 & ещё"}


@pytest.mark.parametrize(("code", "ends"), CODE_ROWS.items())
def test_each_code_is_an_outcome(
    service: DevinoJsonService, peer: Peer, code: str, ends: type[Failed | OutcomeUnknown | Refused]
) -> None:
    gateway, outcome = gateway_to(peer), ends("vk", code.replace("-", "_"))
    service.says = as_json({"code": code, "description": "words about 79031234567"})
    assert gateway.send(MESSAGE, WITHIN_S) == outcome
    service.says = as_json({"code": "ok", "result": {"code": code}})
    assert gateway.send(MESSAGE, WITHIN_S) == outcome


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (as_json({"code": "ok", "result": {"code": "ok"}}), OutcomeUnknown("vk", "answer_unreadable")),
        (as_json({"code": "ok"}), OutcomeUnknown("vk", "answer_unreadable")),
        (as_json({"code": "new"}), OutcomeUnknown("vk", "answer_unreadable")),
        (as_json({"code": "new"}, 400), Failed("vk", "http_400")),
        (as_json([]), OutcomeUnknown("vk", "answer_unreadable")),
        (Answer(b"", 401), Failed("vk", "http_401")),
        (Answer(b"", 500), OutcomeUnknown("vk", "http_500")),
    ],
)
def test_an_answer_that_says_nothing_of_the_message_leaves_it_unknown(
    service: DevinoJsonService, peer: Peer, reply: Reply, outcome: object
) -> None:
    service.says = reply
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == outcome


@pytest.mark.parametrize(("status", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(
    service: DevinoJsonService, peer: Peer, status: str, state: ReceiptState
) -> None:
    service.states = vk_state(status=status, statusAt="2018-07-03 16:31:40")
    assert gateway_to(peer).receipt(ID, WITHIN_S) == Receipt(state, status)
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/status/vk", {"message": ID})


VIBER_FAILED = {"id": 3, "status": "undelivered", "statusAt": "2018-07-03 16:31:41", "code": "not-viber-user"}


@pytest.mark.parametrize(
    ("members", "resend", "receipt"),
    [
        ({"status": "failed"}, (), Receipt(UNDELIVERED, "failed")),
        ({"status": "failed"}, ("viber",), Receipt(PENDING, "failed")),
        ({"status": "failed"}, ("sms",), Receipt(PENDING, "failed")),
        (
            {"status": "failed", "viberStatus": VIBER_FAILED},
            ("viber",),
            Receipt(UNDELIVERED, "not_viber_user"),
        ),
        (
            {"status": "failed", "viberStatus": VIBER_FAILED},
            ("viber", "sms"),
            Receipt(PENDING, "not_viber_user"),
        ),
        (
            {
                "status": "failed",
                "viberStatus": VIBER_FAILED,
                "smsStates": [{"id": 7, "status": "delivered"}],
            },
            ("viber", "sms"),
            Receipt(DELIVERED, "sms_delivered"),
        ),
        (
            {"status": "failed", "smsStates": [{"id": 7, "status": "undelivered"}]},
            ("sms",),
            Receipt(UNDELIVERED, "sms_undelivered"),
        ),
        ({"status": "failed", "viberStatus": {"status": "read"}}, ("viber",), Receipt(DELIVERED, "read")),
        ({"status": "read", "viberStatus": None, "smsStates": None}, ("sms",), Receipt(DELIVERED, "read")),
        ({"status": "odd"}, (), Receipt(UNKNOWN, "odd")),
        ({}, (), NoReceipt("answer_unreadable")),
    ],
)
def test_a_message_ends_with_the_last_channel_that_it_may_take(
    service: DevinoJsonService,
    peer: Peer,
    members: dict[str, object],
    resend: tuple[str, ...],
    receipt: object,
) -> None:
    service.states = vk_state(**members)
    gateway = gateway_to(peer, resend_viber="viber" in resend, resend_sms="sms" in resend)
    assert gateway.receipt(ID, WITHIN_S) == receipt


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (as_json({"code": "validation_error"}), "validation_error"),
        (as_json({"code": "system_error"}), "system_error"),
        (as_json({"code": "ok", "result": {"code": "unknown_message_id"}}), "unknown_message_id"),
        (as_json({"code": "79031234567"}), "answer_unreadable"),
        (as_json(None), "answer_unreadable"),
        (Answer(b"", 502), "http_502"),
    ],
)
def test_without_a_state_there_is_no_receipt(
    service: DevinoJsonService, peer: Peer, reply: Reply, reason: str
) -> None:
    service.states = reply
    assert gateway_to(peer).receipt(ID, WITHIN_S) == NoReceipt(reason)


def pushed(peer: Peer, document: object, **values: object) -> tuple[Push, ...]:
    return gateway_to(peer, **values).read_push("application/json", json.dumps(document).encode(), {})


@pytest.mark.parametrize(("status", "state"), STATE_ROWS.items())
def test_each_state_of_a_callback_is_a_receipt_by_the_clock_of_moscow(
    peer: Peer, status: str, state: ReceiptState
) -> None:
    example = {"messageId": 1343343, "status": status.upper(), "receivedAt": "2017-05-31 14:51:12"}
    table = {"id": 1343343, "status": status.upper(), "time": "2017-05-31 14:51:12", "error": "Доставлено"}
    push = Push("1343343", Receipt(state, status, 1496231472000))
    assert pushed(peer, [example, table]) == (push, push)


@pytest.mark.parametrize("values", [{"resend_sms": True}, {"resend_viber": True}])
def test_a_failure_by_callback_is_not_final_where_a_channel_may_follow(
    peer: Peer, values: dict[str, object]
) -> None:
    row = {"messageId": 5, "status": "FAILED"}
    assert pushed(peer, [row], **values) == (Push("5", Receipt(PENDING, "failed")),)


@pytest.mark.parametrize("document", [[], {}, None, "text", [{"messageId": 5}], [{"status": "READ"}]])
def test_a_callback_without_a_state_brings_nothing(peer: Peer, document: object) -> None:
    assert pushed(peer, document) == ()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (replace(MESSAGE, sender="A SENDER TOO LONG"), "sender_not_possible"),
        (replace(MESSAGE, sender=""), "sender_not_possible"),
        (replace(MESSAGE, sender="БАНК"), "sender_not_possible"),
        (replace(MESSAGE, text=MessageText("4815 " + "x" * 996)), "text_not_possible"),
        (replace(MESSAGE, text=MessageText("")), "code_not_certain"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(
    service: DevinoJsonService, peer: Peer, message: Message, reason: str
) -> None:
    gateway = gateway_to(peer, resend_viber=True, resend_sms=True)
    assert gateway.send(message, WITHIN_S) == Failed("vk", reason)
    assert service.asked == []


def test_by_default_it_leads_to_the_provider_over_tls_fifty_times_a_second() -> None:
    settings = DevinoVkSettings(login="a", password=Secret("b"), template_id="1")
    assert (settings.base_url, settings.requests_per_second) == ("https://im.devinotele.com", 50.0)
    assert DevinoVkGateway("it", settings).channel is Channel.VK


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"template_id": ""}, "template_id must be a number"),
        ({"template_parameter": "a b"}, "one word"),
        ({"routes": ()}, "routes"),
        ({"routes": ("vk", "vk")}, "routes"),
        ({"routes": ("fb",)}, "routes"),
        ({"viber_sender": "A SENDER TOO LONG"}, "viber_sender"),
        ({"sms_sender": "БАНК"}, "sms_sender"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, object], words: str) -> None:
    right = DevinoVkSettings(login="a", password=Secret("b"), template_id="1")
    with pytest.raises(ValueError, match=words):
        replace(right, **values)  # type: ignore[arg-type] # wrong values are the point
