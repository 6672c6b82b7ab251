"""Every answer of both operations in every format, to the letter (Devino manual 18.3, 18.4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from security_service.usecases.answers import (
    Answered,
    CheckAnswer,
    GenerateAnswer,
    IdempotencyConflict,
    OperationResult,
)
from security_service.web.devino_words import ANSWERS, FaceFault
from security_service.web.secured_response import SECURITY_HEADERS
from security_service.web.wire.faults import FaultCode
from security_service.web.wire.messages import OperationName
from tests.web.rig import KEY, ODD_KEY, WebRig
from tests.web.transcripts import BODY, transcript

GOLDEN = Path(__file__).parents[1] / "golden" / "devino"
OPERATIONS = ("GenerateCode", "CheckCode")
FORMATS = ("json", "xml", "jsv", "csv")

# As chapter 18 prints them; lines that the page broke are joined.
PRINTED = {
    "GenerateCode": {
        0: "Code Sent",
        1: "Invalid ApiKey",
        2: "Invalid Phone",
        3: "Limit requsts by time is over",
        4: "Internal Server Error",
        5: "Error sending message",
        6: "Invalid IMSI Code",
        7: "Code Exist",
    },
    "CheckCode": {
        0: "Valid Code",
        1: "Invalid ApiKey",
        2: "Invalid Phone",
        3: "Limit requsts by time is over",
        4: "Internal Server Error",
        5: "Code not Found",
        6: "Code Expired",
    },
}


def _post(rig: WebRig, operation: str, key: str = KEY) -> dict[str, object]:
    response = rig.client.post(
        f"/{operation}", data=BODY, content_type="application/json", headers={"X-ApiKey": key}
    )
    assert response.status_code == 200
    answer: dict[str, object] = json.loads(response.data)
    return answer


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_answer_is_written_as_the_golden_file_has_it(operation: str, name: str) -> None:
    assert transcript(operation, name) == (GOLDEN / f"{operation}.{name}.txt").read_bytes()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_descriptions_are_those_that_the_manual_prints(operation: str) -> None:
    rig = WebRig()
    answers = {}
    for code in PRINTED[operation]:
        rig.operations.result = Answered(code, "told")
        answers[code] = _post(rig, operation)["Description"]
    assert answers == PRINTED[operation]


def test_every_code_of_a_use_case_has_words_and_no_other_code_has() -> None:
    assert set(ANSWERS[OperationName.GENERATE_CODE]) == {code.value for code in GenerateAnswer}
    assert set(ANSWERS[OperationName.CHECK_CODE]) == {code.value for code in CheckAnswer}


def test_the_code_is_a_string_from_one_operation_and_a_number_from_the_other_as_the_examples_show() -> None:
    assert _post(WebRig(), "GenerateCode") == {"Code": "0", "Description": "Code Sent"}
    assert _post(WebRig(), "CheckCode") == {"Code": 0, "Description": "Valid Code"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_tenant_that_asks_for_it_gets_numbers_and_small_initials(operation: str) -> None:
    assert _post(WebRig(), operation, ODD_KEY) == {"code": 0, "description": PRINTED[operation][0]}


def test_a_tenant_that_asks_for_it_gets_its_own_xml_namespace() -> None:
    response = WebRig().client.post("/xml/reply/CheckCode", json={}, headers={"X-ApiKey": ODD_KEY})
    assert b'xmlns="urn:odd"' in response.data


@pytest.mark.parametrize(
    ("result", "header", "value"),
    [
        (Answered(3, "limit_requests", retry_after_s=42), "Retry-After", "42"),
        (Answered(3, "limit_requests", retry_after_s=0), "Retry-After", "1"),
        (Answered(3, "disabled"), "Retry-After", None),
        (Answered(6, "sim_changed", "deny"), "X-Etalon-Verdict", "deny"),
        (Answered(6, "no_step_up", "step_up"), "X-Etalon-Verdict", "step_up"),
        (Answered(0, "sent"), "X-Etalon-Verdict", None),
        (IdempotencyConflict(), "Retry-After", None),
    ],
)
def test_a_refusal_says_in_headers_when_to_come_back_and_which_verdict_it_was(
    result: OperationResult, header: str, value: str | None
) -> None:
    rig = WebRig()
    rig.operations.result = result
    response = rig.client.post("/GenerateCode", json={}, headers={"X-ApiKey": KEY})
    assert response.headers.get(header) == value


@pytest.mark.parametrize("key", [KEY, "unknown"])
def test_every_answer_forbids_keeping_framing_and_guessing_its_type(key: str) -> None:
    response = WebRig().client.post("/GenerateCode", json={}, headers={"X-ApiKey": key})
    for name, value in SECURITY_HEADERS:
        assert response.headers.getlist(name) == [value]


def test_no_number_of_a_fault_is_given_twice() -> None:
    own, wire = {fault.value for fault in FaceFault}, {fault.value for fault in FaultCode}
    assert own & wire == set()
    assert min(own | wire) > 99
