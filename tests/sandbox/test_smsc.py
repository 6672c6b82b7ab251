from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

ACCOUNT = {"login": LOGIN, "psw": PASSWORD, "fmt": "3", "charset": "utf-8"}


def ask(rig: Rig, script: str, **members: str) -> TestResponse:
    """Ask a script; a member that is empty is left out."""
    form = {**ACCOUNT, **members}
    return rig.client.post(f"/sys/{script}.php", data={name: text for name, text in form.items() if text})


def told(rig: Rig, script: str, **members: str) -> Any:  # noqa: ANN401 - JSON holds anything
    answer = ask(rig, script, **members)
    assert answer.status_code == 200
    return answer.get_json()


def send(rig: Rig, **members: str) -> dict[str, Any]:
    document = told(rig, "send", **{"phones": f"+{NUMBER}", "mes": "Код 4815", "sender": "BANK", **members})
    assert isinstance(document, dict)
    return document


def status(rig: Rig, message_id: int) -> tuple[int, int]:
    document = told(rig, "status", phone=NUMBER, id=str(message_id))
    return document["status"], document["err"]


def test_a_message_arrives_under_the_id_that_its_sender_gave_it(rig: Rig) -> None:
    assert send(rig, id="17") == {"id": 17, "cnt": 1}
    assert send(rig, mes="ж" * 71)["cnt"] == 2
    assert rig.handset()["messages"][0]["sender"] == "BANK"
    assert rig.inbox() == ["Код 4815", "ж" * 71]


def test_a_get_with_its_parameters_in_the_query_does_the_same(rig: Rig) -> None:
    query = {**ACCOUNT, "phones": NUMBER, "mes": "x"}
    assert rig.client.get("/sys/send.php", query_string=query).get_json()["cnt"] == 1
    assert rig.inbox() == ["x"]


def test_a_call_says_the_text(rig: Rig) -> None:
    assert send(rig, call="1", mes="4, 8, 1, 5")["cnt"] == 1
    (message,) = rig.handset()["messages"]
    assert (message["text"], message["sender"]) == ("4, 8, 1, 5", "call")


def test_a_key_goes_in_place_of_login_and_password(rig: Rig) -> None:
    assert send(rig, login="", psw="", apikey=PASSWORD)["cnt"] == 1
    assert send(rig, login="", psw="", apikey="wrong")["error_code"] == 2


@pytest.mark.parametrize(
    ("fmt", "body"),
    [
        ("3", {"error": "authorise error", "error_code": 2}),
    ],
)
def test_a_wrong_password_is_error_2(rig: Rig, fmt: str, body: dict[str, object]) -> None:
    assert told(rig, "balance", psw="x", fmt=fmt) == body


def test_an_error_comes_in_the_format_that_was_asked_for(rig: Rig) -> None:
    plain = ask(rig, "balance", fmt="")
    assert plain.text.startswith("ERROR = 1 (")
    assert ask(rig, "balance", fmt="1").text == "0,-1"
    assert "<error_code>1</error_code>" in ask(rig, "balance", fmt="2").text


def test_the_states_of_a_message_follow_it(rig: Rig) -> None:
    message_id = send(rig)["id"]
    assert [status(rig, message_id), status(rig, message_id)] == [(0, 0), (1, 0)]
    document = told(rig, "status", phone=NUMBER, id=str(message_id), all="0")
    assert document == {
        "status": 1,
        "last_date": "15.01.2027 08:00:00",
        "last_timestamp": 1_800_000_000,
        "err": 0,
    }


@pytest.mark.parametrize(("handset", "told_of_it"), [("unknown", (20, 1)), ("barred", (20, 13))])
def test_a_message_that_the_handset_cannot_have_fails(
    rig: Rig, handset: str, told_of_it: tuple[int, int]
) -> None:
    rig.switch(handset)
    message_id = send(rig)["id"]
    assert [status(rig, message_id), status(rig, message_id)] == [(0, 0), told_of_it]


def test_a_message_expires_after_its_hours_and_minutes(rig: Rig) -> None:
    rig.switch("off")
    message_id = send(rig, valid="01:05")["id"]
    rig.clock.move(65 * 60 - 1)
    assert [status(rig, message_id), status(rig, message_id)] == [(0, 0), (0, 0)]
    rig.clock.move(1)
    assert status(rig, message_id) == (3, 6)


def test_a_message_of_another_number_or_id_is_not_found(rig: Rig) -> None:
    send(rig, id="17")
    assert told(rig, "status", phone="79260000000", id="17")["status"] == -3
    assert told(rig, "status", phone=NUMBER, id="18")["status"] == -3


