"""Forms of other sites, old forms and stolen handles: nothing of it does anything."""

from __future__ import annotations

import pytest

from security_service.domain.access import Role
from security_service.domain.subscriber import Mode
from tests.store.rig import StoreRig
from tests.web.console.rig import BANK, NUMBER, ConsoleRig, shown

ALLOW = {"reason": "he asked", "days": "7"}


def _mode(rig: ConsoleRig) -> Mode:
    return rig.store.subscribers.get(BANK.id, NUMBER).subscriber.mode_at(rig.now)


def test_a_form_of_our_own_page_is_taken(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.get(rig.path("/always-allow"))
    assert browser.post(rig.path("/always-allow"), ALLOW).status_code == 303
    assert _mode(rig) is Mode.ALWAYS_ALLOW


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_form_that_the_browser_says_came_from_elsewhere_is_refused(rig: ConsoleRig, site: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    answer = browser.post(rig.path("/always-allow"), ALLOW, Sec_Fetch_Site=site)
    assert answer.status_code == 403
    assert _mode(rig) is Mode.CHECK


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:81"]
)
def test_without_sec_fetch_site_the_origin_must_be_ours(rig: ConsoleRig, origin: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    answer = browser.client.post(
        rig.path("/always-allow"), data={"csrf": browser.token, **ALLOW}, headers={"Origin": origin}
    )
    assert answer.status_code == 403
    assert _mode(rig) is Mode.CHECK


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "ё"])
def test_a_form_without_the_sessions_token_is_refused(rig: ConsoleRig, token: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    answer = browser.post(rig.path("/always-allow"), {**ALLOW, "csrf": token})
    assert answer.status_code == 403
    assert "Форма устарела" in shown(answer)
    assert _mode(rig) is Mode.CHECK


def test_a_token_of_another_session_is_refused(rig: ConsoleRig) -> None:
    boris, anna = rig.signed_in(Role.LEAD, name="boris"), rig.signed_in(Role.LEAD)
    assert anna.post(rig.path("/always-allow"), {**ALLOW, "csrf": boris.token}).status_code == 403
    assert _mode(rig) is Mode.CHECK


def test_a_token_in_the_address_is_no_token(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    answer = browser.post(rig.path(f"/always-allow?csrf={browser.token}"), {**ALLOW, "csrf": ""})
    assert answer.status_code == 403


def test_nobody_can_be_signed_in_by_a_form_of_another_page(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser()
    form = {"name": "anna", "password": "a quiet green river", "code": rig.desk.code("anna").reveal()}
    assert browser.post("/console/sign-in", {**form, "csrf": "0" * 32}).status_code == 403
    assert browser.cookie("etalon-session") == ""


def test_nothing_is_done_by_opening_an_address(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    for deed in ("reverify", "always-allow", "always-deny", "unlock", "freeze", "add-sim", "check"):
        assert browser.get(rig.path(f"/{deed}")).status_code == 200
    assert browser.get("/console/sign-out").status_code == 404
    assert rig.sim.asked == []
    assert _mode(rig) is Mode.CHECK


# --- handles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", ["x", "A" * 80, "79161112211", "%00", "é", "A" * 500, "AAAA-___"])
def test_a_handle_that_we_did_not_make_opens_nothing(rig: ConsoleRig, handle: str) -> None:
    assert rig.signed_in(Role.LEAD).get(f"/console/subscribers/{handle}").status_code == 404


def test_a_changed_handle_opens_nothing(rig: ConsoleRig) -> None:
    browser, path = rig.signed_in(Role.LEAD), rig.path()
    flipped = path[:-3] + ("B" if path[-3] == "A" else "A") + path[-2:]
    assert browser.get(path).status_code == 200
    assert browser.get(flipped).status_code == 404


def test_a_handle_tells_neither_number_nor_tenant(rig: ConsoleRig) -> None:
    handles = {rig.handles.of(BANK.id, NUMBER) for _ in range(3)}
    assert len(handles) == 3
    assert not [one for one in handles if NUMBER.digits in one or BANK.id in one]


def test_a_handle_of_another_tenant_opens_only_for_those_who_may_act_for_it(store: StoreRig) -> None:
    rig = ConsoleRig(store)
    browser = rig.signed_in(Role.LEAD)
    assert browser.get(rig.path(tenant="odd")).status_code == 200
    rig.limit("anna", "bank")
    browser = rig.browser()
    browser.sign_in("anna")
    assert browser.get(rig.path()).status_code == 200
    answer = browser.get(rig.path(tenant="odd"))
    assert (answer.status_code, "вам не доступен" in shown(answer)) == (403, True)
    assert browser.post(rig.path("/freeze", tenant="odd"), {"reason": "x"}).status_code == 403
    assert browser.post("/console/tenant", {"tenant": "odd"}).status_code == 403
