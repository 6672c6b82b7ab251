from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_email import (
    CODES,
    EVENTS,
    REASONS,
    STATES,
    DevinoEmailGateway,
    DevinoEmailSettings,
)
from tests.links.devino_json_service import (
    LOGIN,
    PASSWORD,
    DevinoJsonService,
    email_sent,
    email_states,
)
from tests.links.peer import Answer, Peer, Reply, as_json

WITHIN_S = 5.0
ADDRESS = "ivan@client.example"
MESSAGE = Message(
    Msisdn("79031234567"), MessageText("Вход <в> банк"), "ЭТАЛОН", 300, "ref-1", email=Secret(ADDRESS)
)
PENDING, DELIVERED = ReceiptState.PENDING, ReceiptState.DELIVERED
UNDELIVERED, EXPIRED, UNKNOWN = ReceiptState.UNDELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN

CODE_ROWS = {"validation_error": Failed, "internal_error": OutcomeUnknown}
STATE_ROWS = {
    "NotSent": PENDING,
    "Sent": PENDING,
    "Delivered": DELIVERED,
    "Read": DELIVERED,
    "Clicked": DELIVERED,
    "Bounced": UNDELIVERED,
    "Rejected": UNDELIVERED,
}
EVENT_ROWS = {
    "SENT": PENDING,
    "DELIVERED": DELIVERED,
    "OPENED": DELIVERED,
    "CLICKED": DELIVERED,
    "BOUNCED": UNDELIVERED,
}
REASON_ROWS = {
    "already_unsubscribed": UNDELIVERED,
    "bad-configuration": UNDELIVERED,
    "bad-connection": UNDELIVERED,
    "bad-domain": UNDELIVERED,
    "bad-mailbox": UNDELIVERED,
    "content-related": UNDELIVERED,
    "inactive-mailbox": UNDELIVERED,
    "invalid-sender": UNDELIVERED,
    "message-expired": EXPIRED,
    "no-answer-from-host": UNDELIVERED,
    "other": UNDELIVERED,
    "overpackage-related": UNDELIVERED,
    "policy-related": UNDELIVERED,
    "protocol-errors": UNDELIVERED,
    "quota-issues": UNDELIVERED,
    "relaying-issues": UNDELIVERED,
    "routing-errors": UNDELIVERED,
    "spam-related": UNDELIVERED,
    "virus-related": UNDELIVERED,
}


@pytest.fixture
def service() -> DevinoJsonService:
    return DevinoJsonService(email_sent(), email_states())


@pytest.fixture
def peer(service: DevinoJsonService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, **values: object) -> DevinoEmailGateway:
    settings = DevinoEmailSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/email/v2", sender="bank@bank.example"
    )
    return DevinoEmailGateway("email", replace(settings, **values))  # type: ignore[arg-type] # settings of several types


def test_every_row_of_each_table_is_tested() -> None:
    assert dict(CODES) == CODE_ROWS
    assert dict(STATES) == {name.lower(): state for name, state in STATE_ROWS.items()}
    assert dict(EVENTS) == {name.lower(): state for name, state in EVENT_ROWS.items()}
    assert set(REASONS) == set(REASON_ROWS)


def test_a_letter_goes_out_as_the_manual_prints_it(service: DevinoJsonService, peer: Peer) -> None:
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Accepted("email", ("Mdz0i7z1Dyp",))
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/email/v2/messages", {})
    assert asked.headers["accept"] == "*/*"
    document = service.document()
    body = document.pop("Body")
    assert document == {
        "Sender": {"Address": "bank@bank.example", "Name": "ЭТАЛОН"},
        "Recipients": [{"Address": ADDRESS, "Name": ADDRESS}],
        "Subject": "Уведомление",
    }
    assert body["PlainText"].startswith("Вход <в> банк\n")
    assert body["Html"].startswith("<p>Вход &lt;в&gt; банк</p>")
    assert [("[Unsubscribe]" in form, "[WebVersion]" in form) for form in body.values()] == [(True, True)] * 2


