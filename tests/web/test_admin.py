"""The management API: what it takes, what it does, what it answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.lookup import NoData
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode
from security_service.usecases.candidates import fingerprint
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM
from tests.fakes.store import START
from tests.usecases.acting import DAY, known, member, suspected
from tests.web.rig import BANK, NUMBER, WebRig, as_role

ONE = f"/api/v1/subscribers/{NUMBER.digits}"


@pytest.fixture
def rig() -> WebRig:
    rig = WebRig()
    rig.store.put(BANK.id, NUMBER, suspected())
    return rig


def _call(
    rig: WebRig, method: str, path: str, body: object = None, role: Role = Role.LEAD
) -> tuple[int, dict[str, Any]]:
    response = rig.client.open(path, method=method, json=body, headers=as_role(role))
    return response.status_code, _document(response)


def _document(response: TestResponse) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(response.data)
    return document


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- viewing ----------------------------------------------------------------------------------


def test_a_subscriber_is_shown_with_fingerprints_and_never_a_whole_digest(rig: WebRig) -> None:
    rig.store.guess_wrongly(BANK.id, NUMBER, 5, 60)
    status, shown = _call(rig, "GET", ONE)
    old, new = member(OLD_SIM), member(NEW_SIM)
    assert status == 200
    assert shown == {
        "number": NUMBER.digits,
        "mode": "check",
        **dict.fromkeys(("since", "until", "actor", "reason", "bound", "evidence", "pending_reverify")),
        "reference": [
            {
                "fingerprint": f"1:imsi:{old.digest.hex()[:8]}",
                "key_version": 1,
                "representation": "imsi",
                "mcc_mnc": "25001",
                "grade": "first_seen",
                "first_seen": _written(START - 30 * DAY),
                "last_seen": _written(START - 30 * DAY),
                "age_waived": False,
            }
        ],
        "candidate": {
            "fingerprint": fingerprint(new),
            "key_version": 1,
            "representation": "imsi",
            "mcc_mnc": "25002",
            "first_seen": _written(START - 60),
            "last_seen": _written(START - 60),
        },
        "retired": 0,
        "locked_until": _written(START + 60),
        "failures": 5,
        "disabled": False,
        "frozen": False,
    }
    assert old.digest.hex()[:9] not in json.dumps(shown)


@pytest.mark.parametrize("written", ["+79161112211", "89161112211", "8 (916) 111-22-11"])
def test_a_number_is_read_as_people_write_it(rig: WebRig, written: str) -> None:
    assert _call(rig, "GET", f"/api/v1/subscribers/{written}") == _call(rig, "GET", ONE)


def test_a_number_may_be_kept_out_of_urls(rig: WebRig) -> None:
    assert _call(rig, "POST", "/api/v1/subscribers/find", {"number": NUMBER.digits}) == _call(rig, "GET", ONE)


def test_a_number_that_was_never_met_is_checked_and_has_no_reference(rig: WebRig) -> None:
    status, shown = _call(rig, "GET", "/api/v1/subscribers/79161112299")
    assert (status, shown["mode"], shown["reference"]) == (200, "check", [])


def test_a_list_is_searched_and_paged_by_cursor(rig: WebRig) -> None:
    for last in range(5):
        rig.store.put(BANK.id, Msisdn(f"7903111220{last}"), known())
    rig.store.put("odd", Msisdn("79031112209"), known())
    given, cursor = [], ""
    for _ in range(3):
        _, page = _call(rig, "GET", f"/api/v1/subscribers?search=%2B7903&limit=2&cursor={cursor}")
        given += [shown["number"] for shown in page["subscribers"]]
        cursor = page["next"]
    assert given == [f"7903111220{last}" for last in range(5)]
    assert cursor == ""


# --- modes ------------------------------------------------------------------------------------


def test_a_mode_is_set_with_reason_and_end_and_shown_with_its_evidence(rig: WebRig) -> None:
    until = _written(START + DAY)
    body = {"mode": "always_deny", "reason": " SIM stolen ", "until": until}
    status, shown = _call(rig, "PUT", f"{ONE}/mode", body)
    assert status == 200
    assert (shown["mode"], shown["until"], shown["since"]) == ("always_deny", until, _written(START))
    assert (shown["actor"], shown["reason"], shown["bound"]) == ("lead", "SIM stolen", False)
    assert shown["evidence"]["fingerprint"] == fingerprint(member(NEW_SIM))
    assert rig.store.subscriber(BANK.id, NUMBER).mode_at(START) is Mode.ALWAYS_DENY


@pytest.mark.parametrize("until", [{}, {"until": None}])
def test_a_mode_without_an_end_ends_with_the_tenants_longest(
    rig: WebRig, until: dict[str, str | None]
) -> None:
    _, shown = _call(rig, "PUT", f"{ONE}/mode", {"mode": "always_allow", "reason": "vip", **until})
    assert shown["until"] == _written(START + 90 * DAY)


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        ({"until": _written(START + 91 * DAY)}, "until"),
        ({"until": _written(START - 1)}, "until"),
        ({"until": "2024-01-01T00:00:00"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"until": 1_700_000_000}, "until"),
        ({"mode": "allow"}, "mode"),
        ({"mode": None}, "mode"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "bell \a"}, "reason"),
        ({"reason": "\ud800"}, "reason"),
        ({"reason": ["x"]}, "reason"),
        ({"bound": "perhaps"}, "bound"),
        ({"mode": "check", "bound": True}, "bound"),
        ({"secret-word": 1}, ""),
    ],
)
def test_a_change_that_cannot_be_taken_names_its_member_and_echoes_nothing(
    rig: WebRig, change: dict[str, object], at_fault: str
) -> None:
    body = {"mode": "always_deny", "reason": "x", **change}
    response = rig.client.put(f"{ONE}/mode", json=body, headers=as_role(Role.LEAD))
    problem = _document(response)
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert problem["type"] == "urn:etalon:problem:invalid-request"
    assert [fault["member"] for fault in problem["errors"]] == [at_fault]
    assert b"secret-word" not in response.data
    assert rig.store.log == []


# --- re-verify, second SIM, unlock ------------------------------------------------------------


def test_a_reverify_that_is_answered_gives_the_subscriber_after_it(rig: WebRig) -> None:
    body = {"reason": "passport seen", "waive_age": True, "candidate": fingerprint(member(NEW_SIM))}
    status, done = _call(rig, "POST", f"{ONE}/reverify", body, Role.ANALYST)
    assert (status, done["result"], done["subscriber"]["retired"]) == (200, "reverified", 1)
    (only,) = done["subscriber"]["reference"]
    assert (only["grade"], only["age_waived"]) == ("confirmed", True)
    assert rig.store.facts("reverified")["actor"] == "analyst"


def test_a_reverify_without_data_is_accepted_and_shown_as_pending(rig: WebRig) -> None:
    rig.sim.script = [NoData.ABSENT]
    status, done = _call(rig, "POST", f"{ONE}/reverify", {"reason": "x"})
    assert (status, done["result"], done["no_data"]) == (202, "pending", "absent")
    assert done["until"] == _written(START + 900)
    _, shown = _call(rig, "GET", ONE)
    assert shown["pending_reverify"] == {
        "actor": "lead",
        "reason": "x",
        "asked_at": _written(START),
        "until": done["until"],
        "age_waived": False,
        "expected": {
            "fingerprint": fingerprint(member(NEW_SIM)),
            "key_version": 1,
            "representation": "imsi",
            "mcc_mnc": "25002",
        },
    }


def test_a_reverify_in_conflict_names_what_was_seen_so_that_it_can_be_judged(rig: WebRig) -> None:
    rig.sim.script = [THIRD_SIM]
    status, problem = _call(rig, "POST", f"{ONE}/reverify", {"reason": "x"})
    assert (status, problem["type"]) == (409, "urn:etalon:problem:reverify-conflict")
    assert problem["expected"] == fingerprint(member(NEW_SIM))
    status, _ = _call(rig, "POST", f"{ONE}/reverify", {"reason": "x", "candidate": problem["seen"]})
    assert status == 200


@pytest.mark.parametrize("candidate", [OLD_SIM, "1:imsi:0badbad0"])
def test_a_candidate_that_nobody_knows_is_refused(rig: WebRig, candidate: str) -> None:
    status, problem = _call(rig, "POST", f"{ONE}/reverify", {"reason": "x", "candidate": candidate})
    assert (status, problem["type"]) == (422, "urn:etalon:problem:unknown-candidate")


def test_a_second_sim_is_added_once(rig: WebRig) -> None:
    for result in ("added", "already_trusted"):
        status, done = _call(rig, "POST", f"{ONE}/sims", {"reason": "twin"})
        assert (status, done["result"], len(done["subscriber"]["reference"])) == (200, result, 2)


@pytest.mark.parametrize(
    ("line", "number", "kind"),
    [
        (THIRD_SIM, NUMBER.digits, "add-conflict"),
        (NoData.BARRED, NUMBER.digits, "no-answer"),
        (NEW_SIM, "79161112299", "no-reference"),
    ],
)
def test_a_second_sim_that_cannot_be_added_is_a_conflict(
    rig: WebRig, line: str | NoData, number: str, kind: str
) -> None:
    rig.sim.script = [line]
    status, problem = _call(rig, "POST", f"/api/v1/subscribers/{number}/sims", {"reason": "twin"})
    assert (status, problem["type"]) == (409, f"urn:etalon:problem:{kind}")
    assert rig.store.log == []


def test_an_unlock_says_whether_there_was_something_to_unlock(rig: WebRig) -> None:
    rig.store.guess_wrongly(BANK.id, NUMBER, 100, disabled=True)
    for result in ("unlocked", "nothing_locked"):
        status, done = _call(rig, "POST", f"{ONE}/unlock", {"reason": "called back"})
        assert (status, done["result"], done["subscriber"]["disabled"]) == (200, result, False)
    assert rig.store.kinds() == ["subscriber_unlocked"]


@pytest.mark.parametrize(("method", "action"), [("PUT", "mode"), ("POST", "reverify"), ("POST", "sims")])
def test_a_record_that_never_rests_is_503_and_may_be_tried_again(
    rig: WebRig, method: str, action: str
) -> None:
    rig.subscribers.before_swap = [lambda: rig.store.put(BANK.id, NUMBER, suspected())] * 9
    body = {"reason": "x", "mode": "check"} if action == "mode" else {"reason": "x"}
    response = rig.client.open(f"{ONE}/{action}", method=method, json=body, headers=as_role(Role.LEAD))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert _document(response)["type"] == "urn:etalon:problem:record-keeps-moving"


# --- the audit log ----------------------------------------------------------------------------


@pytest.fixture
def audited(rig: WebRig) -> WebRig:
    other = Msisdn("79031112204")
    for at, kind, number, facts in (
        (0, "gate_decided", NUMBER, {"verdict": "send", "reason": "same"}),
        (1000, "gate_decided", NUMBER, {"verdict": "deny", "reason": "sim_changed"}),
        (2000, "case_opened", NUMBER, {"reason": "sim_changed"}),
        (3000, "gate_decided", other, {"verdict": "deny", "reason": "always_deny"}),
    ):
        rig.store.emit(kind, BANK.id, number, facts, START * 1000 + at)
    rig.store.emit("gate_decided", "odd", NUMBER, {"verdict": "deny"}, START * 1000)
    return rig


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [4, 3, 2, 1]),
        (f"number={NUMBER.digits}", [3, 2, 1]),
        ("kind=gate_decided", [4, 2, 1]),
        ("verdict=deny", [4, 2]),
        ("reason=sim_changed", [3, 2]),
        ("reason=sim_changed&verdict=deny", [2]),
        (f"since={_written(START + 1)}", [4, 3, 2]),
        (f"until={_written(START + 1)}", [2, 1]),
        (f"since={_written(START + 1)}&until={_written(START + 2)}", [3, 2]),
        ("tenant=odd", [5]),
    ],
)
def test_events_are_given_newest_first_and_all_filters_must_hold(
    audited: WebRig, query: str, places: list[int]
) -> None:
    status, page = _call(audited, "GET", f"/api/v1/audit?{query}", role=Role.AUDITOR)
    assert status == 200
    assert [event["seq"] for event in page["events"]] == places


def test_the_audit_log_is_paged_by_cursor(audited: WebRig) -> None:
    given, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        _, page = _call(audited, "GET", f"/api/v1/audit?limit=3&cursor={cursor}", role=Role.AUDITOR)
        given += [event["seq"] for event in page["events"]]
        cursor, pages = page["next"], pages + 1
    assert (given, pages) == ([4, 3, 2, 1], 2)


@pytest.mark.parametrize(
    "query",
    ["kind=nothing", "verdict=maybe", "reason=Not%20a%20token", "since=yesterday", "limit=0", "limit=1001",
     "limit=x", "cursor=%00", "number=12"],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused(audited: WebRig, query: str) -> None:
    status, problem = _call(audited, "GET", f"/api/v1/audit?{query}", role=Role.AUDITOR)
    assert (status, problem["status"]) == (422, 422)
