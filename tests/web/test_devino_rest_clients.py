"""Clients of the manual's chapters against the face, over HTTP: both gateways of ours, 1C, Bitrix."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Failed,
    Message,
    Receipt,
    ReceiptState,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.links.devino import ERRORS, STATES
from security_service.web.devino_rest_answers import SmsState
from security_service.web.wire.rest_codec import RestError
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import RestBank, Served

WITHIN_S: Final = 5.0
BANK_BALANCE: Final = 1_000_000.0
LONG: Final = "Сообщение на русском языке, которое длиннее семидесяти знаков и идёт двумя частями."


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def bank(rig: StoreRig) -> RestBank:
    return RestBank(rig)


@pytest.fixture
def served(bank: RestBank) -> Iterator[Served]:
    serving = Served(bank)
    yield serving
    serving.stop()


def gateway(kind: str, served: Served, password: str) -> DevinoRestGateway | DevinoRestV2Gateway:
    if kind == "v2":
        return DevinoRestV2Gateway(
            "them",
            DevinoRestV2Settings(login="legacy", password=Secret(password), base_url=f"{served.url}/rest/v2"),
        )
    return DevinoRestGateway(
        "them", DevinoRestSettings(login="legacy", password=Secret(password), base_url=f"{served.url}/rest")
    )


def message(text: str = "Код 1234 & ещё", sender: str = "ETALON") -> Message:
    return Message(Msisdn("79161112211"), MessageText(text), sender, 299, "ref-1")


# --- our own gateways, which were written from the same chapters -------------------------------------


@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_our_own_gateway_sends_through_the_face_and_learns_what_became_of_it(
    bank: RestBank, served: Served, kind: str
) -> None:
    client = gateway(kind, served, bank.password)
    sent = client.send(message(LONG), WITHIN_S)
    assert isinstance(sent, Accepted)
    assert len(sent.message_ids) == 2
    assert client.receipt(sent.message_ids[1], WITHIN_S) == Receipt(ReceiptState.PENDING, "-2")
    bank.relay.work()
    assert [(one.text.reveal(), one.sender) for one, _ in bank.relay.sms.sent] == [(LONG, "ETALON")]
    bank.relay.sms.receipts = {"m1": Receipt(ReceiptState.DELIVERED, "0")}
    bank.relay.wait(3)
    bank.relay.work()
    told = client.receipt(sent.message_ids[0], WITHIN_S)
    assert told == Receipt(ReceiptState.DELIVERED, "0", bank.store.now_ms)


@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_our_own_gateway_reads_balance_and_errors(bank: RestBank, served: Served, kind: str) -> None:
    client = gateway(kind, served, bank.password)
    assert client.balance(WITHIN_S) == Balance(Decimal(1_000_000))
    assert client.send(message(sender="NOBODY"), WITHIN_S) == Failed("them", "operation_invalid")
    refused = gateway(kind, served, "wrong").send(message(), WITHIN_S)
    assert refused == Failed("them", "session_refused" if kind == "v1" else "unauthorized")


def test_our_own_gateway_renews_a_session_that_ended(bank: RestBank, served: Served) -> None:
    client = gateway("v1", served, bank.password)
    assert isinstance(client.send(message(), WITHIN_S), Accepted)
    for key in list(bank.store.redis.scan_iter("*account_session*")):
        bank.store.redis.delete(key)
    assert isinstance(client.send(message(), WITHIN_S), Accepted)
    bank.relay.work()
    assert len(bank.relay.sms.sent) == 2


def test_both_readings_of_the_tables_agree() -> None:
    assert {error.value for error in RestError} == set(ERRORS)
    assert {str(state.value[0]) for state in SmsState} <= set(STATES)


# --- modules of chapters 5 and 10 ---------------------------------------------------------------


class OneC:
    """The module for 1C as chapter 5 shows it: a server's address, login and password, a session, a list."""

    def __init__(self, server: str, login: str, password: str) -> None:
        self._server, self._login, self._password = server, login, password
        self._session = ""

    def balance(self) -> float:
        """Press the button that checks the settings."""
        self._session = str(self._get("/User/SessionId", login=self._login, password=self._password))
        return float(str(self._get("/User/Balance", SessionID=self._session)))

    def send(self, sender: str, number: str, text: str, put_off_to: str = "") -> list[str]:
        """Send one message, at once or at a time."""
        later = {"SendDate": put_off_to} if put_off_to else {}
        return self._post(
            "/Sms/Send", [("DestinationAddress", number)], SourceAddress=sender, Data=text, **later
        )

    def send_list(self, sender: str, numbers: list[str], text: str) -> list[str]:
        """Send one text to a list of subscribers."""
        return self._post(
            "/Sms/SendBulk",
            [("DestinationAddresses", number) for number in numbers],
            SourceAddress=sender,
            Data=text,
        )

    def state(self, message_id: str) -> str:
        """Ask what became of the last message."""
        told = self._get("/Sms/State", sessionId=self._session, messageId=message_id)
        assert isinstance(told, dict)
        return str(told["StateDescription"])

    def _get(self, resource: str, **query: str) -> object:
        told: object = httpx.get(f"{self._server}{resource}", params=query).json()
        return told

    def _post(self, resource: str, repeated: list[tuple[str, str]], **query: str) -> list[str]:
        pairs = urlencode([("SessionID", self._session), *query.items(), *repeated])
        told: list[str] = httpx.post(f"{self._server}{resource}?{pairs}").json()
        return told


def test_the_module_for_1c_works_by_another_address(bank: RestBank, served: Served) -> None:
    module = OneC(f"{served.url}/rest", "legacy", bank.password)
    assert module.balance() == BANK_BALANCE
    (one,) = module.send("TESTSMS", "79214563763", "Ваш заказ готов")
    assert module.state(one) == "В очереди"
    (later,) = module.send("TESTSMS", "79214563763", "Завтра", put_off_to="2027-01-15T10:00:00")
    listed = module.send_list("TESTSMS", ["79161112211", "79031234567"], LONG)
    assert len(listed) == 4
    bank.relay.work()
    assert len(bank.relay.sms.sent) == 3
    assert module.state(one) == "Отправлено (передано в мобильную сеть)"
    assert module.state(later) == "В очереди"
    bank.relay.wait(2 * 3600)
    bank.relay.work()
    assert module.state(later) == "Отправлено (передано в мобильную сеть)"


def test_a_shops_module_sends_a_form_and_shows_the_balance(bank: RestBank, served: Served) -> None:
    """Chapter 10: settings are kept, the balance is shown, an order sends a message."""
    login = {"login": "legacy", "password": bank.password}
    session = httpx.get(f"{served.url}/rest/User/SessionId", params=login).text.replace('"', "")
    balance = httpx.get(f"{served.url}/rest/User/Balance", params={"sessionId": session})
    assert float(balance.text) == BANK_BALANCE
    form = {
        "sessionId": session,
        "sourceAddress": "DEVINO",
        "destinationAddress": "+79161112211",
        "data": "Заказ №7: 1500 р.",
    }
    assert len(httpx.post(f"{served.url}/rest/Sms/Send", data=form).json()) == 1
    bank.relay.work()
    assert [sent.text.reveal() for sent, _ in bank.relay.sms.sent] == ["Заказ №7: 1500 р."]
