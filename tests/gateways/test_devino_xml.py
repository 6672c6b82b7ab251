from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_xml import (
    DOCUMENT_ERRORS,
    MESSAGE_ERRORS,
    STATES,
    DevinoXmlGateway,
    DevinoXmlSettings,
)
from tests.links.peer import Answer, Peer, Reply, Request

WITHIN_S = 5.0
LOGIN, PASSWORD = "bank", 'pa55 "<&>'
NOW = 1_800_000_000.9
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234 <&> ещё"), "ETALON", 299, "ref-1")

DOCUMENT_ROWS = {
    "200": OutcomeUnknown("xml", "unknown_error"),
    "201": Failed("xml", "document_malformed"),
    "202": Failed("xml", "unauthorized"),
}
MESSAGE_ROWS = {
    "200": OutcomeUnknown("xml", "unknown_error"),
    "201": Failed("xml", "id_wrong"),
    "202": Failed("xml", "sender_wrong"),
    "203": Refused("xml", "recipient_wrong"),
    "204": Failed("xml", "length_wrong"),
    "205": Failed("xml", "account_disabled"),
    "206": Failed("xml", "billing"),
    "207": Failed("xml", "over_limit"),
}
STATE_ROWS = {
    "1": ReceiptState.PENDING,
    "100": ReceiptState.PENDING,
    "101": ReceiptState.PENDING,
    "102": ReceiptState.DELIVERED,
    "103": ReceiptState.EXPIRED,
    "104": ReceiptState.EXPIRED,
    "105": ReceiptState.UNDELIVERED,
    "106": ReceiptState.PENDING,
    "107": ReceiptState.UNKNOWN,
    "108": ReceiptState.UNDELIVERED,
    "109": ReceiptState.UNDELIVERED,
}


def package(inner: str, status: int = 200) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8" ?>\n<package>\n{inner}\n</package>'
    return Answer(text.encode(), status, {"Content-Type": "text/xml"})


def taken(row: str) -> Answer:
    return package(f"<message>\n{row}\n</message>")


def told(*rows: str) -> Answer:
    return package(f"<status>{''.join(rows)}</status>")


class Service:
    """Says what the test writes down, and keeps what it was asked."""

    def __init__(self) -> None:
        self.says: Reply = taken('<msg sms_id="1234568" sms_count="1">1</msg>')
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.says


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def gateway(peer: Peer) -> DevinoXmlGateway:
    settings = DevinoXmlSettings(login=LOGIN, password=Secret(PASSWORD), base_url=peer.url, status_batch=2)
    return DevinoXmlGateway("xml", settings, lambda: NOW)


def test_every_row_of_each_table_is_tested() -> None:
    assert set(DOCUMENT_ROWS) == set(DOCUMENT_ERRORS)
    assert set(MESSAGE_ROWS) == set(MESSAGE_ERRORS)
    assert set(STATE_ROWS) == set(STATES)


def test_a_message_goes_out_as_the_manual_prints_it(gateway: DevinoXmlGateway, service: Service) -> None:
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("xml", ("1234568",))
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/Send.ashx", {})
    root = etree.fromstring(asked.body)
    assert (root.tag, dict(root.items())) == ("package", {"login": LOGIN, "password": PASSWORD})
    (part,) = root
    (row,) = part
    assert (part.tag, row.tag, row.text) == ("message", "msg", "Код 1234 <&> ещё")
    assert dict(row.items()) == {
        "recipient": "+79031234567",
        "sender": "ETALON",
        "date_end": "2027-01-15T11:04:59+03:00",
        "type": "0",
    }


def test_a_message_of_no_life_has_a_second(service: Service, peer: Peer) -> None:
    settings = DevinoXmlSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=peer.url, sender="BANK", ahead_h=0.0
    )
    message = Message(Msisdn("79031234567"), MessageText("x"), "", 0, "ref-1")
    DevinoXmlGateway("xml", settings, lambda: NOW).send(message, WITHIN_S)
    row = etree.fromstring(service.asked[0].body)[0][0]
    assert (row.get("sender"), row.get("date_end")) == ("BANK", "2027-01-15T08:00:01+00:00")


@pytest.mark.parametrize(("code", "outcome"), DOCUMENT_ROWS.items())
@pytest.mark.parametrize("status", [200, 201, 202, 400])
def test_an_error_of_the_document_is_read_whatever_its_status(
    gateway: DevinoXmlGateway, service: Service, code: str, outcome: object, status: int
) -> None:
    service.says = package(f"<error>{code}</error>", status)
    assert gateway.send(MESSAGE, WITHIN_S) == outcome
    assert isinstance(gateway.receipt("1", WITHIN_S), NoReceipt)


@pytest.mark.parametrize(("code", "outcome"), MESSAGE_ROWS.items())
def test_an_error_of_the_message_is_an_outcome(
    gateway: DevinoXmlGateway, service: Service, code: str, outcome: object
) -> None:
    service.says = taken(f'<msg sms_id="0" sms_count="1">{code}</msg>')
    assert gateway.send(MESSAGE, WITHIN_S) == outcome
    service.says = told(f'<msg sms_id="7">{code}</msg>')
    assert isinstance(gateway.receipt("7", WITHIN_S), NoReceipt)


