"""From a draft over a replay into force and back; and what happened, found, proved, taken away."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from security_service.domain.log_check import verify_log
from security_service.domain.log_file import lines_of
from security_service.domain.log_verdict import Proved
from security_service.links.signing import TrustedLogKeys
from tests.e2e.all_in_one import Running
from tests.e2e.callers import new_number
from tests.e2e.console.journey import LACKING, PHONE, accessible, new_context, shot

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)


def decided(running: Running, count: int) -> list[str]:
    """Let the bank ask for codes, and one of its customers fall to a swap."""
    numbers = [new_number() for _ in range(count)]
    for number in numbers:
        assert running.bank.generate(number, Purpose="payment", Amount="1500.00", Currency="RUB").code == 0
    running.operator.swap(numbers[0])
    assert running.bank.generate(numbers[0], Purpose="login").code == 6
    return numbers


def draft(page: Page, version: str, change: tuple[str, str]) -> None:
    """Write a next version of the standard policy, and let it be checked."""
    page.goto("/console/policies/standard/draft")
    field = page.get_by_role("textbox", name="Текст")
    text = re.sub(r'version = "[^"]*"', f'version = "{version}"', field.input_value(), count=1)
    assert change[0] in text
    field.fill(text.replace(*change, 1))
    page.get_by_role("button", name="Сохранить и проверить").click()
    expect(page.get_by_role("status")).to_contain_text("Черновик сохранён.")


# What was sent to a SIM seen for the first time is refused, the expected case with it.
STRICTER = ('verdict = "send"\nreason = "sim_first_seen"', 'verdict = "deny"\nreason = "sim_first_seen"')


def replayed(page: Page, numbers: list[str]) -> None:
    """Replay the draft over all that there is: every number but the swapped one was sent to."""
    page.get_by_role("link", name="Проиграть на прошлом").click()
    page.get_by_label("С дня").fill("2020-01-01")
    page.get_by_label("По день").fill("2099-12-31")
    accessible(page)
    shot(page, "policy-replay-ask")
    page.get_by_role("button", name="Начать").click()
    expect(page.get_by_role("heading", name="Прогон закончен")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    expect(page.get_by_role("table").last.get_by_role("row")).to_have_count(6)
    assert all(number not in page.content() for number in numbers)
    accessible(page)
    shot(page, "policy-replay")


def test_from_a_draft_into_force_and_back(running: Running, signed_in: Page) -> None:
    page = signed_in
    numbers = decided(running, 5)
    page.goto("/console/policies")
    expect(page.get_by_role("link", name="standard")).to_be_visible()
    accessible(page)
    shot(page, "policies")
    page.get_by_role("link", name="standard").click()
    expect(page.get_by_role("heading", name="Что сейчас решает")).to_be_visible()
    accessible(page)
    shot(page, "policy")

    draft(page, "90", STRICTER)
    expect(page.get_by_text("Публиковать нельзя: есть ошибки.")).to_be_visible()
    accessible(page)
    shot(page, "policy-draft-refused")
    field = page.get_by_role("textbox", name="Текст")
    field.fill(field.input_value().replace(*STRICTER))
    page.get_by_role("button", name="Сохранить и проверить").click()
    expect(page.get_by_text("Замечаний нет:")).to_be_visible()
    page.goto("/console/")
    page.goto("/console/policies/standard/draft")
    expect(page.get_by_role("heading", name="Что изменится против действующей")).to_be_visible()
    accessible(page)
    shot(page, "policy-draft")

    replayed(page, numbers)

    page.goto("/console/policies/standard/trial")
    page.get_by_label("Причина").fill("Проверим до праздников")
    page.get_by_role("button", name="Пробовать черновик, версия 90").click()
    expect(page.get_by_text("Пробуется версия 90.")).to_be_visible()
    accessible(page)

    page.goto("/console/policies/standard/publish")
    page.get_by_label("Причина").fill("Строже с новыми номерами")
    accessible(page)
    shot(page, "policy-publish")
    page.get_by_role("button", name="Опубликовать").click()
    expect(page.get_by_text("Политика standard: действует версия 90.")).to_be_visible()
    expect(page.get_by_text("Строже с новыми номерами").first).to_be_visible()
    page.get_by_role("link", name="Сравнить с действующей").click()
    accessible(page)
    shot(page, "policy-compare")
    page.goto("/console/policies/standard")
    page.get_by_role("link", name="Вернуть").click()
    page.get_by_label("Причина").fill("Слишком строго")
    accessible(page)
    shot(page, "policy-roll-back")
    page.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_text("Политика standard: действует версия")).to_be_visible()


def test_a_trial_is_reported_beside_the_one_in_force(running: Running, signed_in: Page) -> None:
    page = signed_in
    draft(page, "91", STRICTER)
    page.goto("/console/policies/standard/trial")
    page.get_by_label("Причина").fill("Проверим")
    page.get_by_role("button", name="Пробовать черновик").click()
    expect(page.get_by_text("Пробуется версия 91.")).to_be_visible()
    numbers = [new_number() for _ in range(3)]
    expect(page.get_by_text("действует версия")).to_have_count(0)
    for number in numbers:
        assert running.bank.generate(number).code == 0
    page.reload()
    shot(page, "policy-trial")
    accessible(page)
    page.goto("/console/policies/standard/document?trial=1")
    accessible(page)
    shot(page, "policy-document")


def test_what_happened_is_found_and_taken_away(running: Running, signed_in: Page, tmp_path: Path) -> None:
    page = signed_in
    number = decided(running, 3)[0]
    page.goto("/console/audit")
    accessible(page)
    shot(page, "audit")
    page.get_by_label("Номер телефона", exact=True).last.fill(f"8 {number[1:]}")
    page.get_by_label("Решение").select_option("deny")
    page.get_by_role("button", name="Искать").click()
    expect(page.get_by_text("Решение: отклонить — SIM-карта сменилась")).to_have_count(1)
    assert number[1:] not in page.url
    page.locator("details.raw summary").first.click()
    expect(page.locator("details.raw pre").first).to_contain_text('"kind":"gate_decided"')
    accessible(page)
    shot(page, "audit-found")
    with page.expect_download() as taken:
        page.get_by_role("button", name="JSON Lines").click()
    taken.value.save_as(tmp_path / "found.jsonl")
    (event,) = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert event["facts"]["verdict"] == "deny"


def test_the_log_is_verified_here_and_by_a_file_taken_away(
    running: Running, signed_in: Page, tmp_path: Path
) -> None:
    page = signed_in
    decided(running, 3)
    page.goto("/console/audit/proof")
    expect(page.get_by_role("heading", name="Подписанная вершина")).to_be_visible()
    page.get_by_role("button", name="Проверить весь журнал").click()
    expect(page.get_by_text("Весь журнал цел:")).to_be_visible()
    accessible(page)
    shot(page, "audit-proof")
    with page.expect_download() as log:
        page.get_by_role("button", name="Скачать журнал с доказательством").click()
    log.value.save_as(tmp_path / "log.jsonl")
    with page.expect_download() as key:
        page.get_by_role("link", name="открытый ключ").click()
    key.value.save_as(tmp_path / "key.pem")
    trusted = TrustedLogKeys([(tmp_path / "key.pem").read_bytes()])
    lines = lines_of([(tmp_path / "log.jsonl").read_bytes()])
    assert isinstance(verify_log(lines, trusted.check, whole=True), Proved)


def test_without_scripts_a_replay_and_a_verification_go_on_by_a_button(
    running: Running, browser: Browser, signed_in: Page
) -> None:
    cookies = signed_in.context.cookies()
    context = new_context(browser, running, java_script_enabled=False, viewport=PHONE)
    context.add_cookies([one for one in cookies if one["name"] != "etalon-zone"])  # type: ignore[misc]  # what one gave the other takes
    page = context.new_page()
    decided(running, 2)
    page.goto("/console/policies/strict/replays")
    page.get_by_label("С дня").fill("2020-01-01")
    page.get_by_label("По день").fill("2099-12-31")
    page.get_by_role("button", name="Начать").click()
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_role("heading", name="Прогон закончен")).to_be_visible()
    page.goto("/console/audit/proof")
    page.get_by_role("button", name="Проверить весь журнал").click()
    expect(page.get_by_text("Весь журнал цел:")).to_be_visible()
    context.close()