@pytest.mark.parametrize(("name", "shown"), [("Банк", "Банк"), ("", "bank@bank.example")])
def test_a_message_without_a_sender_bears_the_name_of_the_settings(
    service: DevinoJsonService, peer: Peer, name: str, shown: str
) -> None:
    gateway = gateway_to(peer, sender_name=name, links=False, subject="Вход")
    gateway.send(replace(MESSAGE, sender=""), WITHIN_S)
    document = service.document()
    assert (document["Sender"]["Name"], document["Subject"]) == (shown, "Вход")
    assert document["Body"]["PlainText"] == "Вход <в> банк"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (replace(MESSAGE, email=None), "no_email"),
        (replace(MESSAGE, email=Secret("")), "no_email"),
        (replace(MESSAGE, email=Secret("ivan@client.example, petr@client.example")), "email_not_possible"),
        (replace(MESSAGE, text=MessageText("")), "text_not_possible"),
        (replace(MESSAGE, sender="a\nb"), "sender_not_possible"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(
    service: DevinoJsonService, peer: Peer, message: Message, reason: str
) -> None:
    assert gateway_to(peer).send(message, WITHIN_S) == Failed("email", reason)
    assert service.asked == []


@pytest.mark.parametrize(("code", "ends"), CODE_ROWS.items())
def test_each_code_is_an_outcome(
    service: DevinoJsonService, peer: Peer, code: str, ends: type[Failed | OutcomeUnknown]
) -> None:
    service.says = service.states = as_json({"Code": code, "Description": f"{ADDRESS} is wrong"})
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == ends("email", code)
    assert gateway_to(peer).receipt("Mdz", WITHIN_S) == NoReceipt(code)
    service.says = email_sent(code)
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == ends("email", code)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (email_sent(status=200), Accepted("email", ("Mdz0i7z1Dyp",))),
        (
            as_json({"Result": {"MessageId": "kaAtrHbZ72", "Code": "ok"}, "Code": "ok"}, 201),
            Accepted("email", ("kaAtrHbZ72",)),
        ),
        (email_sent(message_id=""), OutcomeUnknown("email", "http_201")),
        (email_sent(message_id="a/b"), OutcomeUnknown("email", "http_201")),
        (email_sent("new"), OutcomeUnknown("email", "http_201")),
        (as_json({"Code": "not_found"}, 404), Failed("email", "http_404")),
        (as_json({"Code": "new"}), OutcomeUnknown("email", "answer_unreadable")),
        (as_json({"Code": "ok", "Result": []}), OutcomeUnknown("email", "answer_unreadable")),
        (Answer(b"", 401), Failed("email", "http_401")),
        (Answer(b"", 500), OutcomeUnknown("email", "http_500")),
    ],
)
def test_an_answer_is_accepted_only_with_an_id(
    service: DevinoJsonService, peer: Peer, reply: Reply, outcome: object
) -> None:
    service.says = reply
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == outcome


