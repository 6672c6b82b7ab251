from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import NUMBER, PASSWORD, Rig

KEY = {"Authorization": f"App {PASSWORD}"}
HOUR = 3600


def query(rig: Rig, *numbers: str) -> list[dict[str, Any]]:
    answer = rig.client.post("/infobip/number/1/query", json={"to": list(numbers or [NUMBER])}, headers=KEY)
    assert answer.status_code == 200
    results = answer.get_json()["results"]
    assert isinstance(results, list)
    return results


def swap(rig: Rig, **members: object) -> TestResponse:
    asked = {"phoneNumber": NUMBER, "period": 24, "consentGranted": True, **members}
    return rig.client.post("/infobip/mi/simswap/1/check", json=asked, headers=KEY)


def test_a_number_that_is_there_has_the_documented_members(rig: Rig) -> None:
    assert query(rig) == [
        {
            "to": NUMBER,
            "mccMnc": "25001",
            "imsi": rig.handset()["imsi"],
            "originalNetwork": {"networkName": "ПАО МТС", "countryName": "Россия"},
            "ported": False,
            "roaming": False,
            "servingMSC": "79168990567",
            "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
            "error": {
                "groupId": 0,
                "groupName": "OK",
                "id": 0,
                "name": "NO_ERROR",
                "description": "No error",
                "permanent": False,
            },
        }
    ]


@pytest.mark.parametrize(
    ("state", "number", "permanent"), [("off", 27, False), ("unknown", 1, True), ("barred", 13, False)]
)
def test_the_state_of_the_handset_is_an_error(rig: Rig, state: str, number: int, permanent: bool) -> None:  # noqa: FBT001 - a row of the table
    rig.switch(state)
    (result,) = query(rig)
    assert (result["error"]["id"], result["error"]["permanent"]) == (number, permanent)
    assert result["status"]["groupName"] == "UNDELIVERABLE"
    assert "imsi" not in result


def test_there_is_a_result_for_each_number(rig: Rig) -> None:
    landline, other, wrong = query(rig, "74951234567", "+79260000000", "x")
    assert landline["error"]["id"] == 11
    assert other["mccMnc"] == "25002"
    assert wrong["status"]["name"] == "REJECTED_PREFIX_MISSING"


def test_a_swap_is_told_within_its_period_only(rig: Rig) -> None:
    assert swap(rig).get_json()["simSwapOccurred"] is False
    rig.client.post(f"/handsets/{NUMBER}/swap")
    told = swap(rig).get_json()
    assert told["simSwapOccurred"] is True
    assert told["networkInfo"] == {"simSwapTimestamp": "2027-01-15T08:00:00.000+00:00"}
    rig.clock.move(24 * HOUR + 1)
    assert swap(rig).get_json()["simSwapOccurred"] is False
    assert swap(rig, period=48).get_json()["simSwapOccurred"] is True


def test_without_coverage_there_is_neither_a_yes_nor_a_no(rig: Rig) -> None:
    answer = swap(rig, phoneNumber="74951234567")
    assert answer.status_code == 400
    assert answer.get_json()["simSwapOccurred"] is None
    assert answer.get_json()["error"]["name"] == "EC_NO_COVERAGE"


@pytest.mark.parametrize(
    "members",
    [
        {"consentGranted": False},
        {"period": 0},
        {"period": 2401},
        {"period": "24"},
        {"period": True},
        {"phoneNumber": 5},
    ],
)
def test_a_wrong_question_is_refused(rig: Rig, members: dict[str, object]) -> None:
    answer = swap(rig, **members)
    assert answer.status_code == 400
    assert answer.get_json()["requestError"]["serviceException"]["messageId"] == "BAD_REQUEST"


@pytest.mark.parametrize("path", ["number/1/query", "mi/simswap/1/check"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "App wrong"}, {"Authorization": f"Basic {PASSWORD}"}]
)
def test_another_key_opens_nothing(rig: Rig, path: str, headers: dict[str, str]) -> None:
    answer = rig.client.post(f"/infobip/{path}", json={"to": [NUMBER]}, headers=headers)
    assert answer.status_code == 401
    assert answer.get_json()["requestError"]["serviceException"]["messageId"] == "UNAUTHORIZED"


def test_its_faults_are_those_of_the_imsi(rig: Rig) -> None:
    rig.fault("imsi", "error")
    assert swap(rig).status_code == 500


@pytest.mark.parametrize("body", [{}, {"to": []}, {"to": NUMBER}, [NUMBER]])
def test_a_query_without_numbers_is_refused(rig: Rig, body: object) -> None:
    assert rig.client.post("/infobip/number/1/query", json=body, headers=KEY).status_code == 400
