"""Bulk re-verification: whom, at which rate, what becomes of each; a change is a conflict, never trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.imsi import Grade
from security_service.domain.lookup import NoData
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import PendingReverify
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.domain.transfers import MOST_NUMBERS, BulkRun, BulkSource, BulkState
from security_service.usecases.bulk_reverify import (
    BulkBegun,
    BulkOrder,
    BulkOver,
    CandidatesNeedSecond,
    MayNotBulk,
    NothingToAsk,
    RateTooHigh,
    TooManyNumbers,
    UnknownBulk,
)
from security_service.usecases.reverify import Reverify
from security_service.usecases.step_bulk import CountedReverify, StepBulk
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, Line, ScriptedSim
from tests.fakes.store import START, CountedChance, MemoryStore, MemorySubscribers, MemoryTenants
from tests.fakes.transfers import MemoryTransfers
from tests.usecases.acting import DAY, known, member, suspected

BANK = Tenant("bank", bulk_reverify_per_s=3)
CAREFUL = replace(BANK, four_eyes=(FourEyesDeed.REVERIFY_CHANGED,))
LEAD = Actor("anna", frozenset({Role.LEAD}))
NUMBERS = [Msisdn(f"7916111221{place}") for place in range(8)]


class _Rig:
    def __init__(self, *script: Line, tenant: Tenant = BANK) -> None:
        self.tenant, self.store = tenant, MemoryStore()
        self.all, self.sim = MemoryTransfers(self.store), ScriptedSim(*script)
        subscribers, tenants = MemorySubscribers(self.store), MemoryTenants(self.store, ("key", tenant))
        self.bulks, chance = self.all.bulks, CountedChance()
        self.step = StepBulk(self.bulks, self.bulks, self.all.batches, subscribers, tenants, chance)
        self.counted = CountedReverify(
            Reverify(subscribers, self.sim, tenants, self.store.jobs, chance), self.bulks
        )

    def begin(self, source: BulkSource = BulkSource.NUMBERS, **order: object) -> BulkRun:
        lines = tuple(number.digits for number in NUMBERS)
        wish = BulkOrder(self.tenant, LEAD, "SIMs were renumbered", "r1", source, lines=lines)
        outcome = self.all.desk.bulk.begin(replace(wish, **order))  # type: ignore[arg-type]  # fields by their names
        assert isinstance(outcome, BulkBegun), outcome
        return outcome.run

    def run(self) -> BulkRun:
        (run,) = self.bulks.runs.values()
        return run

    def second(self) -> int:
        """One second of the worker's life; gives how many numbers were asked of the network in it."""
        before = len(self.sim.asked)
        self.step.round()
        self.store.clock.move(1.0)
        for job in self.store.jobs.claim(99, 60.0):
            self.counted.attempt(job)
        return len(self.sim.asked) - before

    def trust(self, *numbers: Msisdn) -> None:
        for number in numbers:
            self.store.put("bank", number, known())


# --- begin ----------------------------------------------------------------------------------------


def test_only_a_lead_begins_pauses_and_stops() -> None:
    rig = _Rig(OLD_SIM)
    run = rig.begin()
    analyst = Actor("x", frozenset({Role.ANALYST, Role.AUDITOR}))
    order = BulkOrder(BANK, analyst, "x", "r", BulkSource.CANDIDATES)
    assert rig.all.desk.bulk.begin(order) == MayNotBulk()
    assert rig.all.desk.bulk.mark("bank", run.id, analyst, BulkState.STOPPED) == MayNotBulk()


def test_the_tenant_says_how_fast() -> None:
    rig = _Rig(OLD_SIM)
    order = BulkOrder(BANK, LEAD, "x", "r", BulkSource.CANDIDATES, rate=4)
    assert rig.all.desk.bulk.begin(order) == RateTooHigh(3)
    assert rig.begin(BulkSource.CANDIDATES).rate == 3


def test_candidates_are_not_trusted_in_bulk_where_a_second_person_is_demanded() -> None:
    rig = _Rig(NEW_SIM, tenant=CAREFUL)
    order = BulkOrder(CAREFUL, LEAD, "x", "r", BulkSource.CANDIDATES)
    assert rig.all.desk.bulk.begin(order) == CandidatesNeedSecond()


