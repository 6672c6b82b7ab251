from __future__ import annotations

import pytest

from security_service.sandbox.handsets import Handsets, HandsetState
from security_service.sandbox.messengers import Leg, Messenger, Messengers
from security_service.sandbox.submissions import SmsState
from tests.sandbox.rig import NUMBER, Clock, Rig

LEGS = [Leg(Messenger.VK, "vk:A", "a", 60), Leg(Messenger.VIBER, "viber:A", "b", 60), Leg(None, "A", "c", 60)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def handsets(clock: Clock) -> Handsets:
    return Handsets("seed", clock)


@pytest.fixture
def messengers(handsets: Handsets, clock: Clock) -> Messengers:
    return Messengers(handsets, clock)


def told(messengers: Messengers) -> list[tuple[Messenger | None, SmsState, bool]]:
    return [(leg.messenger, leg.state, leg.is_user) for leg in messengers.told("1")]


def senders(handsets: Handsets) -> list[str]:
    return [message.sender for message in handsets.look(NUMBER).messages]


def test_a_message_that_arrives_goes_no_further(messengers: Messengers, handsets: Handsets) -> None:
    messengers.take("1", NUMBER, LEGS)
    assert told(messengers) == [(Messenger.VK, SmsState.DELIVERED, True)]
    assert senders(handsets) == ["vk:A"]


def test_who_uses_no_messenger_gets_the_sms_at_once(messengers: Messengers, handsets: Handsets) -> None:
    for messenger in Messenger:
        messengers.use(NUMBER, messenger, used=False)
    messengers.take("1", NUMBER, LEGS)
    assert told(messengers) == [
        (Messenger.VK, SmsState.ADDRESS_NOT_ALLOWED, False),
        (Messenger.VIBER, SmsState.ADDRESS_NOT_ALLOWED, False),
        (None, SmsState.DELIVERED, True),
    ]
    messengers.use(NUMBER, Messenger.VIBER, used=True)
    assert messengers.used(NUMBER) == {"viber": True, "vk": False}
    assert senders(handsets) == ["A"]


def test_time_takes_a_message_from_channel_to_channel_without_a_question(
    messengers: Messengers, handsets: Handsets, clock: Clock
) -> None:
    handsets.switch(NUMBER, HandsetState.OFF)
    messengers.take("1", NUMBER, LEGS)
    clock.move(130)
    messengers.advance()
    handsets.switch(NUMBER, HandsetState.ON)
    assert senders(handsets) == ["A"]
    assert [leg.at for leg in messengers.told("1")] == [clock.now - 70, clock.now - 10, clock.now]


def test_a_message_whose_last_channel_ends_is_at_its_end(
    messengers: Messengers, handsets: Handsets, clock: Clock
) -> None:
    handsets.switch(NUMBER, HandsetState.OFF)
    messengers.take("1", NUMBER, LEGS)
    clock.move(180)
    messengers.advance()
    assert [state for _, state, _ in told(messengers)] == [SmsState.EXPIRED] * 3


def test_of_a_message_that_nobody_sent_nothing_is_told(messengers: Messengers) -> None:
    assert messengers.told("1") == ()


@pytest.mark.parametrize("document", [[], {"viber": "no"}, {"telegram": True}, None])
def test_what_says_nothing_of_messengers_is_refused(rig: Rig, document: object) -> None:
    assert rig.client.post(f"/handsets/{NUMBER}/messengers", json=document).status_code == 400


def test_a_number_that_is_none_is_refused(rig: Rig) -> None:
    assert rig.client.get("/handsets/BANK/messengers").status_code == 400
    assert rig.client.post("/handsets/BANK/messengers", json={"vk": True}).status_code == 400


def test_a_number_in_any_form_is_the_same_subscriber(rig: Rig) -> None:
    rig.client.post("/handsets/+7-916-123-45-67/messengers", json={"vk": False})
    assert rig.client.get(f"/handsets/{NUMBER}/messengers").get_json() == {"viber": True, "vk": False}
