from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

FORM = {"DestinationAddress": NUMBER, "SourceAddress": "BANK", "Data": "Код 4815", "Validity": "2"}
ACCOUNT = {"Login": LOGIN, "Password": PASSWORD}


def post(rig: Rig, resource: str, **members: str) -> TestResponse:
    given = {name: text for name, text in {**FORM, **members}.items() if text}
    return rig.client.post(f"/rest/v2/Viber/{resource}", data={**ACCOUNT, **given})


def state(rig: Rig, message_id: str) -> dict[str, Any]:
    query = {**ACCOUNT, "messageId": message_id}
    document = rig.client.get("/rest/v2/Viber/State", query_string=query).get_json()
    assert isinstance(document, dict)
    return document


def test_a_text_arrives_over_viber_and_is_told_delivered(rig: Rig) -> None:
    (message_id,) = post(rig, "Send").get_json()
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == ("Код 4815", "viber:BANK")
    told = state(rig, message_id)
    assert (told["State"], told["StateDescription"], told["ResentSms"]) == (
        2,
        "Доставлено (не прочитано)",
        [],
    )


def test_the_face_with_a_session_does_the_same(rig: Rig) -> None:
    session = rig.session()
    answer = rig.client.post("/rest/Viber/Send", data={**FORM, "SessionID": session})
    query = {"sessionId": session, "messageId": answer.get_json()[0]}
    assert rig.client.get("/rest/Viber/State", query_string=query).get_json()["State"] == 2


def test_an_sms_follows_where_viber_fails_and_only_if_it_was_asked_for(rig: Rig) -> None:
    rig.client.post(f"/handsets/{NUMBER}/messengers", json={"viber": False})
    (alone,) = post(rig, "Send").get_json()
    assert (state(rig, alone)["State"], rig.inbox()) == (4, [])
    (followed,) = post(rig, "SendWithResend", Data="ж" * 71).get_json()
    told = state(rig, followed)
    assert (told["State"], [row["State"] for row in told["ResentSms"]]) == (4, [0, 0])
    assert [message["sender"] for message in rig.handset()["messages"]] == ["BANK"]


def test_a_message_that_nobody_saw_in_time_is_expired(rig: Rig) -> None:
    rig.switch("off")
    (message_id,) = post(rig, "Send").get_json()
    assert state(rig, message_id)["State"] == 1
    rig.clock.move(120)
    assert state(rig, message_id)["State"] == 7


def test_an_unknown_message_is_unknown(rig: Rig) -> None:
    assert (state(rig, "GW1")["State"], state(rig, "GW1")["ReportedDateUtc"]) == (6, None)


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"Data": ""}, 1, "error-content-not-specified"),
        ({"DestinationAddress": ""}, 1, "error-address-not-specified"),
        ({"SourceAddress": ""}, 1, "error-subject-not-specified"),
        ({"DestinationAddress": "BANK"}, 1, "error-address-format"),
        ({"SourceAddress": "A SENDER TOO LONG"}, 1, "error-subject-format"),
        ({"Data": "x" * 1001}, 2, "Message text is longer than 1000 characters"),
        ({"Validity": "0"}, 1, "error-validity-period-seconds-format"),
        ({"Validity": "1441"}, 1, "error-validity-period-seconds-format"),
        ({"Password": "wrong"}, 4, "Invalid user login or password"),
    ],
)
def test_what_cannot_be_sent_has_a_code_and_words(
    rig: Rig, members: dict[str, str], code: int, words: str
) -> None:
    assert post(rig, "Send", **members).get_json() == {"Code": code, "Desc": words}
    assert rig.inbox() == []


def test_a_service_at_fault_says_so(rig: Rig) -> None:
    rig.fault("sms", "error", code=8)
    assert post(rig, "Send").get_json()["Code"] == 8