def test_a_list_is_read_as_people_write_it() -> None:
    rig = _Rig(OLD_SIM)
    lines = ["number;name", "8 (916) 111-22-10;Anna", "", "79161112210", "nobody", '"79161112211"']
    outcome = rig.all.desk.bulk.begin(BulkOrder(BANK, LEAD, "x", "r", BulkSource.NUMBERS, lines=lines))
    assert isinstance(outcome, BulkBegun)
    assert (outcome.run.total, list(outcome.unreadable)) == (2, [5])
    assert rig.bulks.lists[outcome.run.id] == (NUMBERS[0], NUMBERS[1])


def test_a_list_of_nobody_or_of_too_many_is_refused() -> None:
    desk = _Rig(OLD_SIM).all.desk.bulk
    assert desk.begin(BulkOrder(BANK, LEAD, "x", "r", BulkSource.NUMBERS)) == NothingToAsk()
    endless = ("x" for _ in iter(int, 1))
    one = ["79161112210"]

    def many() -> object:
        yield from one
        yield from endless

    order = BulkOrder(BANK, LEAD, "x", "r", BulkSource.NUMBERS, lines=many())  # type: ignore[arg-type]  # an endless list, read as it comes
    assert desk.begin(order) == TooManyNumbers(MOST_NUMBERS)


# --- go on ----------------------------------------------------------------------------------------


def test_so_many_are_asked_a_second_and_not_one_more() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(*NUMBERS)
    rig.begin()
    assert [rig.second() for _ in range(4)] == [3, 3, 2, 0]
    counts = rig.run().counts
    assert (counts.asked, counts.same, counts.changed, counts.waiting) == (8, 8, 0, 0)
    assert rig.run().state is BulkState.DONE
    after = rig.store.subscriber("bank", NUMBERS[0]).reference.members
    assert [one.grade for one in after] == [Grade.CONFIRMED]
    assert after[0].first_seen == START - 30 * DAY


def test_two_workers_share_one_rate() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(*NUMBERS)
    rig.begin()
    rig.step.round()
    rig.step.round()
    assert rig.run().counts.asked == 3


def test_a_change_is_a_conflict_and_the_reference_stays() -> None:
    rig = _Rig(NEW_SIM)
    rig.trust(NUMBERS[0])
    rig.begin(lines=(NUMBERS[0].digits,))
    rig.second()
    assert rig.run().counts.changed == 1
    assert rig.store.subscriber("bank", NUMBERS[0]) == known()
    facts = rig.store.facts("reverify_conflict")
    assert (facts["actor"], facts["bulk"], facts["reason"]) == ("anna", rig.run().id, "SIMs were renumbered")


@pytest.mark.parametrize(("seen", "count"), [(NEW_SIM, "same"), (THIRD_SIM, "changed")])
def test_a_candidate_is_trusted_where_the_network_still_names_it(seen: str, count: str) -> None:
    rig = _Rig(seen)
    rig.trust(NUMBERS[1])
    rig.store.put("bank", NUMBERS[0], suspected())
    rig.begin(BulkSource.CANDIDATES)
    assert rig.second() == 1
    assert getattr(rig.run().counts, count) == 1
    trusted = rig.store.subscriber("bank", NUMBERS[0]).reference.members[0].imsi
    assert trusted == member(NEW_SIM if count == "same" else OLD_SIM)


def test_only_references_older_than_asked_for_are_asked() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(NUMBERS[0])
    fresh = known(since=START - DAY)
    rig.store.put("bank", NUMBERS[1], fresh)
    rig.store.put("odd", NUMBERS[2], known())
    rig.begin(BulkSource.OLDER, before_s=START - 7 * DAY)
    rig.second()
    rig.second()
    assert [number for number, _ in rig.sim.asked] == [NUMBERS[0]]
    assert rig.run().state is BulkState.DONE


