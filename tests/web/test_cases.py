"""The management API about cases and bans: what it takes, what it does, what it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from security_service.domain.access import Role
from security_service.domain.bans import ban_name
from security_service.domain.cases import Case, CaseState
from security_service.domain.errors import ArchiveUnavailable
from tests.fakes.sim import NEW_SIM
from tests.fakes.store import START
from tests.usecases.acting import member
from tests.web.rig import BANK, NUMBER, ODD, ONE_TENANT_KEY, WebRig, as_role, bearer

CASES = "/api/v1/cases"
TOKEN = member(NEW_SIM).token()
ONE = Case(
    "s001-7", BANK.id, NUMBER, START * 1000, "sim_changed", TOKEN, 150_000, "RUB", "high", "25002", "",
    "transfer",
)  # fmt: skip
SMALL = Case("s001-8", BANK.id, NUMBER, START * 1000, "sim_changed", TOKEN, 100, "RUB", "low", "25001")
OTHERS = Case("s001-9", ODD.id, NUMBER, START * 1000, "sim_changed", TOKEN)


@pytest.fixture
def rig() -> WebRig:
    rig = WebRig()
    rig.cases.held = {case.id: case for case in (SMALL, ONE, OTHERS)}
    return rig


def call(
    rig: WebRig, method: str, path: str, body: object = None, role: Role = Role.ANALYST
) -> tuple[int, dict[str, Any]]:
    response = rig.client.open(path, method=method, json=body, headers=as_role(role))
    document: dict[str, Any] = json.loads(response.data)
    return response.status_code, document


def close(
    rig: WebRig, outcome: str, case: str = "s001-7", role: Role = Role.ANALYST
) -> tuple[int, dict[str, Any]]:
    return call(rig, "POST", f"{CASES}/{case}/close", {"outcome": outcome, "reason": "called back"}, role)


def test_cases_are_listed_with_what_needs_a_person_first(rig: WebRig) -> None:
    status, page = call(rig, "GET", CASES, role=Role.AUDITOR)
    assert (status, [case["id"] for case in page["cases"]]) == (200, ["s001-7", "s001-8"])
    assert page["cases"][0] == {
        "id": "s001-7",
        "number": NUMBER.digits,
        "opened_at": "2023-11-14T22:13:20Z",
        "reason": "sim_changed",
        "imsi": TOKEN[: len("1:imsi:") + 8],
        "amount": 150_000,
        "currency": "RUB",
        "band": "high",
        "operator": "25002",
        "code_id": "",
        "purpose": "transfer",
        "assignee": "",
        "state": "open",
        "outcome": None,
        "closed_at": None,
        "closed_by": "",
        "closed_how": None,
        "last_note_at": None,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", ["s001-7", "s001-8"]),
        ("state=closed", []),
        ("operator=25001", ["s001-8"]),
        ("assignee=-", ["s001-7", "s001-8"]),
        ("assignee=anna", []),
        (f"number={NUMBER.digits}&limit=1", ["s001-7"]),
        ("number=79031112204", []),
    ],
)
def test_all_filters_must_hold(rig: WebRig, query: str, found: list[str]) -> None:
    _, page = call(rig, "GET", f"{CASES}?{query}")
    assert [case["id"] for case in page["cases"]] == found


@pytest.mark.parametrize("query", ["state=odd", "limit=0", "operator=abc", "cursor=%00", "number=12"])
def test_a_filter_that_means_nothing_is_refused(rig: WebRig, query: str) -> None:
    assert call(rig, "GET", f"{CASES}?{query}")[0] == 422


def test_an_analyst_works_a_case_through(rig: WebRig) -> None:
    status, case = call(rig, "PUT", f"{CASES}/s001-7/assignee", {"assignee": "anna"})
    assert (status, case["assignee"]) == (200, "anna")
    assert call(rig, "POST", f"{CASES}/s001-7/notes", {"note": "не берёт трубку"})[0] == 200
    status, case = close(rig, "customer_confirmed")
    assert (status, case["state"], case["outcome"], case["closed_by"]) == (
        200, "closed", "customer_confirmed", "analyst",
    )  # fmt: skip
    _, view = call(rig, "GET", f"{CASES}/s001-7", role=Role.AUDITOR)
    assert [note["note"] for note in view["notes"]] == ["не берёт трубку", "called back"]
    assert rig.store.kinds() == ["case_assigned", "case_noted", "case_closed"]
    assert rig.cases.moved == ["s001"] * 6


def test_a_closed_case_is_a_conflict(rig: WebRig) -> None:
    close(rig, "unknown")
    status, problem = close(rig, "fraud")
    assert (status, problem["type"]) == (409, "urn:etalon:problem:case-closed")
    assert rig.bans.banned == {}


def test_fraud_bans_and_a_lead_lifts_it(rig: WebRig) -> None:
    close(rig, "fraud")
    _, listed = call(rig, "GET", "/api/v1/bans", role=Role.AUDITOR)
    (ban,) = listed["bans"]
    assert (ban["imsi"], ban["case"], ban["by"]) == (ban_name(TOKEN), "s001-7", "analyst")
    assert TOKEN not in json.dumps(listed)
    lift = {"imsi": ban["imsi"], "reason": "a mistake"}
    assert call(rig, "POST", "/api/v1/bans/lift", lift)[0] == 403
    assert call(rig, "POST", "/api/v1/bans/lift", lift, Role.LEAD)[0] == 200
    assert call(rig, "GET", "/api/v1/bans")[1] == {"bans": []}
    status, problem = call(rig, "POST", "/api/v1/bans/lift", lift, Role.LEAD)
    assert (status, problem["type"]) == (404, "urn:etalon:problem:unknown-ban")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "/assignee", {"assignee": "anna"}),
        ("POST", "/notes", {"note": "x"}),
        ("POST", "/close", {"outcome": "fraud", "reason": "x"}),
    ],
)
@pytest.mark.parametrize("case", ["s001-9", "s001-77", "x", "s001-7%27"])
def test_a_case_of_another_bank_is_as_unknown_as_one_that_never_was(
    rig: WebRig, case: str, method: str, path: str, body: object
) -> None:
    status, problem = call(rig, method, f"{CASES}/{case}{path}", body, Role.ADMIN)
    assert (status, problem["type"]) == (404, "urn:etalon:problem:unknown-case")
    assert (rig.cases.held["s001-9"].state, rig.bans.banned) == (CaseState.OPEN, {})


def test_a_key_of_one_bank_sees_its_own_cases_only(rig: WebRig) -> None:
    response = rig.client.get(CASES, headers=bearer(ONE_TENANT_KEY))
    assert [case["id"] for case in json.loads(response.data)["cases"]] == ["s001-9"]


@pytest.mark.parametrize(
    ("path", "body", "at_fault"),
    [
        ("notes", {"note": ""}, "note"),
        ("notes", {"note": "x" * 2001}, "note"),
        ("notes", {"note": "bell \a"}, "note"),
        ("close", {"outcome": "thief", "reason": "x"}, "outcome"),
        ("close", {"outcome": "fraud"}, "reason"),
        ("close", {"reason": "x"}, "outcome"),
    ],
)
def test_what_cannot_be_taken_names_its_member(rig: WebRig, path: str, body: object, at_fault: str) -> None:
    status, problem = call(rig, "POST", f"{CASES}/s001-7/{path}", body)
    assert (status, [fault["member"] for fault in problem["errors"]]) == (422, [at_fault])
    assert rig.store.log == []


def test_false_alarms_are_counted_by_operator(rig: WebRig) -> None:
    close(rig, "customer_confirmed")
    close(rig, "fraud", "s001-8")
    _, counted = call(rig, "GET", f"{CASES}/alarms?since=2023-11-14T00:00:00Z", role=Role.AUDITOR)
    assert counted["operators"] == [
        {
            "operator": operator,
            "closed": 1,
            "customer_confirmed": confirmed,
            "fraud": 1 - confirmed,
            "unknown": 0,
            "false_alarms_percent": 100.0 * confirmed,
        }
        for operator, confirmed in (("25001", 0), ("25002", 1))
    ]
    assert call(rig, "GET", f"{CASES}/alarms?until=2023-11-14T00:00:00Z")[1] == {"operators": []}


def test_an_archive_that_is_away_is_told_and_nothing_is_written(rig: WebRig) -> None:
    rig.cases.away = ArchiveUnavailable("away")
    status, problem = close(rig, "fraud")
    assert status == 503
    assert "away" not in json.dumps(problem)
    assert rig.store.log == []
