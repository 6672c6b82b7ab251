from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

BASIC = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
SMS = {"originator": "smsSender", "ttl": "300", "content": {"text": "Test text"}}
CALL = {"originator": "79009009090", "ttl": "300", "content": {"text": "Test call"}}


def post(rig: Rig, method: str, document: object, basic: str = BASIC) -> TestResponse:
    # Not `json=`, which sorts the members: their order is that of the channels.
    return rig.client.post(
        f"/re-broker-api/{method}",
        data=json.dumps(document),
        content_type="application/json; charset=UTF-8",
        headers={"Authorization": basic},
    )


def send(rig: Rig, **members: object) -> TestResponse:
    """Send one message; a member that is None is left out."""
    message = {"recipient": NUMBER, "message-id": "m-1", "sms": SMS, **members}
    return post(rig, "send", {"messages": [{k: v for k, v in message.items() if v is not None}]})


def status(rig: Rig, *ids: str) -> list[dict[str, Any]]:
    answer = post(rig, "getStatus", {"message-id": list(ids or ["m-1"])})
    assert answer.status_code == 200
    messages = answer.get_json()["messages"]
    assert isinstance(messages, list)
    return messages


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error_code"]


def test_a_message_that_was_taken_has_an_answer_without_a_body(rig: Rig) -> None:
    answer = send(rig)
    assert (answer.status_code, answer.data) == (200, b"")
    (message,) = rig.handset()["messages"]
    assert (message["text"], message["sender"]) == ("Test text", "smsSender")


@pytest.mark.parametrize("basic", ["", "Basic eDp5", "Bearer x"])
def test_nobody_is_let_in_without_the_accounts_password(rig: Rig, basic: str) -> None:
    answer = post(rig, "send", {"messages": [{"recipient": NUMBER, "message-id": "1", "sms": SMS}]}, basic)
    assert answer.status_code == 401
    assert rig.inbox() == []


def test_what_a_message_does_not_say_is_said_for_all(rig: Rig) -> None:
    numbers = [NUMBER, "79260000000"]
    messages = [{"recipient": number, "message-id": number} for number in numbers]
    assert post(rig, "send", {"priority": "", "sms": SMS, "messages": messages}).status_code == 200
    assert [rig.inbox(number) for number in numbers] == [["Test text"], ["Test text"]]


def test_a_template_holds_its_variables(rig: Rig) -> None:
    variables = {"NAME": "IVAN", "CODE": "4815"}
    send(rig, sms=None, variables=variables, **{"template-id": "111"})
    assert rig.inbox() == ["IVAN 4815"]
    send(rig, variables=variables, **{"template-id": "111", "sms": {"ttl": "60"}, "message-id": "m-2"})
    assert rig.inbox() == ["IVAN 4815", "IVAN 4815"]


def test_a_call_says_its_text(rig: Rig) -> None:
    send(rig, sms=None, call={**CALL, "retry-attempts": "1", "retry-timeout": "15000"})
    (message,) = rig.handset()["messages"]
    assert (message["text"], message["sender"]) == ("Test call", "call")
    assert [status(rig)[0]["status"], status(rig)[0]["status"]] == ["Transmitted", "Finished"]


def test_a_status_has_the_members_of_the_api(rig: Rig) -> None:
    send(rig)
    status(rig)
    assert status(rig, "m-1", "nobody's") == [
        {
            "message-id": "m-1",
            "status": "Delivered",
            "status-date": "2027-01-15 08:00:00",
            "description": "Информация отсутствует",
            "channel": "SMS",
        }
    ]


@pytest.mark.parametrize(
    ("handset", "sms", "call"), [("unknown", "Rejected", "Error"), ("barred", "Not Delivered", "Error")]
)
def test_each_channel_has_its_own_words(rig: Rig, handset: str, sms: str, call: str) -> None:
    rig.switch(handset)
    send(rig)
    send(rig, sms=None, call=CALL, **{"message-id": "m-2"})
    status(rig, "m-1", "m-2")
    assert [row["status"] for row in status(rig, "m-1", "m-2")] == [sms, call]


def test_a_phone_that_is_off_does_not_answer(rig: Rig) -> None:
    rig.switch("off")
    send(rig, sms=None, call=CALL)
    rig.clock.move(300)
    status(rig)
    assert status(rig)[0]["status"] == "Not Answered"


