"""Imports, exports and bulk re-verifications by the management API; files are read as streams."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Response

from security_service.domain.access import Role
from security_service.domain.transfers import ImportState
from tests.web.rig import BANK, NUMBER, ODD, WebRig, as_role, bearer

IMSI = "250011234567890"
FILE = f"number,imsi\n{NUMBER.digits},{IMSI}\n123,\n"
IMPORTS, BULK = "/api/v1/imports", "/api/v1/bulk-reverifications"
LEAD = as_role(Role.LEAD)


@pytest.fixture
def rig() -> WebRig:
    return WebRig()


def post(rig: WebRig, text: str, query: str = "") -> TestResponse:
    return rig.client.post(f"{IMPORTS}{query}", data=text, content_type="text/csv", headers=LEAD)


class _Pieces:
    """A server's stream: a piece at a time, and nothing behind the last."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def read(self, _size: int = -1) -> bytes:
        return next(self.pieces, b"")


def streamed(rig: WebRig, pieces: Iterator[bytes], length: int | None, query: str = "") -> Response:
    """Send a body as the server hands it over: it ends by itself, whatever length was told."""
    environ = EnvironBuilder(f"{IMPORTS}{query}", method="POST", headers=Headers(LEAD)).get_environ()
    environ |= {"CONTENT_TYPE": "text/csv", "wsgi.input": _Pieces(pieces), "wsgi.input_terminated": True}
    environ["CONTENT_LENGTH"] = "" if length is None else str(length)
    return Response.from_app(rig.app, environ)


def test_a_file_is_imported_and_its_refused_rows_are_told(rig: WebRig) -> None:
    answer = post(rig, FILE, f"?file=base.csv&id={'a' * 32}")
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert (told["state"], told["file"], told["actor"]) == ("done", "base.csv", "lead")
    assert told["counts"] == {"left": 0, "read": 2, "refused": 1, "written": 1}
    one = f"{IMPORTS}/{'a' * 32}"
    assert rig.client.get(one, headers=LEAD).get_json() == told
    assert rig.client.get(IMPORTS, headers=LEAD).get_json() == {"imports": [told]}
    rows = rig.client.get(f"{one}/refused?limit=1", headers=LEAD).get_json()
    assert rows == {"rows": [{"line": 3, "reason": "number"}], "next": 1}
    assert rig.client.get(f"{one}/refused?first=1", headers=LEAD).get_json() == {"rows": [], "next": 0}
    assert IMSI not in answer.text


def test_a_file_may_be_far_greater_than_any_other_body(rig: WebRig) -> None:
    rows = "".join(f"7916{place:07d},{IMSI}\n" for place in range(10_000))
    answer = post(rig, f"number,imsi\n{rows}")
    assert answer.get_json()["counts"]["written"] == 10_000
    bigger = rig.client.post(BULK, data="x" * 70_000, content_type="application/json", headers=LEAD)
    assert bigger.status_code == 413


def test_rows_are_written_while_the_file_still_comes(rig: WebRig) -> None:
    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b"number,imsi\n"
        for first in range(0, 3000, 100):
            seen.append(len(rig.store.records))
            yield "".join(f"7916{place:07d},{IMSI}\n" for place in range(first, first + 100)).encode()

    answer = streamed(rig, pieces(), 12 + 3000 * 28)
    assert answer.get_json()["counts"]["written"] == 3000
    assert max(seen) > 0


def test_a_file_that_is_cut_off_leaves_its_last_row_out(rig: WebRig) -> None:
    text = f"number,imsi\n{NUMBER.digits},{IMSI}\n79161112212,25001123456789"
    answer = streamed(rig, iter([text.encode()]), len(text) + 1, f"?id={'c' * 32}")
    assert answer.status_code == 400
    assert rig.transfers.imports.runs["c" * 32].state is ImportState.STOPPED
    assert (BANK.id, "79161112212") not in rig.store.records


@pytest.mark.parametrize(
    ("kind", "status"), [("application/json", 415), ("multipart/form-data", 415), ("text/plain", 415)]
)
def test_nothing_but_csv_is_taken(rig: WebRig, kind: str, status: int) -> None:
    answer = rig.client.post(IMPORTS, data=FILE, content_type=kind, headers=LEAD)
    assert (answer.status_code, rig.store.records) == (status, {})
    assert answer.headers["Connection"] == "close"


def test_a_body_without_its_length_is_refused(rig: WebRig) -> None:
    answer = streamed(rig, iter([FILE.encode()]), None)
    assert answer.status_code == 411


def test_a_file_without_a_header_or_with_an_id_that_is_taken_is_refused(rig: WebRig) -> None:
    answer = post(rig, f"{NUMBER.digits},{IMSI}\n", f"?id={'a' * 32}")
    assert (answer.status_code, answer.get_json()["fault"]) == (422, "header")
    taken = post(rig, FILE, f"?id={'a' * 32}")
    assert (taken.status_code, taken.get_json()["type"]) == (409, "urn:etalon:problem:import-id-taken")
    assert post(rig, FILE, "?id=x").status_code == 422
    assert rig.store.records == {}


def test_an_import_of_another_tenant_is_not_found(rig: WebRig) -> None:
    post(rig, FILE, f"?id={'a' * 32}")
    theirs = {**bearer("management-key-of-the-odd-bank")}
    assert rig.client.get(f"{IMPORTS}/{'a' * 32}", headers=theirs).status_code == 404
    assert rig.client.get(IMPORTS, headers=theirs).get_json() == {"imports": []}
    assert (ODD.id, NUMBER.digits) not in rig.store.records


def test_an_export_is_a_file_without_digits_and_stands_in_the_log(rig: WebRig) -> None:
    post(rig, FILE)
    answer = rig.client.get("/api/v1/subscribers.csv", headers=as_role(Role.AUDITOR))
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=subscribers.csv"
    lines = answer.text.splitlines()
    assert lines[0].startswith("number,mode,until,imsi,imsi_digest")
    assert lines[1].startswith(f"{NUMBER.digits},check,,,1:imsi:")
    assert IMSI not in answer.text
    assert [(tenant, event.kind.value) for tenant, event in rig.transfers.journal.told] == [
        ("bank", "subscribers_exported")
    ]


def test_a_bulk_run_is_begun_seen_paused_and_stopped(rig: WebRig) -> None:
    body = {"source": "numbers", "numbers": [NUMBER.digits, "x"], "rate": 2, "reason": "why"}
    begun = rig.client.post(BULK, json=body, headers=LEAD).get_json()
    assert (begun["rate"], begun["total"], begun["unreadable"]) == (2, 1, [2])
    one = f"{BULK}/{begun['id']}"
    assert rig.client.get(one, headers=LEAD).get_json()["counts"]["waiting"] == 0
    assert len(rig.client.get(BULK, headers=LEAD).get_json()["runs"]) == 1
    for state, status in (("paused", 200), ("paused", 409), ("stopped", 200), ("running", 409)):
        answer = rig.client.put(f"{one}/state", json={"state": state}, headers=LEAD)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"source": "candidates", "rate": 500}, "rate-too-high"),
        ({"source": "numbers"}, "no-number"),
        ({"source": "everybody"}, "invalid-request"),
        ({"source": "numbers", "numbers": ["1"] * 5000}, "invalid-request"),
    ],
)
def test_a_bulk_run_that_means_nothing_is_refused(rig: WebRig, body: dict[str, object], kind: str) -> None:
    answer = rig.client.post(BULK, json={"reason": "why", **body}, headers=LEAD)
    assert (answer.status_code, answer.get_json()["type"]) == (422, f"urn:etalon:problem:{kind}")
