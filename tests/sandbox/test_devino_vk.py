from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

VK: dict[str, Any] = {
    "subject": "BANK",
    "priority": "high",
    "routes": ["vk"],
    "validityPeriod": 60,
    "phone": NUMBER,
    "templateId": "123456",
    "templateData": {"code": "4815"},
}
VIBER: dict[str, Any] = {
    "subject": "BANK",
    "priority": "high",
    "validityPeriodSec": 30,
    "type": "viber",
    "contentType": "text",
    "text": "Код 4815",
    "dstAddress": NUMBER,
}
SMS: dict[str, Any] = {
    "srcAddress": "BANKSMS",
    "text": "Код 4815",
    "validityPeriod": 300,
    "dstAddress": NUMBER,
}


def post(rig: Rig, document: object, password: str = PASSWORD) -> TestResponse:
    return rig.client.post("/im/send/vk", data=json.dumps(document), auth=(LOGIN, password))


def send(rig: Rig, document: dict[str, object]) -> dict[str, Any]:
    answer = post(rig, document).get_json()
    assert (answer["code"], answer["description"]) == ("ok", "")
    result = answer["result"]
    assert isinstance(result, dict)
    return result


def status(rig: Rig, message_id: object) -> dict[str, Any]:
    answer = rig.client.get("/im/status/vk", query_string={"message": message_id}, auth=(LOGIN, PASSWORD))
    result = answer.get_json()["result"]
    assert isinstance(result, dict)
    return result


def uses(rig: Rig, **messengers: bool) -> None:
    assert rig.client.post(f"/handsets/{NUMBER}/messengers", json=messengers).status_code == 200


def changed(part: dict[str, Any], **members: object) -> dict[str, Any]:
    return {name: value for name, value in {**part, **members}.items() if value is not None}


def test_the_values_of_the_template_arrive_over_vk(rig: Rig) -> None:
    result = send(rig, {"vk": VK})
    assert result["code"] == "ok"
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == ("code: 4815", "vk:BANK")
    assert status(rig, result["messageId"]) == {
        "providerId": result["messageId"],
        "code": "ok",
        "status": "delivered",
        "statusAt": "2027-01-15 08:00:00",
    }


def test_who_uses_no_vk_gets_viber_and_who_uses_neither_an_sms(rig: Rig) -> None:
    uses(rig, vk=False)
    first = send(rig, {"vk": VK, "viber": VIBER, "sms": SMS})
    told = status(rig, first["messageId"])
    assert (told["status"], told["viberStatus"]["status"], "smsStates" in told) == (
        "undelivered",
        "delivered",
        False,
    )
    uses(rig, viber=False)
    second = send(rig, {"vk": VK, "viber": VIBER, "sms": SMS})
    told = status(rig, second["messageId"])
    assert (told["viberStatus"]["status"], told["viberStatus"]["code"]) == ("undelivered", "not-viber-user")
    assert [state["status"] for state in told["smsStates"]] == ["delivered"]
    assert [message["sender"] for message in rig.handset()["messages"]] == ["viber:BANK", "BANKSMS"]


def test_each_channel_has_its_time(rig: Rig) -> None:
    rig.switch("off")
    result = send(rig, {"vk": VK, "viber": VIBER, "sms": SMS})
    rig.clock.move(60)
    told = status(rig, result["messageId"])
    assert (told["status"], told["viberStatus"]["status"]) == ("vp_expired", "sent")
    rig.clock.move(30)
    rig.switch("on")
    assert [message["sender"] for message in rig.handset()["messages"]] == ["BANKSMS"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"vk": changed(VK, subject=None)}, "subject_not_specified"),
        ({"vk": changed(VK, subject="A SENDER TOO LONG")}, "subject_invalid"),
        ({"vk": changed(VK, priority=None)}, "priority_not_specified"),
        ({"vk": changed(VK, priority="normal")}, "priority_invalid"),
        ({"vk": changed(VK, routes=None)}, "routes_not_specified"),
        ({"vk": changed(VK, routes=["vk", "vk"])}, "routes_invalid"),
        ({"vk": changed(VK, validityPeriod=14)}, "vp_invalid"),
        ({"vk": changed(VK, phone=None)}, "phone_not_specified"),
        ({"vk": changed(VK, phone="BANK")}, "phone_invalid"),
        ({"vk": changed(VK, templateId=None)}, "text_not_specified"),
        ({"vk": changed(VK, templateData="code")}, "text_invalid"),
        ({"vk": VK, "viber": changed(VIBER, subject=None)}, "subject_invalid"),
        ({"vk": VK, "viber": changed(VIBER, priority="normal")}, "priority_invalid"),
        ({"vk": VK, "viber": changed(VIBER, text=None)}, "text_invalid"),
        ({"vk": VK, "viber": changed(VIBER, validityPeriodSec=5)}, "vp_invalid"),
        ({"vk": VK, "sms": changed(SMS, text=None)}, "sms_text_not_specified"),
        ({"vk": VK, "sms": changed(SMS, srcAddress=None)}, "sms_subject_not_specified"),
        ({"vk": VK, "sms": changed(SMS, validityPeriod=None)}, "sms_validity_period_not_specified"),
        ({"vk": VK, "sms": changed(SMS, validityPeriod=59)}, "invalid_sms_validity_period"),
    ],
)
def test_a_message_that_cannot_be_sent_has_a_code(rig: Rig, document: dict[str, object], code: str) -> None:
    assert send(rig, document) == {"code": code}
    assert rig.inbox() == []


@pytest.mark.parametrize(("document", "words"), [([], "invalid_json"), ({}, "messages_not_specified")])
def test_what_cannot_be_read_is_a_wrong_request(rig: Rig, document: object, words: str) -> None:
    answer = post(rig, document)
    assert (answer.status_code, answer.get_json()) == (
        400,
        {"code": "validation_error", "description": words},
    )


def test_a_wrong_account_is_refused(rig: Rig) -> None:
    answer = post(rig, {"vk": VK}, "wrong")
    assert (answer.status_code, answer.get_json()["description"]) == (401, "login_not_specified")


def test_a_message_that_nobody_sent_has_no_state(rig: Rig) -> None:
    assert status(rig, 5) == {"code": "unknown_message_id"}
    answer = rig.client.get("/im/status/vk", auth=(LOGIN, PASSWORD))
    assert answer.get_json() == {"code": "validation_error", "description": "message_not_specified"}


def test_a_service_at_fault_says_so(rig: Rig) -> None:
    rig.fault("sms", "error")
    assert post(rig, {"vk": VK}).get_json()["code"] == "system_error"
