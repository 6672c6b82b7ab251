"""The pages of people: invitations shown once, rights, and an admin who cannot be locked out."""

from __future__ import annotations

import re

import pytest

from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.domain.secret import Secret
from tests.web.console.rig import Browser, ConsoleRig, shown

VERA = "/console/people/vera"


@pytest.fixture
def admin(rig: ConsoleRig) -> Browser:
    browser = rig.signed_in(Role.ADMIN)
    browser.get("/console/people")
    return browser


def invite(browser: Browser, **form: str) -> tuple[int, str]:
    answer = browser.post("/console/invite", {"name": "vera", "role.analyst": "on", "locale": "ru", **form})
    return answer.status_code, answer.text


def test_an_invitation_is_shown_once_and_lets_the_person_in(rig: ConsoleRig, admin: Browser) -> None:
    status, page = invite(admin)
    code = re.search(r"data-key>([0-9a-f-]{24})<", page)
    assert status == 200
    assert code is not None
    assert code[1] not in admin.get(VERA).text
    assert code[1] not in str(rig.store.texts("m"))
    newcomer = rig.browser()
    newcomer.get("/console/welcome")
    answer = newcomer.post("/console/welcome", {"name": "vera", "invitation": code[1], "code": code[1]})
    assert "data-app-key" in answer.text


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ({"name": "1"}, "Имя: буква"),
        ({"name": "anna"}, "уже есть"),
        ({"role.analyst": ""}, "хотя бы одно право"),
        ({"tenants": "bank, nobody"}, "Такого банка нет"),
        ({"locale": "xx"}, "Такого языка нет"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(
    rig: ConsoleRig, admin: Browser, form: dict[str, str], word: str
) -> None:
    status, page = invite(admin, **form)
    assert status == 422
    assert word in page
    assert rig.desk.people.get("vera") is None


def test_rights_are_changed_and_sessions_end(rig: ConsoleRig, admin: Browser) -> None:
    vera = rig.signed_in(Role.ANALYST, name="vera")
    assert vera.get("/console/me").status_code == 200
    form = {"role.lead": "on", "role.auditor": "on", "tenants": "odd"}
    assert "изменены" in shown(admin.follow(admin.post(f"{VERA}/rights", form)))
    found = rig.desk.listing.one("vera")
    assert found is not None
    assert (found.roles, found.tenants) == ((Role.AUDITOR, Role.LEAD), ("odd",))
    assert vera.get("/console/me").status_code == 303


def test_a_person_is_disabled_enabled_reset_and_removed(rig: ConsoleRig, admin: Browser) -> None:
    vera = rig.signed_in(Role.ANALYST, name="vera")
    admin.post(f"{VERA}/disable")
    assert vera.get("/console/me").status_code == 303
    assert "отключён" in shown(admin.get(VERA))
    admin.post(f"{VERA}/enable")
    found = rig.desk.listing.one("vera")
    assert found is not None
    assert found.state is PersonState.ACTIVE
    reset = admin.post(f"{VERA}/reset")
    assert re.search(r"data-key>[0-9a-f-]{24}<", reset.text)
    assert admin.post(f"{VERA}/remove").status_code == 422
    admin.post(f"{VERA}/disable")
    assert "запись удалена" in shown(admin.follow(admin.post(f"{VERA}/remove")))
    assert admin.get(VERA).status_code == 404


@pytest.mark.parametrize("deed", ["disable", "reset"])
def test_the_last_admin_is_not_let_go(rig: ConsoleRig, admin: Browser, deed: str) -> None:
    answer = admin.post(f"/console/people/anna/{deed}")
    assert answer.status_code == 422
    assert "последний администратор" in shown(answer)
    assert admin.post("/console/people/anna/rights", {"role.analyst": "on"}).status_code == 422
    assert admin.get("/console/me").status_code == 200


def test_an_admin_of_one_bank_makes_nobody_an_admin_of_all(rig: ConsoleRig, admin: Browser) -> None:
    small = rig.signed_in(Role.ADMIN, name="boris")
    rig.limit("boris", "odd")
    rig.store.advance(30)
    small.sign_in("boris")
    before = rig.store.texts("m")
    assert invite(small)[0] == 403
    assert small.post("/console/people/boris/rights", {"role.admin": "on", "tenants": ""}).status_code == 403
    assert small.post("/console/people/anna/disable").status_code == 403
    assert rig.store.texts("m") == before


def test_a_form_of_a_person_without_its_token_does_nothing(rig: ConsoleRig, admin: Browser) -> None:
    rig.signed_in(Role.ANALYST, name="vera")
    admin.token = "x" * 32
    assert admin.post(f"{VERA}/disable").status_code == 403
    found = rig.desk.people.get("vera")
    assert found is not None
    assert found.person.state is PersonState.ACTIVE


def test_nobody_by_that_name_is_a_page(admin: Browser) -> None:
    assert admin.get("/console/people/nobody").status_code == 404
    assert admin.post("/console/people/nobody/disable").status_code == 404


def test_many_people_are_shown_page_by_page(rig: ConsoleRig, admin: Browser) -> None:
    for number in range(60):
        rig.desk.invite(f"p{number:02}")
    page = admin.get("/console/people")
    following = re.search(r'href="(/console/people\?after=p48)"', page.text)
    assert following is not None
    assert "p59" in admin.get(following[1]).text
    assert Secret("p59").reveal() not in page.text