def test_a_filter_goes_on_where_a_slice_ended() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(*NUMBERS)
    rig.begin(BulkSource.OLDER, before_s=START)
    assert [rig.second() for _ in range(4)] == [3, 3, 2, 0]
    assert sorted(number for number, _ in rig.sim.asked) == NUMBERS


def test_several_sims_and_what_is_under_way_are_passed_over() -> None:
    rig = _Rig(OLD_SIM)
    twins = known()
    twin = replace(twins.reference.members[0], imsi=member(NEW_SIM))
    reference = replace(twins.reference, members=(*twins.reference.members, twin))
    rig.store.put("bank", NUMBERS[0], replace(twins, reference=reference))
    waits = PendingReverify("olga", "branch", START, START + 900)
    rig.store.put("bank", NUMBERS[1], replace(known(), pending=waits))
    rig.begin(lines=(NUMBERS[0].digits, NUMBERS[1].digits))
    assert rig.second() == 0
    assert rig.run().counts.passed_over == 2
    assert len(rig.store.subscriber("bank", NUMBERS[0]).reference.members) == 2


def test_no_data_is_counted_once_the_wait_is_over() -> None:
    rig = _Rig(NoData.ABSENT)
    rig.trust(NUMBERS[0])
    rig.begin(lines=(NUMBERS[0].digits,))
    rig.second()
    assert rig.run().counts.waiting == 1
    for _ in range(200):
        rig.store.clock.move(10.0)
        rig.second()
    counts = rig.run().counts
    assert (counts.no_data, counts.waiting, counts.same) == (1, 0, 0)
    assert rig.store.subscriber("bank", NUMBERS[0]) == known()


def test_a_source_that_is_down_is_not_asked_ever_more() -> None:
    rig = _Rig(NoData.UNAVAILABLE, tenant=replace(BANK, bulk_reverify_per_s=1))
    lines = tuple(f"7916{place:07d}" for place in range(200))
    rig.begin(lines=lines)
    for _ in range(150):
        rig.step.round()
        rig.store.clock.move(1.0)
    assert rig.run().counts.asked == 61
    rig.store.clock.move(3600.0)
    rig.step.round()
    assert rig.run().counts.asked == 62


def test_a_worker_that_died_in_a_slice_leaves_it_to_the_next() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(*NUMBERS)
    run = rig.begin()
    rig.step.round()
    kept = rig.bulks.runs[run.id]
    rig.bulks.runs[run.id] = replace(kept, cursor="", next_ms=0)
    rig.step.round()
    rig.store.clock.move(1.0)
    for job in rig.store.jobs.claim(99, 60.0):
        rig.counted.attempt(job)
    assert len(rig.sim.asked) == 3


# --- pause and stop -------------------------------------------------------------------------------


def test_a_run_pauses_goes_on_and_stops() -> None:
    rig = _Rig(OLD_SIM)
    rig.trust(*NUMBERS)
    run, desk = rig.begin(), rig.all.desk.bulk
    rig.second()
    assert isinstance(desk.mark("bank", run.id, LEAD, BulkState.PAUSED), BulkRun)
    assert rig.second() == 0
    assert isinstance(desk.mark("bank", run.id, LEAD, BulkState.PAUSED), BulkOver)
    desk.mark("bank", run.id, LEAD, BulkState.RUNNING)
    assert rig.second() == 3
    desk.mark("bank", run.id, LEAD, BulkState.STOPPED)
    assert isinstance(desk.mark("bank", run.id, LEAD, BulkState.RUNNING), BulkOver)
    assert rig.second() == 0
    assert desk.mark("odd", run.id, LEAD, BulkState.RUNNING) == UnknownBulk()
    assert [event.facts["state"] for event in rig.bulks.events] == ["running", "paused", "running", "stopped"]


def test_candidates_that_are_new_again_are_left_to_people() -> None:
    rig = _Rig(THIRD_SIM, tenant=CAREFUL)
    rig.trust(NUMBERS[0])
    rig.begin(lines=(NUMBERS[0].digits,))
    rig.second()
    assert rig.run().counts.changed == 1
    assert rig.store.facts("reverify_conflict")["why"] == "second_person"
    assert rig.store.subscriber("bank", NUMBERS[0]).candidate is None
