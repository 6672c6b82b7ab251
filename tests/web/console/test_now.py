"""The page of what goes on now: figures in plots and tables alike, in the visitor's day and language."""

from __future__ import annotations

import re

import pytest

from security_service.domain.access import Role
from security_service.domain.counts import Counted, Step, Tally
from security_service.web.console.figures import Writing
from security_service.web.console.words import Locale
from tests.web.console.rig import Browser, ConsoleRig, shown

HOSTILE = "<script>x</script>\"'"


def tell(rig: ConsoleRig) -> None:
    """An ordinary quarter of an hour."""
    rig.counts.tell(
        rig.store.now_ms,
        Tally(Counted.GENERATE, "sent", count=1200),
        Tally(Counted.GENERATE, "deny", "sim_changed", 3),
        Tally(Counted.GATEWAY, "sms", "accepted", 9),
        Tally(Counted.GATEWAY, "sms", "failed", 1),
        Tally(Counted.LOOKUP, "hlr", "seen", 4, 480),
        Tally(Counted.LOOKUP, "hlr", "unavailable", 1, 20),
        Tally(Counted.SIM, "25001", "same", 96),
        Tally(Counted.SIM, "25001", "changed", 4),
        Tally(Counted.SIM, "", "not_supported", 2),
        Tally(Counted.CHECK, "accepted", "valid", 8),
    )


def opened(rig: ConsoleRig, *roles: Role) -> Browser:
    return rig.signed_in(*(roles or (Role.ANALYST,)))


def test_every_plot_has_its_figures_in_a_table_and_words_for_who_cannot_see_it(rig: ConsoleRig) -> None:
    tell(rig)
    browser = opened(rig)
    tell(rig)
    page = browser.get("/console/now")
    text = shown(page)
    assert "отправлен — 2 400" in text
    assert "отклонён SIM-карта сменилась 6" in text
    assert "sms 20 90,0 % 0 2 0" in text
    assert "hlr 10 80,0 % 0 2 100 мс" in text
    assert "25001 192 8 0 0 0" in text
    assert "не назван 0 0 0 0 4" in text
    assert "принят верный код 16" in text
    plots = re.findall(r"<svg[^>]*role=\"img\"[^>]*aria-labelledby=\"(\S+) (\S+)\"", page.text)
    assert len(plots) == 5
    for title, said in plots:
        assert f'<title id="{title}">' in page.text
        assert f'<desc id="{said}">' in page.text


def test_without_anything_counted_the_page_says_so_and_draws_nothing(rig: ConsoleRig) -> None:
    page = opened(rig, Role.AUDITOR).get("/console/now?span=week")
    assert shown(page).count("За это время ничего не было.") == 5
    assert "<rect" not in page.text


@pytest.mark.parametrize(
    ("span", "bars"), [("hour", 600), ("day", 960), ("week", 1680), ("ever", 600), ("", 600)]
)
def test_a_stretch_is_chosen_by_a_link(rig: ConsoleRig, span: str, bars: int) -> None:
    browser = opened(rig)
    tell(rig)
    page = browser.get(f"/console/now?span={span}")
    assert f'viewBox="0 0 {bars} 100"' in page.text


def test_the_part_that_is_fetched_again_is_a_part_and_says_the_same(rig: ConsoleRig) -> None:
    browser = opened(rig)
    tell(rig)
    whole, part = browser.get("/console/now?span=day"), browser.get("/console/now/part?span=day")
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert 'data-live="/console/now/part?span=day"' in whole.text


def test_names_out_of_settings_are_never_markup(rig: ConsoleRig) -> None:
    browser = opened(rig)
    rig.counts.tell(
        rig.store.now_ms,
        Tally(Counted.GATEWAY, HOSTILE, "accepted"),
        Tally(Counted.GENERATE, HOSTILE, HOSTILE),
    )
    page = browser.get("/console/now")
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text


def test_bars_never_leave_the_drawing_and_stand_on_each_other(rig: ConsoleRig) -> None:
    browser = opened(rig)
    for place in range(12):
        rig.counts.tell(rig.store.now_ms, Tally(Counted.GATEWAY, f"g{place}", "accepted", place + 1))
    page = browser.get("/console/now").text.partition('id="gateway-title"')[2].partition("</svg>")[0]
    bars = [
        (float(y), float(height))
        for y, height in re.findall(r'<rect [^>]*y="([\d.]+)" width="8" height="([\d.]+)"', page)
    ]
    assert len(bars) == 12
    lowest = 100.0
    for y, height in bars:
        assert y + height == pytest.approx(lowest, abs=0.02)
        lowest = y
    assert lowest >= 0


def test_the_day_begins_at_midnight_where_the_visitor_is(rig: ConsoleRig) -> None:
    browser = opened(rig)
    midnight = Step.DAY.begin(rig.store.now_ms)
    rig.store.now_ms = (
        midnight + Step.HOUR.ms
    )  # 01:00 in UTC, 04:00 in Moscow, the evening before in New York
    rig.counts.tell(midnight - Step.HOUR.ms, Tally(Counted.SIM, "25001", "same", 5))
    told = {}
    for zone in ("UTC", "Europe/Moscow", "America/New_York"):
        browser.client.set_cookie("etalon-zone", zone, domain="localhost")
        told[zone] = "25001 0" in shown(browser.get("/console/now")) or "0 из 5" in shown(
            browser.get("/console/now")
        )
    assert told == {"UTC": False, "Europe/Moscow": True, "America/New_York": True}


def test_a_rate_far_above_its_base_stands_out_in_words(rig: ConsoleRig) -> None:
    browser = opened(rig)
    today = Step.DAY.begin(rig.store.now_ms)
    for days in range(1, 29):
        rig.counts.tell(today - days * Step.DAY.ms, Tally(Counted.SIM, "25001", "same", 999))
        rig.counts.tell(today - days * Step.DAY.ms, Tally(Counted.SIM, "25001", "changed", 1))
    rig.counts.tell(
        rig.store.now_ms,
        Tally(Counted.SIM, "25001", "same", 900),
        Tally(Counted.SIM, "25001", "changed", 100),
    )
    text = shown(browser.get("/console/now"))
    assert "намного выше ×100,0" in text
    assert "100 из 1 000" in text
    assert "28 из 28 000" in text


@pytest.mark.parametrize(
    ("value", "ru", "en"),
    [
        (0.0, "0\u202f%", "0%"),
        (0.001, "<0,01\u202f%", "<0.01%"),
        (0.124, "0,12\u202f%", "0.12%"),
        (3.44, "3,4\u202f%", "3.4%"),
        (99.96, "100\u202f%", "100%"),
    ],
)
def test_a_share_is_written_with_as_many_digits_as_tell_something(value: float, ru: str, en: str) -> None:
    assert (Writing(Locale.RU).percent(value), Writing(Locale.EN).percent(value)) == (ru, en)


@pytest.mark.parametrize(
    ("minor", "currency", "ru", "en"),
    [
        (123_456_789, "RUB", "1\u202f234\u202f567,89 RUB", "1,234,567.89 RUB"),
        (5000, "JPY", "5\u202f000 JPY", "5,000 JPY"),
        (None, "", "", ""),
    ],
)
def test_an_amount_is_written_as_people_write_it(minor: int | None, currency: str, ru: str, en: str) -> None:
    assert (Writing(Locale.RU).amount(minor, currency), Writing(Locale.EN).amount(minor, currency)) == (
        ru,
        en,
    )
