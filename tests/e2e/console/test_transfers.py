"""A file in, its refused rows, the file out again, and a bulk re-verification: the journey of a lead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.all_in_one import Running
from tests.e2e.callers import new_number
from tests.e2e.console.journey import LACKING, accessible, arrive, invited, new_context, shot
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)

_IMSI: Final = "250011234567890"


def test_a_file_goes_in_with_its_progress_and_comes_out_again(
    running: Running, signed_in: Page, tmp_path: Path
) -> None:
    page = signed_in
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto("/console/transfers")
    accessible(page)
    shot(page, "transfers")

    file = tmp_path / "base.csv"
    rows = "".join(f"7926{place:07d};{_IMSI}\n" for place in range(20_000))
    file.write_text(f"number;imsi\n{rows}12345;{_IMSI}\n79161112211;999\n", encoding="utf-8")
    page.get_by_label("Файл CSV").set_input_files(file)
    page.get_by_role("button", name="Загрузить").click()
    expect(page).to_have_url(re.compile(r"/console/transfers/imports/[0-9a-f]{32}$"))
    expect(page.get_by_role("status").filter(has_text="записано")).to_contain_text("отклонено 2")
    expect(page.get_by_text("номер не читается")).to_be_visible()
    accessible(page)
    shot(page, "import")

    page.get_by_role("link", name="Файлы").click()
    expect(page.get_by_role("link", name="base.csv")).to_be_visible()
    accessible(page)
    shot(page, "transfers-after")
    with page.expect_download() as download:
        page.get_by_role("button", name="Скачать CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.count("\n") > 20_000
    assert _IMSI not in text
    # The state is asked for before the run is begun: then there is none to be told of yet.
    assert [fault for fault in faults if "404" not in fault] == []
    assert running.program.ok("subscriber", "show", "79260000001").count("imsi")


def test_a_file_goes_in_without_scripts(running: Running, browser: Browser, tmp_path: Path) -> None:
    context = new_context(browser, running)
    page = context.new_page()
    operator = invited(running, "lena", "lead")
    arrive(page, operator)
    plain = new_context(browser, running, java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto("/console/transfers")
    file = tmp_path / "small.csv"
    file.write_text("number,mode,reason\n79169990001,always_deny,=1+1\n", encoding="utf-8")
    page.get_by_label("Файл CSV").set_input_files(file)
    page.get_by_role("button", name="Загрузить").click()
    expect(page.get_by_text("Файл загружен.")).to_be_visible()
    expect(page.get_by_text("записано 1")).to_be_visible()
    plain.close()
    context.close()


def test_a_bulk_reverification_is_begun_and_answered(
    running: Running, signed_in: Page, tmp_path: Path
) -> None:
    page, number = signed_in, new_number()
    assert running.bank.generate(number).code == 0
    page.goto("/console/transfers/bulk")
    accessible(page)
    shot(page, "bulk")
    file = tmp_path / "numbers.csv"
    file.write_text(f"number\n{number}\n", encoding="utf-8")
    page.get_by_label("Номера из файла", exact=True).check()
    page.get_by_label("Причина").fill("Ежегодная проверка")
    page.get_by_label("Файл с номерами").set_input_files(file)
    page.get_by_role("button", name="Начать").click()
    expect(page.get_by_text("Перепроверка начата.")).to_be_visible()
    confirmed = page.locator("dt", has_text="Подтверждено").locator("xpath=following-sibling::dd[1]")

    def is_answered() -> bool:
        page.reload()
        return confirmed.text_content() == "1"

    wait_for("the number is answered", is_answered)
    expect(page.get_by_text("все опрошены")).to_be_visible()
    accessible(page)
    shot(page, "bulk-run")
