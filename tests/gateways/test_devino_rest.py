from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Channel,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    Receipt,
    ReceiptState,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.links.devino_rest_face import Sends
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService, fault
from tests.links.peer import Answer, Peer, as_json

WITHIN_S = 5.0
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234 & ещё"), "ETALON", 299, "ref-1")


@pytest.fixture
def service() -> DevinoService:
    return DevinoService()


@pytest.fixture
def peer(service: DevinoService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def gateway(peer: Peer) -> DevinoRestGateway:
    settings = DevinoRestSettings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest")
    return DevinoRestGateway("devino", settings)


def test_a_message_goes_out_as_the_manual_says_with_every_parameter_in_the_body(
    gateway: DevinoRestGateway, service: DevinoService, peer: Peer
) -> None:
    service.sms = as_json(["579700854169272358", "579700854169272359"])
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("devino", ("579700854169272358", "579700854169272359"))
    _, send = peer.requests
    assert (send.method, send.path, send.query) == ("POST", "/rest/Sms/Send", {})
    assert send.form == {
        "SessionID": service.valid_session,
        "SourceAddress": "ETALON",
        "DestinationAddress": "79031234567",
        "Data": "Код 1234 & ещё",
        "Validity": "4",
    }


def test_a_session_that_the_provider_dropped_costs_no_message(
    gateway: DevinoRestGateway, service: DevinoService
) -> None:
    gateway.send(MESSAGE, WITHIN_S)
    service.valid_session = "gone"
    assert isinstance(gateway.send(MESSAGE, WITHIN_S), Accepted)
    service.valid_session = "gone again"
    assert gateway.receipt("1", WITHIN_S) == Receipt(ReceiptState.PENDING, "-1")
    assert service.logins == 3


def test_without_a_session_the_next_gateway_may_be_tried(
    gateway: DevinoRestGateway, service: DevinoService, peer: Peer
) -> None:
    service.login_fault = fault(4, 401)
    assert gateway.send(MESSAGE, WITHIN_S) == Failed("devino", "session_refused")
    assert gateway.receipt("1", WITHIN_S) == NoReceipt("session_refused")
    assert len(peer.requests) == 1


def test_the_state_of_one_segment_is_asked_for_by_its_id(
    gateway: DevinoRestGateway, service: DevinoService, peer: Peer
) -> None:
    service.state = as_json({"State": 0, "ReportedDateUtc": "/Date(1377761466000)/"})
    assert gateway.receipt("SAR-W+84333", WITHIN_S) == Receipt(ReceiptState.DELIVERED, "0", 1377761466000)
    _, state = peer.requests
    assert (state.method, state.path) == ("GET", "/rest/Sms/State")
    assert state.query == {"SessionID": service.valid_session, "messageId": "SAR-W+84333"}


def test_a_message_that_cannot_go_this_way_is_not_sent(gateway: DevinoRestGateway, peer: Peer) -> None:
    message = Message(Msisdn("79031234567"), MessageText("x"), "A SENDER TOO LONG", 60, "ref-1")
    assert gateway.send(message, WITHIN_S) == Failed("devino", "sender_not_possible")
    assert peer.requests == []


def test_the_balance_is_asked_for_under_the_session(
    gateway: DevinoRestGateway, service: DevinoService, peer: Peer
) -> None:
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.30"))
    _, balance = peer.requests
    assert (balance.method, balance.path) == ("GET", "/rest/User/Balance")
    assert balance.query == {"SessionID": service.valid_session}
    service.balance = Answer(b"much")
    assert gateway.balance(WITHIN_S) == NoBalance("answer_unreadable")


def test_viber_goes_to_the_resource_of_viber_and_so_do_questions(service: DevinoService, peer: Peer) -> None:
    settings = DevinoRestSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest", sends=Sends.VIBER_THEN_SMS
    )
    gateway = DevinoRestGateway("devino", settings)
    assert gateway.channel is Channel.VIBER
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("devino", ("GW0261BBD6B3",))
    assert gateway.receipt("GW0261BBD6B3", WITHIN_S) == Receipt(ReceiptState.PENDING, "1")
    _, send, state = peer.requests
    assert (send.method, send.path) == ("POST", "/rest/Viber/SendWithResend")
    assert send.form == {
        "SessionID": service.valid_session,
        "SourceAddress": "ETALON",
        "DestinationAddress": "79031234567",
        "Data": "Код 1234 & ещё",
        "Validity": "1",
    }
    assert (state.method, state.path, state.query["messageId"]) == (
        "GET",
        "/rest/Viber/State",
        "GW0261BBD6B3",
    )


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = DevinoRestSettings(login="a", password=Secret("b"))
    assert settings.base_url == "https://integrationapi.net/rest"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"login": ""}, "must not be empty"),
        ({"password": Secret("")}, "must not be empty"),
        ({"sender": "A SENDER TOO LONG"}, "11 latin characters"),
        ({"base_url": "http://provider.example"}, "https"),
        ({"connect_s": 0.0}, "connect_s"),
        ({"max_idle_s": -1.0}, "max_idle_s"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, object], words: str) -> None:
    right: dict[str, object] = {"login": "a", "password": Secret("b")}
    with pytest.raises(ValueError, match=words):
        DevinoRestSettings(**{**right, **values})  # type: ignore[arg-type]  # wrong values are the point
