"""The sample login beside the all-in-one, driven as a browser does: pages, forms and a cookie."""

from __future__ import annotations

import html
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from tests.e2e.all_in_one import READY, AllInOne, Running, callers_of
from tests.e2e.callers import new_number, wrong
from tests.e2e.processes import Program, free_port
from tests.e2e.waiting import wait_for

SAMPLE: Final = Path(__file__).parents[2] / "docs" / "sample-login"
ENROLLER: Final = "em_" + "e" * 43


@dataclass(frozen=True, slots=True)
class Scene:
    """The service, and where the sample answers."""

    running: Running
    url: str


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sample")
    key_file = folder / "enroller.key"
    key_file.write_text(ENROLLER)
    variables = {
        "ETALON_MANAGEMENT__LOGIN__ROLES": "enroller",
        "ETALON_MANAGEMENT__LOGIN__TENANTS": "sample-login",
        "ETALON_MANAGEMENT__LOGIN__KEY": ENROLLER,
    }
    service, port = AllInOne(folder / "data", variables), free_port()
    sample = Program(
        (sys.executable, str(SAMPLE), "--data", str(folder / "data"), "--port", str(port),
         "--enroller-key-file", str(key_file)),
        folder / "sample.log",
    )  # fmt: skip
    with ExitStack() as undo:
        undo.callback(service.end)
        service.start_and_wait()
        assert READY in service.output()
        undo.callback(sample.end)
        sample.start()
        scene = Scene(undo.enter_context(callers_of(service)), f"http://127.0.0.1:{port}")
        wait_for("the sample login", lambda: answers(scene.url) or not sample.running)
        assert sample.running, sample.output()
        yield scene
        assert "Traceback" not in sample.output()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


class Browser:
    """Somebody who fills in the page's forms."""

    def __init__(self, scene: Scene) -> None:
        self.http = httpx.Client(base_url=scene.url, follow_redirects=True, trust_env=False, timeout=30)
        self.shown = self.http.get("/").text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.shown)
        assert found is not None
        return found[1]

    def send(self, path: str, **members: str) -> str:
        """Send a form of the page; gives the page's text that follows."""
        response = self.http.post(path, data={"csrf": self.token, **members})
        assert response.status_code == 200, response.text
        assert response.url.query == b""
        self.shown = response.text
        return self.shown

    def is_signed_in(self) -> bool:
        return "You are signed in" in self.shown


@pytest.fixture
def browser(scene: Scene) -> Iterator[Browser]:
    with Browser(scene) as one:
        yield one


def sign_in(scene: Scene, browser: Browser, number: str) -> None:
    browser.send("/login", number=number)
    browser.send("/code", code=scene.running.operator.code(number))
    assert browser.is_signed_in()


def add_app(browser: Browser) -> pyotp.TOTP:
    offered = browser.send("/app")
    assert "<svg" in offered
    found = re.search(r'href="(otpauth://[^"]+)"', offered)
    assert found is not None
    app = pyotp.TOTP(parse_qs(urlsplit(html.unescape(found[1])).query)["secret"][0])
    assert "The app is added" in browser.send("/app/confirm", code=app.at(int(time.time()) - 30))
    confirmed_at = int(time.time())
    # a SIM is dated to the second: one first seen in the very second of the confirmation is no older
    wait_for("the next second", lambda: time.time() >= confirmed_at + 1)
    return app


def test_a_code_whose_message_ends_with_the_autofill_line_begins_a_session(
    scene: Scene, browser: Browser
) -> None:
    number = new_number()
    asked = browser.send("/login", number=number)
    assert 'autocomplete="one-time-code"' in asked
    code = scene.running.operator.code(number)
    text = scene.running.operator.texts(number)[0]
    assert text.endswith(f"\n\n@login.bank.example #{code}")
    before = browser.http.cookies["sample_login"]
    assert "This is not the code" in browser.send("/code", code=wrong(code))
    assert not browser.is_signed_in()
    browser.send("/code", code=code)
    assert browser.is_signed_in()
    assert browser.http.cookies["sample_login"] != before


def test_after_a_sim_swap_the_same_login_ends_at_the_authenticator_app(
    scene: Scene, browser: Browser
) -> None:
    number = new_number()
    sign_in(scene, browser, number)
    app = add_app(browser)
    browser.send("/logout")
    scene.running.operator.swap(number)

    asked = browser.send("/login", number=number)
    assert "Your authenticator app" in asked
    assert "This is not the code" in browser.send("/code", code=wrong(app.now()))
    browser.send("/code", code=app.now())
    assert browser.is_signed_in()
    assert len(scene.running.operator.texts(number)) == 1


def test_a_thief_with_a_new_sim_and_no_app_is_sent_to_a_branch(scene: Scene, browser: Browser) -> None:
    number = new_number()
    sign_in(scene, browser, number)
    browser.send("/logout")
    scene.running.operator.swap(number)
    assert "come to a branch" in browser.send("/login", number=number)
    assert len(scene.running.operator.texts(number)) == 1


def test_a_swap_during_a_session_keeps_an_app_from_being_added(scene: Scene, browser: Browser) -> None:
    number = new_number()
    sign_in(scene, browser, number)
    scene.running.operator.swap(number)
    found = re.search(r'href="(otpauth://[^"]+)"', browser.send("/app"))
    assert found is not None
    app = pyotp.TOTP(parse_qs(urlsplit(html.unescape(found[1])).query)["secret"][0])
    assert "no app can be added" in browser.send("/app/confirm", code=app.now())


def test_a_form_that_no_page_of_the_visit_held_is_refused(scene: Scene, browser: Browser) -> None:
    number = new_number()
    with Browser(scene) as stranger:
        forged = browser.http.post("/login", data={"csrf": stranger.token, "number": number})
    assert forged.status_code == 403
    without_cookie = httpx.post(f"{scene.url}/login", data={"number": number}, trust_env=False)
    assert without_cookie.status_code == 403
    assert scene.running.operator.texts(number) == []


def test_signing_out_ends_the_session_for_whoever_kept_its_cookie(scene: Scene, browser: Browser) -> None:
    sign_in(scene, browser, new_number())
    kept = {"sample_login": browser.http.cookies["sample_login"]}
    browser.send("/logout")
    with httpx.Client(cookies=kept, trust_env=False) as thief:
        assert "You are signed in" not in thief.get(scene.url).text


def test_pages_are_kept_by_nobody_and_the_cookie_is_out_of_reach_of_scripts(scene: Scene) -> None:
    answer = httpx.get(scene.url, trust_env=False)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert "<script" not in answer.text
