"""Cases and bans in the console, over a real store and a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.domain.access import Role
from security_service.domain.audit import EventKind
from security_service.domain.bans import Ban
from security_service.domain.cases import Case, CaseOutcome, CaseState
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.secret import Msisdn
from security_service.usecases.work_cases import NoSuchCase
from tests.fakes.sim import NEW_SIM, THIRD_SIM, sealed
from tests.store.rig import StoreRig
from tests.usecases.deeds_desk import DeedsDesk
from tests.web.console.rig import BANK, ConsoleRig, shown

HOSTILE = "<script>alert(1)</script> {reason} \u202e"


@pytest.fixture
def desk(store: StoreRig, tmp_path: Path) -> Iterator[DeedsDesk]:
    desk = DeedsDesk(store, tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def rig(store: StoreRig, desk: DeedsDesk) -> ConsoleRig:
    return ConsoleRig(store, work_cases=desk.work, keep_bans=desk.keep_bans)


def path(case: Case, rest: str = "") -> str:
    return f"/console/cases/{case.id}{rest}"


def number(place: int) -> Msisdn:
    return Msisdn(f"7916111{place:04d}")


def kept(desk: DeedsDesk, case: Case) -> Case:
    view = desk.work.view(BANK.id, case.id)
    assert not isinstance(view, NoSuchCase)
    return view.case


def test_the_greatest_amount_comes_first_and_the_number_stands_in_no_address(
    rig: ConsoleRig, desk: DeedsDesk
) -> None:
    desk.open_case(number=number(1), amount=5_000)
    desk.open_case(number=number(2), amount=15_000_000)
    page = rig.signed_in(Role.ANALYST).get("/console/cases")
    text = shown(page)
    assert text.index("150 000,00 RUB") < text.index("50,00 RUB")
    assert "79161110001" not in page.text


def test_filters_ask_for_mine_for_nobodys_for_an_operator_and_for_what_is_closed(
    rig: ConsoleRig, desk: DeedsDesk
) -> None:
    mine, nobodys = (
        desk.open_case(number=number(1), operator="25001"),
        desk.open_case(THIRD_SIM, number=number(2), operator="25002"),
    )
    browser = rig.signed_in(Role.ANALYST)
    desk.work.assign(desk.worker(), mine.id, "anna")
    listed = {
        query: [f'{path(case)}"' in browser.get(f"/console/cases?{query}").text for case in (mine, nobodys)]
        for query in (
            "",
            "whose=me",
            "whose=-",
            "operator=25002",
            "operator=25099",
            "state=closed",
            "state=all",
        )
    }
    assert listed == {
        "": [True, True],
        "whose=me": [True, False],
        "whose=-": [False, True],
        "operator=25002": [False, True],
        "operator=25099": [False, False],
        "state=closed": [False, False],
        "state=all": [True, True],
    }


def test_a_long_list_comes_in_pages_that_lead_to_each_other(rig: ConsoleRig, desk: DeedsDesk) -> None:
    for place in range(30):
        desk.open_case(number=number(place), amount=1000 + place)
    browser = rig.signed_in(Role.ANALYST)
    first = browser.get("/console/cases?whose=-")
    following = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = browser.get(following.replace("&amp;", "&"))
    assert (first.text.count("/console/cases/s"), second.text.count("/console/cases/s")) == (25, 5)
    assert "whose=-" in following
    assert 'rel="next"' not in second.text


@pytest.mark.parametrize(
    "query", ["state=xx", "after=a:b:c:d", "after=1:2:3", "operator=%00", "whose=%3Cscript%3E"]
)
def test_a_query_that_is_none_of_ours_is_a_list_all_the_same(
    rig: ConsoleRig, desk: DeedsDesk, query: str
) -> None:
    desk.open_case()
    assert rig.signed_in(Role.ANALYST).get(f"/console/cases?{query}").status_code == 200


def test_a_case_says_not_to_call_and_leads_to_its_subscriber(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    page = rig.signed_in(Role.AUDITOR).get(path(case))
    assert "Не звоните и не пишите на этот номер" in shown(page)
    assert "/console/subscribers/" in page.text
    assert "Взять себе" not in shown(page)
    assert "Новая заметка" not in shown(page)
    assert sealed(NEW_SIM).newest().token() not in page.text


def test_an_analyst_takes_a_case_passes_it_on_and_gives_it_back(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    rig.desk.arrive("boris", Role.LEAD)
    browser = rig.signed_in(Role.ANALYST)
    for assignee, said in (
        ("anna", "Делом занимается anna."),
        ("boris", "Делом занимается boris."),
        ("", "Дело снова свободно."),
    ):
        browser.get(path(case))
        answer = browser.post(path(case, "/assign"), {"assignee": assignee})
        assert said in shown(browser.follow(answer))
        assert kept(desk, case).assignee == assignee


@pytest.mark.parametrize("assignee", ["nobody", "ivan", HOSTILE])
def test_a_case_is_given_to_nobody_who_may_not_work_on_it(
    rig: ConsoleRig, desk: DeedsDesk, assignee: str
) -> None:
    case = desk.open_case()
    rig.desk.arrive("ivan", Role.AUDITOR)
    browser = rig.signed_in(Role.ANALYST)
    browser.get(path(case))
    answer = browser.post(path(case, "/assign"), {"assignee": assignee})
    assert answer.status_code == 422
    assert kept(desk, case).assignee == ""


def test_who_acts_for_another_bank_is_offered_for_no_case_and_sees_none(
    rig: ConsoleRig, desk: DeedsDesk
) -> None:
    case = desk.open_case()
    rig.desk.arrive("oleg", Role.ANALYST)
    rig.limit("oleg", "odd")
    assert ">oleg<" not in rig.signed_in(Role.ANALYST).get(path(case)).text
    stranger = rig.signed_in(Role.LEAD, name="vera")
    rig.limit("vera", "odd")
    stranger = rig.browser()
    stranger.sign_in("vera")
    assert stranger.get(path(case)).status_code == 404
    assert case.id not in stranger.get("/console/cases?state=all").text


def test_notes_are_shown_as_they_were_written_and_never_as_markup(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    browser.get(path(case))
    page = browser.follow(browser.post(path(case, "/note"), {"note": f"не берёт трубку\n{HOSTILE}"}))
    assert "не берёт трубку" in shown(page)
    assert "<script>alert" not in page.text
    assert "anna" in shown(page)


def test_an_empty_note_is_not_written(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    browser.get(path(case))
    assert browser.post(path(case, "/note"), {"note": " \n "}).status_code == 422
    assert desk.events(EventKind.CASE_NOTED) == []


def test_closing_as_fraud_says_that_it_bans_the_sim_and_does(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    asked = browser.get(path(case, "/close/fraud"))
    assert "будет запрещена" in shown(asked)
    assert kept(desk, case).state is CaseState.OPEN
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    page = browser.follow(browser.post(path(case, "/close/fraud"), {"reason": "клиент не менял карту"}))
    assert "SIM-карта запрещена" in shown(page)
    assert "клиент не менял карту" in shown(page)
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))


@pytest.mark.parametrize("outcome", ["customer_confirmed", "unknown"])
def test_closing_otherwise_bans_nothing_and_says_nothing_of_it(
    rig: ConsoleRig, desk: DeedsDesk, outcome: str
) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    assert "будет запрещена" not in shown(browser.get(path(case, f"/close/{outcome}")))
    browser.post(path(case, f"/close/{outcome}"), {"reason": "позвонили"})
    assert kept(desk, case).outcome == outcome
    assert desk.keep_bans.every(BANK.id) == []


def test_without_a_reason_nothing_is_closed(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    browser.get(path(case, "/close/fraud"))
    assert browser.post(path(case, "/close/fraud"), {"reason": " "}).status_code == 422
    assert kept(desk, case).state is CaseState.OPEN


def test_of_two_who_close_a_case_the_second_learns_who_was_first(rig: ConsoleRig, desk: DeedsDesk) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    browser.get(path(case, "/close/fraud"))
    desk.work.close(desk.worker("boris"), case.id, CaseOutcome.UNKNOWN, "so")
    answer = browser.post(path(case, "/close/fraud"), {"reason": "клиент не менял карту"})
    assert "Дело уже закрыто (boris)" in shown(browser.follow(answer))
    assert "Дело уже закрыто (boris)" in shown(browser.follow(browser.get(path(case, "/close/fraud"))))
    assert desk.keep_bans.every(BANK.id) == []


@pytest.mark.parametrize(
    "where", ["/console/cases/s000-99", "/console/cases/x", "/console/cases/s000-1/close/maybe"]
)
def test_what_is_not_there_is_said_not_to_be(rig: ConsoleRig, where: str) -> None:
    assert rig.signed_in(Role.LEAD).get(where).status_code == 404


def test_outcomes_give_the_false_alarms_of_each_operator(rig: ConsoleRig, desk: DeedsDesk) -> None:
    browser = rig.signed_in(Role.ANALYST)
    for place, outcome in enumerate(("customer_confirmed", "customer_confirmed", "fraud", "unknown")):
        case = desk.open_case(number=number(place), operator="25001")
        browser.get(path(case))
        browser.post(path(case, f"/close/{outcome}"), {"reason": "так"})
    text = shown(browser.get("/console/cases"))
    assert "25001 4 2 1 1 50,0 %" in text


def test_a_lead_lifts_a_ban_with_a_reason_and_nobody_else_is_offered_to(
    rig: ConsoleRig, desk: DeedsDesk
) -> None:
    case = desk.open_case()
    analyst = rig.signed_in(Role.ANALYST)
    analyst.get(path(case))
    analyst.post(path(case, "/close/fraud"), {"reason": "обман"})
    page = analyst.get("/console/cases/bans")
    assert "+7 916 111-22-11" in shown(page)
    assert "Снять запрет" not in shown(page)
    assert sealed(NEW_SIM).newest().token() not in page.text
    lead = rig.signed_in(Role.LEAD, name="boris")
    where = f"/console/cases/bans/{case.id}/lift"
    assert "Снять запрет" in shown(lead.get(where))
    assert lead.post(where, {"reason": ""}).status_code == 422
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    assert "Запрет снят." in shown(lead.follow(lead.post(where, {"reason": "ошиблись"})))
    assert desk.keep_bans.every(BANK.id) == []
    assert lead.get(where).status_code == 404


def test_bans_come_in_pages(rig: ConsoleRig, desk: DeedsDesk) -> None:
    book = desk.keep_bans
    for place in range(27):
        case = Case(f"s001-{place}", BANK.id, number(place), 0, "sim_changed", f"1:imsi:{place:064x}")
        assert book.ban(case, "anna", "r1")
    assert all(isinstance(ban, Ban) for ban in book.every(BANK.id))
    browser = rig.signed_in(Role.AUDITOR)
    first, second = (browser.get(f"/console/cases/bans{rest}") for rest in ("", "?after=25"))
    assert [page.text.count("/console/subscribers/") for page in (first, second)] == [25, 2]
    assert "after=25" in first.text
    assert "after=50" not in second.text


def test_the_home_page_shows_my_open_cases_and_still_opens_where_the_archive_is_away(
    rig: ConsoleRig, desk: DeedsDesk
) -> None:
    case = desk.open_case()
    browser = rig.signed_in(Role.ANALYST)
    assert case.id not in browser.get("/console/").text
    desk.work.assign(desk.worker(), case.id, "anna")
    assert case.id in browser.get("/console/").text


def test_the_home_page_opens_where_the_archive_is_away(store: StoreRig) -> None:
    rig = ConsoleRig(store)

    def away(*_: object) -> None:
        raise ArchiveUnavailable("down")

    rig.cases.page = away  # type: ignore[method-assign,assignment]  # the archive goes away under the console
    page = rig.signed_in(Role.ANALYST).get("/console/")
    assert page.status_code == 200
    assert "Архив не отвечает" in shown(page)
