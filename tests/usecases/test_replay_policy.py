"""A period of the past decided again: in steps, by whichever process, with a result that is told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from security_service.domain.audit import AuditPage, AuditQuery
from security_service.domain.policy import Verdict
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.replay import ReplayRun
from security_service.domain.tenants import Tenant
from security_service.store.replay_runs import StoredReplayRuns
from security_service.usecases.replay_policy import EmptyPeriod, ReplayOrder, ReplayPolicy, UnknownRun
from tests.store.rig import DECIDED, START_MS, StoreRig, subject
from tests.usecases.policies import BANK, STANDARD, STRICT, Desk, document, renamed

NUMBERS = [f"7903111{n:04}" for n in range(8)]


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def desk(rig: StoreRig) -> Desk:
    return Desk(rig)


class SmallPages:
    """The AuditLog port over another: pages of two events, after each of which a moment has passed."""

    def __init__(self, desk: Desk, moment_s: float = 0.0) -> None:
        self.desk, self.moment_s = desk, moment_s

    def page(self, query: AuditQuery) -> AuditPage:
        self.desk.clock.move(self.moment_s)
        return self.desk.rig.log.page(replace(query, count=2))


def in_small_steps(desk: Desk, moment_s: float = 1.0) -> ReplayPolicy:
    """The use case of a process whose every step ends after one small page."""
    log = SmallPages(desk, moment_s)
    return ReplayPolicy(log, StoredReplayRuns(desk.rig.frame), desk.clock, desk.chance)


def order(text: str, tenant: str = "", of_policy: str = "") -> ReplayOrder:
    return ReplayOrder(text, START_MS - 1_000, 0, "anna", tenant, of_policy)


def begun(replay: ReplayPolicy, given: ReplayOrder) -> ReplayRun:
    run = replay.begin(given)
    assert isinstance(run, ReplayRun), run
    return run


def finished(replay: ReplayPolicy, given: ReplayOrder) -> ReplayRun:
    run = begun(replay, given)
    while not run.done:
        stepped = replay.step(run.id)
        assert isinstance(stepped, ReplayRun)
        run = stepped
    return run


def told(rig: StoreRig) -> list[dict[str, Any]]:
    events = [json.loads(text) for text in rig.texts("m")]
    return [event["facts"] for event in events if event["kind"] == "policy_replayed"]


def test_the_policy_that_decided_decides_the_same_again(desk: Desk) -> None:
    for number in NUMBERS:
        desk.decide(number)
        desk.decide(number, new_sim=True)
    run = finished(desk.do.replay, order(STANDARD))
    assert run.tally.by_verdict() == {("send", "send"): 8, ("deny", "deny"): 8}
    assert (run.tally.differing, run.tally.listed, run.tally.passed_over) == (0, [], 0)
    assert {(row[1], row[3]) for row in run.tally.rows} == {
        ("first-seen", "first-seen"),
        ("changed", "changed"),
    }


def test_another_policy_tells_whose_verdict_would_change(rig: StoreRig, desk: Desk) -> None:
    for number in NUMBERS:
        desk.decide(number)
    desk.decide(NUMBERS[0], new_sim=True)
    run = finished(desk.do.replay, order(document("9", "deny")))
    assert run.tally.by_verdict() == {("send", "deny"): 8, ("deny", "deny"): 1}
    changed = {one.number: one for one in run.tally.listed}
    assert set(changed) == set(NUMBERS)
    one = changed[NUMBERS[0]]
    assert (one.amount, one.currency, one.tenant) == ("1500.00", "RUB", "bank")
    assert (one.before.verdict, one.before.rule, one.before.policy) == ("send", "first-seen", "standard@1")
    assert (one.after.verdict, one.after.rule, one.after.policy) == ("deny", "otherwise", "standard@9")
    assert START_MS <= one.at_ms <= rig.now_ms


def test_a_replay_changes_nothing_but_tells_that_it_was(rig: StoreRig, desk: Desk) -> None:
    desk.decide(NUMBERS[0])
    before = {key: rig.redis.dump(key) for key in rig.redis.keys("{s*")}
    run = finished(desk.do.replay, order(document("9", "deny"), tenant="bank", of_policy="standard"))
    assert {key: rig.redis.dump(key) for key in rig.redis.keys("{s*")} == before
    assert told(rig) == [
        {
            "actor": "anna",
            "compared": 1,
            "differing": 1,
            "name": "standard",
            "of_policy": "standard",
            "passed_over": 0,
            "sha256": run.sha256,
            "since_ms": START_MS - 1_000,
            "tenant": "bank",
            "until_ms": run.until_ms,
            "verdicts": [{"after": "deny", "before": "send", "count": 1}],
            "version": "9",
        }
    ]
    assert desk.do.replay.step(run.id) == run
    assert len(told(rig)) == 1


def test_any_process_goes_on_where_another_stopped(rig: StoreRig, desk: Desk) -> None:
    for number in NUMBERS:
        desk.decide(number)
    one, other = in_small_steps(desk), in_small_steps(Desk(rig))
    run = begun(one, order(document("9", "deny")))
    percents, turns = [run.percent], [one, other]
    while not run.done:
        stepped = turns[len(percents) % 2].step(run.id)
        assert isinstance(stepped, ReplayRun)
        run = stepped
        percents.append(run.percent)
        assert desk.do.replay.view(run.id) == run
    assert run.tally.compared == 8
    assert len(percents) >= 5
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert len(told(rig)) == 1


def test_of_two_processes_that_take_one_step_at_once_no_decision_counts_twice(
    rig: StoreRig, desk: Desk
) -> None:
    for number in NUMBERS:
        desk.decide(number)
    slow, fast = in_small_steps(desk), in_small_steps(Desk(rig))
    run = begun(slow, order(document("9", "deny")))
    pages = slow.log.page

    class Overtaken:
        """The AuditLog port of a process that is overtaken while it reads."""

        def page(self, query: AuditQuery) -> AuditPage:
            fast.step(run.id)
            return pages(query)

    overtaken = replace(slow, log=Overtaken())
    stepped = overtaken.step(run.id)
    assert isinstance(stepped, ReplayRun)
    assert (stepped.tally.compared, stepped.revision) == (2, 2)
    assert finished(fast, order(document("9", "deny"))).tally.compared == 8


def test_a_step_ends_after_about_a_second(desk: Desk) -> None:
    for number in NUMBERS:
        desk.decide(number)
    replay = in_small_steps(desk, 0.4)
    run = begun(replay, order(STANDARD))
    stepped = replay.step(run.id)
    assert isinstance(stepped, ReplayRun)
    assert (stepped.tally.compared, stepped.done) == (6, False)


def test_what_is_decided_after_it_began_is_not_part_of_it(desk: Desk) -> None:
    desk.decide(NUMBERS[0])
    run = begun(desk.do.replay, order(STANDARD))
    desk.rig.now_ms += 1
    desk.decide(NUMBERS[1])
    stepped = desk.do.replay.step(run.id)
    assert isinstance(stepped, ReplayRun)
    assert (stepped.tally.compared, stepped.done) == (1, True)


def test_a_period_narrows_it(desk: Desk) -> None:
    times = []
    for number in NUMBERS:
        times.append(desk.rig.now_ms)
        desk.decide(number)
    middle = replace(order(STANDARD), since_ms=times[2], until_ms=times[5])
    assert finished(desk.do.replay, middle).tally.compared == 4


def test_a_tenant_and_a_policy_narrow_it(desk: Desk) -> None:
    other = Tenant("other", limits=BANK.limits, policy="strict")
    desk.decide(NUMBERS[0])
    desk.decide(NUMBERS[1], tenant=other)
    desk.decide(NUMBERS[2], tenant=replace(BANK, policy="strict"))
    strict = renamed(STRICT, "9", "strict")
    counts = [
        finished(desk.do.replay, order(strict, tenant, of_policy)).tally.compared
        for tenant, of_policy in (("", ""), ("bank", ""), ("", "strict"), ("bank", "strict"))
    ]
    assert counts == [3, 2, 2, 1]


def test_events_of_before_the_whole_input_was_kept_are_counted_apart(rig: StoreRig, desk: Desk) -> None:
    desk.decide(NUMBERS[0])
    old = subject(tenant=BANK)
    rig.codes.open(replace(rig.request(old, rig.caller(), None), events=(DECIDED,)))
    run = finished(desk.do.replay, order(document("9", "deny")))
    assert (run.tally.compared, run.tally.passed_over) == (1, 1)


def test_an_ended_trial_leaves_what_a_replay_reads_as_it_was(desk: Desk) -> None:
    desk.try_out(document("9", "deny"))
    assert desk.decide(NUMBERS[0]).verdict is Verdict.SEND
    run = finished(desk.do.replay, order(STANDARD))
    assert run.tally.by_verdict() == {("send", "send"): 1}


@pytest.mark.parametrize(
    ("since_ms", "until_ms"), [(START_MS, START_MS), (START_MS + 5_000, 0), (9, 8), (2**60, 2**61)]
)
def test_a_period_that_is_empty_or_lies_ahead_is_refused(desk: Desk, since_ms: int, until_ms: int) -> None:
    assert desk.do.replay.begin(ReplayOrder(STANDARD, since_ms, until_ms, "anna")) == EmptyPeriod()


def test_what_is_no_document_is_refused(desk: Desk) -> None:
    assert isinstance(desk.do.replay.begin(order("x")), PolicyFaults)


def test_a_run_that_there_is_not_is_said_to_be_unknown(rig: StoreRig, desk: Desk) -> None:
    assert desk.do.replay.step("nobody") == UnknownRun()
    run = begun(desk.do.replay, order(STANDARD))
    rig.redis.delete(f"{{m}}:replay:{run.id}")
    assert desk.do.replay.step(run.id) == UnknownRun()
    assert desk.do.replay.view(run.id) == UnknownRun()
