"""Policies through the management API: read, checked, published, tried, replayed; and who may not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.codes import Caller
from security_service.domain.gate import decide
from security_service.usecases.gate_events import decided
from tests.domain.gate_facts import NEW_SIM, OLD_SIM, PAYMENT, facts, known, sees
from tests.usecases.policies import STANDARD, STRICT, document, renamed, wide
from tests.web.rig import BANK, HOMELESS_KEY, NUMBER, ODD, ONE_TENANT_KEY, WebRig, as_role, bearer

BASE = "/api/v1/policies"
WHY = {"reason": "fewer calls"}


@pytest.fixture
def rig() -> WebRig:
    return WebRig()


def call(
    rig: WebRig, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> TestResponse:
    return rig.client.open(path, method=method, json=body, headers=headers or as_role(Role.LEAD))


def told(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.data
    read: dict[str, Any] = json.loads(response.data)
    return read


def problem(response: TestResponse) -> tuple[int, str, dict[str, Any]]:
    read = json.loads(response.data)
    return response.status_code, read["type"].removeprefix("urn:etalon:problem:"), read


def publish(rig: WebRig, text: str, expected: str = "1", **more: object) -> TestResponse:
    body = {"document": text, "expected": expected, "acknowledge_warnings": True, **WHY, **more}
    return call(rig, "POST", f"{BASE}/publish", body)


def record(rig: WebRig, *, new_sim: bool = False, shadow: bool = False, tenant: str = BANK.id) -> None:
    """A decision of the gate, as it stands in the log."""
    given = facts(known(), sees(NEW_SIM if new_sim else OLD_SIM, known()), operation=PAYMENT)
    trial = decide(replace(given, policy=rig.policies.shadow("standard") or given.policy)) if shadow else None
    event = decided(Caller("r"), given, decide(given), (), "c", shadow=trial)
    rig.store.emit(event.kind.value, tenant, NUMBER, event.facts)


# --- reading


def test_policies_are_listed_with_what_is_in_force(rig: WebRig) -> None:
    listed = told(call(rig, "GET", BASE))["policies"]
    assert [(one["name"], one["in_force"], one["from_file"]) for one in listed] == [
        ("observe", "1", True),
        ("standard", "1", True),
        ("strict", "1", True),
    ]
    assert listed[1]["versions"][0] == {
        "version": "1",
        "sha256": rig.policies.files["standard"].sha256,
        "actor": "",
        "reason": "",
        "at": None,
    }


def test_a_published_version_tells_who_and_why_and_every_document_is_kept(rig: WebRig) -> None:
    assert told(publish(rig, renamed(STRICT, "2"))) == {
        "result": "published",
        "policy": "standard",
        "version": "2",
        "before": "1",
    }
    view = told(call(rig, "GET", f"{BASE}/standard"))
    assert (view["in_force"], view["from_file"], view["shadow"]) == ("2", False, None)
    assert [(one["version"], one["actor"]) for one in view["versions"]] == [("2", "lead"), ("1", "")]
    assert view["versions"][0]["reason"] == "fewer calls"
    assert told(call(rig, "GET", f"{BASE}/standard/versions/1"))["document"] == STANDARD
    assert told(call(rig, "GET", f"{BASE}/standard/versions/2"))["document"] == renamed(STRICT, "2")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("nobody", "unknown-policy"), ("standard/versions/9", "unknown-version"), ("%00", "unknown-policy")],
)
def test_what_there_is_not_is_404(rig: WebRig, path: str, kind: str) -> None:
    assert problem(call(rig, "GET", f"{BASE}/{path}"))[:2] == (404, kind)


# --- checking and comparing


def test_a_draft_is_checked_and_nothing_is_kept(rig: WebRig) -> None:
    found = told(call(rig, "POST", f"{BASE}/check", {"document": document("2")}, as_role(Role.AUDITOR)))
    assert (found["policy"], found["acceptable"], found["warnings"]) == ("standard@2", True, True)
    assert found["only_last"]["groups"] == [{"cases": found["cases"], "values": {}}]
    held = STANDARD.replace('verdict = "deny"', 'verdict = "hold"', 1)
    found = told(call(rig, "POST", f"{BASE}/check", {"document": held}))
    assert (found["acceptable"], found["misplaced_hold"]) == (False, ["changed"])
    assert any("holds" in line for line in found["text"])
    assert rig.store.log == []


def test_a_draft_is_compared_case_by_case(rig: WebRig) -> None:
    found = told(call(rig, "POST", f"{BASE}/diff", {"document": renamed(STRICT, "2")}))
    assert (found["old"], found["new"]) == ("standard@1", "standard@2")
    change = next(one for one in found["changes"] if "not_supported" in one["before"])
    assert change["after"].startswith("step_up")
    assert change["groups"][0]["values"]["sim"] == ["no_data:not_supported"]
    same = told(call(rig, "POST", f"{BASE}/diff", {"document": renamed(STANDARD, "2"), "version": "1"}))
    assert same["changes"] == []
    other = told(call(rig, "POST", f"{BASE}/diff", {"document": STANDARD, "policy": "strict"}))
    assert other["old"] == "strict@1"


@pytest.mark.parametrize("path", ["check", "diff"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not TOML"),
        ("a = " + "[" * 20_000, "document"),
        ('name = "x"\nodd = 1', "odd"),
        ("\x00", "not TOML"),
        ("#\ud800", "half a character"),
    ],
)
def test_what_is_no_document_says_why(rig: WebRig, path: str, text: str, sentence: str) -> None:
    status, kind, read = problem(call(rig, "POST", f"{BASE}/{path}", {"document": text}))
    assert (status, kind) == (422, "policy-unreadable")
    assert sentence in json.dumps(read["errors"])


def test_a_document_that_is_too_long_says_so(rig: WebRig) -> None:
    assert call(rig, "POST", f"{BASE}/check", {"document": "#" * 66_000}).status_code == 413
    short_body = json.dumps({"document": ""}).encode()
    response = rig.client.post(
        f"{BASE}/check", data=short_body, content_type="application/json", headers=as_role(Role.LEAD)
    )
    assert response.status_code == 422


def test_a_document_that_tells_too_many_cases_apart_says_so(rig: WebRig) -> None:
    text = wide(100)
    assert problem(call(rig, "POST", f"{BASE}/check", {"document": text}))[:2] == (422, "policy-too-wide")
    assert problem(publish(rig, text))[:2] == (422, "policy-too-wide")


# --- publishing


@pytest.mark.parametrize(
    ("text", "expected", "status", "kind", "member"),
    [
        (renamed(STANDARD, "1"), "1", 409, "version-not-higher", "highest"),
        (renamed(STANDARD, "2"), "", 409, "other-in-force", "in_force"),
        (renamed(STANDARD, "2"), "7", 409, "other-in-force", "in_force"),
        (STANDARD.replace('"deny"', '"hold"', 1), "1", 422, "policy-refused", "errors"),
        ("x", "1", 422, "policy-unreadable", "errors"),
    ],
)
def test_what_cannot_be_published_says_why(
    rig: WebRig, text: str, expected: str, status: int, kind: str, member: str
) -> None:
    found = problem(publish(rig, text, expected))
    assert found[:2] == (status, kind)
    assert found[2][member]
    assert rig.store.log == []


def test_warnings_must_be_acknowledged(rig: WebRig) -> None:
    found = problem(publish(rig, document("2"), acknowledge_warnings=False))
    assert found[:2] == (422, "warnings-unread")
    assert "only the last rule" in json.dumps(found[2]["errors"])
    assert told(publish(rig, document("2")))["version"] == "2"


def test_of_two_leads_the_second_learns_what_the_first_put_in_force(rig: WebRig) -> None:
    told(publish(rig, renamed(STANDARD, "2")))
    status, kind, read = problem(publish(rig, renamed(STRICT, "3")))
    assert (status, kind, read["in_force"]) == (409, "other-in-force", "2")


def test_a_roll_back_puts_an_earlier_version_in_force(rig: WebRig) -> None:
    told(publish(rig, renamed(STRICT, "2")))
    body = {"version": "1", "expected": "2", **WHY}
    assert told(call(rig, "POST", f"{BASE}/standard/roll-back", body))["before"] == "2"
    assert rig.store.facts("policy_published")["rolled_back"] is True
    assert problem(call(rig, "POST", f"{BASE}/standard/roll-back", body))[:2] == (409, "other-in-force")
    again = {**body, "expected": "1"}
    assert problem(call(rig, "POST", f"{BASE}/standard/roll-back", again))[:2] == (409, "already-in-force")
    never = {**body, "expected": "1", "version": "9"}
    assert problem(call(rig, "POST", f"{BASE}/standard/roll-back", never))[:2] == (404, "unknown-version")


WRITES: list[tuple[str, str, dict[str, object]]] = [
    ("POST", f"{BASE}/publish", {"document": renamed(STANDARD, "2"), "expected": "1", **WHY}),
    ("POST", f"{BASE}/standard/roll-back", {"version": "1", "expected": "2", **WHY}),
    ("PUT", f"{BASE}/standard/trial", {"document": renamed(STANDARD, "2"), **WHY}),
    ("DELETE", f"{BASE}/standard/trial", dict(WHY)),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_neither_analyst_nor_auditor_changes_what_decides(
    rig: WebRig, method: str, path: str, body: dict[str, object]
) -> None:
    for role in (Role.ANALYST, Role.AUDITOR, Role.ENROLLER):
        assert call(rig, method, path, body, as_role(role)).status_code in {202, 403, 409}
        assert rig.policies.heads() == {}
    assert not {"policy_published", "policy_shadowed"} & set(rig.store.kinds())


def test_an_analysts_publish_is_a_proposal(rig: WebRig) -> None:
    method, path, body = WRITES[0]
    response = call(rig, method, path, body, as_role(Role.ANALYST))
    assert (response.status_code, json.loads(response.data)["result"]) == (202, "proposed")
    assert rig.policies.head("standard").in_force == ""


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
@pytest.mark.parametrize("key", [ONE_TENANT_KEY, HOMELESS_KEY])
def test_who_acts_for_some_tenants_only_changes_nothing_that_decides_for_all(
    rig: WebRig, method: str, path: str, body: dict[str, object], key: str
) -> None:
    headers = {**bearer(key), "X-Etalon-Tenant": ODD.id}
    assert problem(call(rig, method, path, body, headers))[:2] == (403, "other-tenant")
    assert (rig.store.log, rig.policies.heads()) == ([], {})


# --- trials


def test_a_trial_is_shown_reported_and_ended(rig: WebRig) -> None:
    view = told(call(rig, "PUT", f"{BASE}/standard/trial", {"document": document("2", "deny"), **WHY}))
    assert (view["shadow"]["version"], view["shadow"]["document"]) == ("2", document("2", "deny"))
    assert view["in_force"] == "1"
    record(rig, shadow=True)
    record(rig, shadow=True, new_sim=True)
    record(rig, shadow=True, tenant=ODD.id)
    record(rig)
    report = told(call(rig, "GET", f"{BASE}/standard/trial", headers=as_role(Role.ANALYST)))
    assert (report["compared"], report["differing"], report["passed_over"]) == (2, 1, 1)
    assert report["rows"][0]["count"] == 1
    listed = report["listed"]
    assert [(one["number"], one["amount"], one["currency"]) for one in listed] == [
        (NUMBER.digits, "1500.00", "RUB")
    ]
    assert (listed[0]["before"]["verdict"], listed[0]["after"]["policy"]) == ("send", "standard@2")
    part = told(call(rig, "GET", f"{BASE}/standard/trial?limit=1"))
    assert part["next"]
    assert told(call(rig, "DELETE", f"{BASE}/standard/trial", WHY))["shadow"] is None
    assert rig.store.kinds().count("policy_shadowed") == 2


@pytest.mark.parametrize(
    ("name", "text", "status", "kind"),
    [
        ("strict", document("2"), 422, "other-policy"),
        ("standard", "x", 422, "policy-unreadable"),
        ("nobody", document("2", name="nobody"), 404, "unknown-policy"),
    ],
)
def test_what_cannot_be_tried_says_why(rig: WebRig, name: str, text: str, status: int, kind: str) -> None:
    found = problem(call(rig, "PUT", f"{BASE}/{name}/trial", {"document": text, **WHY}))
    assert found[:2] == (status, kind)


# --- replays


def begun(rig: WebRig, text: str, headers: dict[str, str] | None = None, **more: str) -> dict[str, Any]:
    return told(call(rig, "POST", "/api/v1/replays", {"document": text, **more}, headers))


def test_a_replay_is_begun_stepped_and_read(rig: WebRig) -> None:
    record(rig)
    record(rig, new_sim=True)
    record(rig, tenant=ODD.id)
    rig.store.clock.move(60)
    run = begun(rig, document("2", "deny"), as_role(Role.ANALYST))
    assert (run["percent"], run["done"], run["compared"], run["policy"]) == (0, False, 0, "standard@2")
    path = f"/api/v1/replays/{run['id']}"
    stepped = told(call(rig, "POST", f"{path}/step", {}, as_role(Role.ANALYST)))
    assert (stepped["percent"], stepped["done"], stepped["compared"], stepped["differing"]) == (
        100,
        True,
        2,
        1,
    )
    assert {
        "before": "send",
        "before_rule": "same",
        "after": "deny",
        "after_rule": "otherwise",
        "count": 1,
    } in stepped["rows"]
    assert [one["number"] for one in stepped["listed"]] == [NUMBER.digits]
    assert told(call(rig, "GET", path, headers=as_role(Role.AUDITOR))) == stepped
    assert rig.store.kinds().count("policy_replayed") == 1


def test_an_auditor_reads_a_replay_and_begins_none(rig: WebRig) -> None:
    rig.store.clock.move(60)
    run = begun(rig, STANDARD)
    for path in ("/api/v1/replays", f"/api/v1/replays/{run['id']}/step"):
        assert call(rig, "POST", path, {"document": STANDARD}, as_role(Role.AUDITOR)).status_code == 403


def test_a_replay_of_another_tenant_is_unknown(rig: WebRig) -> None:
    record(rig)
    rig.store.clock.move(60)
    path = f"/api/v1/replays/{begun(rig, STANDARD)['id']}"
    for method, where in (("GET", path), ("POST", f"{path}/step")):
        found = problem(call(rig, method, where, {} if method == "POST" else None, bearer(ONE_TENANT_KEY)))
        assert found[:2] == (404, "unknown-replay")
    assert problem(call(rig, "GET", "/api/v1/replays/none"))[:2] == (404, "unknown-replay")


def test_a_period_and_a_policy_narrow_a_replay(rig: WebRig) -> None:
    record(rig)
    rig.store.clock.move(60)
    assert problem(
        call(rig, "POST", "/api/v1/replays", {"document": STANDARD, "since": "2099-01-01T00:00:00Z"})
    )[:2] == (422, "empty-period")
    run = begun(rig, STANDARD, policy="strict")
    assert told(call(rig, "POST", f"/api/v1/replays/{run['id']}/step", {}))["compared"] == 0
