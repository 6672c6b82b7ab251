"""Who may see and do what in the console: every line of the registry, said once more."""

from __future__ import annotations

import pytest
from flask import Flask

from security_service.domain.access import Role
from tests.store.rig import StoreRig
from tests.web.console.rig import ConsoleRig, shown

ALL = "analyst lead auditor admin"
READ = "analyst lead auditor admin"
WORK = "analyst lead admin"
NOBODY = ""

# Every page by its name: method, path ("*" stands for a subscriber's handle), and the roles that may.
# NOBODY: one need not be signed in.
MATRIX: dict[str, tuple[str, str, str]] = {
    "sign_in": ("GET", "/sign-in", NOBODY),
    "sign_in_take": ("POST", "/sign-in", NOBODY),
    "sign_in_provider": ("GET", "/oidc", NOBODY),
    "sign_in_returned": ("GET", "/oidc/return", NOBODY),
    "welcome": ("GET", "/welcome", NOBODY),
    "welcome_take": ("POST", "/welcome", NOBODY),
    "welcome_finish": ("POST", "/welcome/finish", NOBODY),
    "look": ("POST", "/look", NOBODY),
    "home": ("GET", "/", ALL),
    "tenant": ("POST", "/tenant", ALL),
    "sign_out": ("POST", "/sign-out", ALL),
    "me": ("GET", "/me", ALL),
    "me_password": ("POST", "/me/password", ALL),
    "me_recovery": ("POST", "/me/recovery", ALL),
    "subscribers": ("GET", "/subscribers", READ),
    "subscriber_find": ("POST", "/subscribers", READ),
    "subscriber": ("GET", "/subscribers/*", READ),
    **{
        f"{step}_{deed}": (method, f"/subscribers/*/{deed.replace('_', '-')}", WORK)
        for step, method in (("ask", "GET"), ("do", "POST"))
        for deed in ("reverify", "add_sim", "always_allow", "always_deny", "check", "unlock", "freeze")
    },
}
UNGUARDED = {"static_file", "stray"}


def _pages(app: Flask) -> dict[str, set[str]]:
    return {
        rule.endpoint.removeprefix("console."): set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.")
    }


def _path(rig: ConsoleRig, path: str) -> str:
    return "/console" + path.replace("/subscribers/*", rig.path().removeprefix("/console"))


def test_every_page_of_the_console_stands_in_the_matrix(rig: ConsoleRig) -> None:
    pages = _pages(rig.app)
    assert pages.keys() - UNGUARDED == MATRIX.keys()
    assert {name: {method} for name, (method, _, _) in MATRIX.items()} == {
        name: methods for name, methods in pages.items() if name not in UNGUARDED
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(store: StoreRig, role: Role) -> None:
    rig = ConsoleRig(store)
    browser = rig.signed_in(role)
    refused = set()
    for name, (method, path, _) in MATRIX.items():
        if name == "sign_out":
            continue
        address = _path(rig, path)
        answer = browser.get(address) if method == "GET" else browser.post(address, {"reason": "because"})
        assert answer.status_code < 500, name
        if answer.status_code == 403 and "не хватает прав" in shown(answer):
            refused.add(name)
    wanted = {name for name, (_, _, roles) in MATRIX.items() if roles and role.value not in roles.split()}
    assert refused == wanted - {"sign_out"}


@pytest.mark.parametrize("name", [name for name, (_, _, roles) in MATRIX.items() if roles])
def test_without_a_session_nothing_is_shown_or_done(rig: ConsoleRig, name: str) -> None:
    method, path, _ = MATRIX[name]
    rig.put(rig.suspected())
    before = rig.store.texts("m")
    browser = rig.browser()
    browser.get("/console/sign-in")
    address = _path(rig, path)
    if method == "GET":
        answer = browser.get(address)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/console/sign-in?next=")
    else:
        assert browser.post(address, {"reason": "because", "days": "7"}).status_code == 401
    assert rig.store.texts("m") == before
    assert rig.sim.asked == []


def test_a_session_whose_person_lost_a_role_has_lost_it_at_once(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    assert browser.get(rig.path()).status_code == 200
    rig.desk.changing.disable("anna", "cli:root")
    assert browser.get(rig.path()).status_code == 303
