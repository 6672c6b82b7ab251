"""Policies in the console: read as tables, written as a draft, tried, published, rolled back."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace

from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.tenants import FourEyesDeed
from tests.usecases.policies import STANDARD, document, renamed
from tests.web.console.rig import BANK, NUMBER, Browser, ConsoleRig, shown

ONE = "/console/policies/standard"
NEXT = renamed(STANDARD, "99")
DENIES = document("99", "deny")
OTHER_NUMBER = "79161112299"


def write(browser: Browser, text: str, name: str = "standard") -> TestResponse:
    """Keep a draft, and open the page that shows it."""
    path = f"/console/policies/{name}/draft"
    browser.get(path)
    return browser.follow(browser.post(path, {"document": text.replace("\n", "\r\n"), "do": "keep"}))


def limit(rig: ConsoleRig, browser: Browser, *tenants: str) -> None:
    """Let the person act for some banks only, and come in again."""
    rig.limit("anna", *tenants)
    rig.store.advance(30)
    assert browser.sign_in("anna").status_code == 303


def field(answer: TestResponse, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found is not None, answer.text
    return html.unescape(found[1])


def publish(browser: Browser, name: str = "standard", **form: str) -> TestResponse:
    """Publish the draft that is kept."""
    page = browser.get(f"/console/policies/{name}/publish")
    sent = {"expected": field(page, "expected"), "sha256": field(page, "sha256"), "reason": "fewer calls"}
    return browser.post(f"/console/policies/{name}/publish", {**sent, "acknowledged": "on", **form})


def in_force(rig: ConsoleRig, name: str = "standard") -> str:
    view = rig.policies.do.read.one(name)
    return view.in_force  # type: ignore[union-attr]  # a test names what there is


# --- reading --------------------------------------------------------------------------------------


def test_the_list_tells_what_is_in_force_and_what_is_tried(rig: ConsoleRig) -> None:
    rig.policies.published(NEXT, in_force(rig))
    rig.policies.try_out(document("100"))
    page = shown(rig.signed_in(Role.AUDITOR).get("/console/policies"))
    assert "standard 99" in page
    assert "anna, " in page
    assert "fewer calls" in page
    assert "из файла установки" in page
    assert "100" in page


def test_a_document_stands_as_tables_in_words(rig: ConsoleRig) -> None:
    page = shown(rig.signed_in(Role.AUDITOR).get(ONE))
    assert "SIM-карта та же карта" in page
    assert "отклонить" in page
    assert "с уведомлением" in page
    assert "в сутки на номер" in page
    assert "Замечаний нет" in page


def test_an_unknown_policy_or_version_is_a_page_that_says_so(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    for path in ("nothing", "-", "standard/document?version=nine", "standard/compare?old=1&new=2&x="):
        answer = browser.get(f"/console/policies/{path}")
        assert answer.status_code == 404
        assert "Такой политики или версии нет." in shown(answer)


def test_two_versions_are_compared_case_by_case(rig: ConsoleRig) -> None:
    before = in_force(rig)
    rig.policies.published(DENIES, before)
    page = shown(rig.signed_in(Role.AUDITOR).get(f"{ONE}/compare?old={before}&new=99"))
    assert "отправить та же SIM-карта станет → отклонить" in page
    assert re.search(r"\d+ случа", page)
    same = shown(rig.signed_in(Role.AUDITOR, name="vera").get(f"{ONE}/compare?old=99&new=99"))
    assert "Решения те же" in same


def test_an_old_document_is_shown_as_it_was_written(rig: ConsoleRig) -> None:
    rig.policies.published(document("99").replace("because", "because_x"), in_force(rig))
    answer = rig.signed_in(Role.AUDITOR).get(f"{ONE}/document?version=99")
    assert "because_x" in answer.text
    assert "name = &#34;standard&#34;" in answer.text


# --- drafts ---------------------------------------------------------------------------------------


def test_a_draft_survives_its_page_and_its_session(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    write(browser, NEXT)
    browser.get("/console/subscribers")
    browser.post("/console/sign-out")
    browser.sign_in("anna")
    page = browser.get(f"{ONE}/draft")
    assert 'version = "99"' in html.unescape(page.text)
    assert "Решения те же" in shown(page)
    assert 'version = "99"' not in html.unescape(
        rig.signed_in(Role.LEAD, name="boris").get(f"{ONE}/draft").text
    )


def test_a_draft_keeps_every_letter_as_it_was_typed(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    text = "\n# до\t<b>&amp;</b>\n" + NEXT + "\n\n"
    write(browser, text)
    assert rig.services.policy_drafts.get("anna", "standard") == text
    shown_again = re.search(
        r'<textarea id="document".*?>\n(.*?)</textarea>', browser.get(f"{ONE}/draft").text, re.DOTALL
    )
    assert shown_again is not None
    assert html.unescape(shown_again[1]) == text


def test_a_draft_comes_out_of_a_file_too(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    browser.get(f"{ONE}/draft")
    for content, said in ((DENIES.encode(), "Черновик сохранён"), (b"\xff\xfe\x00", "не текст в UTF-8")):
        data = {"csrf": browser.token, "do": "keep", "document": "", "file": (io.BytesIO(content), "x.toml")}
        answer = browser.client.post(f"{ONE}/draft", data=data, base_url=browser.base)
        assert said in shown(browser.follow(answer))
    assert rig.services.policy_drafts.get("anna", "standard") == DENIES


def test_what_is_wrong_with_a_draft_is_told_and_nothing_follows(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    page = shown(write(browser, 'name = "standard"\nverdict = 1'))
    assert "Документ не читается как политика." in page
    assert "Опубликовать" not in page
    assert "такую политику публиковать нельзя" in shown(browser.get(f"{ONE}/publish"))


def test_a_draft_with_errors_of_the_checker_is_shown_why_it_must_not_be_published(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    wrong = NEXT.replace(
        'verdict = "deny"\nreason = "sim_changed"\nnotice = true',
        'verdict = "send"\nreason = "sim_changed"',
        1,
    )
    page = shown(write(browser, wrong))
    assert "Публиковать нельзя: есть ошибки" in page
    assert "Ожидаемый случай №" in page
    assert "отклонить SIM-карта сменилась станет → отправить" in page
    assert browser.post(f"{ONE}/publish", {"reason": "x", "sha256": "0"}).status_code == 303
    assert in_force(rig) != "99"


def test_the_longest_document_fits_and_a_longer_one_is_refused(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    long = NEXT + "#" + "я" * (65_536 - len(NEXT) - 1)
    assert "Черновик сохранён" in shown(write(browser, long))
    assert "Длиннее 65536 знаков" in shown(write(browser, long + "я"))
    assert rig.services.policy_drafts.get("anna", "standard") == long


def test_a_draft_begins_with_any_version_and_is_thrown_away(rig: ConsoleRig) -> None:
    rig.policies.published(DENIES, in_force(rig))
    browser = rig.signed_in(Role.ANALYST)
    browser.get(ONE)
    page = browser.follow(browser.post(f"{ONE}/draft/take", {"version": "99"}))
    assert "Черновик начат с версии 99." in shown(page)
    page = browser.follow(browser.post(f"{ONE}/draft", {"do": "forget"}))
    assert "Черновик выброшен." in shown(page)
    assert rig.services.policy_drafts.get("anna", "standard") == ""


def test_who_may_act_for_some_banks_only_writes_no_policy(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    limit(rig, browser, BANK.id)
    for answer in (
        browser.get(f"{ONE}/draft"),
        browser.post(f"{ONE}/publish", {"reason": "x"}),
        browser.post(f"{ONE}/roll-back", {"reason": "x", "version": "1"}),
        browser.post(f"{ONE}/trial", {"reason": "x", "do": "end"}),
    ):
        assert answer.status_code == 403
        assert "доступны все" in shown(answer)
    assert "Написать новую версию" not in shown(browser.get(ONE))


# --- publishing -----------------------------------------------------------------------------------


def test_a_lead_publishes_a_draft_and_the_draft_is_gone(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    answer = publish(browser)
    assert answer.headers["Location"] == ONE
    assert "Политика standard: действует версия 99." in shown(browser.follow(answer))
    assert in_force(rig) == "99"
    assert rig.services.policy_drafts.get("anna", "standard") == ""


def test_what_an_analyst_publishes_is_a_proposal(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    assert "станет предложением" in shown(browser.get(f"{ONE}/publish"))
    assert "ждёт второго человека" in shown(browser.follow(publish(browser)))
    assert in_force(rig) != "99"


def test_where_a_bank_demands_four_eyes_a_lead_proposes_too(rig: ConsoleRig) -> None:
    rig.tenants.put(replace(BANK, four_eyes=(FourEyesDeed.PUBLISH_POLICY,)))
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    assert "ждёт второго человека" in shown(browser.follow(publish(browser)))
    assert in_force(rig) != "99"


def test_warnings_must_be_read_before(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    assert "Подтвердите, что предупреждения прочитаны" in shown(
        browser.follow(publish(browser, acknowledged=""))
    )
    assert in_force(rig) != "99"


def test_a_publishing_without_a_reason_is_asked_for_one(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    answer = publish(browser, reason=" ")
    assert answer.status_code == 422
    assert "Напишите причину" in shown(answer)


def test_only_the_draft_that_was_shown_is_published(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    seen = field(browser.get(f"{ONE}/publish"), "sha256")
    write(browser, document("99", "send"))
    answer = publish(browser, sha256=seen)
    assert "Черновик изменился" in shown(browser.follow(answer))
    assert in_force(rig) != "99"


def test_what_another_put_in_force_meanwhile_is_not_written_over(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, document("100", "deny"))
    seen = in_force(rig)
    rig.policies.published(DENIES, seen)
    assert "ввели другую версию: 99" in shown(browser.follow(publish(browser, expected=seen)))
    assert in_force(rig) == "99"


def test_a_new_policy_is_written_under_no_name(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    page = write(browser, document("1", name="holidays"), name="-")
    assert "сравнивать не с чем" in shown(page)
    answer = publish(browser, "-")
    assert answer.headers["Location"] == "/console/policies/holidays"
    assert in_force(rig, "holidays") == "1"


def test_an_earlier_version_comes_back(rig: ConsoleRig) -> None:
    first = in_force(rig)
    rig.policies.published(DENIES, first)
    browser = rig.signed_in(Role.LEAD)
    page = browser.get(f"{ONE}/roll-back?version={first}")
    assert "отклонить because станет → отправить" in shown(page)
    answer = browser.post(
        f"{ONE}/roll-back", {"version": first, "expected": "99", "reason": "too many calls"}
    )
    assert f"действует версия {first}" in shown(browser.follow(answer))
    assert in_force(rig) == first


# --- trying ---------------------------------------------------------------------------------------


def begin_replay(browser: Browser, what: str = "draft", since: str = "2027-01-01", **more: str) -> str:
    """Begin a replay over all that there is; gives the address of its page."""
    browser.get(f"{ONE}/replays")
    answer = browser.post(f"{ONE}/replays", {"what": what, "since": since, "until": "2027-12-31", **more})
    assert answer.status_code == 303, shown(answer)
    return str(answer.headers["Location"])


def test_a_replay_goes_step_by_step_and_lists_what_would_change(rig: ConsoleRig) -> None:
    for number in (NUMBER.digits, OTHER_NUMBER):
        rig.policies.decide(number, tenant=BANK)
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    path = begin_replay(browser)
    before = browser.get(path)
    assert 'value="0"' in before.text
    assert "data-step" in before.text
    page = browser.follow(browser.post(path))
    text = shown(page)
    assert "Прогон закончен" in text
    assert "100%" in text
    assert "Сравнено решений 2 Решилось бы иначе 2" in text
    assert "data-step>" not in page.text
    assert "/console/subscribers/" in page.text
    assert NUMBER.digits not in page.text
    assert OTHER_NUMBER not in page.text
    assert "1500.00 RUB" in text


def test_a_replay_that_changes_nothing_says_so(rig: ConsoleRig) -> None:
    rig.policies.decide(NUMBER.digits, tenant=BANK)
    browser = rig.signed_in(Role.ANALYST)
    path = begin_replay(browser, what=f"v:{in_force(rig)}")
    page = shown(browser.follow(browser.post(path)))
    assert "Решилось бы иначе 0" in page
    assert "Ни одного." in page


def test_a_list_longer_than_a_page_is_turned_over(rig: ConsoleRig) -> None:
    for one in range(60):
        rig.policies.decide(f"791611122{one:02d}", tenant=BANK)
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    path = begin_replay(browser)
    page = browser.follow(browser.post(path))
    assert page.text.count("/console/subscribers/") == 50
    assert f"{path}?from=50" in page.text
    assert browser.get(f"{path}?from=50").text.count("/console/subscribers/") == 10


def test_a_replay_of_another_bank_is_unknown(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    path = begin_replay(browser)
    limit(rig, browser, "odd")
    assert browser.get(path).status_code == 404
    assert browser.post(path).status_code == 404


def test_a_period_that_is_none_is_told(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    for since, until in (
        ("2027-02-01", "2027-01-01"),
        ("", ""),
        ("x", "2027-01-01"),
        ("2999-01-01", "2999-01-02"),
    ):
        browser.get(f"{ONE}/replays")
        answer = browser.post(f"{ONE}/replays", {"what": "draft", "since": since, "until": until})
        assert answer.status_code == 422
        assert "Такого периода нет" in shown(answer)


def test_an_auditor_watches_a_replay_and_takes_no_step(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    write(browser, DENIES)
    path = begin_replay(browser)
    page = rig.signed_in(Role.AUDITOR, name="vera").get(path)
    assert "Идёт прогон" in shown(page)
    assert "data-step>" not in page.text


def test_a_lead_tries_a_draft_reads_what_it_says_and_ends_the_trial(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    write(browser, DENIES)
    browser.get(f"{ONE}/trial")
    begun = browser.post(f"{ONE}/trial", {"do": "begin", "reason": "before the holidays"})
    assert "Пробуется версия 99." in shown(browser.follow(begun))
    rig.policies.clock.move(2)
    rig.policies.decide(NUMBER.digits, tenant=BANK)
    page = browser.get(f"{ONE}/trial?days=30")
    assert "Сравнено решений 1 Решилось бы иначе 1" in shown(page)
    assert NUMBER.digits not in page.text
    ended = browser.post(f"{ONE}/trial", {"do": "end", "reason": "seen enough"})
    assert "Проба закончена." in shown(browser.follow(ended))


def test_without_a_reason_or_a_draft_no_trial_begins(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.get(f"{ONE}/trial")
    said = shown(browser.follow(browser.post(f"{ONE}/trial", {"do": "begin", "reason": " "})))
    assert "Напишите причину" in said
    said = shown(browser.follow(browser.post(f"{ONE}/trial", {"do": "begin", "reason": "x"})))
    assert "Черновика нет" in said
