"""The sandbox operator's page in a real browser: a newcomer reads a code and swaps a SIM."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

BROWSER = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
OFFLINE = ("--disable-background-networking", "--disable-component-update")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs a browser: apt-get install chromium")


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[tuple[Rig, str]]:
    """A sandbox operator and its address."""
    rig = make_rig(tmp_path / "handsets.json")
    server = make_server("127.0.0.1", 0, rig.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield rig, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=[*QUIET, *OFFLINE])
        yield browser.new_page()
        browser.close()


def test_a_message_is_read_and_a_sim_swapped_on_the_page(operator: tuple[Rig, str], page: Page) -> None:
    rig, address = operator
    sent = {"Login": LOGIN, "Password": PASSWORD, "SourceAddress": "BANK", "DestinationAddress": NUMBER}
    assert rig.client.post("/rest/v2/Sms/Send", data={**sent, "Data": "Код 123456"}).status_code == 200
    page.goto(address)
    expect(page).to_have_title("Sandbox operator")
    page.get_by_label("Number").fill(NUMBER)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Код 123456")).to_be_visible()
    imsi = rig.client.get(f"/handsets/{NUMBER}").get_json()["imsi"]
    expect(page.get_by_text(imsi)).to_be_visible()
    page.get_by_role("button", name="Swap SIM").click()
    expect(page.get_by_text(imsi)).to_have_count(0)
    assert rig.client.get(f"/handsets/{NUMBER}").get_json()["imsi"] != imsi
