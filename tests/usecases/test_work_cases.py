"""Work on cases over a real store and a real archive: one outcome each, seen at once, fraud banned."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.bans import Ban, ban_name
from security_service.domain.cases import Case, CaseOutcome, CaseQuery, CaseState, ClosedBy
from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.domain.jobs import JobKind
from security_service.domain.secret import Msisdn
from security_service.usecases.keep_bans import BanLifted, KeepBans, MayNotLift, NoSuchBan
from security_service.usecases.reverify import Reverified, ReverifyRequest
from security_service.usecases.work_cases import (
    CaseChanged,
    CaseIsClosed,
    MayNotWork,
    NoSuchCase,
    WorkCases,
)
from tests.fakes.cases import MemoryBans, MemoryCases
from tests.fakes.sim import NEW_SIM, THIRD_SIM, sealed
from tests.fakes.store import CountedChance, MemoryStore
from tests.usecases.deeds_desk import BANK, NUMBER, OTHER_BANK, DeedsDesk


class DyingBook:
    """The BanBook port of a process that dies before it can ban."""

    def put(self, ban: Ban, event: Event) -> bool:
        raise StoreUnavailable("the process died")

    def lift(self, ban: Ban, event: Event) -> bool:
        raise StoreUnavailable("the process died")

    def every(self, tenant: str) -> Sequence[Ban]:
        return ()


TOKEN = sealed(NEW_SIM).newest().token()
LEAD = Actor("boris", frozenset({Role.LEAD}))


def test_an_analyst_takes_a_case_writes_on_it_and_closes_it_and_lists_show_it_at_once(
    desk: DeedsDesk,
) -> None:
    case = desk.open_case()
    taken = desk.work.assign(desk.worker(), case.id, "anna")
    assert taken == CaseChanged(replace(case, assignee="anna"))
    assert [one.id for one in desk.work.page(CaseQuery(BANK.id, assignee="anna")).cases] == [case.id]
    assert isinstance(desk.work.note(desk.worker(), case.id, "не берёт трубку"), CaseChanged)
    closed = desk.work.close(desk.worker(), case.id, CaseOutcome.UNKNOWN, "called back")
    assert isinstance(closed, CaseChanged)
    assert (closed.case.state, closed.case.outcome) == (CaseState.CLOSED, CaseOutcome.UNKNOWN)
    view = desk.work.view(BANK.id, case.id)
    assert not isinstance(view, NoSuchCase)
    assert view.case == closed.case
    assert [note.note for note in view.notes] == ["не берёт трубку", "called back"]
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))


def test_a_case_may_be_given_back(desk: DeedsDesk) -> None:
    case = desk.open_case()
    desk.work.assign(desk.worker(), case.id, "anna")
    given_back = desk.work.assign(desk.worker(), case.id, "")
    assert given_back == CaseChanged(case)


@pytest.mark.parametrize("roles", [(Role.AUDITOR,), (Role.ENROLLER,)])
def test_who_only_reads_changes_no_case(desk: DeedsDesk, roles: tuple[Role, ...]) -> None:
    case = desk.open_case()
    who = desk.worker("ivan", *roles)
    assert desk.work.assign(who, case.id, "ivan") == MayNotWork()
    assert desk.work.note(who, case.id, "x") == MayNotWork()
    assert desk.work.close(who, case.id, CaseOutcome.FRAUD, "x") == MayNotWork()
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))


def test_nobody_closes_another_banks_case_by_its_id(desk: DeedsDesk) -> None:
    case = desk.open_case()
    stranger = desk.worker("boris", Role.ADMIN, tenant=OTHER_BANK.id)
    assert desk.work.close(stranger, case.id, CaseOutcome.FRAUD, "x") == NoSuchCase()
    assert desk.work.assign(stranger, case.id, "boris") == NoSuchCase()
    assert desk.work.note(stranger, case.id, "x") == NoSuchCase()
    assert desk.work.view(OTHER_BANK.id, case.id) == NoSuchCase()
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    assert not desk.bans.is_banned(OTHER_BANK.id, sealed(NEW_SIM))


@pytest.mark.parametrize("name", ["", "x", "s001", "s001-", "s001-9'--", "s001-99", "m-1", "s1-1"])
def test_an_id_that_is_none_is_no_case(desk: DeedsDesk, name: str) -> None:
    desk.open_case()
    assert desk.work.view(BANK.id, name) == NoSuchCase()
    assert desk.work.close(desk.worker(), name, CaseOutcome.FRAUD, "x") == NoSuchCase()


def test_a_closed_case_stays_as_it_was_closed(desk: DeedsDesk) -> None:
    case = desk.open_case()
    desk.work.close(desk.worker(), case.id, CaseOutcome.CUSTOMER_CONFIRMED, "passport seen")
    for outcome in (
        desk.work.close(desk.worker("boris"), case.id, CaseOutcome.FRAUD, "x"),
        desk.work.note(desk.worker("boris"), case.id, "x"),
        desk.work.assign(desk.worker("boris"), case.id, "boris"),
    ):
        assert isinstance(outcome, CaseIsClosed)
        assert outcome.case.closed_by == "anna"
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))


def test_of_two_who_close_one_does_and_only_its_outcome_has_effects(desk: DeedsDesk) -> None:
    case = desk.open_case()
    start = Barrier(2)

    def close(outcome: CaseOutcome) -> bool:
        start.wait()
        done = desk.work.close(desk.worker(outcome.value), case.id, outcome, "x")
        return isinstance(done, CaseChanged)

    both = [CaseOutcome.FRAUD, CaseOutcome.CUSTOMER_CONFIRMED]
    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(both, pool.map(close, both), strict=True))
    assert sum(done.values()) == 1
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM)) is done[CaseOutcome.FRAUD]


def test_a_re_verify_closes_the_case_of_its_sim_before_anybody_calls_it_fraud(desk: DeedsDesk) -> None:
    desk.put(desk.suspected())
    case, other = desk.open_case(), desk.open_case(THIRD_SIM)
    assert isinstance(desk.four_eyes.reverify(desk.action(), ReverifyRequest()), Reverified)
    outcome = desk.work.close(desk.worker("boris"), case.id, CaseOutcome.FRAUD, "x")
    assert isinstance(outcome, CaseIsClosed)
    assert (outcome.case.outcome, outcome.case.closed_how) == (
        CaseOutcome.CUSTOMER_CONFIRMED, ClosedBy.TRUSTED,
    )  # fmt: skip
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    listed = desk.work.page(CaseQuery(BANK.id, state=CaseState.OPEN)).cases
    assert [one.id for one in listed] == [other.id]


# --- fraud and bans --------------------------------------------------------------------------------------


def test_fraud_bans_the_sim_for_the_bank_and_no_other(desk: DeedsDesk) -> None:
    case = desk.open_case()
    desk.work.close(desk.worker(), case.id, CaseOutcome.FRAUD, "the customer denies it")
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    assert not desk.bans.is_banned(OTHER_BANK.id, sealed(NEW_SIM))
    (ban,) = desk.keep_bans.every(BANK.id)
    assert (ban.imsi, ban.case, ban.by, ban.number) == (TOKEN, case.id, "anna", NUMBER)
    facts = desk.facts(EventKind.IMSI_BANNED)
    assert (facts["imsi"], facts["case"], facts["actor"]) == (TOKEN, case.id, "anna")


def test_a_crash_between_the_end_of_a_case_and_its_ban_leaves_no_fraud_unbanned(desk: DeedsDesk) -> None:
    case = desk.open_case()
    dying = KeepBans(DyingBook(), desk.rig.jobs)
    with pytest.raises(StoreUnavailable):
        replace(desk.work, bans=dying).close(desk.worker(), case.id, CaseOutcome.FRAUD, "x")
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    desk.rig.advance(6)
    (job,) = desk.rig.jobs.claim(9, 60.0)
    assert job.kind is JobKind.BAN
    desk.keep_bans.attempt(job)
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    assert desk.rig.jobs.claim(9, 60.0) == []


def test_a_lead_lifts_a_ban_and_its_jobs_do_not_bring_it_back(desk: DeedsDesk) -> None:
    case = desk.open_case()
    desk.work.close(desk.worker(), case.id, CaseOutcome.FRAUD, "x")
    name = ban_name(TOKEN)
    analyst = Actor("olga", frozenset({Role.ANALYST, Role.AUDITOR}))
    assert desk.keep_bans.lift(BANK.id, analyst, name, "x", "r1") == MayNotLift()
    assert desk.keep_bans.lift(OTHER_BANK.id, LEAD, name, "x", "r1") == NoSuchBan()
    assert desk.keep_bans.lift(BANK.id, LEAD, name[:-1], "x", "r1") == NoSuchBan()
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    assert isinstance(desk.keep_bans.lift(BANK.id, LEAD, name, "a mistake", "r1"), BanLifted)
    assert desk.keep_bans.lift(BANK.id, LEAD, name, "again", "r1") == NoSuchBan()
    desk.rig.advance(6)
    for job in desk.rig.jobs.claim(9, 60.0):
        desk.keep_bans.attempt(job)
    assert not desk.bans.is_banned(BANK.id, sealed(NEW_SIM))
    facts = desk.facts(EventKind.IMSI_UNBANNED)
    assert (facts["actor"], facts["reason"], facts["imsi"]) == ("boris", "a mistake", TOKEN)


def test_a_second_case_of_a_lifted_sim_may_ban_it_again(desk: DeedsDesk) -> None:
    first = desk.open_case()
    desk.work.close(desk.worker(), first.id, CaseOutcome.FRAUD, "x")
    desk.keep_bans.lift(BANK.id, LEAD, TOKEN, "a mistake", "r1")
    second = desk.open_case(number=Msisdn("79031112204"))
    desk.work.close(desk.worker(), second.id, CaseOutcome.FRAUD, "no mistake")
    assert desk.bans.is_banned(BANK.id, sealed(NEW_SIM))


# --- an archive that is away ------------------------------------------------------------------------------

OPEN = Case("s001-7", BANK.id, NUMBER, 1, "sim_changed", TOKEN)


def in_memory(store: MemoryStore, cases: MemoryCases) -> WorkCases:
    return WorkCases(cases, cases, cases, KeepBans(MemoryBans(store), store.jobs), CountedChance())


class GoesAway(MemoryCases):
    """An archive that goes away once it was caught up with."""

    def shard(self, name: str) -> None:
        super().shard(name)
        self.away = ArchiveUnavailable("away")


def test_what_was_written_stands_though_the_archive_cannot_take_it_in(desk: DeedsDesk) -> None:
    store = MemoryStore()
    outcome = in_memory(store, GoesAway(store, OPEN)).assign(desk.worker(), OPEN.id, "anna")
    assert outcome == CaseChanged(replace(OPEN, assignee="anna"))
    assert store.kinds() == ["case_assigned"]


def test_without_the_archive_nobody_can_tell_whether_a_case_is_open_and_nothing_is_written(
    desk: DeedsDesk,
) -> None:
    store = MemoryStore()
    cases = MemoryCases(store, OPEN)
    cases.away = ArchiveUnavailable("away")
    with pytest.raises(ArchiveUnavailable):
        in_memory(store, cases).close(desk.worker(), OPEN.id, CaseOutcome.FRAUD, "x")
    assert store.log == []