@pytest.mark.parametrize("code", STATE_ROWS)
def test_a_message_with_an_id_was_taken_whatever_its_state(
    gateway: DevinoXmlGateway, service: Service, code: str
) -> None:
    service.says = taken(f'<msg sms_id="98765432109876543210" sms_count="2">{code}</msg>')
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("xml", ("98765432109876543210",))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (taken('<msg sms_id="0" sms_count="1">1</msg>'), OutcomeUnknown("xml", "answer_unreadable")),
        (taken("<msg>1</msg>"), OutcomeUnknown("xml", "answer_unreadable")),
        (taken(""), OutcomeUnknown("xml", "answer_unreadable")),
        (taken('<msg sms_id="1">1</msg><msg sms_id="2">1</msg>'), OutcomeUnknown("xml", "answer_unreadable")),
        (package("<error>999</error>"), OutcomeUnknown("xml", "answer_unreadable")),
        (Answer(b"<package"), OutcomeUnknown("xml", "answer_unreadable")),
        (Answer(b"<other/>"), OutcomeUnknown("xml", "answer_unreadable")),
        (
            Answer(b'<!DOCTYPE package [<!ENTITY e "1">]><package><error>&e;</error></package>'),
            OutcomeUnknown("xml", "answer_unreadable"),
        ),
        (Answer(b"", 503), OutcomeUnknown("xml", "http_503")),
        (Answer(b"", 403), Failed("xml", "http_403")),
    ],
)
def test_an_answer_that_says_nothing_of_the_message_leaves_it_unknown(
    gateway: DevinoXmlGateway, service: Service, reply: Reply, outcome: object
) -> None:
    service.says = reply
    assert gateway.send(MESSAGE, WITHIN_S) == outcome


@pytest.mark.parametrize(("code", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(
    gateway: DevinoXmlGateway, service: Service, code: str, state: ReceiptState
) -> None:
    service.says = told(f'<msg sms_id="7" sms_count="1" date_completed="2013-08-29T10:31:06">{code}</msg>')
    assert gateway.receipt("7", WITHIN_S) == Receipt(state, code, 1377761466000)


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ('<msg sms_id="7">555</msg>', Receipt(ReceiptState.UNKNOWN, "555")),
        ('<msg sms_id="7">ok</msg>', NoReceipt("answer_unreadable")),
        ('<msg sms_id="7"/>', NoReceipt("answer_unreadable")),
        ('<msg sms_id="8">102</msg>', NoReceipt("not_told")),
        ("", NoReceipt("not_told")),
    ],
)
def test_what_is_in_no_table_is_no_end(
    gateway: DevinoXmlGateway, service: Service, row: str, answer: object
) -> None:
    service.says = told(row)
    assert gateway.receipt("7", WITHIN_S) == answer


def test_states_are_asked_for_in_batches_and_told_by_id(gateway: DevinoXmlGateway, service: Service) -> None:
    service.says = told('<msg sms_id="2">102</msg>', '<msg sms_id="1">101</msg>', '<msg sms_id="3">105</msg>')
    assert gateway.receipts(["1", "2", "3", "not one"], WITHIN_S) == {
        "1": Receipt(ReceiptState.PENDING, "101"),
        "2": Receipt(ReceiptState.DELIVERED, "102"),
        "3": Receipt(ReceiptState.UNDELIVERED, "105"),
        "not one": NoReceipt("not_an_id"),
    }
    asked = [[row.get("sms_id") for row in etree.fromstring(one.body)[0]] for one in service.asked]
    assert asked == [["1", "2"], ["3"]]
    assert {one.path for one in service.asked} == {"/Statistics.ashx"}
    assert etree.fromstring(service.asked[0].body).get("password") == PASSWORD


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Message(Msisdn("7903"), MessageText("x"), "A SENDER TOO LONG", 60, "r"), "sender_not_possible"),
        (Message(Msisdn("7903"), MessageText("x"), "", 60, "r"), "sender_not_possible"),
        (Message(Msisdn("7903"), MessageText(""), "A", 60, "r"), "text_not_possible"),
        (Message(Msisdn("7903"), MessageText("\x07"), "A", 60, "r"), "text_not_possible"),
    ],
)
def test_a_message_that_cannot_go_this_way_is_not_sent(
    gateway: DevinoXmlGateway, service: Service, message: Message, reason: str
) -> None:
    assert gateway.send(message, WITHIN_S) == Failed("xml", reason)
    assert service.asked == []


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = DevinoXmlSettings(login="a", password=Secret("b"))
    assert (settings.base_url, settings.status_batch) == ("https://xmlapi.devinotele.com", 1000)
    assert DevinoXmlGateway("it", settings).channel is Channel.SMS


def test_a_password_that_xml_cannot_hold_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="control characters"):
        DevinoXmlSettings(login="a", password=Secret("b\x00"))
