"""An admin's day: a new bank with its key, its limits and texts, whose word counts, a person let in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from tests.e2e.all_in_one import Running
from tests.e2e.console.journey import LACKING, PHONE, Operator, accessible, arrive, new_context, shot

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)

SECTIONS = (
    "general",
    "codes",
    "sim",
    "limits",
    "four_eyes",
    "routes",
    "senders",
    "notices",
    "relay",
    "faces",
)


def save(page: Page, reason: str) -> None:
    """Go from a form to what it changes, and save it."""
    page.get_by_role("button", name="Проверить и сравнить").click()
    expect(page.get_by_role("heading", name="Что изменится")).to_be_visible()
    page.get_by_label("Причина").fill(reason)


@pytest.fixture
def page(signed_in: Page) -> Iterator[Page]:
    """The admin's page, at which no script may fail and nothing may be kept from loading."""
    faults: list[str] = []

    def on_console(said: ConsoleMessage) -> None:
        # A form with faults is answered 422, which browsers tell of as well.
        if said.type == "error" and "422" not in said.text:
            faults.append(said.text)

    def on_error(error: Error) -> None:
        faults.append(str(error))

    signed_in.on("console", on_console)
    signed_in.on("pageerror", on_error)
    yield signed_in
    signed_in.remove_listener("console", on_console)
    signed_in.remove_listener("pageerror", on_error)
    assert faults == []


def test_a_new_bank_gets_a_key_that_works(running: Running, page: Page) -> None:
    page.goto("/console/")
    page.get_by_role("link", name="Банки").click()
    accessible(page)
    shot(page, "tenants")
    page.get_by_role("link", name="Новый банк").click()
    accessible(page)
    shot(page, "tenant-new")
    page.get_by_label("Идентификатор").fill("shop")
    page.get_by_label("Название").fill("Лавка")
    page.get_by_label("Причина").fill("Договор 7")
    page.get_by_role("button", name="Создать").click()
    key = page.locator("[data-key]").text_content() or ""
    assert re.fullmatch(r"et_[0-9a-f]{64}", key)
    accessible(page)
    shot(page, "key-issued")
    base = running.program.facts()["base_url"]
    body = {"Number": "79161234567", "MessageText": "x"}
    answer = httpx.post(f"{base}/GenerateCode", json=body, headers={"X-ApiKey": key})
    assert answer.status_code != 401
    page.get_by_role("link", name="Я сохранил его").click()
    expect(page.get_by_text("действует")).to_be_visible()
    assert key not in page.content()
    accessible(page)
    shot(page, "tenant-keys")


def test_limits_are_changed_after_a_look_at_what_changes(page: Page) -> None:
    page.goto("/console/tenants/demo")
    page.get_by_role("link", name="Пределы и попытки").first.click()
    accessible(page)
    shot(page, "tenant-limits")
    page.locator('[name="limits.sends.0.limit"]').fill("много")
    page.get_by_role("button", name="Проверить и сравнить").click()
    expect(page.locator('[id="limits.sends.0.limit-fault"]')).to_have_text("Нужно целое число.")
    accessible(page)
    shot(page, "tenant-fault")
    page.locator('[name="limits.sends.0.limit"]').fill("2")
    save(page, "Меньше отправок")
    accessible(page)
    shot(page, "tenant-confirm")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("status")).to_contain_text("Сохранено")


def test_texts_tell_what_they_take_while_they_are_typed(page: Page) -> None:
    page.goto("/console/tenants/demo/settings/templates")
    row = page.locator("[data-template]").first
    row.get_by_label("Назначение").fill("default")
    row.get_by_label("Язык").fill("en")
    row.get_by_label("Текст").press_sequentially("Code {code}, valid for {minutes} min")
    expect(row.locator("[data-preview]")).to_have_text("Code 407193, valid for 5 min")
    expect(row.locator("[data-encoding]")).to_have_text("GSM-7")
    expect(row.locator("[data-count]")).to_have_text("1")
    row.get_by_label("Текст").press_sequentially(" — ё" + "x" * 60)
    expect(row.locator("[data-encoding]")).to_have_text("UCS-2")
    expect(row.locator("[data-count]")).to_have_text("2")
    expect(row.locator("[data-foreign]")).to_have_text("—ё")
    page.get_by_label("Домен для браузера").fill("shop.example")
    expect(row.locator("[data-preview]")).to_contain_text("@shop.example #407193")
    accessible(page)
    shot(page, "tenant-templates")
    save(page, "Английский текст")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator("[data-template]").first.locator("[data-preview]")).to_contain_text("@shop.example")
    page.get_by_role("link", name="Обзор").click()
    accessible(page)
    shot(page, "tenant")