@pytest.mark.parametrize(("name", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(
    service: DevinoJsonService, peer: Peer, name: str, state: ReceiptState
) -> None:
    service.states = email_states(("y49EiXaPY1", name))
    assert gateway_to(peer).receipt("y49EiXaPY1", WITHIN_S) == Receipt(state, name.lower())
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("GET", "/email/v2/Messages/y49EiXaPY1")


def test_states_are_asked_for_in_batches_and_told_by_id(service: DevinoJsonService, peer: Peer) -> None:
    service.states = email_states(("b", "Delivered"), ("a", "Odd"))
    assert gateway_to(peer, status_batch=2).receipts(["a", "b", "c", "../x"], WITHIN_S) == {
        "a": Receipt(UNKNOWN, "other"),
        "b": Receipt(DELIVERED, "delivered"),
        "c": NoReceipt("not_told"),
        "../x": NoReceipt("not_an_id"),
    }
    assert [one.path.rpartition("/")[2] for one in service.asked] == ["a,b", "c"]


def test_the_state_of_one_letter_may_come_without_a_list(service: DevinoJsonService, peer: Peer) -> None:
    service.states = as_json({"Result": {"MessageId": "a", "State": "Read"}, "Code": "ok"})
    assert gateway_to(peer).receipt("a", WITHIN_S) == Receipt(DELIVERED, "read")


def as_json_push(event: str, reason: str | None = None) -> tuple[str, bytes]:
    row = {
        "messageId": "MsA29aT4zJe",
        "taskId": 0,
        "email": ADDRESS,
        "event": event,
        "dateTime": "2020-01-14T08:27:57.7377849",
        "clientInfo": {"platform": None, "geolocation": {"country": None}},
        "isHardbounce": None if reason is None else False,
        "reason": reason,
    }
    return "application/json;charset=UTF-8", json.dumps({"messageEventDtos": [row]}).encode()


def as_xml_push(event: str, reason: str | None = None) -> tuple[str, bytes]:
    why = "" if reason is None else f"<isHardbounce>false</isHardbounce><reason>{reason}</reason>"
    return "application/xml", (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<messageEventDtos><messageEventDto>'
        f"<messageId>MsA29aT4zJe</messageId><taskId>0</taskId><email>{ADDRESS}</email><event>{event}</event>"
        "<dateTime>2020-01-14T08:34:02.9306227</dateTime><clientInfo><geolocation/></clientInfo>"
        f"{why}</messageEventDto></messageEventDtos>"
    ).encode()


@pytest.mark.parametrize(("event", "state"), EVENT_ROWS.items())
@pytest.mark.parametrize("written", [as_json_push, as_xml_push])
def test_each_event_of_a_callback_is_a_receipt(
    peer: Peer, event: str, state: ReceiptState, written: Callable[[str], tuple[str, bytes]]
) -> None:
    content_type, body = written(event)
    assert gateway_to(peer).read_push(content_type, body, {}) == (
        Push("MsA29aT4zJe", Receipt(state, event.lower())),
    )


@pytest.mark.parametrize(("reason", "state"), REASON_ROWS.items())
def test_each_reason_of_a_bounce_is_told(peer: Peer, reason: str, state: ReceiptState) -> None:
    push = Push("MsA29aT4zJe", Receipt(state, reason.replace("-", "_")))
    for content_type, body in (as_json_push("BOUNCED", reason), as_xml_push("BOUNCED", reason)):
        assert gateway_to(peer).read_push(content_type, body, {}) == (push,)


def test_a_bounce_for_a_reason_in_no_table_is_a_bounce(peer: Peer) -> None:
    content_type, body = as_json_push("BOUNCED", f"{ADDRESS} is full")
    (push,) = gateway_to(peer).read_push(content_type, body, {})
    assert push.receipt == Receipt(UNDELIVERED, "bounced")


@pytest.mark.parametrize("event", ["UNSUBSCRIBED", "SUBSCRIBED", "COMPLAINED", "NEW", ""])
def test_what_its_reader_thinks_of_letters_is_no_receipt(peer: Peer, event: str) -> None:
    for content_type, body in (as_json_push(event), as_xml_push(event)):
        assert gateway_to(peer).read_push(content_type, body, {}) == ()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"\x00\xff"),
        ("application/json", b"[]"),
        ("application/json", b'{"messageEventDtos": [5, null]}'),
        ("application/xml", b""),
        ("application/xml", b"<a"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY e "x">]><messageEventDtos/>'),
        ("", b""),
    ],
)
def test_a_callback_that_cannot_be_read_brings_nothing(peer: Peer, content_type: str, body: bytes) -> None:
    assert gateway_to(peer).read_push(content_type, body, {}) == ()


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = DevinoEmailSettings(login="a", password=Secret("b"), sender="a@b.example")
    assert (settings.base_url, settings.status_batch) == ("https://integrationapi.net/email/v2", 150)
    assert DevinoEmailGateway("it", settings).channel is Channel.EMAIL


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sender": "bank"}, "e-mail address"),
        ({"subject": ""}, "one line"),
        ({"subject": "a\r\nBcc: b"}, "one line"),
        ({"sender_name": "a\nb"}, "one line"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, str], words: str) -> None:
    right = DevinoEmailSettings(login="a", password=Secret("b"), sender="a@b.example")
    with pytest.raises(ValueError, match=words):
        replace(right, **values)  # type: ignore[arg-type] # wrong values are the point
