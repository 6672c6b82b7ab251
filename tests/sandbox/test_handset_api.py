from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.rig import NUMBER, Rig, make_rig


@pytest.mark.parametrize("written", ["79161234567", "+79161234567", "89161234567"])
def test_a_handset_is_shown_under_every_form_of_its_number(rig: Rig, written: str) -> None:
    document = rig.handset(written)
    assert set(document) == {"number", "imsi", "state", "roaming", "messages"}
    assert (document["number"], document["state"], document["messages"]) == (NUMBER, "on", [])
    assert document["imsi"].startswith("25001")


def test_a_message_is_shown_with_text_sender_and_time(rig: Rig) -> None:
    rig.send(Data="Код 1234")
    assert rig.handset()["messages"] == [
        {"text": "Код 1234", "sender": "BANK", "received_at": "2027-01-15T08:00:00.000+00:00"}
    ]


def test_a_swap_answers_the_handset_with_its_new_imsi(rig: Rig) -> None:
    before = rig.handset()
    after = rig.client.post(f"/handsets/{NUMBER}/swap").get_json()
    assert after["imsi"] != before["imsi"]
    assert {**after, "imsi": ""} == {**before, "imsi": ""}
    assert rig.handset() == after


@pytest.mark.parametrize("state", ["on", "off", "unknown", "barred"])
def test_a_state_is_set_and_shown(rig: Rig, state: str) -> None:
    answer = rig.client.post(f"/handsets/{NUMBER}/state", json={"state": state, "roaming": True})
    assert (answer.status_code, answer.get_json()["state"], answer.get_json()["roaming"]) == (
        200,
        state,
        True,
    )
    assert rig.handset()["state"] == state


def test_an_inbox_is_cleared(rig: Rig) -> None:
    rig.send()
    answer = rig.client.delete(f"/handsets/{NUMBER}/messages")
    assert (answer.status_code, answer.get_json()["messages"], rig.inbox()) == (200, [], [])


@pytest.mark.parametrize(
    "body", [{"state": "broken"}, {}, {"state": None}, {"state": "on", "roaming": "yes"}, [], "on"]
)
def test_a_state_that_cannot_be_read_is_told(rig: Rig, body: object) -> None:
    answer = rig.client.post(f"/handsets/{NUMBER}/state", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    assert rig.client.post(f"/handsets/{NUMBER}/state", data=b"\xff{").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/handsets/abc"),
        ("POST", "/handsets/123/swap"),
        ("DELETE", "/handsets/1234567890123456/messages"),
    ],
)
def test_what_is_no_number_is_told(rig: Rig, method: str, path: str) -> None:
    answer = rig.client.open(path, method=method)
    assert answer.status_code == 400
    assert "79031234567" in answer.get_json()["error"]


def test_faults_are_none_at_first_and_shown_as_set(rig: Rig) -> None:
    none = {"mode": "none", "seconds": 0.0, "code": 9, "accepts": False}
    assert rig.client.get("/faults").get_json() == {"sms": none, "hlr": none, "imsi": none}
    answer = rig.client.post("/faults", json={"target": "hlr", "mode": "slow", "seconds": 1.5})
    assert answer.get_json()["hlr"] == {**none, "mode": "slow", "seconds": 1.5}
    assert rig.client.get("/faults").get_json() == answer.get_json()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"target": "voice", "mode": "none"},
        {"target": "sms", "mode": "burning"},
        {"target": "sms", "mode": "slow"},
        {"target": "sms", "mode": "slow", "seconds": -1},
        {"target": "sms", "mode": "slow", "seconds": 601},
        {"target": "sms", "mode": "slow", "seconds": "nan"},
        {"target": "sms", "mode": "slow", "seconds": "soon"},
        {"target": "sms", "mode": "slow", "seconds": [1]},
        {"target": "sms", "mode": "error", "code": 10},
    ],
)
def test_a_fault_that_cannot_be_read_is_told_and_not_set(rig: Rig, body: Any) -> None:  # noqa: ANN401 - JSON holds anything
    before = rig.client.get("/faults").get_json()
    answer = rig.client.post("/faults", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    assert rig.client.get("/faults").get_json() == before


def test_a_swap_and_a_state_are_on_disk_when_they_are_answered(data_file: Path) -> None:
    first = make_rig(data_file)
    first.send(Data="kept")
    swapped = first.client.post(f"/handsets/{NUMBER}/swap").get_json()
    first.switch("off", "79260000000")
    second = make_rig(data_file, seed="another")
    assert second.handset() == swapped
    assert second.inbox() == ["kept"]
    assert second.handset("79260000000")["state"] == "off"
