"""The ways in and out: sign-in, invitation, own page; and what none of them gives away."""

from __future__ import annotations

import re

import pytest

from security_service.domain.access import Role
from security_service.domain.secret import Secret
from tests.usecases.people_desk import PASSWORD
from tests.web.console.rig import Browser, ConsoleRig, shown

NEW_PASSWORD = "another quiet green river"


def _form(rig: ConsoleRig, **other: str) -> dict[str, str]:
    right = {"name": "anna", "password": PASSWORD.reveal(), "code": rig.desk.code("anna").reveal()}
    return {**right, **other}


def test_name_password_and_code_let_in(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser()
    answer = browser.sign_in("anna")
    assert answer.headers["Location"] == "/console/"
    assert "Здравствуйте, anna" in shown(browser.get("/console/"))


@pytest.mark.parametrize(
    "wrong", [{"name": "boris"}, {"password": "x"}, {"code": "000000"}, {"name": ""}, {"code": ""}]
)
def test_whatever_is_wrong_the_answer_is_the_same(rig: ConsoleRig, wrong: dict[str, str]) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser()
    browser.get("/console/sign-in")
    answer = browser.post("/console/sign-in", _form(rig, **wrong))
    assert answer.status_code == 422
    assert "Войти не удалось. Проверьте имя, пароль и код" in shown(answer)
    assert browser.cookie("etalon-session") == ""
    assert PASSWORD.reveal() not in answer.text


def test_too_many_attempts_are_told_to_wait(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser()
    browser.get("/console/sign-in")
    answers = [browser.post("/console/sign-in", _form(rig, password="x")) for _ in range(40)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Слишком много попыток" in shown(answers[-1])


def test_a_session_that_somebody_planted_is_not_the_one_that_is_opened(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser()
    browser.client.set_cookie("etalon-session", "f" * 64)
    browser.sign_in("anna")
    session = browser.cookie("etalon-session")
    assert session != "f" * 64
    rig.store.advance(30)
    browser.post("/console/sign-out")
    browser.sign_in("anna")
    assert browser.cookie("etalon-session") not in {session, ""}


def test_after_sign_out_the_session_is_gone_for_whoever_kept_it(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    session = browser.cookie("etalon-session")
    page = browser.follow(browser.post("/console/sign-out"))
    assert "Вы вышли." in shown(page)
    assert not rig.desk.is_open(Secret(session))
    browser.client.set_cookie("etalon-session", session)
    assert browser.get("/console/").status_code == 303


def test_one_who_is_signed_in_is_not_asked_again(rig: ConsoleRig) -> None:
    answer = rig.signed_in(Role.LEAD).get("/console/sign-in?next=/console/me")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/me")


def test_without_an_identity_provider_its_pages_are_not_there(rig: ConsoleRig) -> None:
    browser = rig.browser()
    assert "Войти через банк" not in shown(browser.get("/console/sign-in"))
    assert browser.get("/console/oidc").status_code == 404
    assert browser.get("/console/oidc/return?state=x&code=y").status_code == 404


# --- invitation ---------------------------------------------------------------------------------------


def _begin(rig: ConsoleRig, browser: Browser) -> tuple[dict[str, str], str]:
    """Go through the first form; gives what the second brings along, and the app's secret."""
    invited = rig.desk.invite("vera", Role.ANALYST)
    browser.get("/console/welcome")
    page = browser.post("/console/welcome", {"name": "Vera ", "invitation": invited.code.reveal()})
    assert page.status_code == 200
    hidden = re.search(r'name="invitation" value="([^"]+)"', page.text)
    key = re.search(r"data-app-key>([A-Z2-7]+)<", page.text)
    assert hidden is not None
    assert key is not None
    rig.desk.secrets["vera"] = Secret(key[1])
    return {"name": "vera", "invitation": hidden[1]}, page.text


def test_an_invited_person_chooses_a_password_and_is_in_with_recovery_codes(rig: ConsoleRig) -> None:
    browser = rig.browser()
    carried, page = _begin(rig, browser)
    assert 'src="data:image/svg+xml;base64,' in page
    code = rig.desk.code("vera").reveal()
    answer = browser.post(
        "/console/welcome/finish", {**carried, "password": NEW_PASSWORD, "again": NEW_PASSWORD, "code": code}
    )
    assert answer.status_code == 200
    codes = re.findall(r'<li class="digits">([^<]+)</li>', answer.text)
    assert len(set(codes)) == 10
    assert "Здравствуйте, vera" in shown(browser.get("/console/"))
    rig.store.advance(30)
    other = rig.browser()
    assert other.sign_in("vera", Secret(NEW_PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"again": "x"}, "Пароли не совпадают"),
        ({"password": "short", "again": "short"}, "Пароль слишком короткий"),
        ({"password": "vera vera vera", "again": "vera vera vera"}, "В пароле не должно быть имени"),
        ({"code": "000000"}, "Код не подошёл"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_app_need_not_be_scanned_again(
    rig: ConsoleRig, form: dict[str, str], words: str
) -> None:
    browser = rig.browser()
    carried, _ = _begin(rig, browser)
    code = rig.desk.code("vera").reveal()
    right = {**carried, "password": NEW_PASSWORD, "again": NEW_PASSWORD, "code": code}
    answer = browser.post("/console/welcome/finish", {**right, **form})
    assert (answer.status_code, words in shown(answer)) == (422, True)
    assert rig.desk.secrets["vera"].reveal() in answer.text
    assert NEW_PASSWORD not in answer.text
    assert browser.post("/console/welcome/finish", right).status_code == 200


@pytest.mark.parametrize("code", ["", "0000-0000-0000-0000-0000", "x" * 2000])
def test_a_wrong_invitation_shows_nothing(rig: ConsoleRig, code: str) -> None:
    rig.desk.invite("vera", Role.ANALYST)
    browser = rig.browser()
    browser.get("/console/welcome")
    answer = browser.post("/console/welcome", {"name": "vera", "invitation": code})
    assert answer.status_code == 422
    assert "data:image" not in answer.text


def test_nothing_secret_ever_stands_in_an_address(rig: ConsoleRig) -> None:
    invited = rig.desk.invite("vera", Role.ANALYST)
    answer = rig.browser().get(f"/console/welcome?name=vera&invitation={invited.code.reveal()}")
    assert invited.code.reveal() not in answer.text


# --- one's own page --------------------------------------------------------------------------------------


def test_a_new_password_holds_and_ends_other_sessions(rig: ConsoleRig) -> None:
    browser, other = rig.signed_in(Role.LEAD), rig.browser()
    other.sign_in("anna")
    rig.store.advance(30)
    form = {
        "password": PASSWORD.reveal(),
        "new": NEW_PASSWORD,
        "again": NEW_PASSWORD,
        "code": rig.desk.code("anna").reveal(),
    }
    browser.get("/console/me")
    page = browser.follow(browser.post("/console/me/password", form))
    assert "Пароль сменён" in shown(page)
    assert other.get("/console/").status_code == 303


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"password": "x"}, "Пароль или код не подошёл"),
        ({"code": "000000"}, "Пароль или код не подошёл"),
        ({"again": "x"}, "Пароли не совпадают"),
        ({"new": "x", "again": "x"}, "Пароль слишком короткий"),
    ],
)
def test_a_password_is_not_changed_without_proof(rig: ConsoleRig, form: dict[str, str], words: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    right = {
        "password": PASSWORD.reveal(),
        "new": NEW_PASSWORD,
        "again": NEW_PASSWORD,
        "code": rig.desk.code("anna").reveal(),
    }
    answer = browser.post("/console/me/password", {**right, **form})
    assert (answer.status_code, words in shown(answer)) == (422, True)
    assert NEW_PASSWORD not in answer.text


def test_new_recovery_codes_are_shown_once_against_proof(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    proof = {"password": PASSWORD.reveal(), "code": rig.desk.code("anna").reveal()}
    answer = browser.post("/console/me/recovery", proof)
    assert len(re.findall(r'<li class="digits">', answer.text)) == 10
    again = browser.post("/console/me/recovery", proof)
    assert (again.status_code, '<li class="digits">' in again.text) == (422, False)


def test_ones_own_sign_ins_are_listed_and_those_of_others_are_not(rig: ConsoleRig) -> None:
    rig.signed_in(Role.LEAD, name="boris")
    browser = rig.signed_in(Role.LEAD)
    said = shown(browser.get("/console/me")).partition("Входы за 30 дней")[2]
    assert "пароль и код" in said
    assert "boris" not in said
    assert said.count("127.0.0.1") + said.count("192.0.2.10") == 2
