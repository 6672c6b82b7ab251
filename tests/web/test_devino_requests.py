"""Requests of every kind to the two-factor face: keys, paths, formats, verbs, what breaks."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from security_service.domain.errors import StoreUnavailable
from security_service.usecases.answers import Answered
from tests.web.rig import BANK, KEY, WebRig

OPERATIONS = ("GenerateCode", "CheckCode")
FORMATS = ("json", "xml", "jsv", "csv")
NUMBER = "79161112211"
BODIES = {
    "json": ("application/json", '{{"DestinationNumber":"{}"}}'),
    "xml": ("application/xml", "<{1}><DestinationNumber>{0}</DestinationNumber></{1}>"),
    "jsv": ("application/jsv", "{{DestinationNumber:{}}}"),
    "csv": ("text/csv", "DestinationNumber\r\n{}\r\n"),
    "form": ("application/x-www-form-urlencoded", "DestinationNumber={}"),
}


def _code(response: TestResponse) -> int:
    return int(json.loads(response.data)["Code"])


def _post(rig: WebRig, path: str = "/GenerateCode", body: object = None, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = json.dumps({"DestinationNumber": NUMBER} if body is None else body)
    return rig.client.post(
        path, data=data, content_type="application/json", headers={"X-ApiKey": KEY, **named}
    )


# --- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-ApiKey", KEY),
        ("X-Api-Key", KEY),
        ("Authorization", f"Bearer {KEY}"),
        ("authorization", f"bearer {KEY}"),
    ],
)
def test_the_key_is_taken_from_any_of_three_headers(name: str, value: str) -> None:
    rig = WebRig()
    response = rig.client.post("/GenerateCode", json={"DestinationNumber": NUMBER}, headers={name: value})
    assert _code(response) == 0
    assert rig.operations.generated[0].request.tenant is BANK


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-ApiKey": ""},
        {"X-ApiKey": "unknown"},
        {"X-ApiKey": KEY.upper()},
        {"X-ApiKey": "k" * 5000},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "k" * 5000},
        {"X-ApiKey": "ключ".encode().decode("latin-1")},
    ],
)
def test_an_unknown_or_absent_key_is_code_1_and_no_use_case_runs(
    operation: str, headers: dict[str, str]
) -> None:
    rig = WebRig()
    response = rig.client.post(f"/{operation}", json={"DestinationNumber": NUMBER}, headers=headers)
    assert (response.status_code, _code(response)) == (200, 1)
    assert rig.operations.generated + rig.operations.checked == []


def test_an_unknown_key_is_told_in_the_asked_format_before_the_body_is_looked_at() -> None:
    response = WebRig().client.post(
        "/xml/reply/CheckCode", data=b"\xff" * 70_000, content_type="image/png", headers={"X-ApiKey": "x"}
    )
    assert response.status_code == 200
    assert b"<Code>1</Code>" in response.data


# --- paths and formats ------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("given_in", BODIES)
@pytest.mark.parametrize("asked", FORMATS)
@pytest.mark.parametrize(
    "path", ["/{f}/reply/{o}", "/{f}/oneway/{o}", "/{o}.{f}", "/{o}?format={f}", "/{o}", "/{o}/"]
)
def test_each_format_is_read_and_another_is_answered_by_path_suffix_query_or_accept(
    operation: str, given_in: str, asked: str, path: str
) -> None:
    rig = WebRig()
    content_type, body = BODIES[given_in]
    answer_type = BODIES[asked][0]
    named = "{f}" in path
    response = rig.client.post(
        path.format(f=asked, o=operation),
        data=body.format(NUMBER, operation),
        content_type=content_type,
        headers={"X-ApiKey": KEY, "Accept": "*/*" if named else answer_type},
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(answer_type)
    numbers = [command.request.number for command in rig.operations.generated]
    numbers += [command.request.number for command in rig.operations.checked]
    assert numbers == [NUMBER]


@pytest.mark.parametrize(
    "path", ["/bson/reply/GenerateCode", "/GenerateCode.bson", "/GenerateCode?format=bson"]
)
def test_an_unknown_format_is_a_fault_in_json(path: str) -> None:
    rig = WebRig()
    response = rig.client.post(path, data="{}", headers={"X-ApiKey": KEY})
    assert (response.status_code, _code(response)) == (400, 112)


@pytest.mark.parametrize("path", ["/generate", "/json/reply/Generate", "/GenerateCode/x", "//GenerateCode"])
def test_a_path_of_no_face_is_a_problem_and_no_redirect(path: str) -> None:
    response = WebRig().client.post(path, data="{}", headers={"X-ApiKey": KEY})
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/{o}", "/csv/reply/{o}", "/{o}.jsv"])
def test_any_verb_but_post_is_405_in_the_envelope_and_says_which_is_taken(
    operation: str, verb: str, path: str
) -> None:
    rig = WebRig()
    response = rig.client.open(path.format(o=operation), method=verb, headers={"X-ApiKey": KEY})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert b"Only POST is allowed here." in response.data
    assert rig.operations.generated + rig.operations.checked == []


# --- what reaches the use case ----------------------------------------------------------------


def test_all_members_reach_generate_code() -> None:
    rig = WebRig()
    body = {
        "destinationNumber": 79161112211,
        "IMSICode": "250011234567890",
        "Purpose": "payment",
        "Amount": "100.50",
        "Currency": "RUB",
        "Payee": "ООО Ромашка",
        "Locale": "en",
        "ClientReference": "mobile-7",
        "LimitKeys": ["a", "b"],
    }
    _post(rig, body=body, Idempotency_Key="retry-1")
    (command,) = rig.operations.generated
    request = command.request
    assert command.imsi_code == "250011234567890"
    assert (request.number, request.purpose, request.amount, request.currency) == (
        NUMBER,
        "payment",
        "100.50",
        "RUB",
    )
    assert (request.payee, request.locale, request.client_reference) == ("ООО Ромашка", "en", "mobile-7")
    assert (request.limit_keys, request.idempotency_key) == (("a", "b"), "retry-1")
    assert request.client_address == "127.0.0.1"


@pytest.mark.parametrize(("code", "was_number"), [("017565", False), (17565, True)])
def test_a_code_that_came_as_a_number_is_told_apart(code: object, *, was_number: bool) -> None:
    rig = WebRig()
    _post(rig, "/CheckCode", {"DestinationNumber": NUMBER, "Code": code})
    (command,) = rig.operations.checked
    assert (command.code, command.code_was_number) == (str(code), was_number)


def test_the_request_id_is_drawn_anew_whatever_the_caller_sends() -> None:
    rig = WebRig()
    for _ in range(2):
        _post(rig, X_Request_Id="mine")
    ids = [command.request.request_id for command in rig.operations.generated]
    assert len(set(ids)) == 2
    assert all(len(one) == 32 and "mine" not in one for one in ids)


@pytest.mark.parametrize("key", ["", "two words", "ключ".encode().decode("latin-1"), "k" * 256, "tab\there"])
def test_an_idempotency_key_that_is_none_is_a_fault(key: str) -> None:
    rig = WebRig()
    response = _post(rig, Idempotency_Key=key)
    assert (response.status_code, _code(response)) == (400, 121)
    assert rig.operations.generated == []


@pytest.mark.parametrize("key", ["k", '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "k" * 255])
def test_an_idempotency_key_of_visible_ascii_is_taken_as_it_is(key: str) -> None:
    rig = WebRig()
    assert _code(_post(rig, Idempotency_Key=key)) == 0
    assert rig.operations.generated[0].request.idempotency_key == key


# --- what breaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_whatever_breaks_is_code_4_in_the_asked_format_and_style(operation: str, name: str) -> None:
    rig = WebRig()
    rig.operations.raises = KeyError(f"secret of {NUMBER}")
    with capture_logs() as logs:
        response = _post(rig, f"/{name}/reply/{operation}")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(BODIES[name][0])
    assert b"Internal Server Error" in response.data
    assert [log["fault"] for log in logs] == ["KeyError"]
    assert NUMBER not in json.dumps(logs)


def test_a_store_that_is_away_while_the_key_is_looked_up_is_code_4() -> None:
    rig = WebRig()
    rig.store.away = True
    with capture_logs() as logs:
        response = _post(rig)
    assert (response.status_code, _code(response)) == (200, 4)
    assert [log["event"] for log in logs] == ["store_unavailable"]


def test_a_use_case_may_raise_that_the_store_is_away_too() -> None:
    rig = WebRig()
    rig.operations.raises = StoreUnavailable()
    with capture_logs():
        assert _code(_post(rig)) == 4


def test_a_refusal_is_logged_by_reason_with_the_callers_own_request_id_and_nothing_personal() -> None:
    rig = WebRig()
    rig.operations.result = Answered(6, "sim_changed", "deny")
    with capture_logs() as logs:
        _post(rig, X_Request_Id="trace-7")
        _post(rig, X_Request_Id="not a request id")
    assert [log["caller_request_id"] for log in logs] == ["trace-7", ""]
    assert {log["reason"] for log in logs} == {"sim_changed"}
    assert NUMBER not in json.dumps(logs)


def test_a_success_is_left_to_the_audit_and_not_logged() -> None:
    with capture_logs() as logs:
        _post(WebRig())
    assert logs == []


@pytest.mark.parametrize("raised", [False, True])
def test_no_fault_echoes_what_it_was_given(*, raised: bool) -> None:
    rig = WebRig()
    rig.operations.raises = ValueError("echo-me") if raised else None
    with capture_logs():
        for body in (b'{"echo-me"', b'{"DestinationNumber":["echo-me"]}', b"<echo-me>"):
            response = rig.client.post(
                "/GenerateCode?format=json&echo-me=1",
                data=body,
                headers={"X-ApiKey": KEY, "Accept": "echo-me"},
            )
            assert b"echo-me" not in response.data
