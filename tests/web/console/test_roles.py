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
LEAD = "lead admin"
DECIDE = "lead admin"
AUDIT = "lead auditor admin"
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
    "policies": ("GET", "/policies", READ),
    "policy": ("GET", "/policies/standard", READ),
    "policy_document": ("GET", "/policies/standard/document", READ),
    "policy_compare": ("GET", "/policies/standard/compare", READ),
    "policy_draft": ("GET", "/policies/standard/draft", WORK),
    "policy_draft_keep": ("POST", "/policies/standard/draft", WORK),
    "policy_draft_take": ("POST", "/policies/standard/draft/take", WORK),
    "policy_publish_ask": ("GET", "/policies/standard/publish", WORK),
    "policy_publish": ("POST", "/policies/standard/publish", WORK),
    "policy_roll_back_ask": ("GET", "/policies/standard/roll-back", WORK),
    "policy_roll_back": ("POST", "/policies/standard/roll-back", WORK),
    "policy_replay_ask": ("GET", "/policies/standard/replays", WORK),
    "policy_replay_begin": ("POST", "/policies/standard/replays", WORK),
    "policy_replay": ("GET", "/policies/standard/replays/none", READ),
    "policy_replay_step": ("POST", "/policies/standard/replays/none", WORK),
    "policy_trial": ("GET", "/policies/standard/trial", READ),
    "policy_trial_set": ("POST", "/policies/standard/trial", DECIDE),
    "audit": ("GET", "/audit", AUDIT),
    "audit_find": ("POST", "/audit", AUDIT),
    "audit_export": ("POST", "/audit/export", AUDIT),
    "audit_proof": ("GET", "/audit/proof", AUDIT),
    "audit_check": ("POST", "/audit/proof", AUDIT),
    "audit_proved": ("POST", "/audit/proved", AUDIT),
    "audit_key": ("GET", "/audit/key", AUDIT),
    "audit_evidence": ("POST", "/audit/evidence", AUDIT),
    "tenants": ("GET", "/tenants", "auditor admin"),
    "tenant_new": ("GET", "/new-tenant", "admin"),
    "tenant_make": ("POST", "/new-tenant", "admin"),
    "tenant_page": ("GET", "/tenants/bank", "auditor admin"),
    "tenant_section": ("GET", "/tenants/bank/settings/codes", "auditor admin"),
    "tenant_check": ("POST", "/tenants/bank/settings/codes", "admin"),
    "tenant_save": ("POST", "/tenants/bank/settings/codes/save", "admin"),
    "tenant_senders": ("POST", "/tenants/bank/senders", "admin"),
    "tenant_keys": ("GET", "/tenants/bank/keys", "auditor admin"),
    "tenant_key_issue": ("POST", "/tenants/bank/keys", "admin"),
    "tenant_key_end": ("POST", "/tenants/bank/keys/end", "admin"),
    "tenant_accounts": ("GET", "/tenants/bank/accounts", "auditor admin"),
    "tenant_account_add": ("POST", "/tenants/bank/accounts", "admin"),
    "tenant_account_password": ("POST", "/tenants/bank/accounts/password", "admin"),
    "tenant_account_remove": ("POST", "/tenants/bank/accounts/remove", "admin"),
    "providers": ("GET", "/providers", READ),
    "providers_word": ("POST", "/providers/word", "lead admin"),
    "providers_ease": ("POST", "/providers/ease", "lead admin"),
    "people": ("GET", "/people", "auditor admin"),
    "person_new": ("GET", "/invite", "admin"),
    "person_invite": ("POST", "/invite", "admin"),
    "person": ("GET", "/people/vera", "auditor admin"),
    "person_rights": ("POST", "/people/vera/rights", "admin"),
    **{
        f"person_{deed}": ("POST", f"/people/vera/{deed}", "admin")
        for deed in ("disable", "enable", "reset", "remove")
    },
    **{
        f"{step}_{deed}": (method, f"/subscribers/*/{deed.replace('_', '-')}", WORK)
        for step, method in (("ask", "GET"), ("do", "POST"))
        for deed in ("reverify", "add_sim", "always_allow", "always_deny", "check", "unlock", "freeze")
    },
    "now": ("GET", "/now", READ),
    "now_part": ("GET", "/now/part", READ),
    "cases": ("GET", "/cases", READ),
    "case": ("GET", "/cases/s000-1", READ),
    "case_assign": ("POST", "/cases/s000-1/assign", WORK),
    "case_note": ("POST", "/cases/s000-1/note", WORK),
    "case_closing": ("GET", "/cases/s000-1/close/fraud", WORK),
    "case_close": ("POST", "/cases/s000-1/close/fraud", WORK),
    "bans": ("GET", "/cases/bans", READ),
    "ban_lifting": ("GET", "/cases/bans/s000-1/lift", LEAD),
    "ban_lift": ("POST", "/cases/bans/s000-1/lift", LEAD),
    "proposals": ("GET", "/proposals", READ),
    "proposal": ("GET", "/proposals/p1", READ),
    "proposal_approve": ("POST", "/proposals/p1/approve", LEAD),
    "proposal_reject": ("POST", "/proposals/p1/reject", WORK),
    "transfers": ("GET", "/transfers", "lead auditor admin"),
    "import": ("GET", "/transfers/imports/none", "lead auditor admin"),
    "import_take": ("POST", "/transfers/imports/none", LEAD),
    "import_state": ("GET", "/transfers/imports/none/state", "lead auditor admin"),
    "import_refused": ("GET", "/transfers/imports/none/refused.csv", "lead auditor admin"),
    "export_take": ("POST", "/transfers/export", "lead auditor admin"),
    "bulk": ("GET", "/transfers/bulk", "lead auditor admin"),
    "bulk_begin": ("POST", "/transfers/bulk", LEAD),
    "bulk_run": ("GET", "/transfers/bulk/none", "lead auditor admin"),
    "bulk_mark": ("POST", "/transfers/bulk/none", LEAD),
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
