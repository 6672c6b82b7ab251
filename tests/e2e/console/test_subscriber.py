"""From an invitation to a SIM swap and back: the journey of somebody with a customer on the phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.all_in_one import Running
from tests.e2e.callers import new_number
from tests.e2e.console.journey import (
    LACKING,
    PHONE,
    Operator,
    accessible,
    arrive,
    begin_visit,
    find,
    invited,
    new_context,
    shot,
    sign_in,
    sign_out,
)
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)


def test_from_an_invitation_to_a_swapped_sim_and_back(
    running: Running, browser: Browser, operator: Operator
) -> None:
    context = new_context(browser, running)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))

    page.goto("/console/")
    expect(page).to_have_url(re.compile(r"/console/sign-in\?next="))
    accessible(page)
    shot(page, "sign-in")
    arrive(page, operator)
    accessible(page)
    page.get_by_role("link", name="Я сохранил коды").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Здравствуйте, {operator.name}")
    accessible(page)
    shot(page, "home")
    sign_out(page)
    expect(page.get_by_text("Вы вышли.")).to_be_visible()
    sign_in(page, operator)

    number = new_number()
    assert (
        running.bank.generate(number, Purpose="payment", Amount="1500.00", Currency="RUB", Payee="OOO").code
        == 0
    )
    find(page, f"8 ({number[1:4]}) {number[4:7]}-{number[7:9]}-{number[9:]}")
    expect(page.get_by_role("heading", name="SIM-карта доверенная")).to_be_visible()
    expect(page.get_by_text("Не звоните")).to_have_count(0)
    assert number not in page.url
    accessible(page)
    shot(page, "subscriber-trusted")

    running.operator.swap(number)
    assert running.bank.check(number, "000000").code == 5
    assert running.bank.generate(number, Purpose="login").code == 6
    wait_for("the open case", lambda: page.reload() and page.get_by_text("Открытое дело").count())
    expect(page.get_by_role("alert").filter(has_text="Не звоните и не пишите на этот номер")).to_be_visible()
    expect(page.get_by_role("heading", name="SIM-карта сменилась", exact=True)).to_be_visible()
    expect(page.get_by_text("Решение: отклонить — SIM-карта сменилась").first).to_be_visible()
    accessible(page)
    shot(page, "subscriber-changed")

    page.get_by_role("link", name="Перепроверить").click()
    accessible(page)
    shot(page, "reverify")
    page.get_by_label("Причина").fill("Клиент пришёл в офис с паспортом")
    page.get_by_role("button", name="Перепроверить").click()
    expect(page.get_by_role("status")).to_contain_text("Перепроверено")
    expect(page.get_by_role("heading", name="SIM-карта доверенная")).to_be_visible()
    expect(page.get_by_text("Клиент пришёл в офис с паспортом")).to_be_visible()
    assert running.bank.generate(number, Purpose="login").code == 0
    page.get_by_role("navigation", name="Что показать").get_by_role("link", name="SIM-карты").click()
    expect(page.get_by_text("SIM-карта сменилась (")).to_be_visible()
    accessible(page)
    shot(page, "subscriber-reverified")
    assert faults == []
    context.close()


def test_keys_reach_what_a_mouse_reaches(signed_in: Page) -> None:
    signed_in.goto("/console/me")
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("link", name="К содержанию")).to_be_focused()
    signed_in.keyboard.press("/")
    expect(signed_in.locator("#quick-number")).to_be_focused()
    signed_in.keyboard.press("Tab")
    signed_in.keyboard.press("?")
    expect(signed_in.get_by_role("dialog")).to_be_visible()
    accessible(signed_in)
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("dialog")).to_have_count(0)
    signed_in.keyboard.press("g")
    signed_in.keyboard.press("h")
    expect(signed_in).to_have_url(re.compile("/console/$"))


def test_ones_own_page_and_errors_are_pages_to_be_looked_at(signed_in: Page) -> None:
    signed_in.goto("/console/me")
    accessible(signed_in)
    shot(signed_in, "me")
    signed_in.goto("/console/nowhere")
    expect(signed_in.get_by_text("Такой страницы нет.")).to_be_visible()
    accessible(signed_in)
    shot(signed_in, "error")


def test_the_pages_of_a_first_visit_are_pages_to_be_looked_at(running: Running, browser: Browser) -> None:
    context = new_context(browser, running)
    page, vera = context.new_page(), invited(running, "vera", "analyst")
    page.goto("/console/welcome")
    accessible(page)
    shot(page, "welcome")
    begin_visit(page, vera)
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    accessible(page)
    shot(page, "welcome-choose")
    arrive(page, vera)
    accessible(page)
    shot(page, "recovery")
    page.goto("/console/subscribers")
    page.locator("#number").fill("12")
    page.locator("main").get_by_role("button", name="Найти").click()
    expect(page.get_by_text("Это не похоже на номер телефона.")).to_be_visible()
    accessible(page)
    shot(page, "subscriber-find")
    context.close()


def test_the_choice_of_colours_and_language_stays(signed_in: Page) -> None:
    signed_in.goto("/console/")
    signed_in.get_by_role("button", name="Тёмные").click()
    expect(signed_in.locator("html")).to_have_attribute("data-theme", "dark")
    signed_in.get_by_role("button", name="English").click()
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("Hello")
    expect(signed_in.get_by_text("Times: Europe/Moscow, UTC+03:00")).to_be_visible()
    accessible(signed_in)
    signed_in.get_by_role("button", name="Русский").click()
    signed_in.get_by_role("button", name="Как в системе").click()
    expect(signed_in.locator("html")).to_have_attribute("data-theme", "auto")


def test_without_scripts_on_a_phone_everything_still_works(
    running: Running, browser: Browser, signed_in: Page
) -> None:
    cookies = signed_in.context.cookies()
    context = new_context(browser, running, java_script_enabled=False, viewport=PHONE)
    context.add_cookies([one for one in cookies if one["name"] != "etalon-zone"])  # type: ignore[misc]  # what one gave the other takes
    page = context.new_page()
    number = new_number()
    assert running.bank.generate(number).code == 0
    page.goto("/console/")
    page.locator("#number").fill(number)
    page.locator("main").get_by_role("button", name="Найти").click()
    page.get_by_role("link", name="Заморозить сейчас").click()
    page.get_by_label("Причина").fill("Клиент попросил")
    page.get_by_role("button", name="Заморозить сейчас").click()
    expect(page.get_by_role("heading", name="Заморожен")).to_be_visible()
    assert running.bank.generate(number).code == 3
    context.close()
