from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, START, Rig, make_rig

ACCOUNT = {"login": LOGIN, "psw": PASSWORD, "fmt": "3"}


def ask(rig: Rig, number: str = NUMBER, **members: str) -> dict[str, Any]:
    form = {**ACCOUNT, "phones": f"+{number}", "hlr": "1", "id": "17", **members}
    document = rig.client.post("/sys/send.php", data=form).get_json()
    assert isinstance(document, dict)
    return document


def poll(rig: Rig, number: str = NUMBER, **members: str) -> dict[str, Any]:
    form = {**ACCOUNT, "phone": f"+{number}", "id": "17", **members}
    document = rig.client.post("/sys/status.php", data=form).get_json()
    assert isinstance(document, dict)
    return document


def test_a_request_is_taken_and_nothing_reaches_the_handset(rig: Rig) -> None:
    assert ask(rig) == {"id": 17, "cnt": 1}
    assert rig.inbox() == []


def test_the_answer_has_the_documented_members(rig: Rig) -> None:
    ask(rig)
    assert poll(rig) == {
        "status": 1,
        "last_date": "",
        "last_timestamp": int(START),
        "err": 0,
        "imsi": rig.handset()["imsi"],
        "msc": "79168990567",
        "mcc": "250",
        "mnc": "01",
        "cn": "Россия",
        "net": "ПАО МТС",
        "rcn": "",
        "rnet": "",
    }


def test_more_is_told_where_more_is_asked(rig: Rig) -> None:
    ask(rig)
    one, two = poll(rig, all="1"), poll(rig, all="2")
    assert (one["phone"], one["sender_id"], one["send_timestamp"]) == (NUMBER, "HLR", int(START))
    assert two["operator"] == "ПАО МТС"
    assert "operator" not in one


def test_a_roaming_handset_is_abroad(rig: Rig) -> None:
    rig.client.post(f"/handsets/{NUMBER}/state", json={"state": "on", "roaming": True})
    ask(rig)
    answer = poll(rig)
    assert (answer["rcn"], answer["rnet"]) == ("Турция", "Vodafone TR")


@pytest.mark.parametrize(("state", "status", "err"), [("off", 20, 6), ("unknown", 20, 1), ("barred", 20, 13)])
def test_a_handset_that_cannot_be_reached_has_no_imsi(rig: Rig, state: str, status: int, err: int) -> None:
    rig.switch(state)
    ask(rig)
    answer = poll(rig)
    assert (answer["status"], answer["err"]) == (status, err)
    assert "imsi" not in answer


def test_a_landline_has_no_such_service(rig: Rig) -> None:
    ask(rig, "74951234567")
    assert poll(rig, "74951234567")["err"] == 11


def test_the_answer_comes_after_as_many_polls_as_is_set(data_file: Path) -> None:
    rig = make_rig(data_file, hlr_polls_before_answer=2)
    ask(rig)
    assert [poll(rig)["status"] for _ in range(4)] == [0, 0, 1, 1]


def test_the_sixth_poll_of_a_minute_is_one_too_many(rig: Rig) -> None:
    ask(rig)
    assert [poll(rig).get("error_code") for _ in range(6)] == [None] * 5 + [9]
    rig.clock.move(61)
    assert poll(rig)["status"] == 1


def test_an_id_that_was_never_given_is_not_found(rig: Rig) -> None:
    assert poll(rig)["status"] == -3


@pytest.mark.parametrize(
    ("members", "code"), [({"phones": "x"}, 7), ({"phones": ""}, 1), ({"id": "0"}, 1), ({"psw": "x"}, 2)]
)
def test_a_wrong_request_is_refused(rig: Rig, members: dict[str, str], code: int) -> None:
    assert ask(rig, **members)["error_code"] == code


def test_its_faults_are_those_of_the_hlr(rig: Rig) -> None:
    rig.fault("sms", "error")
    assert ask(rig)["cnt"] == 1
    rig.fault("hlr", "error")
    assert rig.client.post("/sys/send.php", data={**ACCOUNT, "phones": NUMBER, "hlr": "1"}).status_code == 500
    form = {**ACCOUNT, "phone": f"+{NUMBER}", "id": "17"}
    assert rig.client.post("/sys/status.php", data=form).status_code == 500
