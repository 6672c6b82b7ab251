"""Enrolling authenticator apps through the management API: what is shown once, and every refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.imsi import Candidate
from security_service.domain.lookup import NoData
from security_service.domain.subscriber import NEW_SUBSCRIBER
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed
from tests.fakes.store import START
from tests.usecases.acting import known
from tests.web.rig import BANK, NUMBER, WebRig, as_role

ONE = f"/api/v1/subscribers/{NUMBER.digits}/authenticator"
REASON = {"reason": "signed in with the password"}


def call(rig: WebRig, method: str, path: str = ONE, body: dict[str, str] | None = None) -> TestResponse:
    return rig.client.open(path, method=method, json=body, headers=as_role(Role.ENROLLER))


def offer(rig: WebRig) -> pyotp.TOTP:
    response = call(rig, "POST", body=REASON)
    assert response.status_code == 200, response.data
    shown = json.loads(response.data)
    assert shown["qr_svg"].startswith("<svg")
    assert NUMBER.digits not in shown["uri"]
    return pyotp.TOTP(parse_qs(urlsplit(shown["uri"]).query)["secret"][0])


def confirm(rig: WebRig, code: str) -> TestResponse:
    return call(rig, "POST", f"{ONE}/confirm", {"code": code, **REASON})


def problem(response: TestResponse) -> dict[str, Any]:
    assert (response.status_code, response.mimetype) == (409, "application/problem+json")
    told: dict[str, Any] = json.loads(response.data)
    return told


def state(rig: WebRig) -> str:
    return str(json.loads(call(rig, "GET").data)["state"])


def test_an_authenticator_is_offered_confirmed_seen_and_removed() -> None:
    rig = WebRig()
    assert state(rig) == "none"
    app = offer(rig)
    assert state(rig) == "offered"
    confirmed = confirm(rig, app.at(START))
    assert json.loads(confirmed.data)["result"] == "confirmed"
    assert state(rig) == "active"
    removed = call(rig, "DELETE", body=REASON)
    assert json.loads(removed.data) == {"result": "removed", "state": "none", "since": None}
    assert json.loads(call(rig, "DELETE", body=REASON).data)["result"] == "none"
    assert rig.store.kinds() == [
        "authenticator_offered",
        "authenticator_confirmed",
        "authenticator_removed",
    ]
    assert rig.store.facts("authenticator_offered")["actor"] == "enroller"


def test_the_secret_is_shown_once_and_stands_in_no_other_answer_nor_event() -> None:
    rig = WebRig()
    secret = offer(rig).secret
    answers = [call(rig, "GET").text, confirm(rig, "000000").text, call(rig, "DELETE", body=REASON).text]
    assert secret not in "".join([*answers, *rig.store.log])


def test_a_wrong_code_tells_how_many_are_left_and_the_fifth_ends_the_offer() -> None:
    rig = WebRig()
    app = offer(rig)
    wrong = [problem(confirm(rig, "000000")) for _ in range(5)]
    assert {one["type"] for one in wrong} == {"urn:etalon:problem:authenticator-wrong-code"}
    assert [one["codes_left"] for one in wrong] == [4, 3, 2, 1, 0]
    ended = problem(confirm(rig, app.at(START)))
    assert ended["type"] == "urn:etalon:problem:authenticator-no-offer"


def test_a_second_one_is_offered_only_once_the_first_is_removed() -> None:
    rig = WebRig()
    confirm(rig, offer(rig).at(START))
    refused = problem(call(rig, "POST", body=REASON))
    assert refused["type"] == "urn:etalon:problem:authenticator-enrolled"


def test_while_a_sim_is_in_question_nothing_is_offered_nor_confirmed() -> None:
    rig = WebRig()
    app = offer(rig)
    suspected = Candidate(sealed(NEW_SIM).newest(), START, START)
    rig.store.put(BANK.id, NUMBER, replace(NEW_SUBSCRIBER, candidate=suspected))
    for refused in (call(rig, "POST", body=REASON), confirm(rig, app.at(START))):
        assert problem(refused)["type"] == "urn:etalon:problem:authenticator-sim-in-question"


def test_a_sim_that_nobody_can_see_is_told_with_the_reason() -> None:
    rig = WebRig()
    rig.store.put(BANK.id, NUMBER, known(OLD_SIM))
    app = offer(rig)
    rig.sim.script = [NoData.ABSENT]
    refused = problem(confirm(rig, app.at(START)))
    assert (refused["type"], refused["no_data"]) == (
        "urn:etalon:problem:authenticator-sim-unknown",
        "absent",
    )


def test_one_that_is_frozen_is_enrolled_nothing() -> None:
    rig = WebRig()
    frozen = rig.client.post(
        f"/api/v1/subscribers/{NUMBER.digits}/freeze", json=REASON, headers=as_role(Role.ANALYST)
    )
    assert json.loads(frozen.data)["result"] == "frozen"
    refused = problem(call(rig, "POST", body=REASON))
    assert refused["type"] == "urn:etalon:problem:authenticator-frozen"


@pytest.mark.parametrize("code", ["", "abc", "1" * 17])
def test_what_is_no_code_is_refused_as_such(code: str) -> None:
    rig = WebRig()
    offer(rig)
    assert confirm(rig, code).status_code == 422
    assert state(rig) == "offered"


def test_an_action_without_a_reason_is_refused() -> None:
    rig = WebRig()
    assert call(rig, "POST", body={}).status_code == 422
    assert call(rig, "DELETE", body={}).status_code == 422
    assert call(rig, "DELETE").status_code == 415
