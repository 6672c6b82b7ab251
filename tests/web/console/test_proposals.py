"""Proposals in the console: who sees what waits, who may decide, and what they are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.lookup import NoData
from security_service.domain.proposals import ProposalState
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.four_eyes import Proposed, Reviewer
from security_service.usecases.publish_policy import PublishOrder
from tests.fakes.sim import NEW_SIM, THIRD_SIM, sealed
from tests.store.rig import StoreRig
from tests.usecases.policies import document
from tests.web.console.rig import BANK, NUMBER, Browser, ConsoleRig, shown

HOSTILE = "<script>alert(1)</script> {reason} \u202e"


def propose(rig: ConsoleRig, browser: Browser, deed: str = "always-allow", **form: str) -> str:
    """Let an analyst ask for what a lead decides; gives the proposal's address."""
    browser.get(rig.path(f"/{deed}"))
    answer = browser.post(rig.path(f"/{deed}"), {"reason": "клиент за границей", "days": "7", **form})
    assert "Предложено" in shown(browser.follow(answer))
    rig.store.advance(1)
    (newest, *_) = rig.services.four_eyes.newest(BANK.id)
    return f"/console/proposals/{newest.id}"


def demanding(rig: ConsoleRig, deed: FourEyesDeed) -> Tenant:
    """Let the bank demand a second person."""
    bank = replace(BANK, four_eyes=(deed,))
    rig.tenants.put(bank)
    return bank


def state(rig: ConsoleRig, address: str) -> ProposalState:
    found = rig.services.four_eyes.view(BANK.id, address.rpartition("/")[2])
    assert found is not None
    return found.state


def mode(rig: ConsoleRig) -> Mode:
    return rig.store.subscribers.get(BANK.id, NUMBER).subscriber.mode_at(rig.now)


def test_what_an_analyst_proposes_waits_for_a_lead_who_reads_what_it_would_do_and_approves(
    rig: ConsoleRig,
) -> None:
    rig.put(rig.known())
    analyst, lead = rig.signed_in(Role.ANALYST), rig.signed_in(Role.LEAD, name="boris")
    address = propose(rig, analyst)
    for where in ("/console/proposals", "/console/"):
        page = lead.get(where)
        assert address in page.text
        assert "+7 916 111-22-11" in shown(page)
    page = lead.get(address)
    assert "Сообщения будут уходить без вопроса к сети" in shown(page)
    assert "клиент за границей" in shown(page)
    assert NUMBER.digits not in page.text
    assert mode(rig) is Mode.CHECK
    done = lead.follow(lead.post(f"{address}/approve"))
    assert "Исполнено." in shown(done)
    assert "Одобрил boris" in shown(done)
    assert "Одобрить и исполнить" not in shown(done)
    assert (mode(rig), state(rig, address)) == (Mode.ALWAYS_ALLOW, ProposalState.CARRIED_OUT)
    assert address not in lead.get("/console/proposals").text


def test_nobody_approves_their_own_even_by_a_form_of_their_own(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    demanding(rig, FourEyesDeed.ALWAYS_ALLOW)
    lead = rig.signed_in(Role.LEAD)
    address = propose(rig, lead)
    page = lead.get(address)
    assert "Своё предложение одобрить нельзя" in shown(page)
    assert "/approve" not in page.text
    answer = lead.follow(lead.post(f"{address}/approve"))
    assert "Своё предложение одобрить нельзя" in shown(answer)
    assert (mode(rig), state(rig, address)) == (Mode.CHECK, ProposalState.WAITING)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR])
def test_who_is_no_lead_sees_what_waits_and_decides_nothing(rig: ConsoleRig, role: Role) -> None:
    rig.put(rig.known())
    address = propose(rig, rig.signed_in(Role.ANALYST))
    other = rig.signed_in(role, name="vera")
    page = other.get(address)
    assert "Одобряет руководитель." in shown(page)
    assert "/approve" not in page.text
    assert "/reject" not in page.text
    other.post(f"{address}/approve")
    other.post(f"{address}/reject", {"reason": "нет"})
    assert state(rig, address) is ProposalState.WAITING