def test_of_two_messages_with_one_id_the_last_is_told(rig: Rig) -> None:
    rig.switch("barred")
    send(rig, id="17")
    rig.switch("on")
    send(rig, id="17", mes="again")
    assert [status(rig, 17), status(rig, 17)] == [(0, 0), (1, 0)]


def test_several_messages_are_told_of_in_the_order_asked(rig: Rig) -> None:
    send(rig, id="1")
    send(rig, id="2", phones="79260000000")
    rows = told(rig, "status", phone=f"79260000000,{NUMBER},", id="2,1,")
    assert [(row["id"], row["phone"]) for row in rows] == [(2, "79260000000"), (1, NUMBER)]
    assert isinstance(told(rig, "status", phone=f"{NUMBER},", id="1,"), list)
    assert told(rig, "status", phone=NUMBER, id="1,2")["error_code"] == 1


def test_the_sixth_question_about_a_message_in_a_minute_is_error_9(rig: Rig) -> None:
    message_id = send(rig)["id"]
    for _ in range(5):
        status(rig, message_id)
    question = {"phone": NUMBER, "id": str(message_id)}
    assert told(rig, "status", **question)["error_code"] == 9
    rig.clock.move(60)
    assert "error_code" not in told(rig, "status", **question)


def test_the_same_message_again_within_a_minute_is_error_9(rig: Rig) -> None:
    send(rig, id="1")
    assert send(rig, id="1")["error_code"] == 9
    assert "error_code" not in send(rig, id="2")
    rig.clock.move(60)
    assert "error_code" not in send(rig, id="1")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"phones": ""}, 1),
        ({"mes": ""}, 1),
        ({"login": ""}, 1),
        ({"mes": "a" * 1001}, 1),
        ({"sender": "TWELVECHARSX"}, 1),
        ({"id": "0"}, 1),
        ({"id": "2147483648"}, 1),
        ({"id": "x"}, 1),
        ({"valid": "00:00"}, 5),
        ({"valid": "24:01"}, 5),
        ({"valid": "5"}, 5),
        ({"phones": "12"}, 7),
    ],
)
def test_a_request_that_cannot_be_is_refused_by_its_number(
    rig: Rig, members: dict[str, str], code: int
) -> None:
    assert send(rig, **members)["error_code"] == code
    assert rig.inbox() == []


def test_without_money_nothing_is_sent(data_file: Path) -> None:
    rig = make_rig(data_file, balance=0.0)
    assert send(rig)["error_code"] == 3
    assert told(rig, "balance") == {"balance": "0.0"}


def test_a_sender_name_waits_for_its_moderator_and_is_then_admitted(rig: Rig) -> None:
    created = told(rig, "senders", add="1", sender="BANK", cmt="codes")
    assert told(rig, "senders", get="1", all="1") == [
        {"sender": "BANK", "status": 0, "id": created["sender"]}
    ]
    assert told(rig, "senders", get="1") == []
    rig.clock.move(60)
    assert told(rig, "senders", get="1") == [{"sender": "BANK", "id": created["sender"]}]
    assert told(rig, "senders", get="1", all="1")[0]["status"] == 1


@pytest.mark.parametrize("name", ["TWELVECHARSX", "БАНК", "TAKEN"])
def test_a_sender_name_that_cannot_be_saved_is_error_5(rig: Rig, name: str) -> None:
    told(rig, "senders", add="1", sender="TAKEN")
    assert told(rig, "senders", add="1", sender=name)["error_code"] == 5


def test_the_fourth_list_and_the_sixth_creation_in_a_minute_are_error_9(rig: Rig) -> None:
    lists = [told(rig, "senders", get="1", all="1") for _ in range(4)]
    assert lists[:3] == [[], [], []]
    assert lists[3]["error_code"] == 9
    created = [told(rig, "senders", add="1", sender=f"BANK{number}") for number in range(6)]
    assert [document.get("error_code") for document in created] == [None] * 5 + [9]


def test_senders_want_to_be_listed_or_added(rig: Rig) -> None:
    assert told(rig, "senders")["error_code"] == 1


def test_a_broken_service_answers_with_no_error_of_the_tables(rig: Rig) -> None:
    rig.fault("sms", "error")
    answer = ask(rig, "send", phones=NUMBER, mes="x")
    assert answer.status_code == 500
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.text)
    assert rig.inbox() == []
