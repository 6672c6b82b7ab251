"""The gateways against the faces: each is written from the provider's document, and here they meet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
    Refused,
)
from security_service.domain.ports import Gateway
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.aso_broker import AsoBrokerGateway, AsoBrokerSettings, AsoChannel
from security_service.gateways.smsc import SmscGateway, SmscSettings
from security_service.gateways.stream_telecom import StreamTelecomGateway, StreamTelecomSettings
from security_service.links.smsc import SenderCreated, SenderNames, SmscLink, SmscSenders
from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

WITHIN_S = 5.0


@dataclass(frozen=True)
class Account:
    login: str
    password: Secret


BANK = Account(LOGIN, Secret(PASSWORD))


def stream_telecom(url: str, account: Account = BANK) -> Gateway:
    return StreamTelecomGateway(
        "it",
        StreamTelecomSettings(
            login=account.login, password=account.password, base_url=f"{url}/stream-telecom/rest"
        ),
    )


def aso_broker(url: str, account: Account = BANK, *channels: AsoChannel) -> AsoBrokerGateway:
    return AsoBrokerGateway(
        "it",
        AsoBrokerSettings(
            login=account.login,
            password=account.password,
            base_url=f"{url}/re-broker-api",
            channels=channels or (AsoChannel.SMS,),
            call_sender="74951234567",
        ),
    )


def smsc(url: str, account: Account = BANK, *, call: bool = False) -> SmscGateway:
    return SmscGateway(
        "it",
        SmscSettings(login=account.login, password=account.password, base_url=f"{url}/sys", call=call),
    )


GATEWAYS = {"stream_telecom": stream_telecom, "aso_broker": aso_broker, "smsc": smsc}


@pytest.fixture(params=GATEWAYS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each gateway with a face in turn."""
    return str(request.param)


def a_message(number: str = NUMBER, life_s: int = 300) -> Message:
    return Message(Msisdn(number), MessageText("Код 481516 & ещё"), "ETALON", life_s, "ref-1")


def sent(gateway: Gateway, message: Message) -> str:
    outcome = gateway.send(message, WITHIN_S)
    assert isinstance(outcome, Accepted)
    assert len(outcome.message_ids) == 1
    return outcome.message_ids[0]


def state(answer: ReceiptAnswer) -> ReceiptState:
    assert isinstance(answer, Receipt)
    return answer.state


def test_a_message_arrives_to_the_letter_and_its_receipt_says_so(rig: Rig, live: str, kind: str) -> None:
    gateway = GATEWAYS[kind](live)
    message_id = sent(gateway, a_message())
    assert rig.inbox() == ["Код 481516 & ещё"]
    assert rig.handset()["messages"][0]["sender"] == "ETALON"
    assert [state(gateway.receipt(message_id, WITHIN_S)) for _ in range(2)] == [
        ReceiptState.PENDING,
        ReceiptState.DELIVERED,
    ]


def test_a_message_to_a_phone_that_is_off_expires_with_its_life(rig: Rig, live: str, kind: str) -> None:
    rig.switch("off")
    gateway = GATEWAYS[kind](live)
    message_id = sent(gateway, a_message(life_s=300))
    rig.clock.move(300)
    states = [state(gateway.receipt(message_id, WITHIN_S)) for _ in range(2)]
    assert states == [ReceiptState.PENDING, ReceiptState.EXPIRED]


@pytest.mark.parametrize("handset", ["unknown", "barred"])
def test_a_message_that_the_handset_cannot_have_is_undelivered(
    rig: Rig, live: str, kind: str, handset: str
) -> None:
    rig.switch(handset)
    gateway = GATEWAYS[kind](live)
    message_id = sent(gateway, a_message())
    states = [state(gateway.receipt(message_id, WITHIN_S)) for _ in range(2)]
    assert states == [ReceiptState.PENDING, ReceiptState.UNDELIVERED]


def test_a_wrong_password_sends_nothing_and_lets_the_next_gateway_try(rig: Rig, live: str, kind: str) -> None:
    gateway = GATEWAYS[kind](live, Account(LOGIN, Secret("wrong")))
    assert isinstance(gateway.send(a_message(), WITHIN_S), Failed)
    assert isinstance(gateway.receipt(f"1-{NUMBER}", WITHIN_S), NoReceipt)
    assert rig.inbox() == []


def test_the_broker_calls_a_number_that_its_sms_did_not_reach(rig: Rig, live: str) -> None:
    rig.switch("off")
    gateway = aso_broker(live, BANK, AsoChannel.SMS, AsoChannel.CALL)
    message_id = sent(gateway, a_message())
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.PENDING
    rig.clock.move(60)
    assert state(gateway.receipt(message_id, WITHIN_S)) is ReceiptState.PENDING
    rig.switch("on")
    assert state(gateway.receipts([message_id], WITHIN_S)[message_id]) is ReceiptState.DELIVERED
    (message,) = rig.handset()["messages"]
    assert (message["text"], message["sender"]) == ("Код 4, 8, 1, 5, 1, 6 & ещё", "call")


def test_smsc_calls_and_tells_of_several_messages_at_once(rig: Rig, live: str) -> None:
    gateway = smsc(live, call=True)
    ids = [sent(gateway, a_message(number)) for number in (NUMBER, "79260000000")]
    assert [message["sender"] for message in rig.handset()["messages"]] == ["call"]
    gateway.receipts(ids, WITHIN_S)
    receipts = gateway.receipts(ids, WITHIN_S)
    assert [state(receipts[one]) for one in ids] == [ReceiptState.DELIVERED] * 2


def test_smsc_turns_away_a_message_that_it_has(live: str) -> None:
    gateway = smsc(live)
    sent(gateway, a_message())
    assert gateway.send(a_message(), WITHIN_S) == Failed("it", "flood")


def test_smsc_refuses_a_number_that_is_none(live: str) -> None:
    assert smsc(live).send(a_message("12"), WITHIN_S) == Refused("it", "number_wrong")


def test_smsc_lists_the_sender_names_that_it_was_given(live: str) -> None:
    settings = SmscSettings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{live}/sys")
    senders = SmscSenders(SmscLink(settings))
    created = senders.create("BANK", "codes", WITHIN_S)
    names = senders.list(WITHIN_S)
    assert isinstance(created, SenderCreated)
    assert isinstance(names, SenderNames)
    assert [(one.name, one.id) for one in names.names] == [("BANK", created.id)]


def test_stream_telecom_tells_the_balance_and_stops_a_flood(live: str) -> None:
    gateway = stream_telecom(live)
    assert isinstance(gateway, StreamTelecomGateway)
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.3"))
    sent(gateway, a_message())
    assert gateway.send(a_message(), WITHIN_S) == Failed("it", "flood")