def test_a_lead_rejects_with_a_reason_that_the_proposer_reads(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    analyst, lead = rig.signed_in(Role.ANALYST), rig.signed_in(Role.LEAD, name="boris")
    address = propose(rig, analyst)
    lead.get(address)
    assert lead.post(f"{address}/reject", {"reason": "  "}).status_code == 422
    assert state(rig, address) is ProposalState.WAITING
    lead.get(address)
    assert "Предложение отклонено." in shown(lead.follow(lead.post(f"{address}/reject", {"reason": HOSTILE})))
    page = analyst.get(address)
    assert "Отклонил boris" in shown(page)
    assert "<script>alert" not in page.text
    assert mode(rig) is Mode.CHECK


def test_the_proposer_takes_their_own_back(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    analyst = rig.signed_in(Role.ANALYST)
    address = propose(rig, analyst)
    assert "Забрать предложение" in shown(analyst.get(address))
    analyst.post(f"{address}/reject", {"reason": "передумала"})
    assert state(rig, address) is ProposalState.REJECTED


def test_what_waited_too_long_is_shown_as_expired_and_cannot_be_approved(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    analyst = rig.signed_in(Role.ANALYST)
    address = propose(rig, analyst)
    rig.store.advance(BANK.four_eyes_hours * 3600)
    lead = rig.signed_in(Role.LEAD, name="boris")
    page = lead.get(address)
    assert "Время вышло: ничего не сделано" in shown(page)
    assert "/approve" not in page.text
    assert "Время вышло, решать поздно" in shown(lead.follow(lead.post(f"{address}/approve")))
    assert mode(rig) is Mode.CHECK
    assert address not in lead.get("/console/proposals").text
    assert "просрочено" in shown(lead.get("/console/proposals?show=all"))


def test_what_was_approved_and_not_carried_out_is_carried_out_again(store: StoreRig) -> None:
    rig = ConsoleRig(store)
    rig.put(rig.known())
    rig.sim.script = [NEW_SIM, NoData.ABSENT, NEW_SIM]
    analyst, lead = rig.signed_in(Role.ANALYST), rig.signed_in(Role.LEAD, name="boris")
    address = propose(rig, analyst, "add-sim")
    lead.get(address)
    assert "Сеть не ответила" in shown(lead.follow(lead.post(f"{address}/approve")))
    page = lead.get(address)
    assert "Исполнить ещё раз" in shown(page)
    assert "одобрено, не исполнено" in shown(page)
    assert address in lead.get("/console/").text
    assert "Исполнено." in shown(lead.follow(lead.post(f"{address}/approve")))
    assert state(rig, address) is ProposalState.CARRIED_OUT


def test_a_sim_that_changed_again_is_told_and_changes_nothing(rig: ConsoleRig) -> None:
    demanding(rig, FourEyesDeed.REVERIFY_CHANGED)
    rig.put(rig.suspected())
    lead, second = rig.signed_in(Role.LEAD), rig.signed_in(Role.LEAD, name="boris")
    address = propose(rig, lead, "reverify")
    page = second.get(address)
    assert "Если карта сменится ещё раз до решения" in shown(page)
    assert sealed(NEW_SIM).newest().token() not in page.text
    rig.sim.script = [THIRD_SIM]
    assert "с тех пор всё изменилось" in shown(second.follow(second.post(f"{address}/approve")))


def test_a_policy_is_shown_as_the_whole_document_that_was_judged(rig: ConsoleRig) -> None:
    bank = demanding(rig, FourEyesDeed.PUBLISH_POLICY)
    order = PublishOrder(document("9"), "1", "anna", "по итогам месяца", "r1", acknowledged=True)
    reviewer = Reviewer(bank, Actor("anna", frozenset({Role.LEAD})), "r1")
    proposed = rig.services.four_eyes.publish_policy(reviewer, order)
    assert isinstance(proposed, Proposed), proposed
    page = rig.signed_in(Role.LEAD, name="boris").get(f"/console/proposals/{proposed.id}")
    assert "Опубликовать политику" in shown(page)
    assert "standard" in shown(page)
    assert "because" in page.text.partition("<pre")[2]


def test_lists_show_what_waits_what_is_mine_and_all_in_pages(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    analyst, lead = rig.signed_in(Role.ANALYST), rig.signed_in(Role.LEAD, name="boris")
    addresses = [propose(rig, analyst) for _ in range(27)]
    counts = {
        (browser, query): sum(one in answer.text for one in addresses)
        for browser, who in (("analyst", analyst), ("lead", lead))
        for query in ("show=waiting", "show=mine", "show=all", "show=all&after=25", "show=nothing&after=x")
        for answer in (who.get(f"/console/proposals?{query}"),)
    }
    assert counts == {
        ("analyst", "show=waiting"): 0,
        ("analyst", "show=mine"): 25,
        ("analyst", "show=all"): 25,
        ("analyst", "show=all&after=25"): 2,
        ("analyst", "show=nothing&after=x"): 0,
        ("lead", "show=waiting"): 25,
        ("lead", "show=mine"): 0,
        ("lead", "show=all"): 25,
        ("lead", "show=all&after=25"): 2,
        ("lead", "show=nothing&after=x"): 25,
    }
    assert "(+22)" in shown(lead.get("/console/"))


def test_a_proposal_of_another_bank_is_not_there(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    address = propose(rig, rig.signed_in(Role.ANALYST))
    rig.desk.arrive("vera", Role.LEAD)
    rig.limit("vera", "odd")
    stranger = rig.browser()
    stranger.sign_in("vera")
    assert stranger.get(address).status_code == 404
    stranger.post(f"{address}/approve")
    assert state(rig, address) is ProposalState.WAITING
