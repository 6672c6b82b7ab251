from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
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
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.links.devino_rest_face import Sends
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService
from tests.links.peer import Peer, as_json

WITHIN_S = 5.0
MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234 & ещё"), "", 30, "ref-1")


@pytest.fixture
def service() -> DevinoService:
    return DevinoService()


@pytest.fixture
def peer(service: DevinoService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def gateway_to(peer: Peer, password: str = PASSWORD) -> DevinoRestV2Gateway:
    settings = DevinoRestV2Settings(
        login=LOGIN, password=Secret(password), base_url=f"{peer.url}/rest/v2", sender="79990001122"
    )
    return DevinoRestV2Gateway("v2", settings)


def test_a_message_goes_out_as_the_manual_says_with_every_parameter_in_the_body(
    service: DevinoService, peer: Peer
) -> None:
    service.sms = as_json(["GW0261BBD6B3"])
    assert gateway_to(peer).send(MESSAGE, WITHIN_S) == Accepted("v2", ("GW0261BBD6B3",))
    (send,) = peer.requests
    assert (send.method, send.path, send.query) == ("POST", "/rest/v2/Sms/Send", {})
    assert send.form == {
        "Login": LOGIN,
        "Password": PASSWORD,
        "SourceAddress": "79990001122",
        "DestinationAddress": "79031234567",
        "Data": "Код 1234 & ещё",
        "Validity": "1",
    }


def test_a_wrong_password_lets_the_next_gateway_try(peer: Peer) -> None:
    gateway = gateway_to(peer, "wrong")
    assert gateway.send(MESSAGE, WITHIN_S) == Failed("v2", "unauthorized")
    assert gateway.receipt("1", WITHIN_S) == NoReceipt("unauthorized")


def test_the_state_of_one_segment_is_asked_for_by_its_id(service: DevinoService, peer: Peer) -> None:
    service.state = as_json({"State": 46})
    gateway = gateway_to(peer)
    assert gateway.receipt("SAR-GW01+79160000000-5f3b1972-2-1", WITHIN_S) == Receipt(
        ReceiptState.EXPIRED, "46"
    )
    (state,) = peer.requests
    assert (state.method, state.path) == ("GET", "/rest/v2/Sms/State")
    assert state.query["messageId"] == "SAR-GW01+79160000000-5f3b1972-2-1"


def test_the_balance_is_asked_for_with_login_and_password(peer: Peer) -> None:
    assert gateway_to(peer).balance(WITHIN_S) == Balance(Decimal("20015.30"))
    assert gateway_to(peer, "wrong").balance(WITHIN_S) == NoBalance("unauthorized")
    assert peer.requests[0].path == "/rest/v2/User/Balance"


def test_viber_without_sms_goes_to_the_resource_of_viber(peer: Peer) -> None:
    settings = DevinoRestV2Settings(
        login=LOGIN,
        password=Secret(PASSWORD),
        base_url=f"{peer.url}/rest/v2",
        sender="BANK",
        sends=Sends.VIBER,
    )
    gateway = DevinoRestV2Gateway("v2", settings)
    assert gateway.channel is Channel.VIBER
    assert gateway.send(MESSAGE, WITHIN_S) == Accepted("v2", ("GW0261BBD6B3",))
    (send,) = peer.requests
    assert send.path == "/rest/v2/Viber/Send"
    assert (send.form["Login"], send.form["Validity"]) == (LOGIN, "1")


def test_by_default_it_leads_to_the_provider_over_tls() -> None:
    settings = DevinoRestV2Settings(login="a", password=Secret("b"))
    assert settings.base_url == "https://integrationapi.net/rest/v2"


def test_every_setting_has_help_and_the_password_is_marked_secret() -> None:
    described = fields(DevinoRestV2Settings)
    assert [field.name for field in described if not field.metadata["help"]] == []
    assert [field.name for field in described if field.metadata.get("secret")] == ["password"]
