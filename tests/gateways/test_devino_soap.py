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
from security_service.gateways.devino_soap import DevinoSoapGateway, DevinoSoapSessionSettings
from security_service.links.soap import SoapVersion
from tests.links.devino_soap_service import (
    LOGIN,
    NAMESPACE,
    PASSWORD,
    DevinoSoapService,
    fault,
    ids,
    result,
    state,
)
from tests.links.peer import Peer

WITHIN_S = 5.0
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234 <&> ещё"), "ETALON", 299, "ref-1")


@pytest.fixture
def service() -> DevinoSoapService:
    return DevinoSoapService()


@pytest.fixture
def peer(service: DevinoSoapService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, version: SoapVersion = SoapVersion.SOAP_12) -> DevinoSoapGateway:
    settings = DevinoSoapSessionSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/SmsService.asmx", soap_version=version
    )
    return DevinoSoapGateway("soap", settings)


def written(element: etree._Element) -> object:
    """An element as its name and its text or members, in order."""
    name = etree.QName(element)
    assert name.namespace == NAMESPACE
    return name.localname, [written(child) for child in element] or element.text


def test_a_message_goes_out_as_the_manual_prints_it_under_a_session(
    service: DevinoSoapService, peer: Peer
) -> None:
    service.says = ids("579700854169272358", "579700854169272359")
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Accepted(
        "soap", ("579700854169272358", "579700854169272359")
    )
    login, send = service.calls
    assert written(login) == ("GetSessionID", [("login", LOGIN), ("password", PASSWORD)])
    assert written(send) == (
        "SendMessage",
        [
            ("sessionID", service.valid_session),
            (
                "message",
                [
                    ("Data", "Код 1234 <&> ещё"),
                    ("DestinationAddresses", [("string", "79031234567")]),
                    ("SourceAddress", "ETALON"),
                    ("ReceiptRequested", "true"),
                    ("Validity", "4"),
                ],
            ),
        ],
    )


@pytest.mark.parametrize(
    ("version", "media"),
    [(SoapVersion.SOAP_12, "application/soap+xml"), (SoapVersion.SOAP_11, "text/xml")],
)
def test_every_call_is_a_post_to_the_one_address(peer: Peer, version: SoapVersion, media: str) -> None:
    gateway_to(peer, version).send(MESSAGE, WITHIN_S)
    assert {(one.method, one.path) for one in peer.requests} == {("POST", "/SmsService.asmx")}
    assert {one.headers["content-type"].partition(";")[0] for one in peer.requests} == {media}


def test_the_state_of_one_segment_is_asked_for_by_its_id(service: DevinoSoapService, peer: Peer) -> None:
    service.says = state(0, "2013-08-29T07:31:06.123")
    assert gateway_to(peer).receipt("SAR-W+84333", WITHIN_S) == Receipt(
        ReceiptState.DELIVERED, "0", 1377761466123
    )
    assert written(service.calls[-1]) == (
        "GetMessageState",
        [("sessionID", service.valid_session), ("messageID", "SAR-W+84333")],
    )


def test_the_balance_keeps_its_digits(service: DevinoSoapService, peer: Peer) -> None:
    assert gateway_to(peer).balance(WITHIN_S) == Balance(Decimal("20015.30"))
    assert written(service.calls[-1]) == ("GetBalance", [("sessionID", service.valid_session)])


def test_a_balance_that_is_none_is_said_so(service: DevinoSoapService, peer: Peer) -> None:
    service.says = result("GetBalance", "much")
    assert gateway_to(peer).balance(WITHIN_S) == NoBalance("broken_answer")


def test_a_session_that_the_provider_dropped_costs_no_message(service: DevinoSoapService, peer: Peer) -> None:
    gateway = gateway_to(peer)
    gateway.send(MESSAGE, WITHIN_S)
    service.valid_session = "gone"
    assert isinstance(gateway.send(MESSAGE, WITHIN_S), Accepted)
    service.valid_session = "gone again"
    assert gateway.receipt("1", WITHIN_S) == Receipt(ReceiptState.PENDING, "-1")
    assert service.logins == 3


def test_without_a_session_the_next_gateway_may_be_tried(service: DevinoSoapService, peer: Peer) -> None:
    service.login = fault("Invalid user login or password")
    gateway = gateway_to(peer)
    assert gateway.send(MESSAGE, WITHIN_S) == Failed("soap", "session_refused")
    assert gateway.receipt("1", WITHIN_S) == NoReceipt("session_refused")
    assert gateway.balance(WITHIN_S) == NoBalance("session_refused")
    assert len(peer.requests) == 1


def test_by_default_it_leads_to_the_provider_over_tls_ten_times_a_second() -> None:
    settings = DevinoSoapSessionSettings(login="a", password=Secret("b"))
    assert settings.base_url == "https://ws.devinotele.com/SmsService.asmx"
    assert settings.requests_per_second == 10.0
    assert DevinoSoapGateway("it", settings).channel is Channel.SMS


def test_a_password_that_xml_cannot_hold_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="control characters"):
        DevinoSoapSessionSettings(login="a", password=Secret("b\x00"))
