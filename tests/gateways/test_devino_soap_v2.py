from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from lxml import etree

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
from security_service.gateways.devino_soap_v2 import DevinoSoapV2Gateway, DevinoSoapV2Settings
from tests.links.devino_soap_service import LOGIN, PASSWORD, DevinoSoapService, state
from tests.links.peer import Peer

WITHIN_S = 5.0
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234"), "", 30, "ref-1")


@pytest.fixture
def service() -> DevinoSoapService:
    return DevinoSoapService()


@pytest.fixture
def peer(service: DevinoSoapService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, password: str = PASSWORD) -> DevinoSoapV2Gateway:
    settings = DevinoSoapV2Settings(
        login=LOGIN, password=Secret(password), base_url=f"{peer.url}/SmsServicev2.asmx", sender="79990001122"
    )
    return DevinoSoapV2Gateway("v2", settings)


def names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def test_login_and_password_stand_in_every_call_and_nothing_in_the_address(
    service: DevinoSoapService, peer: Peer
) -> None:
    gateway = gateway_to(peer)
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("v2", ("579700854169272358",))
    assert gateway.receipt("GW01", WITHIN_S) == Receipt(ReceiptState.PENDING, "-1")
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.30"))
    assert [names(call) for call in service.calls] == [
        ["login", "password", "message"],
        ["login", "password", "messageID"],
        ["login", "password"],
    ]
    assert {(one.method, one.path, len(one.query)) for one in peer.requests} == {
        ("POST", "/SmsServicev2.asmx", 0)
    }


def test_the_settings_sender_stands_in_and_validity_is_a_minute_at_least(
    service: DevinoSoapService, peer: Peer
) -> None:
    gateway_to(peer).send(MESSAGE, WITHIN_S)
    message = {etree.QName(child).localname: child.text for child in service.calls[0][2]}
    assert (message["SourceAddress"], message["Validity"]) == ("79990001122", "1")


def test_a_wrong_password_lets_the_next_gateway_try(peer: Peer) -> None:
    gateway = gateway_to(peer, "wrong")
    assert gateway.send(MESSAGE, WITHIN_S) == Failed("v2", "unauthorized")
    assert gateway.receipt("1", WITHIN_S) == NoReceipt("unauthorized")
    assert gateway.balance(WITHIN_S) == NoBalance("unauthorized")


def test_a_final_state_is_told_with_its_time(service: DevinoSoapService, peer: Peer) -> None:
    service.says = state(46, "2013-08-29T07:31:06")
    assert gateway_to(peer).receipt("1", WITHIN_S) == Receipt(ReceiptState.EXPIRED, "46", 1377761466000)


def test_by_default_it_leads_to_the_provider_over_tls_ten_times_a_second() -> None:
    settings = DevinoSoapV2Settings(login="a", password=Secret("b"))
    assert settings.base_url == "https://ws.devinotele.com/SmsServicev2.asmx"
    assert settings.requests_per_second == 10.0
    assert DevinoSoapV2Gateway("it", settings).channel is Channel.SMS
