"""Who may do what through the management API of a running service; its whole table is tested elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.e2e.callers import FraudTeam, new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import ROLES, Parts, all_parts


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with ExitStack() as undo:
        started = undo.enter_context(all_parts(Parts(tmp_path_factory.mktemp("roles")), worker=False))
        inside = undo.enter_context(Inside.of_config(started.config))
        inside.tenant("bank")
        yield started


def ask(parts: Parts, key: str, what: str, number: str) -> httpx.Response:
    """Do one thing with a key."""
    with FraudTeam(parts.base_url, key) as somebody:
        http, one = somebody.http, f"/subscribers/{number}"
        match what:
            case "look":
                return http.get(one)
            case "audit":
                return http.get("/audit")
            case "allow":
                return http.put(f"{one}/mode", json={"mode": "always_allow", "reason": "asked to"})
            case "unlock":
                return http.post(f"{one}/unlock", json={"reason": "asked to"})
            case _:
                raise ValueError(what)


@pytest.mark.parametrize(
    ("role", "may", "proposes"),
    [
        ("admin", {"look", "audit", "allow", "unlock"}, set()),
        ("lead", {"look", "audit", "allow", "unlock"}, set()),
        # nothing is locked on a new number, so that there is nothing to propose
        ("analyst", {"look", "unlock"}, {"allow"}),
        ("auditor", {"look", "audit"}, set()),
    ],
)
def test_each_role_may_do_its_own_and_nothing_else(
    parts: Parts, role: str, may: set[str], proposes: set[str]
) -> None:
    number = new_number()
    answers = {
        what: ask(parts, parts.role_keys[role], what, number) for what in ("look", "audit", "allow", "unlock")
    }
    assert {what for what, answer in answers.items() if answer.status_code == 200} == may
    assert {what for what, answer in answers.items() if answer.status_code == 202} == proposes
    refused = [answer for answer in answers.values() if not answer.is_success]
    assert {answer.status_code for answer in refused} <= {403}
    assert all(answer.headers["Content-Type"] == "application/problem+json" for answer in refused)


def test_a_key_of_another_kind_and_no_key_are_unknown(parts: Parts) -> None:
    with Inside.of_config(parts.config) as inside:
        api_key = inside.tenant("bank")
    for key in (api_key, "em_" + "x" * 40, ""):
        answer = ask(parts, key, "audit", "")
        assert answer.status_code == 401
        assert key not in answer.text or not key


def test_a_management_key_is_no_api_key(parts: Parts) -> None:
    body = {"DestinationNumber": new_number()}
    for role in ROLES:
        headers = {"X-ApiKey": parts.role_keys[role]}
        answer = httpx.post(f"{parts.base_url}/GenerateCode", json=body, headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["Code"]) == (200, "1")


def test_what_a_person_did_stands_in_the_audit_with_name_and_reason(parts: Parts) -> None:
    number = new_number()
    assert ask(parts, parts.role_keys["lead"], "allow", number).is_success
    (event,) = parts.team.events(number=number, kind="mode_set")
    assert (event["facts"]["actor"], event["facts"]["reason"]) == ("lead", "asked to")
