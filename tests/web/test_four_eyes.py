"""Four eyes at the faces: what is demanded is proposed everywhere, and decided by a second person only."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from typing import Any

import pytest

from security_service.domain.access import Role
from security_service.domain.lookup import NoData
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import FourEyesDeed
from security_service.usecases.candidates import fingerprint
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM
from tests.fakes.store import START
from tests.house_rules.tree import PACKAGE, dotted, name, python_files, tree
from tests.usecases.acting import member, suspected
from tests.web.rig import BANK, NUMBER, ODD, ONE_TENANT_KEY, WebRig, as_role, bearer

ONE = f"/api/v1/subscribers/{NUMBER.digits}"
WHY = {"reason": "the client called"}
DEEDS: dict[str, tuple[str, str, dict[str, object]]] = {
    "always_allow": ("PUT", f"{ONE}/mode", {"mode": "always_allow", **WHY}),
    "reverify_changed": ("POST", f"{ONE}/reverify", {**WHY}),
    "add_sim": ("POST", f"{ONE}/sims", {**WHY}),
    "unlock_disabled": ("POST", f"{ONE}/unlock", {**WHY}),
}
OPENING = frozenset(
    {"SetMode", "Reverify", "AddSim", "Unlock", "PublishPolicy", "RollBackPolicy", "CarryOut"}
)
"""The use cases that open a way; faces come to them through FourEyes."""


@pytest.fixture
def rig() -> WebRig:
    rig = WebRig()
    rig.store.put(BANK.id, NUMBER, suspected())
    rig.store.guess_wrongly(BANK.id, NUMBER, 100, disabled=True)
    rig.tenants.put(replace(BANK, four_eyes=tuple(FourEyesDeed)))
    return rig


def call(
    rig: WebRig, method: str, path: str, body: object = None, role: Role = Role.LEAD
) -> tuple[int, dict[str, Any]]:
    response = rig.client.open(path, method=method, json=body, headers=as_role(role))
    document: dict[str, Any] = json.loads(response.data)
    return response.status_code, document


def propose(rig: WebRig, deed: str = "always_allow", role: Role = Role.LEAD) -> str:
    method, path, body = DEEDS[deed]
    status, answer = call(rig, method, path, body, role)
    assert (status, answer["result"]) == (202, "proposed"), answer
    return str(answer["proposal"])


def approve(rig: WebRig, proposal: str, role: Role = Role.ADMIN) -> tuple[int, dict[str, Any]]:
    return call(rig, "POST", f"/api/v1/proposals/{proposal}/approve", {}, role)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.LEAD, Role.ADMIN])
@pytest.mark.parametrize("deed", DEEDS)
def test_what_the_bank_demands_is_proposed_and_not_done(rig: WebRig, deed: str, role: Role) -> None:
    before = rig.store.subscriber(BANK.id, NUMBER)
    proposal = propose(rig, deed, role)
    assert rig.store.subscriber(BANK.id, NUMBER) == before
    assert rig.store.guesses[BANK.id, NUMBER.digits].disabled
    assert rig.store.kinds() == ["proposed"]
    status, shown = call(rig, "GET", f"/api/v1/proposals/{proposal}", role=Role.AUDITOR)
    assert (status, shown["state"], shown["proposer"], shown["number"]) == (
        200, "waiting", role.value, NUMBER.digits,
    )  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_a_second_person_lets_it_be_done(rig: WebRig, deed: str) -> None:
    proposal = propose(rig, deed)
    status, answer = approve(rig, proposal)
    assert (status, answer["result"]) == (200, "done")
    assert (answer["proposal"]["state"], answer["proposal"]["decided_by"]) == ("carried_out", "admin")
    done = [json.loads(text) for text in rig.store.log if "approved_by" in text]
    assert {event["facts"]["approved_by"] for event in done} == {"admin"}
    assert approve(rig, proposal)[0] == 409


def test_an_analyst_who_calls_what_a_lead_may_do_only_proposes_it() -> None:
    rig = WebRig()
    rig.store.put(BANK.id, NUMBER, suspected())
    proposal = propose(rig, "always_allow", Role.ANALYST)
    assert rig.store.subscriber(BANK.id, NUMBER).override is None
    assert approve(rig, proposal, Role.ANALYST)[0] == 403
    assert approve(rig, proposal, Role.LEAD)[0] == 200
    assert rig.store.subscriber(BANK.id, NUMBER).mode_at(START) is Mode.ALWAYS_ALLOW


def test_nobody_approves_their_own(rig: WebRig) -> None:
    status, problem = approve(rig, propose(rig), Role.LEAD)
    assert (status, problem["type"]) == (403, "urn:etalon:problem:own-proposal")
    assert rig.store.subscriber(BANK.id, NUMBER).override is None


def test_a_proposal_of_another_bank_is_unknown(rig: WebRig) -> None:
    proposal = propose(rig)
    for path, body in (("approve", {}), ("reject", WHY)):
        response = rig.client.post(
            f"/api/v1/proposals/{proposal}/{path}", json=body, headers=bearer(ONE_TENANT_KEY)
        )
        assert json.loads(response.data)["type"] == "urn:etalon:problem:unknown-proposal"
    assert rig.client.get(
        f"/api/v1/proposals/{proposal}", headers={**as_role(Role.ADMIN), "X-Etalon-Tenant": ODD.id}
    ).status_code == 404  # fmt: skip


def test_what_expired_is_not_approved(rig: WebRig) -> None:
    proposal = propose(rig)
    rig.store.clock.move(24 * 3600)
    status, problem = approve(rig, proposal)
    assert (status, problem["type"]) == (409, "urn:etalon:problem:proposal-expired")
    assert call(rig, "GET", f"/api/v1/proposals/{proposal}")[1]["state"] == "expired"


def test_another_sim_than_was_judged_is_shown_as_a_conflict(rig: WebRig) -> None:
    proposal = propose(rig, "reverify_changed")
    rig.sim.script = [THIRD_SIM]
    status, problem = approve(rig, proposal)
    assert (status, problem["type"]) == (409, "urn:etalon:problem:reverify-conflict")
    assert (problem["expected"], problem["seen"]) == (fingerprint(member(NEW_SIM)), member(THIRD_SIM).token())
    _, shown = call(rig, "GET", f"/api/v1/proposals/{proposal}")
    assert (shown["state"], shown["result"]) == ("carried_out", "conflict")


def test_without_an_answer_it_stays_approved_and_may_be_tried_again(rig: WebRig) -> None:
    proposal = propose(rig, "add_sim")
    rig.sim.script = [NoData.ABSENT]
    assert approve(rig, proposal)[1]["type"] == "urn:etalon:problem:no-answer"
    assert call(rig, "GET", f"/api/v1/proposals/{proposal}")[1]["state"] == "approved"
    rig.sim.script = [NEW_SIM]
    assert approve(rig, proposal)[1]["result"] == "done"


def test_a_proposal_is_rejected_with_a_reason_and_listed(rig: WebRig) -> None:
    first, second = propose(rig), propose(rig, "add_sim")
    status, answer = call(rig, "POST", f"/api/v1/proposals/{first}/reject", {"reason": "not him"}, Role.ADMIN)
    assert (status, answer["result"], answer["proposal"]["decision_reason"]) == (200, "rejected", "not him")
    _, page = call(rig, "GET", "/api/v1/proposals", role=Role.AUDITOR)
    assert [(one["id"], one["state"], one["deed"]) for one in page["proposals"]] == [
        (second, "waiting", "add_sim"),
        (first, "rejected", "set_mode"),
    ]
    assert approve(rig, first)[1]["type"] == "urn:etalon:problem:proposal-decided"


def test_no_proposal_shows_a_whole_digest_or_an_imsi(rig: WebRig) -> None:
    for deed in DEEDS:
        propose(rig, deed)
    _, page = call(rig, "GET", "/api/v1/proposals")
    text = json.dumps(page)
    assert fingerprint(member(NEW_SIM)) in text
    assert member(NEW_SIM).digest.hex()[:9] not in text
    assert OLD_SIM not in text
    assert NEW_SIM not in text


@pytest.mark.parametrize("deed", ["reverify_changed", "add_sim"])
def test_a_banned_sim_is_a_conflict(rig: WebRig, deed: str) -> None:
    rig.tenants.put(BANK)
    rig.sim.banned = {NEW_SIM}
    method, path, body = DEEDS[deed]
    status, problem = call(rig, method, path, body)
    assert (status, problem["type"]) == (409, "urn:etalon:problem:imsi-banned")
    assert problem["seen"] == fingerprint(member(NEW_SIM))


# --- no way round -------------------------------------------------------------------------------------------


def _named(module: ast.Module) -> set[str]:
    """Everything that a module names: imports, names and attributes."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(dotted(node))
    return found


def test_no_face_knows_the_use_cases_that_open_a_way() -> None:
    knowing = {
        name(path): OPENING & _named(tree(path))
        for folder in ("web", "cli", "processes")
        for path in python_files(PACKAGE / folder)
    }
    assert {path: names for path, names in knowing.items() if names} == {}


def test_no_face_reaches_them_through_what_holds_them() -> None:
    ways = ("carry_out.", "policy_desk.publish", "policy_desk.roll_back", "deeds.reverify")
    reaching = {
        f"{name(path)}: {attribute}"
        for folder in ("web", "cli")
        for path in python_files(PACKAGE / folder)
        for attribute in _named(tree(path))
        if any(way in f"{attribute}." for way in ways)
    }
    assert reaching == set()
