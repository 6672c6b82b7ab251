from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

REST = "/stream-telecom/rest"
CREDENTIALS = {"login": LOGIN, "password": PASSWORD}


def key(rig: Rig) -> str:
    answer = rig.client.post(f"{REST}/Session/session.php", data=CREDENTIALS)
    assert re.fullmatch(r'"[0-9A-Z]{36}"', answer.text)
    return str(answer.get_json())


def send(rig: Rig, **members: str) -> TestResponse:
    """Send with the example's members; one that is empty is left out."""
    form = {
        "sessionId": key(rig),
        "sourceAddress": "SMS Bank",
        "destinationAddress": NUMBER,
        "data": "testdata",
        "validity": "10",
        **members,
    }
    return rig.client.post(f"{REST}/Send/SendSms/", data={name: text for name, text in form.items() if text})


def state(rig: Rig, message_id: str) -> int:
    form = {"sessionId": key(rig), "messageId": message_id}
    return int(rig.client.post(f"{REST}/State/state.php", data=form).get_json()["State"])


def error(answer: TestResponse) -> tuple[int, dict[str, object]]:
    return answer.status_code, answer.get_json()


def test_a_session_key_is_had_by_get_and_by_post(rig: Rig) -> None:
    answer = rig.client.get(f"{REST}/Session/", query_string=CREDENTIALS)
    assert (answer.status_code, len(answer.get_json())) == (200, 36)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert key(rig) != answer.get_json()


def test_a_wrong_password_is_code_4(rig: Rig) -> None:
    answer = rig.client.post(f"{REST}/Session/session.php", data={**CREDENTIALS, "password": "x"})
    assert error(answer) == (401, {"Code": 4, "Desc": "UnauthorizedAccess"})


def test_the_balance_is_a_bare_number(rig: Rig) -> None:
    form = {"sessionId": key(rig)}
    assert rig.client.post(f"{REST}/Balance/balance.php", data=form).text == "20015.3"
    assert rig.client.get(f"{REST}/Balance/", query_string=form).text == "20015.3"


def test_a_message_arrives_and_has_an_id_a_segment(rig: Rig) -> None:
    answer = send(rig)
    assert answer.status_code == 200
    assert re.fullmatch(r'\["\d{9}"\]', answer.text)
    assert rig.inbox() == ["testdata"]
    assert len(set(send(rig, data="ж" * 71).get_json())) == 2


def test_the_state_has_the_members_of_the_manual(rig: Rig) -> None:
    message_id = send(rig).get_json()[0]
    assert state(rig, message_id) == -1
    query = {"sessionId": key(rig), "messageId": message_id}
    assert rig.client.get(f"{REST}/State/", query_string=query).text == (
        r'{"State":0,"ReportedDateUtc":"\/Date(1800000000000)\/","StateDescription":"Delivered","Price":0.5}'
    )


@pytest.mark.parametrize(("handset", "code"), [("unknown", 42), ("barred", 42)])
def test_a_message_that_the_handset_cannot_have_is_not_delivered(rig: Rig, handset: str, code: int) -> None:
    rig.switch(handset)
    message_id = send(rig).get_json()[0]
    assert [state(rig, message_id), state(rig, message_id)] == [-1, code]


def test_a_message_expires_after_its_minutes(rig: Rig) -> None:
    rig.switch("off")
    message_id = send(rig, validity="5").get_json()[0]
    rig.clock.move(5 * 60 - 1)
    assert [state(rig, message_id), state(rig, message_id)] == [-1, -1]
    rig.clock.move(1)
    assert state(rig, message_id) == 46


def test_without_a_validity_a_message_lives_a_day(rig: Rig) -> None:
    rig.switch("off")
    send(rig, validity="")
    rig.clock.move(24 * 3600 - 1)
    rig.switch("on")
    assert rig.inbox() == ["testdata"]


def test_a_deferred_message_waits_for_its_date(rig: Rig) -> None:
    send(rig, sendDate="2027-01-15T08:10:00")
    assert rig.inbox() == []
    rig.clock.move(600)
    assert rig.inbox() == ["testdata"]


@pytest.mark.parametrize("missing", ["sessionId", "sourceAddress", "destinationAddress", "data"])
def test_a_parameter_that_is_missing_is_code_1(rig: Rig, missing: str) -> None:
    assert error(send(rig, **{missing: ""})) == (400, {"Code": 1, "Desc": "ArgumentCanNotBeNullOrEmpty"})


@pytest.mark.parametrize(
    "members",
    [
        {"destinationAddress": "12"},
        {"sourceAddress": "TWELVECHARSX"},
        {"validity": "soon"},
        {"validity": "0"},
        {"sendDate": "tomorrow"},
    ],
)
def test_an_argument_that_cannot_be_is_code_2(rig: Rig, members: dict[str, str]) -> None:
    assert error(send(rig, **members)) == (400, {"Code": 2, "Desc": "InvalidArgument"})
    assert rig.inbox() == []


def test_a_key_that_was_never_given_or_is_over_is_code_3(rig: Rig) -> None:
    refused = (400, {"Code": 3, "Desc": "InvalidSessionID"})
    assert error(send(rig, sessionId="967648e7c4bc8895182862a8f0490f5e")) == refused
    old = key(rig)
    rig.clock.move(120 * 60)
    assert error(send(rig, sessionId=old)) == refused


def test_without_money_nothing_is_sent(data_file: Path) -> None:
    rig = make_rig(data_file, balance=0.0)
    assert error(send(rig)) == (403, {"Code": 5, "Desc": "NotEnoughCredits"})


def test_the_same_text_again_within_a_minute_is_a_flood(rig: Rig) -> None:
    assert send(rig).status_code == 200
    assert error(send(rig)) == (400, {"Code": 10, "Desc": "Flood SMS"})
    assert send(rig, data="other").status_code == 200
    assert send(rig, destinationAddress="79260000000").status_code == 200
    rig.clock.move(60)
    assert send(rig).status_code == 200
    assert rig.inbox() == ["testdata", "other", "testdata"]


def test_an_id_that_nobody_got_is_code_2(rig: Rig) -> None:
    form = {"sessionId": key(rig), "messageId": "1"}
    assert error(rig.client.post(f"{REST}/State/state.php", data=form))[1]["Code"] == 2


@pytest.mark.parametrize(("code", "status"), [(5, 403), (7, 403), (8, 500), (9, 500)])
def test_errors_can_be_had_as_a_fault(rig: Rig, code: int, status: int) -> None:
    rig.fault("sms", "error", code=code)
    answer = send(rig)
    assert (answer.status_code, answer.get_json()["Code"]) == (status, code)
    assert rig.inbox() == []
