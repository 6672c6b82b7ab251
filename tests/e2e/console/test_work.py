"""The fraud team's day in a browser: what goes on now, a case to its end, a proposal and who approves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.all_in_one import Running
from tests.e2e.callers import new_number
from tests.e2e.console.journey import LACKING, PHONE, accessible, arrive, find, invited, new_context, shot
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)

ARCHIVED_MS = 20_000
"""What is written is archived within a second or two, and a page that refreshes itself shows it then."""


@pytest.fixture(scope="module")
def analyst(running: Running, browser: Browser) -> Iterator[Page]:
    """A page that an analyst is signed in at."""
    context = new_context(browser, running)
    page = context.new_page()
    arrive(page, invited(running, "anna", "analyst"))
    yield page
    context.close()


def swapped(running: Running, amount: str = "150000.00") -> str:
    """A number whose SIM was swapped, and a payment that was refused for it."""
    number = new_number()
    assert running.bank.generate(number, Purpose="login").code == 0
    assert running.bank.check(number, "000000").code == 5
    running.operator.swap(number)
    asked = running.bank.generate(number, Purpose="payment", Amount=amount, Currency="RUB", Payee="OOO")
    assert asked.code == 6
    return number


def listed(page: Page, address: str, number: str) -> None:
    """Open a list of cases, as often as it takes the archive to take in what just happened."""

    def is_there() -> bool:
        page.goto(address)
        return page.get_by_text(spoken(number)).count() > 0

    wait_for(f"the case of {number}", is_there)


def spoken(number: str) -> str:
    """A number as pages write it."""
    return f"+{number[0]} {number[1:4]} {number[4:7]}-{number[7:9]}-{number[9:]}"


def test_what_goes_on_now_refreshes_itself_and_can_be_paused(running: Running, signed_in: Page) -> None:
    faults: list[str] = []
    signed_in.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    signed_in.on("pageerror", lambda error: faults.append(str(error)))
    for _ in range(6):
        assert running.bank.generate(new_number(), Purpose="login").code == 0
    swapped(running)
    signed_in.goto("/console/now")
    requests = signed_in.get_by_role("region", name="Запросы кодов")
    expect(requests).to_contain_text("отправлен", timeout=ARCHIVED_MS)
    expect(requests).to_contain_text("SIM-карта сменилась", timeout=ARCHIVED_MS)
    sims = signed_in.get_by_role("region", name="Ответы операторов")
    expect(sims.get_by_role("img", name="Ответы операторов")).to_be_visible()
    expect(signed_in.get_by_role("region", name="Смены SIM-карт по операторам")).to_contain_text("25001")
    accessible(signed_in)
    shot(signed_in, "now")

    before = requests.locator("figcaption strong").first.text_content()
    assert running.bank.generate(new_number(), Purpose="login").code == 0
    expect(requests.locator("figcaption strong").first).not_to_have_text(before or "", timeout=ARCHIVED_MS)
    pause = signed_in.get_by_role("button", name="Пауза")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    expect(signed_in.get_by_text("Обновление остановлено")).to_be_visible()
    accessible(signed_in)
    signed_in.get_by_role("link", name="Неделя").click()
    expect(signed_in).to_have_url(re.compile("span=week"))
    accessible(signed_in)
    shot(signed_in, "now-week")
    signed_in.get_by_role("button", name="English").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Now")
    accessible(signed_in)
    signed_in.get_by_role("button", name="Русский").click()
    assert faults == []


def test_a_case_from_the_list_to_a_banned_sim_and_back(
    running: Running, analyst: Page, signed_in: Page
) -> None:
    number, smaller = swapped(running, "900000.00"), swapped(running, "12.00")
    listed(analyst, "/console/cases", smaller)
    rows = analyst.get_by_role("table").first.get_by_role("row")
    expect(rows.nth(1)).to_contain_text(spoken(number))
    expect(rows.nth(1)).to_contain_text("900\u202f000,00 RUB")
    expect(analyst.get_by_text(spoken(smaller))).to_be_visible()
    accessible(analyst)
    shot(analyst, "cases")

    analyst.get_by_role("link", name=spoken(number)).click()
    expect(analyst.get_by_role("alert").filter(has_text="Не звоните")).to_be_visible()
    analyst.get_by_role("button", name="Взять себе").click()
    expect(analyst.get_by_role("status")).to_have_text(re.compile("Делом занимается anna"))
    analyst.get_by_label("Новая заметка").fill("Клиент в офисе: карту не менял")
    analyst.get_by_role("button", name="Записать").click()
    expect(analyst.get_by_text("Клиент в офисе: карту не менял")).to_be_visible()
    accessible(analyst)
    shot(analyst, "case-open")

    analyst.goto("/console/")
    mine = analyst.get_by_role("region", name="Мои дела")
    expect(mine).to_contain_text(spoken(number))
    accessible(analyst)
    shot(analyst, "home-with-work")
    mine.get_by_role("link", name=spoken(number)).click()
    analyst.get_by_role("link", name="Мошенничество").click()
    expect(analyst.get_by_text("будет запрещена")).to_be_visible()
    accessible(analyst)
    shot(analyst, "case-closing")
    analyst.get_by_label("Причина").fill("Карту перевыпустил не клиент")
    analyst.get_by_role("button", name="Закрыть и запретить карту").click()
    expect(analyst.get_by_role("heading", name="Закрыто: мошенничество")).to_be_visible()
    accessible(analyst)
    shot(analyst, "case-closed")
    analyst.get_by_role("link", name="Абонент и всё").click()
    expect(analyst.get_by_text("Карта запрещена после мошенничества")).to_be_visible()
    assert number not in analyst.url

    analyst.goto("/console/cases?state=closed")
    expect(analyst.get_by_role("region", name="Ложные тревоги по операторам")).to_contain_text("25001")
    accessible(analyst)
    shot(analyst, "cases-closed")
    signed_in.goto("/console/cases")
    signed_in.get_by_role("link", name="Запрещённые карты").click()
    expect(signed_in.get_by_text(spoken(number))).to_be_visible()
    accessible(signed_in)
    shot(signed_in, "bans")
    signed_in.get_by_role("link", name="Снять запрет").click()
    accessible(signed_in)
    shot(signed_in, "ban-lifting")
    signed_in.get_by_label("Причина").fill("Ошиблись номером")
    signed_in.get_by_role("button", name="Снять запрет").click()
    expect(signed_in.get_by_role("status")).to_have_text(re.compile("Запрет снят"))


def test_a_proposal_from_an_analyst_to_the_person_who_approves_it(
    running: Running, analyst: Page, signed_in: Page
) -> None:
    number = new_number()
    assert running.bank.generate(number, Purpose="login").code == 0
    find(analyst, number)
    analyst.get_by_role("link", name="Отключить проверку и всегда отправлять").click()
    analyst.get_by_label("Причина").fill("Клиент за границей, сеть не отвечает")
    analyst.get_by_role("button", name="Отключить проверку и всегда отправлять").click()
    expect(analyst.get_by_role("status")).to_contain_text("Предложено")
    analyst.goto("/console/proposals?show=mine")
    analyst.get_by_role("link", name="Отключить проверку и всегда отправлять").click()
    expect(analyst.get_by_text("Одобряет руководитель.")).to_be_visible()
    accessible(analyst)
    shot(analyst, "proposal-mine")

    signed_in.goto("/console/")
    waiting = signed_in.get_by_role("region", name="Ждут вашего решения")
    expect(waiting).to_contain_text(spoken(number))
    shot(signed_in, "home-with-a-proposal")
    signed_in.goto("/console/proposals")
    accessible(signed_in)
    shot(signed_in, "proposals")
    signed_in.get_by_role("link", name="Отключить проверку и всегда отправлять").click()
    accessible(signed_in)
    shot(signed_in, "proposal-waiting")
    signed_in.get_by_role("button", name="Одобрить и исполнить").click()
    expect(signed_in.get_by_role("status")).to_contain_text("Исполнено")
    accessible(signed_in)
    shot(signed_in, "proposal-done")
    running.operator.swap(number)
    assert running.bank.check(number, "000000").code == 5
    assert running.bank.generate(number, Purpose="other").code == 0


def test_the_desk_works_without_scripts_on_a_phone(running: Running, browser: Browser, analyst: Page) -> None:
    number = swapped(running, "77.00")
    context = new_context(browser, running, java_script_enabled=False, viewport=PHONE)
    context.add_cookies([one for one in analyst.context.cookies() if one["name"] != "etalon-zone"])  # type: ignore[misc]  # what one gave the other takes
    page = context.new_page()
    listed(page, "/console/cases?whose=-&operator=25001", number)
    page.get_by_role("link", name=spoken(number)).click()
    page.get_by_role("link", name="Выяснить не удалось").click()
    page.get_by_label("Причина").fill("Не дозвонились")
    page.get_by_role("button", name="Закрыть дело").click()
    expect(page.get_by_role("heading", name="Закрыто: выяснить не удалось")).to_be_visible()
    page.goto("/console/now?span=day")
    expect(page.get_by_role("button", name="Пауза")).to_be_hidden()
    page.get_by_role("link", name="Обновить").click()
    expect(page.get_by_role("heading", name="Запросы кодов")).to_be_visible()
    context.close()
