"""What every journey through the console shares: a browser, a person who is signed in, pictures, axe."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any, Final

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.all_in_one import Running

ROOT: Final = Path(__file__).parents[3]
SCREENSHOTS: Final = ROOT / "build" / "screenshots"
"""Where pictures of pages are left for people to look at."""

AXE: Final = ROOT / "tests" / "counterparts" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
BROWSER: Final = shutil.which("chromium")
LACKING: Final = "" if BROWSER and AXE.exists() else "needs chromium and axe-core: make counterparts"
"""Why no journey can be made on this machine; empty where one can. For `pytest.mark.skipif`."""

PASSWORD: Final = "four quiet green rivers"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 360, "height": 740}

_QUIET: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
_OFFLINE: Final = ("--disable-background-networking", "--disable-component-update")
_STEP_S: Final = 30


@dataclass(slots=True)
class Operator:
    """A person of the fraud team, with the app on their phone. `key` is the app's secret."""

    name: str
    invitation: str
    password: str = PASSWORD
    key: str = ""
    used: set[int] = field(default_factory=set)

    def code(self) -> str:
        """A code that was not used before, of this time step or one beside it: nobody waits for the next."""
        now = int(time()) // _STEP_S
        step = next(
            one for one in (now, now + 1, now - 1) if one not in self.used and one > max(self.used, default=0)
        )
        self.used.add(step)
        return pyotp.TOTP(self.key).at(step * _STEP_S)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's own Chromium, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=[*_QUIET, *_OFFLINE])
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser: Browser, running: Running, **options: object) -> BrowserContext:
    """Give a browser's profile of its own: Russian, in Moscow, on a desktop where `options` do not differ."""
    settings: dict[str, Any] = {
        "base_url": running.program.facts()["base_url"],
        "locale": "ru-RU",
        "timezone_id": "Europe/Moscow",
        "viewport": DESKTOP,
        "reduced_motion": "reduce",
        **options,
    }
    return browser.new_context(**settings)


def first_operator(running: Running) -> Operator:
    """Give the first admin as `run` invites them."""
    facts = running.program.facts()
    return Operator(facts["first_admin"], facts["invitation"])


def invited(running: Running, name: str, *roles: str) -> Operator:
    """Invite somebody by the command line."""
    words = [word for role in roles for word in ("--role", role)]
    told = running.program.ok("people", "invite", name, *words)
    code = re.search(r"[0-9a-f]{4}(-[0-9a-f]{4})+", told)
    assert code is not None, told
    return Operator(name, code[0])


def begin_visit(page: Page, operator: Operator) -> None:
    """Go through the first form of an invited person, up to the app's code."""
    page.goto("/console/welcome")
    page.get_by_label("Имя").fill(operator.name)
    page.get_by_label("Код приглашения").fill(operator.invitation)
    page.get_by_role("button", name="Дальше").click()
    operator.key = page.locator("[data-app-key]").text_content() or ""


def arrive(page: Page, operator: Operator) -> None:
    """Go through the first visit of an invited person, up to the recovery codes: signed in."""
    begin_visit(page, operator)
    page.get_by_label("Первый код из приложения").fill(operator.code())
    page.get_by_label("Пароль", exact=True).fill(operator.password)
    page.get_by_label("Пароль ещё раз").fill(operator.password)
    page.get_by_role("button", name="Готово").click()
    expect(page.get_by_role("heading", name="Запасные коды")).to_be_visible()


def sign_in(page: Page, operator: Operator) -> None:
    """Sign in with name, password and code."""
    page.goto("/console/sign-in")
    page.get_by_label("Имя").fill(operator.name)
    page.get_by_label("Пароль").fill(operator.password)
    page.get_by_label("Код из приложения").fill(operator.code())
    page.get_by_role("button", name="Войти").click()
    expect(page).to_have_url(re.compile("/console/$"))


def sign_out(page: Page) -> None:
    """Sign out by the menu of the person."""
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Выйти").click()


def find(page: Page, number: str) -> None:
    """Search for a number by the field of every page."""
    page.goto("/console/")
    page.keyboard.press("/")
    page.locator("#quick-number").fill(number)
    page.keyboard.press("Enter")


def shot(page: Page, name: str) -> None:
    """Leave pictures of a page as it is: wide and on a phone, light and dark."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for size, viewport in (("wide", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
            page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{colours}.png", full_page=True)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow} px wider than a {size} screen"
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def accessible(page: Page) -> None:
    """Hold a page against WCAG 2.2 AA and axe's best practices, in light and in dark colours."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        assert [_told(one) for one in found["violations"]] == [], f"{page.url} in {colours} colours"
    page.emulate_media(color_scheme="light")


def _told(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{node['html'][:160]} ({node['failureSummary']})" for node in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']}: {places}"
