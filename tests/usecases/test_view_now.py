"""What goes on now: whole stretches in few rows, rates against their own base, refusals by window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.audit import AuditPage, AuditQuery, EventKind, canonical
from security_service.domain.counts import Counted, Step, Tally
from security_service.domain.limits import Limits, Window
from security_service.domain.tenants import Tenant
from security_service.domain.trust import Rate
from security_service.usecases.view_now import (
    BASE_DAYS,
    SHOWN,
    OperatorRate,
    RateLevel,
    Split,
    Stretch,
    ViewNow,
)
from tests.fakes.clock import HandClock
from tests.fakes.counts import MemoryCounts

BANK = Tenant("bank")
DAY = Step.DAY.ms


class ToldLog:
    """The AuditLog port over incidents; `asked` is the last query."""

    def __init__(self, *incidents: tuple[dict[str, str], dict[str, str | int]]) -> None:
        self.incidents = incidents
        self.asked = AuditQuery()

    def page(self, query: AuditQuery) -> AuditPage:
        self.asked = query
        texts = [
            canonical({"at": 5, "facts": facts, "kind": "incident", "outcome": {}, "subject": subject})
            for subject, facts in self.incidents
        ]
        return AuditPage(tuple(texts), "")


class Rig:
    """The use case over what a test tells."""

    def __init__(self, *incidents: tuple[dict[str, str], dict[str, str | int]]) -> None:
        self.counts, self.log, self.clock = MemoryCounts(), ToldLog(*incidents), HandClock()
        self.view = ViewNow(self.counts, self.log, self.clock)
        self.now_ms = self.clock.unix_ms()
        self.today_ms = Step.DAY.begin(self.now_ms)

    def sim(self, at_ms: int, operator: str, label: str, count: int = 1) -> None:
        self.counts.tell(at_ms, Tally(Counted.SIM, operator, label, count))

    def rates(self) -> dict[str, OperatorRate]:
        view = self.view.run("bank", Stretch.HOUR, self.today_ms)
        return {rate.operator: rate for rate in view.rates}


@pytest.mark.parametrize(
    ("stretch", "step", "bars"),
    [
        (Stretch.HOUR, Step.MINUTE, 60),
        (Stretch.DAY, Step.QUARTER, 96),
        (Stretch.WEEK, Step.HOUR, 168),
    ],
)
def test_a_stretch_has_a_bar_for_every_step_also_for_those_in_which_nothing_happened(
    stretch: Stretch, step: Step, bars: int
) -> None:
    rig = Rig()
    rig.counts.tell(rig.now_ms, Tally(Counted.GENERATE, "sent"))
    rig.counts.tell(rig.now_ms - step.ms * (bars - 1), Tally(Counted.GENERATE, "sent", count=3))
    rig.counts.tell(rig.now_ms - step.ms * bars, Tally(Counted.GENERATE, "sent", count=100))
    view = rig.view.run("bank", stretch, rig.today_ms)
    flow = view.flows[Counted.GENERATE]
    assert (len(flow.bars), flow.bars[0].total, flow.bars[-1].total, flow.total) == (bars, 3, 1, 4)
    assert view.since_ms == flow.bars[0].at_ms
    assert set(view.flows) == set(SHOWN)


def test_what_a_page_asks_for_is_bounded_however_long_the_bank_is_there() -> None:
    rig = Rig()
    for stretch in Stretch:
        rig.view.run("bank", stretch, rig.today_ms)
    assert max(steps for _, steps in rig.counts.asked) <= 168
    assert rig.log.asked.kind == EventKind.INCIDENT
    assert rig.log.asked.count <= 100
    assert rig.log.asked.since_ms == rig.now_ms - 7 * DAY


def test_other_tenants_are_not_seen() -> None:
    rig = Rig()
    rig.counts.tell(rig.now_ms, Tally(Counted.GENERATE, "sent"), tenant="odd")
    assert rig.view.run("bank", Stretch.HOUR, rig.today_ms).flows[Counted.GENERATE].total == 0


def test_names_come_with_what_they_came_to_the_most_first() -> None:
    rig = Rig()
    rig.counts.tell(
        rig.now_ms,
        Tally(Counted.LOOKUP, "slow", "seen", 2, 1800),
        Tally(Counted.LOOKUP, "quick", "seen", 6, 600),
        Tally(Counted.LOOKUP, "quick", "absent", 2, 200),
    )
    splits = rig.view.run("bank", Stretch.HOUR, rig.today_ms).flows[Counted.LOOKUP].splits
    assert [(one.name, one.total, one.mean_ms) for one in splits] == [("quick", 8, 100), ("slow", 2, 900)]
    assert (splits[0].of("seen"), splits[0].of("seen", "absent"), splits[0].of("barred")) == (6, 8, 0)
    assert Split("none", {}, 0).mean_ms == 0


def test_an_operator_is_held_against_its_own_base_of_four_weeks() -> None:
    rig = Rig()
    for days in (1, 27, BASE_DAYS):
        rig.sim(rig.today_ms - days * DAY, "25001", "same", 990)
        rig.sim(rig.today_ms - days * DAY, "25001", "changed", 10)
    rig.sim(rig.today_ms - (BASE_DAYS + 1) * DAY, "25001", "changed", 5000)
    rig.sim(rig.now_ms, "25001", "same", 96)
    rig.sim(rig.now_ms, "25001", "changed", 4)
    rig.sim(rig.now_ms, "25001", "absent", 50)
    rig.sim(rig.now_ms, "25001", "changed_again", 50)
    rate = rig.rates()["25001"]
    assert (rate.today, rate.base) == (Rate(100, 4), Rate(3000, 30))
    assert (rate.percent, rate.base_percent, rate.times) == (4.0, 1.0, 4.0)


@pytest.mark.parametrize(
    ("today", "base", "level"),
    [
        (Rate(1000, 1), Rate(100_000, 100), RateLevel.USUAL),
        (Rate(1000, 4), Rate(100_000, 100), RateLevel.USUAL),
        (Rate(1000, 5), Rate(100_000, 100), RateLevel.RAISED),
        (Rate(10_000, 20), Rate(100_000, 100), RateLevel.USUAL),
        (Rate(1000, 19), Rate(100_000, 100), RateLevel.RAISED),
        (Rate(1000, 20), Rate(100_000, 100), RateLevel.FAR),
        (Rate(100, 6), Rate(500, 0), RateLevel.RAISED),
        (Rate(100, 6), Rate(0, 0), RateLevel.USUAL),
        (Rate(0, 0), Rate(0, 0), RateLevel.USUAL),
    ],
)
def test_a_rate_far_above_its_base_is_told_apart_as_the_guard_does(
    today: Rate, base: Rate, level: RateLevel
) -> None:
    rate = OperatorRate("25001", today, base)
    assert rate.level is level
    assert (rate.times is None) == (base.changed == 0)


def test_mass_changes_are_everybodys_a_ceiling_its_tenants_and_the_rest_for_others() -> None:
    mass: dict[str, str | int] = {
        "what": "mass_change",
        "mcc_mnc": "25001",
        "source": "hlr",
        "changed": 40,
        "compared": 100,
        "base_changed": 9,
        "base_compared": 9000,
    }
    rig = Rig(
        ({"mcc_mnc": "25001", "source": "hlr"}, mass),
        ({"tenant": "bank"}, {"what": "unverified_ceiling"}),
        ({"tenant": "odd"}, {"what": "unverified_ceiling"}),
        ({}, {"what": "archive_gap"}),
    )
    incidents = rig.view.run("bank", Stretch.HOUR, rig.today_ms).incidents
    assert [one.what for one in incidents] == ["mass_change", "unverified_ceiling"]
    assert (incidents[0].operator, incidents[0].hour, incidents[0].base) == (
        "25001",
        Rate(100, 40),
        Rate(9000, 9),
    )


def test_every_window_tells_what_it_refused_today_and_locks_stand_behind_them() -> None:
    rig = Rig()
    rig.counts.tell(
        rig.now_ms,
        Tally(Counted.LIMIT, "requests"),
        Tally(Counted.LIMIT, "requests", count=9),
        Tally(Counted.LIMIT, "locked", count=2),
        Tally(Counted.LIMIT, "hourly", count=5),
    )
    rig.counts.tell(rig.today_ms - 1, Tally(Counted.LIMIT, "requests", count=1000))
    hourly = Window("hourly", 5, 3600, record_only=True)
    bank = replace(BANK, limits=replace(Limits(), tenant=(hourly,)))
    refused = {one.name: one for one in rig.view.refused_today(bank, rig.today_ms)}
    assert (refused["requests"].refused, refused["checks"].refused, refused["locked"].refused) == (10, 0, 2)
    assert refused["hourly"].window == hourly
    assert refused["locked"].window is None
    assert list(refused)[-1] == "locked"
