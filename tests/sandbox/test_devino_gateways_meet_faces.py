"""Devino's gateways against the faces: each is written from the manual, and here they meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Failed,
    Message,
    NoReceipt,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
)
from security_service.domain.ports import Gateway
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_email import DevinoEmailGateway, DevinoEmailSettings
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.gateways.devino_soap import DevinoSoapGateway, DevinoSoapSessionSettings
from security_service.gateways.devino_soap_v2 import DevinoSoapV2Gateway, DevinoSoapV2Settings
from security_service.gateways.devino_viber import DevinoViberGateway, DevinoViberSettings
from security_service.gateways.devino_vk import DevinoVkGateway, DevinoVkSettings
from security_service.gateways.devino_xml import DevinoXmlGateway, DevinoXmlSettings
from security_service.links.devino_rest_face import Sends
from security_service.links.soap import SoapVersion
from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, START, Rig

WITHIN_S = 5.0
ADDRESS = "ivan@client.example"
TEXT = "Код 481516 & ещё <&>"
MESSAGE = Message(Msisdn(NUMBER), MessageText(TEXT), "ETALON", 300, "ref-1", email=Secret(ADDRESS))


def soap(url: str, password: Secret) -> Gateway:
    settings = DevinoSoapSessionSettings(
        login=LOGIN, password=password, base_url=f"{url}/ws/SmsService.asmx", soap_version=SoapVersion.SOAP_11
    )
    return DevinoSoapGateway("it", settings)


def soap_v2(url: str, password: Secret) -> Gateway:
    settings = DevinoSoapV2Settings(login=LOGIN, password=password, base_url=f"{url}/ws/SmsServicev2.asmx")
    return DevinoSoapV2Gateway("it", settings)


def xml(url: str, password: Secret) -> Gateway:
    settings = DevinoXmlSettings(login=LOGIN, password=password, base_url=f"{url}/xmlapi")
    return DevinoXmlGateway("it", settings, lambda: START)


def viber(url: str, password: Secret, *, resend: bool = False) -> Gateway:
    settings = DevinoViberSettings(login=LOGIN, password=password, base_url=f"{url}/viber", resend_sms=resend)
    return DevinoViberGateway("it", settings)


def vk(url: str, password: Secret, *, resend: bool = False) -> Gateway:
    settings = DevinoVkSettings(
        login=LOGIN,
        password=password,
        base_url=f"{url}/im",
        template_id="1",
        resend_viber=resend,
        resend_sms=resend,
    )
    return DevinoVkGateway("it", settings)


def rest_viber(url: str, password: Secret, *, resend: bool = False) -> Gateway:
    settings = DevinoRestSettings(
        login=LOGIN,
        password=password,
        base_url=f"{url}/rest",
        sends=Sends.VIBER_THEN_SMS if resend else Sends.VIBER,
    )
    return DevinoRestGateway("it", settings)


def email(url: str, password: Secret) -> Gateway:
    settings = DevinoEmailSettings(
        login=LOGIN, password=password, base_url=f"{url}/email/v2", sender="bank@bank.example"
    )
    return DevinoEmailGateway("it", settings)


SMS: Final = {"soap": soap, "soap_v2": soap_v2, "xml": xml}
MESSENGERS: Final = {"viber": viber, "vk": vk, "rest_viber": rest_viber}
ALL: Final[dict[str, Callable[[str, Secret], Gateway]]] = {**SMS, **MESSENGERS, "email": email}


def sent(gateway: Gateway, message: Message = MESSAGE) -> str:
    outcome = gateway.send(message, WITHIN_S)
    assert isinstance(outcome, Accepted)
    return outcome.message_ids[0]


def state(answer: ReceiptAnswer) -> ReceiptState:
    assert isinstance(answer, Receipt)
    return answer.state


@pytest.mark.parametrize("kind", SMS)
def test_an_sms_arrives_to_the_letter_and_its_receipt_says_so(rig: Rig, live: str, kind: str) -> None:
    gateway = SMS[kind](live, Secret(PASSWORD))
    message_id = sent(gateway)
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == (TEXT, "ETALON")
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.PENDING
    assert gateway.receipt(message_id, WITHIN_S) == Receipt(
        ReceiptState.DELIVERED, "102" if kind == "xml" else "0", int(START * 1000)
    )


@pytest.mark.parametrize("kind", SMS)
def test_an_sms_has_no_longer_life_than_its_code(rig: Rig, live: str, kind: str) -> None:
    rig.switch("off")
    gateway = SMS[kind](live, Secret(PASSWORD))
    message_id = sent(gateway)
    rig.clock.move(300)
    gateway.receipt(message_id, WITHIN_S)
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.EXPIRED


@pytest.mark.parametrize("kind", ["soap", "soap_v2"])
def test_a_text_of_two_segments_has_two_ids(live: str, kind: str) -> None:
    outcome = SMS[kind](live, Secret(PASSWORD)).send(replace(MESSAGE, text=MessageText("ж" * 71)), WITHIN_S)
    assert isinstance(outcome, Accepted)
    assert len(set(outcome.message_ids)) == 2


@pytest.mark.parametrize("kind", ["soap", "soap_v2"])
def test_soap_tells_the_balance(live: str, kind: str) -> None:
    gateway = SMS[kind](live, Secret(PASSWORD))
    assert isinstance(gateway, DevinoSoapGateway | DevinoSoapV2Gateway)
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.3"))


def test_rest_tells_the_balance(live: str) -> None:
    password = Secret(PASSWORD)
    v1 = DevinoRestGateway("it", DevinoRestSettings(login=LOGIN, password=password, base_url=f"{live}/rest"))
    v2 = DevinoRestV2Gateway(
        "it", DevinoRestV2Settings(login=LOGIN, password=password, base_url=f"{live}/rest/v2")
    )
    assert [one.balance(WITHIN_S) for one in (v1, v2)] == [Balance(Decimal("20015.3"))] * 2


@pytest.mark.parametrize("kind", MESSENGERS)
def test_a_message_arrives_over_its_messenger(rig: Rig, live: str, kind: str) -> None:
    gateway = MESSENGERS[kind](live, Secret(PASSWORD))
    message_id = sent(gateway)
    (arrived,) = rig.handset()["messages"]
    assert arrived["sender"] == ("vk:ETALON" if kind == "vk" else "viber:ETALON")
    assert arrived["text"] == ("code: 481516" if kind == "vk" else TEXT)
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.DELIVERED


@pytest.mark.parametrize("kind", MESSENGERS)
def test_who_uses_no_messenger_gets_an_sms_where_it_was_asked_for(rig: Rig, live: str, kind: str) -> None:
    rig.client.post(f"/handsets/{NUMBER}/messengers", json={"viber": False, "vk": False})
    alone = MESSENGERS[kind](live, Secret(PASSWORD))
    assert state(alone.receipt(sent(alone), WITHIN_S)) is ReceiptState.UNDELIVERED
    assert rig.inbox() == []
    followed = MESSENGERS[kind](live, Secret(PASSWORD), resend=True)
    assert state(followed.receipt(sent(followed), WITHIN_S)) is ReceiptState.DELIVERED
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == (TEXT, "ETALON")


@pytest.mark.parametrize("kind", ["viber", "vk"])
def test_no_channel_outlives_the_code(rig: Rig, live: str, kind: str) -> None:
    rig.switch("off")
    gateway = MESSENGERS[kind](live, Secret(PASSWORD), resend=True)
    message_id = sent(gateway)
    rig.clock.move(61)
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.PENDING
    rig.clock.move(240)
    rig.switch("on")
    assert rig.inbox() == []
    assert state(gateway.receipt(message_id, WITHIN_S)).is_negative


def test_a_letter_comes_to_its_mailbox_and_bounces_from_one_that_is_gone(rig: Rig, live: str) -> None:
    gateway = email(live, Secret(PASSWORD))
    message_id = sent(gateway)
    (letter,) = rig.client.get(f"/mailboxes/{ADDRESS}").get_json()["messages"]
    assert (letter["text"].splitlines()[0], letter["sender"]) == (TEXT, "ETALON <bank@bank.example>")
    assert [state(gateway.receipt(message_id, WITHIN_S)) for _ in range(2)] == [
        ReceiptState.PENDING,
        ReceiptState.DELIVERED,
    ]
    rig.client.post(f"/mailboxes/{ADDRESS}/state", json={"state": "gone"})
    bounced = sent(gateway)
    gateway.receipt(bounced, WITHIN_S)
    assert state(gateway.receipt(bounced, WITHIN_S)) is ReceiptState.UNDELIVERED


@pytest.mark.parametrize("kind", ALL)
def test_a_wrong_password_sends_nothing_and_lets_the_next_gateway_try(rig: Rig, live: str, kind: str) -> None:
    gateway = ALL[kind](live, Secret("wrong"))
    assert isinstance(gateway.send(MESSAGE, WITHIN_S), Failed)
    assert isinstance(gateway.receipt("1", WITHIN_S), NoReceipt)
    assert rig.inbox() == []
