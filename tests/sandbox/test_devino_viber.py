from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

MESSAGE: dict[str, Any] = {
    "subject": "BANK",
    "priority": "high",
    "validityPeriodSec": 60,
    "comment": "comment",
    "type": "viber",
    "contentType": "text",
    "content": {"text": "Код 4815"},
    "address": NUMBER,
}
SMS = {"smsText": "Код 4815 по SMS", "smsSrcAddress": "BANKSMS", "smsValidityPeriodSec": 300}


def post(rig: Rig, path: str, document: object, password: str = PASSWORD) -> TestResponse:
    return rig.client.post(f"/viber{path}", data=json.dumps(document), auth=(LOGIN, password))


def send(rig: Rig, resend: str = "false", /, **members: object) -> dict[str, Any]:
    message = {name: value for name, value in {**MESSAGE, **members}.items() if value is not None}
    answer = post(rig, "/send", {"resendSms": resend, "messages": [message]}).get_json()
    assert answer["status"] == "ok"
    (row,) = answer["messages"]
    assert isinstance(row, dict)
    return row


def status(rig: Rig, *ids: object) -> list[dict[str, Any]]:
    answer = post(rig, "/status", {"messages": list(ids)}).get_json()
    assert answer["status"] == "ok"
    rows = answer["messages"]
    assert isinstance(rows, list)
    return rows


def uses_no_viber(rig: Rig) -> None:
    answer = rig.client.post(f"/handsets/{NUMBER}/messengers", json={"viber": False})
    assert answer.get_json() == {"viber": False, "vk": True}


def test_a_text_arrives_over_viber_and_is_told_delivered(rig: Rig) -> None:
    row = send(rig)
    assert row["code"] == "ok"
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == ("Код 4815", "viber:BANK")
    assert status(rig, row["providerId"]) == [
        {
            "providerId": row["providerId"],
            "code": "ok",
            "status": "delivered",
            "statusAt": "2027-01-15 08:00:00",
        }
    ]


def test_what_messages_share_stands_once(rig: Rig) -> None:
    document = {
        "resendSms": "false",
        "commonData": {name: value for name, value in MESSAGE.items() if name != "address"},
        "messages": [
            {"address": NUMBER},
            {"priority": "low", "content": {"text": "Message text"}, "address": NUMBER},
        ],
    }
    answer = post(rig, "/send", document).get_json()
    assert [row["code"] for row in answer["messages"]] == ["ok", "ok"]
    assert rig.inbox() == ["Код 4815", "Message text"]


def test_a_subscriber_without_viber_gets_the_sms_at_once(rig: Rig) -> None:
    uses_no_viber(rig)
    row = send(rig, "true", **SMS)
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == ("Код 4815 по SMS", "BANKSMS")
    (told,) = status(rig, row["providerId"])
    assert [state["status"] for state in told["smsStates"]] == ["delivered"]


def test_a_phone_that_is_off_gets_the_sms_when_viber_has_had_its_time(rig: Rig) -> None:
    rig.switch("off")
    row = send(rig, "true", **SMS)
    assert status(rig, row["providerId"])[0]["status"] == "sent"
    rig.clock.move(61)
    rig.switch("on")
    assert [message["sender"] for message in rig.handset()["messages"]] == ["BANKSMS"]
    (told,) = status(rig, row["providerId"])
    assert ("status" in told, [state["status"] for state in told["smsStates"]]) == (False, ["delivered"])


def test_a_phone_that_is_on_in_time_gets_no_sms(rig: Rig) -> None:
    rig.switch("off")
    send(rig, "true", **SMS)
    rig.clock.move(30)
    rig.switch("on")
    rig.clock.move(3600)
    assert [message["sender"] for message in rig.handset()["messages"]] == ["viber:BANK"]


@pytest.mark.parametrize(
    ("handset", "expected"),
    [("unknown", ("undelivered", "not-viber-user")), ("barred", ("undelivered", "user-blocked"))],
)
def test_without_an_sms_a_failure_is_told_with_its_reason(
    rig: Rig, handset: str, expected: tuple[str, str]
) -> None:
    rig.switch(handset)
    (told,) = status(rig, send(rig)["providerId"])
    assert (told["status"], told["errorCode"]) == expected


