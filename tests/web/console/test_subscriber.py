"""The subscriber's page: what it shows, what it hides, and what its forms do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.lookup import NoData
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode, Override
from security_service.domain.tenants import FourEyesDeed
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM
from tests.web.console.rig import BANK, DAY, NUMBER, ConsoleRig, shown

WARNING = "Не звоните и не пишите на этот номер"
HOSTILE = "<script>alert(1)</script>\" onmouseover='x' {{7*7}} {reason} \u202e"


def _tell(rig: ConsoleRig, kind: EventKind, facts: dict[str, object], number: Msisdn = NUMBER) -> None:
    held = rig.store.subscribers.get(BANK.id, number)
    event = Event(kind, facts)  # type: ignore[arg-type]  # facts of a test are JSON
    assert rig.store.subscribers.swap(BANK.id, number, held.stored, held.subscriber, (event,))


@pytest.mark.parametrize(
    "typed",
    [
        "+7 916 111-22-11",
        "8 (916) 111-22-11",
        "9161112211",
        "79161112211",
        "  +79161112211 ",
        "8-916-111.22.11",
    ],
)
def test_a_number_in_any_form_leads_to_its_page_and_stands_in_no_address(rig: ConsoleRig, typed: str) -> None:
    browser = rig.signed_in(Role.ANALYST)
    answer = browser.post("/console/subscribers", {"number": typed})
    assert "9161112211" not in answer.headers["Location"]
    page = browser.follow(answer)
    assert "+7 916 111-22-11" in shown(page)
    assert "79161112211" not in page.text.partition("<title>")[2].partition("</title>")[0]


@pytest.mark.parametrize("typed", ["", "12", "abc", "+", HOSTILE, "9" * 40, "\x00", "+7916111221１"])
def test_what_is_no_number_is_said_to_be_none(rig: ConsoleRig, typed: str) -> None:
    answer = rig.signed_in(Role.ANALYST).post("/console/subscribers", {"number": typed})
    assert answer.status_code == 422
    assert "<script>" not in answer.text.partition("<main")[2]


def test_after_a_change_the_page_says_first_not_to_call(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    rig.put(rig.known())
    assert WARNING not in shown(browser.get(rig.path()))
    rig.put(rig.suspected())
    page = browser.get(rig.path())
    assert WARNING in shown(page)
    assert page.text.index(WARNING) < page.text.index("state-title")


@pytest.mark.parametrize("mode", [Mode.ALWAYS_ALLOW, Mode.ALWAYS_DENY])
def test_a_mode_shows_who_decided_it_and_why_until_when(rig: ConsoleRig, mode: Mode) -> None:
    override = Override(mode, "boris", HOSTILE, rig.now, rig.now + DAY)
    rig.put(replace(rig.suspected(), override=override))
    page = rig.signed_in(Role.LEAD).get(rig.path())
    assert "Так решил boris" in shown(page)
    assert WARNING in shown(page)
    assert "<script>alert" not in page.text
    assert "49" not in page.text.partition("state-title")[2].partition("</p>")[0]


def test_the_page_shows_fingerprints_and_neither_digests_nor_imsis(rig: ConsoleRig) -> None:
    rig.put(rig.suspected())
    page = rig.signed_in(Role.LEAD).get(rig.path()).text
    candidate = rig.suspected().candidate
    assert candidate is not None
    digest = candidate.imsi.digest.hex()
    assert digest[:8] in page
    assert digest not in page
    assert OLD_SIM not in page
    assert NEW_SIM not in page


# --- the time line --------------------------------------------------------------------------------


def test_a_decision_is_told_with_rule_policy_and_each_lookup(rig: ConsoleRig) -> None:
    lookups = [{"source": "hlr", "outcome": "seen", "milliseconds": 41}]
    facts = {
        "verdict": "deny", "reason": "sim_changed", "rule": "changed", "policy": "standard@3",
        "lookups": lookups, "amount": 150_000, "currency": "RUB", "purpose": "payment",
        "sim": {"answer": "changed", "mcc_mnc": "25002", "imsi": "1:imsi:" + "ab" * 16},
    }  # fmt: skip
    rig.put(rig.known())
    _tell(rig, EventKind.GATE_DECIDED, facts)
    page = rig.signed_in(Role.AUDITOR).get(rig.path())
    said = shown(page)
    for words in (
        "Решение: отклонить — SIM-карта сменилась",
        "standard@3",
        "hlr ответил, 41 мс",
        "1500.00 RUB",
    ):
        assert words in said, words
    assert "ab" * 16 not in page.text


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize(
    "facts", [{}, {"actor": HOSTILE, "reason": HOSTILE, "person": HOSTILE, "lookups": [HOSTILE]}]
)
def test_any_event_with_no_facts_or_hostile_ones_is_told_harmlessly(
    rig: ConsoleRig, kind: EventKind, facts: dict[str, object]
) -> None:
    rig.put(rig.known())
    _tell(rig, kind, facts)
    browser = rig.signed_in(Role.AUDITOR)
    for language in ("ru", "en"):
        browser.post("/console/look", {"locale": language, "back": "/console/"})
        page = browser.get(rig.path("?show=sim" if kind is EventKind.RECORD_REFRESHED else ""))
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert " onmouseover='x'" not in page.text


def test_a_group_shows_its_own_events_and_pages_go_back_to_the_first(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    _tell(
        rig,
        EventKind.MODE_SET,
        {"mode": "always_deny", "mode_before": "check", "actor": "zoe", "reason": "x"},
    )
    for _ in range(90):
        _tell(rig, EventKind.CODE_CHECKED, {"result": "accepted", "reason": "valid"})
    browser = rig.signed_in(Role.AUDITOR)
    assert "zoe" not in shown(browser.get(rig.path()))
    assert "zoe" in shown(browser.get(rig.path("?show=people")))
    path, page, pages = rig.path(), "", 0
    while path:
        page = browser.get(path).text
        pages += 1
        path = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        path = path if 'rel="next"' in page else ""
    assert pages == 3
    assert "zoe" in page


@pytest.mark.parametrize("query", ["?show=x", "?after=x", "?show=sim&after=../..", "?after=" + "9" * 500])
def test_a_filter_or_cursor_that_there_is_not_is_no_fault_of_ours(rig: ConsoleRig, query: str) -> None:
    assert rig.signed_in(Role.AUDITOR).get(rig.path(query)).status_code == 200


def test_nobody_sees_events_of_the_same_number_at_another_bank(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    _tell(rig, EventKind.MODE_SET, {"actor": "zoe", "reason": "secret of the bank"})
    page = rig.signed_in(Role.AUDITOR).get(rig.path(tenant="odd"))
    assert "secret of the bank" not in page.text


# --- deeds ------------------------------------------------------------------------------------------


def _do(rig: ConsoleRig, deed: str, role: Role = Role.LEAD, **form: str) -> str:
    browser = rig.signed_in(role)
    browser.get(rig.path(f"/{deed}"))
    answer = browser.post(rig.path(f"/{deed}"), {"reason": "the client called", **form})
    return shown(browser.follow(answer))


@pytest.mark.parametrize(
    "deed", ["reverify", "always-allow", "always-deny", "check", "unlock", "freeze", "add-sim"]
)
def test_without_a_reason_nothing_is_done(rig: ConsoleRig, deed: str) -> None:
    rig.put(rig.suspected())
    before = rig.store.subscribers.get(BANK.id, NUMBER).subscriber
    browser = rig.signed_in(Role.LEAD)
    answer = browser.post(rig.path(f"/{deed}"), {"reason": " \n ", "days": "7"})
    assert answer.status_code == 422
    assert "Напишите причину" in shown(answer)
    assert rig.sim.asked == []
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber == before


def test_reverify_replaces_the_reference_and_says_so_once(rig: ConsoleRig) -> None:
    rig.put(rig.suspected())
    rig.sim.script = [NEW_SIM]
    browser = rig.signed_in(Role.ANALYST)
    page = browser.follow(browser.post(rig.path("/reverify"), {"reason": "the client called"}))
    assert "Перепроверено: эталон заменён картой" in shown(page)
    assert WARNING not in shown(page)
    assert "anna : the client called" in shown(page) or "anna: the client called" in shown(page)
    assert "картой, которая отвечает сейчас" not in shown(browser.get(rig.path()))


def test_reverify_of_a_sim_that_changed_again_changes_nothing(rig: ConsoleRig) -> None:
    suspected = rig.suspected()
    rig.put(suspected)
    rig.sim.script = [THIRD_SIM]
    assert "она снова другая" in _do(rig, "reverify")
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber.candidate == suspected.candidate


@pytest.mark.parametrize("why", list(NoData))
def test_reverify_without_data_goes_on_behind_the_scenes(rig: ConsoleRig, why: NoData) -> None:
    rig.put(rig.suspected())
    rig.sim.script = [why]
    assert "Идёт перепроверка" in _do(rig, "reverify")


@pytest.mark.parametrize(
    ("deed", "mode"), [("always-allow", Mode.ALWAYS_ALLOW), ("always-deny", Mode.ALWAYS_DENY)]
)
def test_a_lead_sets_a_mode_for_some_days_and_takes_it_back(rig: ConsoleRig, deed: str, mode: Mode) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.post(rig.path(f"/{deed}"), {"reason": "x", "days": "7"})
    override = rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override
    assert override is not None
    assert (override.mode, override.actor, override.until - override.since) == (mode, "anna", 7 * DAY)
    browser.post(rig.path("/check"), {"reason": "x"})
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override is None


@pytest.mark.parametrize("days", ["", "0", "-1", "2", "999999", "x", "٧"])
def test_a_mode_lasts_only_as_long_as_the_form_offers(rig: ConsoleRig, days: str) -> None:
    answer = rig.signed_in(Role.LEAD).post(rig.path("/always-allow"), {"reason": "x", "days": days})
    assert answer.status_code == 422
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override is None


def test_what_a_lead_decides_an_analyst_proposes(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.ANALYST)
    assert "станет предложением" in shown(browser.get(rig.path("/always-allow")))
    answer = browser.post(rig.path("/always-allow"), {"reason": "x", "days": "7"})
    assert "ждёт второго человека" in shown(browser.follow(answer))
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override is None


def test_where_the_bank_demands_four_eyes_a_lead_proposes_too(rig: ConsoleRig) -> None:
    rig.tenants.put(replace(BANK, four_eyes=(FourEyesDeed.ALWAYS_ALLOW,)))
    assert "ждёт второго человека" in _do(rig, "always-allow", days="7")
    assert rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override is None


def test_a_freeze_shows_at_a_glance_and_an_unlock_takes_it_off(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    page = browser.follow(browser.post(rig.path("/freeze"), {"reason": "he cried for help"}))
    assert "Заморожен Коды не выдаются" in shown(page)
    browser.post(rig.path("/unlock"), {"reason": "he is well"})
    assert "Коды не выдаются" not in shown(browser.get(rig.path()))


def test_a_second_sim_is_added_beside_the_first(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    rig.sim.script = [NEW_SIM]
    assert "добавлена к доверенным" in _do(rig, "add-sim")
    assert len(rig.store.subscribers.get(BANK.id, NUMBER).subscriber.reference.members) == 2


def test_a_reason_is_kept_to_its_length_and_without_control_characters(rig: ConsoleRig) -> None:
    _do(rig, "always-deny", days="1", reason="a\x00b\x1b[31m" + "ю" * 900)
    override = rig.store.subscribers.get(BANK.id, NUMBER).subscriber.override
    assert override is not None
    assert override.reason.startswith("ab[31mюю")
    assert len(override.reason) == 500


def test_only_what_would_change_something_is_offered(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    offered = shown(browser.get(rig.path())).partition("Действия")[2].partition("Что происходило")[0]
    assert "Перепроверить" in offered
    assert "Снова проверять" not in offered
    assert "Разблокировать" not in offered
    assert "Действия" not in shown(rig.signed_in(Role.AUDITOR, name="vera").get(rig.path()))
