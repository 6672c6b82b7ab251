from __future__ import annotations

import pytest

from tests.sandbox.rig import NUMBER, Rig


def test_the_front_asks_for_a_number_and_offers_every_fault(rig: Rig) -> None:
    page = rig.client.get("/")
    assert page.status_code == 200
    assert "<title>Sandbox operator</title>" in page.text
    assert 'name="number"' in page.text
    assert page.text.count('<option value="drop"') == 3
    assert "refresh" not in page.text


def test_a_handset_is_shown_with_its_sim_its_inbox_and_its_buttons(rig: Rig) -> None:
    rig.send(Data="Код <b>1234</b>")
    page = rig.client.get("/", query_string={"number": f"+{NUMBER}"})
    assert rig.handset()["imsi"] in page.text
    assert "Код &lt;b&gt;1234&lt;/b&gt;" in page.text
    assert "Swap SIM" in page.text
    assert "Switch off" in page.text
    assert 'http-equiv="refresh"' in page.text


def test_the_front_lists_the_handsets_in_use(rig: Rig) -> None:
    rig.send()
    assert f"+{NUMBER}" in rig.client.get("/").text


def test_the_button_swaps_the_sim_and_comes_back(rig: Rig) -> None:
    before = rig.handset()["imsi"]
    answer = rig.client.post("/page/handset", data={"number": NUMBER, "action": "swap"})
    assert (answer.status_code, answer.location) == (303, f"/?number={NUMBER}")
    assert rig.handset()["imsi"] != before


def test_the_buttons_switch_off_and_on_and_clear(rig: Rig) -> None:
    rig.client.post("/page/handset", data={"number": NUMBER, "action": "off"})
    assert rig.handset()["state"] == "off"
    assert "Switch on" in rig.client.get("/", query_string={"number": NUMBER}).text
    rig.send()
    rig.client.post("/page/handset", data={"number": NUMBER, "action": "on"})
    assert rig.inbox() == ["hello"]
    rig.client.post("/page/handset", data={"number": NUMBER, "action": "clear"})
    assert rig.inbox() == []


def test_a_fault_is_set_from_the_page(rig: Rig) -> None:
    answer = rig.client.post("/page/fault", data={"target": "sms", "mode": "slow", "seconds": "2"})
    assert answer.status_code == 303
    assert rig.client.get("/faults").get_json()["sms"]["mode"] == "slow"
    assert '<option value="slow" selected>' in rig.client.get("/").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/page/handset", {"number": "x", "action": "swap"}),
        ("/page/handset", {"number": NUMBER, "action": "explode"}),
        ("/page/handset", {}),
        ("/page/fault", {"target": "sms", "mode": "slow", "seconds": "x"}),
    ],
)
def test_a_form_that_cannot_be_read_is_told_on_the_page(rig: Rig, path: str, form: dict[str, str]) -> None:
    answer = rig.client.post(path, data=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_wrong_number_is_told_on_the_page(rig: Rig) -> None:
    answer = rig.client.get("/", query_string={"number": "<x>"})
    assert answer.status_code == 400
    assert "<x>" not in answer.text


def test_the_page_takes_nothing_from_elsewhere_and_its_style_is_served(rig: Rig) -> None:
    page = rig.client.get("/")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    with rig.client.get("/static/sandbox.css") as style:
        assert (style.status_code, style.mimetype) == (200, "text/css")