def test_a_message_that_nobody_saw_in_time_is_expired(rig: Rig) -> None:
    rig.switch("off")
    row = send(rig)
    rig.clock.move(60)
    assert status(rig, row["providerId"])[0]["status"] == "vp_expired"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"subject": None}, "error-subject-not-specified"),
        ({"subject": "A SENDER TOO LONG"}, "error-subject-format"),
        ({"address": None}, "error-address-not-specified"),
        ({"address": "BANK"}, "error-address-format"),
        ({"priority": "medium"}, "error-priority-format"),
        ({"type": "vk"}, "error-instant-message-type-format"),
        ({"contentType": "video"}, "error-content-type-format"),
        ({"content": None}, "error-content-not-specified"),
        ({"content": {"text": "x"}}, "error-content-type-format"),
        ({"content": {"text": "x" * 1001}}, "error-content-type-format"),
        ({"contentType": "button"}, "error-content-not-specified"),
        ({"validityPeriodSec": 29}, "error-validity-period-seconds-format"),
        ({"validityPeriodSec": 86401}, "error-validity-period-seconds-format"),
        ({"validityPeriodSec": "soon"}, "error-validity-period-seconds-format"),
        ({"smsText": "x"}, "error-resend-sms-error"),
    ],
)
def test_a_message_that_cannot_be_sent_has_a_code(rig: Rig, members: dict[str, object], code: str) -> None:
    assert send(rig, **members) == {"code": code}
    assert rig.inbox() == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({**SMS, "smsText": None}, "error-resend-sms-error"),
        ({**SMS, "smsSrcAddress": None}, "error-resend-sms-error"),
        ({**SMS, "smsValidityPeriodSec": 59}, "error-resend-sms-validity-period-error"),
        (
            {**SMS, "contentType": "image", "content": {"imageUrl": "http://company.com/image.jpg"}},
            "error-resend-sms-error",
        ),
    ],
)
def test_an_sms_to_follow_must_be_whole(rig: Rig, members: dict[str, object], code: str) -> None:
    assert send(rig, "true", **members) == {"code": code}


def test_pictures_and_buttons_are_shown_by_what_they_say(rig: Rig) -> None:
    button = {"text": "Нажмите", "caption": "Сюда", "action": "http://company.com/resource"}
    assert send(rig, contentType="button", content=button)["code"] == "ok"
    picture = {"imageUrl": "http://company.com/image.jpg"}
    assert send(rig, contentType="image", content=picture)["code"] == "ok"
    assert rig.inbox() == ["Нажмите", "http://company.com/image.jpg"]


def test_a_state_has_a_code_of_its_own(rig: Rig) -> None:
    known = send(rig)["providerId"]
    assert [row["code"] for row in status(rig, known, 5, "x", 7, 7)] == [
        "ok",
        "error-instant-message-provider-id-unknown",
        "error-instant-message-provider-id-format",
        "error-instant-message-provider-id-duplicate",
        "error-instant-message-provider-id-duplicate",
    ]


@pytest.mark.parametrize("document", [None, [], {}, {"messages": []}, {"messages": [5] * 101}])
@pytest.mark.parametrize("path", ["/send", "/status"])
def test_what_cannot_be_read_is_a_wrong_syntax(rig: Rig, path: str, document: object) -> None:
    answer = post(rig, path, document)
    assert (answer.status_code, answer.get_json()) == (400, {"status": "error-syntax"})


def test_a_wrong_account_is_refused(rig: Rig) -> None:
    answer = post(rig, "/send", {"messages": [MESSAGE]}, "wrong")
    assert (answer.status_code, answer.get_json()) == (401, {"status": "error-auth"})
    assert rig.client.post("/viber/status", data="{}").status_code == 401


def test_a_service_at_fault_says_so(rig: Rig) -> None:
    rig.fault("sms", "error")
    assert post(rig, "/send", {"messages": [MESSAGE]}).get_json() == {"status": "error-system"}