def test_the_next_channel_is_tried_when_the_time_of_the_one_before_is_over(rig: Rig) -> None:
    rig.switch("off")
    send(rig, sms={**SMS, "ttl": "60"}, call=CALL)
    assert (status(rig)[0]["channel"], status(rig)[0]["status"]) == ("SMS", "Transmitted")
    rig.clock.move(60)
    assert status(rig)[0]["channel"] == "Call"
    rig.switch("on")
    assert status(rig)[0]["status"] == "Finished"
    assert [message["text"] for message in rig.handset()["messages"]] == ["Test call"]


def test_a_channel_that_delivered_is_the_last(rig: Rig) -> None:
    send(rig, sms={**SMS, "ttl": "60"}, call=CALL)
    rig.clock.move(120)
    status(rig)
    assert [(row["channel"], row["status"]) for row in status(rig)] == [("SMS", "Delivered")]
    assert rig.inbox() == ["Test text"]


def test_the_order_of_the_members_is_that_of_the_channels(rig: Rig) -> None:
    rig.switch("off")
    send(rig, sms=None, call={**CALL, "ttl": "60"}, **{"message-id": "m-2"})
    message = {"recipient": NUMBER, "message-id": "m-1", "call": {**CALL, "ttl": "60"}, "sms": SMS}
    post(rig, "send", {"messages": [message]})
    assert [row["channel"] for row in status(rig, "m-1", "m-2")] == ["Call", "Call"]
    rig.clock.move(60)
    assert [row["channel"] for row in status(rig, "m-1", "m-2")] == ["SMS", "Call"]


def test_a_message_waits_for_its_first_moment(rig: Rig) -> None:
    send(rig, timing={"start-datetime": "2027-01-15 08:10", "localtime": 1, "allowed-endtime": "19:00 "})
    assert (rig.inbox(), status(rig)[0]["status"]) == ([], "Deferred")
    rig.clock.move(600)
    assert rig.inbox() == ["Test text"]


NO_TTL = {"content": {"text": "x"}}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"sms": None}, "103"),
        ({"priority": "urgent"}, "104"),
        ({"recipient": ""}, "202"),
        ({"recipient": "12"}, "202"),
        ({"message-id": None}, "205"),
        ({"variables": ["NAME:IVAN"], "template-id": "111"}, "206"),
        ({"timing": {"localtime": "2"}}, "301"),
        ({"timing": {"start-datetime": "tomorrow"}}, "302"),
        ({"timing": {"end-datetime": "2027-01-15"}}, "303"),
        ({"timing": {"allowed-starttime": "9:00"}}, "304"),
        ({"timing": {"allowed-endtime": "24:00"}}, "305"),
        ({"timing": {"send-evenly": "yes"}}, "306"),
        ({"sms": NO_TTL, "call": CALL}, "403"),
        ({"sms": {"ttl": "60"}}, "404"),
        ({"sms": {"content": "text"}}, "405"),
        ({"sms": "text"}, "405"),
        ({"sms": {"content": {"file": "a.wav"}}}, "406"),
        ({"call": {"content": {"text": "x", "menu": "y"}}}, "406"),
        ({"call": {"content": {"text": "ж" * 1001}}}, "406"),
        ({"sms": {**SMS, "ttl": "0"}}, "407"),
        ({"sms": {**SMS, "ttl": "long"}}, "407"),
        ({"call": {**CALL, "retry-attempts": "-1"}}, "410"),
        ({"call": {**CALL, "retry-timeout": "soon"}}, "411"),
    ],
)
def test_a_request_that_cannot_be_is_refused_by_its_code(
    rig: Rig, members: dict[str, object], code: str
) -> None:
    assert refusal(send(rig, **members)) == (400, code)
    assert rig.inbox() == []


def test_what_is_no_request_is_a_syntax_error(rig: Rig) -> None:
    documents: list[object] = [[], {}, {"messages": [1]}, "text"]
    for method in ("send", "getStatus"):
        for document in documents:
            assert refusal(post(rig, method, document)) == (400, "101")
    answer = rig.client.post("/re-broker-api/send", data=b"{", headers={"Authorization": BASIC})
    assert answer.get_json() == {"error_code": "101", "error_description": "Syntax error"}


def test_too_many_ids_and_none_are_refused(rig: Rig) -> None:
    assert refusal(post(rig, "getStatus", {"message-id": ["1"] * 1001})) == (400, "105")
    assert refusal(post(rig, "getStatus", {"message-id": []})) == (400, "205")


def test_a_broken_broker_answers_100(rig: Rig) -> None:
    rig.fault("sms", "error")
    assert refusal(send(rig)) == (400, "100")
    assert rig.inbox() == []
