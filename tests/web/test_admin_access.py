"""Who may do what in the management API, for which tenant; and every refusal as problem+json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from tests.usecases.policies import STANDARD, renamed
from tests.web.rig import (
    BANK,
    HOMELESS_KEY,
    NUMBER,
    ODD,
    ONE_TENANT_KEY,
    WebRig,
    as_role,
    bearer,
)

ONE = f"/api/v1/subscribers/{NUMBER.digits}"
REASON = {"reason": "x"}
POLICY = "/api/v1/policies/standard"
DRAFT = {"document": renamed(STANDARD, "2")}
ROUTES: dict[str, tuple[str, str, Mapping[str, object] | str | None, str]] = {
    "list_subscribers": ("GET", "/api/v1/subscribers", None, "analyst lead auditor admin"),
    "find_subscriber": (
        "POST",
        "/api/v1/subscribers/find",
        {"number": NUMBER.digits},
        "analyst lead auditor admin",
    ),
    "view_subscriber": ("GET", ONE, None, "analyst lead auditor admin"),
    "set_mode": ("PUT", f"{ONE}/mode", {"mode": "check", **REASON}, "analyst lead admin"),
    "reverify": ("POST", f"{ONE}/reverify", REASON, "analyst lead admin"),
    "add_sim": ("POST", f"{ONE}/sims", REASON, "analyst lead admin"),
    "unlock": ("POST", f"{ONE}/unlock", REASON, "analyst lead admin"),
    "advise_contact": ("GET", f"{ONE}/contact", None, "analyst lead auditor admin"),
    "freeze": ("POST", f"{ONE}/freeze", REASON, "analyst lead admin"),
    "view_authenticator": ("GET", f"{ONE}/authenticator", None, "enroller analyst lead auditor admin"),
    "offer_authenticator": ("POST", f"{ONE}/authenticator", REASON, "enroller lead admin"),
    "confirm_authenticator": (
        "POST",
        f"{ONE}/authenticator/confirm",
        {"code": "000000", **REASON},
        "enroller lead admin",
    ),
    "remove_authenticator": ("DELETE", f"{ONE}/authenticator", REASON, "enroller lead admin"),
    "read_audit": ("GET", "/api/v1/audit", None, "auditor lead admin"),
    "list_policies": ("GET", "/api/v1/policies", None, "analyst lead auditor admin"),
    "view_policy": ("GET", f"{POLICY}", None, "analyst lead auditor admin"),
    "read_policy": ("GET", f"{POLICY}/versions/1", None, "analyst lead auditor admin"),
    "check_policy": ("POST", "/api/v1/policies/check", DRAFT, "analyst lead auditor admin"),
    "diff_policy": ("POST", "/api/v1/policies/diff", DRAFT, "analyst lead auditor admin"),
    "publish_policy": (
        "POST",
        "/api/v1/policies/publish",
        {**DRAFT, "expected": "1", **REASON},
        "analyst lead admin",
    ),
    "roll_back_policy": (
        "POST",
        f"{POLICY}/roll-back",
        {"version": "1", "expected": "1", **REASON},
        "analyst lead admin",
    ),
    "begin_trial": ("PUT", f"{POLICY}/trial", {**DRAFT, **REASON}, "lead admin"),
    "end_trial": ("DELETE", f"{POLICY}/trial", REASON, "lead admin"),
    "report_trial": ("GET", f"{POLICY}/trial", None, "analyst lead auditor admin"),
    "begin_replay": ("POST", "/api/v1/replays", DRAFT, "analyst lead admin"),
    "view_replay": ("GET", "/api/v1/replays/none", None, "analyst lead auditor admin"),
    "step_replay": ("POST", "/api/v1/replays/none/step", {}, "analyst lead admin"),
    "list_proposals": ("GET", "/api/v1/proposals", None, "analyst lead auditor admin"),
    "view_proposal": ("GET", "/api/v1/proposals/p1", None, "analyst lead auditor admin"),
    "approve_proposal": ("POST", "/api/v1/proposals/p1/approve", {}, "lead admin"),
    "reject_proposal": ("POST", "/api/v1/proposals/p1/reject", REASON, "analyst lead admin"),
    "list_cases": ("GET", "/api/v1/cases", None, "analyst lead auditor admin"),
    "count_alarms": ("GET", "/api/v1/cases/alarms", None, "analyst lead auditor admin"),
    "view_case": ("GET", "/api/v1/cases/s001-7", None, "analyst lead auditor admin"),
    "assign_case": ("PUT", "/api/v1/cases/s001-7/assignee", {"assignee": "anna"}, "analyst lead admin"),
    "note_case": ("POST", "/api/v1/cases/s001-7/notes", {"note": "x"}, "analyst lead admin"),
    "close_case": (
        "POST",
        "/api/v1/cases/s001-7/close",
        {"outcome": "unknown", **REASON},
        "analyst lead admin",
    ),
    "list_bans": ("GET", "/api/v1/bans", None, "analyst lead auditor admin"),
    "lift_ban": (
        "POST",
        "/api/v1/bans/lift",
        {"imsi": "1:imsi:0123456789abcdef", **REASON},
        "lead admin",
    ),
    "list_tenants": ("GET", "/api/v1/tenants", None, "auditor admin"),
    "view_tenant": ("GET", "/api/v1/tenants/bank", None, "auditor admin"),
    "put_tenant": ("PUT", "/api/v1/tenants/bank", {"document": {}, "version": "0" * 16, **REASON}, "admin"),
    "list_keys": ("GET", "/api/v1/tenants/bank/keys", None, "auditor admin"),
    "issue_key": ("POST", "/api/v1/tenants/bank/keys", {}, "admin"),
    "end_key": ("DELETE", "/api/v1/tenants/bank/keys/0123456789ab", {}, "admin"),
    "list_providers": ("GET", "/api/v1/providers", None, "analyst lead auditor admin"),
    "set_trust": ("PUT", "/api/v1/trust/hlr/25001", {"word": "learn", **REASON}, "lead admin"),
    "ease_trust": ("POST", "/api/v1/trust/hlr/25001/ease", {"hours": 2, **REASON}, "lead admin"),
    "take_import": ("POST", "/api/v1/imports", "number\n", "lead admin"),
    "list_imports": ("GET", "/api/v1/imports", None, "analyst lead auditor admin"),
    "view_import": ("GET", "/api/v1/imports/none", None, "analyst lead auditor admin"),
    "list_refused_rows": ("GET", "/api/v1/imports/none/refused", None, "analyst lead auditor admin"),
    "export_subscribers": ("GET", "/api/v1/subscribers.csv", None, "lead auditor admin"),
    "begin_bulk": ("POST", "/api/v1/bulk-reverifications", {"source": "candidates", **REASON}, "lead admin"),
    "list_bulks": ("GET", "/api/v1/bulk-reverifications", None, "analyst lead auditor admin"),
    "view_bulk": ("GET", "/api/v1/bulk-reverifications/none", None, "analyst lead auditor admin"),
    "mark_bulk": ("PUT", "/api/v1/bulk-reverifications/none/state", {"state": "paused"}, "lead admin"),
    "make_evidence": ("GET", "/api/v1/evidence/c1", None, "auditor lead admin"),
}


def _call(rig: WebRig, route: str, headers: dict[str, str]) -> TestResponse:
    method, path, body, _ = ROUTES[route]
    if isinstance(body, str):
        return rig.client.open(path, method=method, data=body, content_type="text/csv", headers=headers)
    return rig.client.open(path, method=method, json=body, headers=headers)


def _problem(response: TestResponse) -> dict[str, Any]:
    assert response.mimetype == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.data)
    assert problem["status"] == response.status_code
    assert {"type", "title", "detail"} <= problem.keys()
    return problem


def test_every_route_of_the_api_stands_in_the_matrix() -> None:
    endpoints = {rule.endpoint for rule in WebRig().app.url_map.iter_rules()}
    assert {name for name in endpoints if name.startswith("management.")} == {
        f"management.{route}" for route in ROUTES
    }


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(route: str, role: Role) -> None:
    rig = WebRig()
    response = _call(rig, route, as_role(role))
    if role.value in ROUTES[route][3].split():
        assert response.status_code in {200, 202, 404, 409}
    else:
        assert (response.status_code, _problem(response)["type"]) == (403, "urn:etalon:problem:role-missing")
        assert (rig.store.log, rig.store.records, rig.sim.asked) == ([], {}, [])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "headers", [{}, bearer("unknown"), {"Authorization": "Basic YTpi"}, {"X-ApiKey": "unknown"}]
)
def test_without_a_known_key_nothing_is_done(route: str, headers: dict[str, str]) -> None:
    rig = WebRig()
    response = _call(rig, route, headers)
    assert (response.status_code, _problem(response)["type"]) == (401, "urn:etalon:problem:unknown-key")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (rig.store.log, rig.sim.asked) == ([], [])


@pytest.mark.parametrize(
    ("key", "named", "status"),
    [
        (ONE_TENANT_KEY, None, 200),
        (ONE_TENANT_KEY, ODD.id, 200),
        (ONE_TENANT_KEY, BANK.id, 403),
        (ONE_TENANT_KEY, "third", 403),
        (HOMELESS_KEY, None, 400),
        (HOMELESS_KEY, BANK.id, 200),
        (HOMELESS_KEY, "third", 403),
    ],
)
@pytest.mark.parametrize("in_query", [False, True])
def test_the_tenant_is_named_by_header_or_query_or_is_the_keys_own(
    key: str, named: str | None, status: int, *, in_query: bool
) -> None:
    path, headers = ONE, bearer(key)
    if named is not None and in_query:
        path += f"?tenant={named}"
    elif named is not None:
        headers["X-Etalon-Tenant"] = named
    response = WebRig().client.get(path, headers=headers)
    assert response.status_code == status


def test_a_tenant_that_does_not_exist_is_told_to_those_who_may_act_for_all() -> None:
    response = WebRig().client.get(ONE, headers={**as_role(Role.ADMIN), "X-Etalon-Tenant": "third"})
    assert (response.status_code, _problem(response)["type"]) == (404, "urn:etalon:problem:unknown-tenant")


def test_a_change_for_one_tenant_touches_no_other() -> None:
    rig = WebRig()
    rig.client.put(f"{ONE}/mode", json={"mode": "always_deny", "reason": "x"}, headers=bearer(ONE_TENANT_KEY))
    assert list(rig.store.records) == [(ODD.id, NUMBER.digits)]


# --- everything that goes wrong is a problem ----------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v2/audit", 404),
        ("DELETE", ONE, 405),
        ("OPTIONS", ONE, 405),
        ("POST", "/api/v1/audit", 405),
        ("POST", "/healthz", 405),
        ("GET", "/api/v1/subscribers/12", 422),
        ("GET", "/api/v1/subscribers/%00", 422),
        ("GET", "/api/v1/subscribers/find", 422),
    ],
)
def test_a_path_verb_or_number_that_does_not_exist_is_a_problem(method: str, path: str, status: int) -> None:
    response = WebRig().client.open(path, method=method, headers=as_role(Role.ADMIN))
    assert _problem(response)["status"] == status


def test_a_405_says_which_verbs_are_taken() -> None:
    response = WebRig().client.delete(ONE, headers=as_role(Role.ADMIN))
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"reason": ' + b"1" * 5000 + b"}", "application/json", 400),
        (b"reason=x", "application/x-www-form-urlencoded", 415),
        (b"", "", 415),
        (b" " * (64 * 1024 + 1), "application/json", 413),
        (b" " * 200_000, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_taken_is_a_problem(body: bytes, content_type: str, status: int) -> None:
    rig = WebRig()
    response = rig.client.post(
        f"{ONE}/unlock", data=body, content_type=content_type, headers=as_role(Role.ADMIN)
    )
    assert _problem(response)["status"] == status
    assert rig.store.log == []


_RIG = WebRig()


@settings(max_examples=200, deadline=None)
@given(
    body=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["mode", "reason", "until", "bound"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_the_body_the_answer_is_no_fault_of_ours(body: bytes) -> None:
    response = _RIG.client.put(
        f"{ONE}/mode", data=body, content_type="application/json", headers=as_role(Role.ADMIN)
    )
    assert response.status_code in {200, 400, 422}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["search", "cursor", "limit", "tenant", "number", "since"]))
def test_whatever_the_query_the_answer_is_no_fault_of_ours(value: str, name: str) -> None:
    for path in ("/api/v1/subscribers", "/api/v1/audit"):
        response = _RIG.client.get(path, query_string={name: value}, headers=as_role(Role.ADMIN))
        assert response.status_code in {200, 404, 422}


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "check_policy"])
def test_a_store_that_is_away_is_503(route: str) -> None:
    rig = WebRig()
    rig.store.away = True
    with capture_logs():
        response = _call(rig, route, as_role(Role.ADMIN))
    assert (response.status_code, _problem(response)["type"]) == (503, "urn:etalon:problem:store-unavailable")


def test_what_breaks_is_500_and_logged_without_its_words() -> None:
    rig = WebRig()
    rig.sim.script = [KeyError(NUMBER.digits)]
    with capture_logs() as logs:
        response = _call(rig, "reverify", as_role(Role.LEAD))
    assert _problem(response)["status"] == 500
    assert [(log["event"], log["fault"]) for log in logs] == [("unforeseen", "KeyError")]
    assert NUMBER.digits not in json.dumps(logs)
    assert NUMBER.digits.encode() not in response.data
