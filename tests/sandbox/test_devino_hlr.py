from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

CREDENTIALS = {"Login": LOGIN, "Password": PASSWORD}


def ask(rig: Rig, *numbers: str) -> list[str]:
    form = {**CREDENTIALS, "DestinationAddresses": list(numbers or [NUMBER]), "Validity": "5"}
    answer = rig.client.post("/rest/v2/Hlr/SendBulk", data=form)
    assert answer.status_code == 200
    ids = answer.get_json()
    assert isinstance(ids, list)
    return ids


def poll(rig: Rig, *ids: str) -> list[dict[str, Any]]:
    query = {**CREDENTIALS, "messageIds": list(ids)}
    documents = rig.client.get("/rest/v2/Hlr/State", query_string=query).get_json()
    assert isinstance(documents, list)
    return documents


def test_there_is_an_id_for_each_number(rig: Rig) -> None:
    ids = ask(rig, "+70000000001", "80000000002")
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"\d{18}", message_id) for message_id in ids)


def test_the_answer_has_the_documented_members(rig: Rig) -> None:
    ids = ask(rig, "89031234567")
    assert poll(rig, *ids) == [
        {
            "messageId": ids[0],
            "DestinationAddress": "+79031234567",
            "StateCode": 1,
            "StateDesc": "Абонент доступен",
            "Country": "Россия",
            "MobileOperator": "ПАО Вымпел-Коммуникации",
        }
    ]


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("on", 1, "Абонент доступен"),
        ("off", 2, "Абонент временно недоступен"),
        ("unknown", 3, "Абонент не существует"),
        ("barred", 4, "Ошибка запроса"),
    ],
)
def test_the_state_of_the_handset_is_told(rig: Rig, state: str, code: int, words: str) -> None:
    rig.switch(state)
    answer = poll(rig, *ask(rig))[0]
    assert (answer["StateCode"], answer["StateDesc"]) == (code, words)


def test_an_id_that_was_never_given_is_unknown(rig: Rig) -> None:
    answer = poll(rig, "703112828852109314")[0]
    assert (answer["messageId"], answer["StateCode"]) == ("703112828852109314", 99)


def test_the_answer_comes_after_as_many_polls_as_is_set(data_file: Path) -> None:
    rig = make_rig(data_file, hlr_polls_before_answer=2)
    first, second = ask(rig, NUMBER, "79260000000")
    assert [poll(rig, first)[0]["StateCode"] for _ in range(4)] == [0, 0, 1, 1]
    assert [answer["StateCode"] for answer in poll(rig, first, second)] == [1, 0]


def test_both_questions_can_be_asked_in_a_session(rig: Rig) -> None:
    form = {"SessionID": rig.session(), "DestinationAddresses": NUMBER, "Validity": "5"}
    ids = rig.client.post("/rest/Hlr/SendBulk", data=form).get_json()
    query = {"sessionId": form["SessionID"], "messageIds": ids}
    assert rig.client.get("/rest/Hlr/State", query_string=query).get_json()[0]["StateCode"] == 1


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Validity": ""}, 1),
        ({"DestinationAddresses": ""}, 1),
        ({"Login": ""}, 1),
        ({"Validity": "x"}, 2),
        ({"DestinationAddresses": [NUMBER] * 201}, 2),
        ({"Password": "x"}, 4),
        ({"DestinationAddresses": [NUMBER, "x"]}, 6),
    ],
)
def test_a_wrong_question_is_refused(rig: Rig, members: dict[str, str | list[str]], code: int) -> None:
    form = {**CREDENTIALS, "DestinationAddresses": NUMBER, "Validity": "5", **members}
    assert rig.client.post("/rest/v2/Hlr/SendBulk", data=form).get_json()["Code"] == code


def test_200_numbers_are_not_too_many(rig: Rig) -> None:
    assert len(ask(rig, *[NUMBER] * 200)) == 200


def test_a_wrong_poll_is_refused(rig: Rig) -> None:
    assert rig.client.get("/rest/v2/Hlr/State", query_string=CREDENTIALS).get_json()["Code"] == 1
    query = {"SessionID": "x", "messageIds": "1"}
    assert rig.client.get("/rest/Hlr/State", query_string=query).get_json()["Code"] == 3


def test_no_answer_tells_an_imsi(rig: Rig) -> None:
    assert rig.handset()["imsi"] not in str(poll(rig, *ask(rig)))
