from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from security_service.cli.first_admin import FIRST_ADMIN, ensure_first_admin
from security_service.config.sources import load
from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.telemetry.metrics import PrometheusMeter
from security_service.usecases.invite_person import Invited
from security_service.wiring import build_service, plugin_kinds
from security_service.wiring.people import People

Command = Callable[..., Result]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "ETALON_KEYS__VAULT__1": "f4" * 32}


def listed(stored: Command) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(stored("people", "list").output)}


def test_the_first_admin_is_made_here_and_the_code_shown_once(stored: Command) -> None:
    invited = stored("people", "invite", "root", "--role", "admin", "--role", "lead", "--locale", "en")
    assert invited.exit_code == 0
    code = invited.stdout.strip()
    assert len(code) == 24
    assert "/console/welcome" in invited.stderr
    root = listed(stored)["root"]
    assert (root["state"], root["roles"], root["locale"]) == ("invited", ["admin", "lead"], "en")
    assert code not in stored("people", "list").output
    events = stored("audit", "tail", "--kind", "person_saved").output
    assert '"change":"invited"' in events.replace(": ", ":")
    assert code not in events


def test_nobody_is_invited_twice_but_by_a_reset(stored: Command) -> None:
    first = stored("people", "invite", "anna", "--role", "lead").stdout.strip()
    again = stored("people", "invite", "anna", "--role", "lead")
    assert again.exit_code == 1
    assert "people reset" in again.output
    assert stored("people", "reset", "anna").stdout.strip() not in {"", first}


def test_a_role_or_name_that_cannot_be_is_refused(stored: Command) -> None:
    assert stored("people", "invite", "anna", "--role", "king").exit_code == 2
    assert stored("people", "invite", "anna").exit_code == 2
    assert stored("people", "invite", "An na", "--role", "lead").exit_code == 1


def test_people_are_changed_disabled_enabled_and_removed(stored: Command) -> None:
    stored("people", "invite", "anna", "--role", "lead", "--tenant", "bank")
    assert stored("people", "roles", "anna", "--role", "auditor").exit_code == 0
    anna = listed(stored)["anna"]
    assert (anna["roles"], anna["tenants"]) == (["auditor"], [])
    assert stored("people", "remove", "anna").exit_code == 1
    assert stored("people", "disable", "anna").exit_code == 0
    assert listed(stored)["anna"]["state"] == "disabled"
    assert stored("people", "enable", "anna").exit_code == 0
    stored("people", "disable", "anna")
    assert stored("people", "remove", "anna").exit_code == 0
    assert listed(stored) == {}


@pytest.mark.parametrize("verb", ["disable", "enable", "reset", "remove"])
def test_nobody_is_told_as_such(stored: Command, verb: str) -> None:
    result = stored("people", verb, "nobody")
    assert result.exit_code == 1
    assert "there is no person nobody" in result.output


def people_of(environ: dict[str, str], redis_url: str) -> People | None:
    settings = load(plugin_kinds(), environ={**environ, "ETALON_STORE__ADDRESS": redis_url}).settings
    return build_service(settings, PrometheusMeter()).people


def test_without_a_key_that_seals_there_are_no_people(environ: dict[str, str], redis_url: str) -> None:
    del environ["ETALON_KEYS__VAULT__1"]
    assert people_of(environ, redis_url) is None


def test_the_first_admin_is_invited_until_there_is_one(
    stored: Command, environ: dict[str, str], redis_url: str
) -> None:
    people = people_of(environ, redis_url)
    assert people is not None
    assert stored("people", "list").exit_code == 0
    first, second = ensure_first_admin(people), ensure_first_admin(people)
    assert isinstance(first, Invited)
    assert isinstance(second, Invited)
    assert first.code != second.code
    (operator,) = people.list.run()
    assert (operator.name, operator.state) == (FIRST_ADMIN, PersonState.INVITED)
    assert set(operator.roles) == set(Role)
    people.change.disable(FIRST_ADMIN, "root")
    assert ensure_first_admin(people) is None
