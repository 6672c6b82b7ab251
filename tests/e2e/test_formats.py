"""Both operations in all four formats over HTTP, against the golden answers of the wire."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.e2e.all_in_one import Running, all_in_one
from tests.e2e.callers import new_number
from tests.web.wire.request_writers import WRITERS, Members

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "wire"
CONTENT_TYPES: Final = {
    "json": "application/json",
    "xml": "application/xml",
    "jsv": "application/jsv",
    "csv": "text/csv",
}
PRINTED_NUMBERS: Final = (b"79169492211", b"79169492283")

every_format = pytest.mark.parametrize("name", list(CONTENT_TYPES))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with all_in_one(tmp_path_factory.mktemp("formats") / "data") as started:
        yield started


def golden(operation: str, file: str) -> bytes:
    folder = {"GenerateCode": "generate_code", "CheckCode": "check_code"}[operation]
    return (GOLDEN / folder / file).read_bytes()


def post(running: Running, path: str, body: bytes, name: str, *, by_path: bool = False) -> httpx.Response:
    """Ask in a format, named by headers or by the path as its clients do."""
    operation = path.rpartition("/")[2]
    target = f"/{name}/reply/{operation}" if by_path else f"/{operation}"
    headers = {"Content-Type": CONTENT_TYPES[name], "Accept": CONTENT_TYPES[name]}
    response = running.bank.http.post(target, content=body, headers=headers)
    assert response.headers["Content-Type"].startswith(CONTENT_TYPES[name])
    return response


@every_format
@pytest.mark.parametrize("by_path", [False, True], ids=["by-header", "by-path"])
def test_a_code_is_sent_and_checked_with_the_documented_answers(
    running: Running, name: str, *, by_path: bool
) -> None:
    number = new_number()

    def ask(operation: str, members: Members) -> bytes:
        body = WRITERS[name](members, operation)
        response = post(running, operation, body, name, by_path=by_path)
        assert response.status_code == 200
        return response.content

    sent = ask("GenerateCode", {"DestinationNumber": number})
    assert sent == golden("GenerateCode", f"answer_sent.{name}")
    code = {"DestinationNumber": number, "Code": running.operator.code(number)}
    assert ask("CheckCode", code) == golden("CheckCode", f"answer_valid.{name}")
    assert ask("CheckCode", code) == golden("CheckCode", f"answer_refused.{name}")


@every_format
@pytest.mark.parametrize("operation", ["GenerateCode", "CheckCode"])
def test_the_manuals_own_requests_are_refused_with_the_documented_answers(
    running: Running, name: str, operation: str
) -> None:
    # The IMSI they name is none of this tenant's form, and the code is nobody's.
    request = golden(operation, f"request.{name}")
    number = new_number().encode()
    for printed in PRINTED_NUMBERS:
        request = request.replace(printed, number)
    response = post(running, operation, request, name)
    assert response.status_code == 200
    assert response.content == golden(operation, f"answer_refused.{name}")


@every_format
@pytest.mark.parametrize(
    ("operation", "member", "length"), [("GenerateCode", "Payee", 141), ("CheckCode", "Code", 17)]
)
def test_what_cannot_be_read_is_a_fault_in_the_same_envelope(
    running: Running, name: str, operation: str, member: str, length: int
) -> None:
    body = WRITERS[name]({"DestinationNumber": new_number(), member: "1" * length}, operation)
    response = post(running, operation, body, name)
    assert response.status_code == 400
    assert response.content == golden(operation, f"answer_fault.{name}")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"DestinationNumber":"7916000\xff"}'),
        ("application/json", b'{"DestinationNumber":"7916\\u0000000"}'),
        ("application/json", b"[" * 20_000),
        ("application/xml", b"<GenerateCode>"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY b "c">]><GenerateCode>&b;</GenerateCode>'),
        ("text/jsv", b"{DestinationNumber:{"),
        ("text/csv", b"DestinationNumber\r\n"),
        ("image/png", b"{}"),
    ],
    ids=str,
)
def test_a_body_that_is_no_request_is_answered_with_400_and_a_fault(
    running: Running, content_type: str, body: bytes
) -> None:
    response = running.bank.http.post("/GenerateCode", content=body, headers={"Content-Type": content_type})
    assert response.status_code == 400
    answer = running.bank.http.post(
        "/GenerateCode?format=json", content=body, headers={"Content-Type": content_type}
    ).json()
    assert int(answer["Code"]) > 99
    assert answer["Description"]


def test_a_body_over_64_kib_is_answered_with_413(running: Running) -> None:
    response = running.bank.http.post("/CheckCode?format=json", content=b" " * (64 * 1024 + 1))
    assert response.status_code == 413
    assert response.headers["Connection"] == "close"
    assert int(response.json()["Code"]) > 99


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/GenerateCode", {"X-ApiKey": "nobody's"}),
        ("PUT", "/GenerateCode", {}),
        ("POST", "/nothing", {}),
        ("POST", "/api/v1/subscribers/79160000001/unlock", {}),
    ],
)
def test_a_call_that_is_refused_unread_leaves_its_connection_to_the_next_one(
    running: Running, method: str, path: str, headers: dict[str, str]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.program.port, timeout=30)
    with closing(connection):
        connection.connect()
        first = connection.sock
        for _ in range(30):
            connection.request(method, path, b'{"DestinationNumber":"79160000001"}', headers)
            response = connection.getresponse()
            response.read()
            assert response.getheader("Connection") != "close"
        assert connection.sock is first