def test_every_section_and_list_is_a_page_to_be_looked_at(signed_in: Page) -> None:
    tenant = "/console/tenants/demo"
    for section in SECTIONS:
        signed_in.goto(f"{tenant}/settings/{section}")
        expect(signed_in.get_by_role("button", name="Проверить и сравнить")).to_be_visible()
        accessible(signed_in)
        shot(signed_in, f"tenant-{section.replace('_', '-')}")
    signed_in.goto(f"{tenant}/accounts")
    signed_in.get_by_label("Логин").fill("oldsys")
    signed_in.get_by_label("REST").check()
    signed_in.get_by_role("button", name="Добавить").click()
    expect(signed_in.locator("[data-key]")).to_have_text(re.compile("^[A-Za-z0-9]{24}$"))
    accessible(signed_in)
    shot(signed_in, "account-made")
    signed_in.get_by_role("link", name="Я сохранил его").click()
    expect(signed_in.get_by_text("oldsys").first).to_be_visible()
    accessible(signed_in)
    shot(signed_in, "tenant-accounts")


def test_a_lead_decides_whose_word_counts(signed_in: Page) -> None:
    signed_in.goto("/console/providers")
    form = signed_in.locator("section").filter(has_text="Решить о слове")
    form.get_by_label("Оператор").fill("25001")
    form.get_by_label("Слово").select_option("learn")
    form.get_by_label("Причина").fill("Гонят SMS домой")
    form.get_by_role("button", name="Решить").click()
    expect(signed_in.get_by_role("status")).to_contain_text("Решено")
    accessible(signed_in)
    shot(signed_in, "providers")


def test_a_person_is_invited_comes_and_is_sent_away(
    running: Running, browser: Browser, signed_in: Page
) -> None:
    signed_in.goto("/console/people")
    accessible(signed_in)
    shot(signed_in, "people")
    signed_in.get_by_role("link", name="Пригласить").click()
    accessible(signed_in)
    shot(signed_in, "person-new")
    signed_in.get_by_label("Имя").fill("igor")
    signed_in.get_by_label("аналитик").check()
    signed_in.get_by_role("button", name="Пригласить").click()
    code = signed_in.locator("[data-key]").text_content() or ""
    accessible(signed_in)
    shot(signed_in, "invited")
    context = new_context(browser, running)
    igor = context.new_page()
    arrive(igor, Operator("igor", code))
    igor.goto("/console/")
    expect(igor.get_by_role("heading", level=1)).to_contain_text("igor")
    expect(igor.get_by_role("link", name="Люди")).to_have_count(0)
    assert (igor.goto("/console/people") or pytest.fail("no answer")).status == 403
    signed_in.goto("/console/people/igor")
    accessible(signed_in)
    shot(signed_in, "person")
    signed_in.locator("summary").filter(has_text="Отключить").click()
    signed_in.get_by_role("button", name="Отключить").click()
    expect(signed_in.get_by_role("status")).to_contain_text("вход отключён")
    igor.goto("/console/")
    expect(igor).to_have_url(re.compile("/console/sign-in"))
    context.close()


def test_settings_are_changed_without_scripts_on_a_phone(
    running: Running, browser: Browser, signed_in: Page
) -> None:
    context = new_context(browser, running, java_script_enabled=False, viewport=PHONE)
    context.add_cookies(signed_in.context.cookies())  # type: ignore[arg-type]  # what one gave the other takes
    page = context.new_page()
    page.goto("/console/tenants/demo/settings/templates")
    row = page.locator("[data-template]").last
    row.get_by_label("Назначение").fill("login")
    row.get_by_label("Язык").fill("ru")
    row.get_by_label("Текст").fill("Вход: {code}")
    save(page, "Свой текст входа")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Вход: 407193")).to_be_visible()
    context.close()
