from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from tests.usecases.behind_the_scenes import job, kinds
from tests.usecases.whole_work import WholeWork


@dataclass(slots=True)
class Reverifications:
    """What wiring gives for REVERIFY jobs; remembers them."""

    seen: list[str] = field(default_factory=list)

    def attempt(self, given: Job) -> None:
        self.seen.append(given.id)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (JobKind.LOOK, ["reference_learnt", "look_finished"]),
        (JobKind.NOTICE, ["notice_sent"]),
        (JobKind.RECEIPT, ["receipt"]),
        (JobKind.FALLBACK, ["fallback_failed"]),
        (JobKind.LEASE, []),
        (JobKind.REFUSALS, []),
    ],
)
def test_a_job_of_every_kind_is_done_and_ended(kind: JobKind, told: list[str]) -> None:
    whole = WholeWork()
    whole.jobs.add(job(kind, gateway="sms", messages=""))
    (claimed,) = whole.work.claim(5, 60.0)
    whole.work.run(claimed)
    assert kinds(whole.jobs.events) == told
    assert whole.jobs.due_in("j1") is None
    assert ("job", kind.value) in whole.meter.events


def test_a_reverify_goes_to_what_wiring_gave_for_it() -> None:
    given = Reverifications()
    whole = WholeWork(given.attempt)
    whole.work.run(job(JobKind.REVERIFY, "v1"))
    assert given.seen == ["v1"]


def test_a_lost_lease_and_a_windows_count_are_the_slots_to_end() -> None:
    whole = WholeWork()
    whole.jobs.add(job(JobKind.LEASE, "s1"), job(JobKind.REFUSALS, "w1"))
    for claimed in whole.work.claim(2, 60.0):
        whole.work.run(claimed)
        whole.work.run(claimed)
    assert (whole.slots.ended_leases, whole.slots.counted) == (["s1"], ["w1"])
    assert whole.meter.events.count(("lease", "lost")) == 1


def test_a_job_whose_store_call_was_lost_comes_back_when_its_lease_ends() -> None:
    whole = WholeWork()
    whole.faults.next = ["end_lease"]
    whole.jobs.add(job(JobKind.LEASE, "s1"))
    (claimed,) = whole.work.claim(1, 60.0)
    with pytest.raises(StoreUnavailable):
        whole.work.run(claimed)
    assert ("job", "lease") not in whole.meter.events
    assert whole.work.claim(1, 60.0) == []
    whole.clock.move(60)
    whole.work.run(*whole.work.claim(1, 60.0))
    assert whole.slots.ended_leases == ["s1"]


def test_a_broken_job_is_set_back_with_growing_pauses_and_never_dropped() -> None:
    whole = WholeWork()
    pauses = []
    whole.jobs.add(job(JobKind.REVERIFY, "v1"))
    for _ in range(9):
        (claimed,) = whole.work.claim(1, 60.0)
        whole.work.set_back(claimed)
        pauses.append(whole.jobs.due_in("v1") or 0.0)
        whole.clock.move(pauses[-1])
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_every_fifth_break_of_a_job_is_an_incident() -> None:
    whole = WholeWork()
    broken = job(JobKind.REVERIFY, "v1")
    whole.jobs.add(broken)
    for attempt in range(10):
        whole.work.set_back(replace(broken, attempt=attempt))
    assert [event.facts for event in whole.jobs.events] == [
        {"attempt": attempt, "job": "reverify", "job_id": "v1", "what": "job_breaks"} for attempt in (4, 9)
    ]


def test_a_broken_notice_comes_back_as_started_and_is_not_sent_again() -> None:
    whole = WholeWork()
    whole.jobs.add(job(JobKind.NOTICE, "n1"))
    (claimed,) = whole.work.claim(1, 60.0)
    whole.work.set_back(claimed)
    whole.clock.move(5)
    whole.work.run(*whole.work.claim(1, 60.0))
    assert kinds(whole.jobs.events) == ["notice_unknown"]
    assert whole.gateway.sent == []


def test_a_broken_fallback_comes_back_as_started_and_is_not_sent_again() -> None:
    whole = WholeWork()
    whole.jobs.add(job(JobKind.FALLBACK, "f1"))
    (claimed,) = whole.work.claim(1, 60.0)
    whole.work.set_back(claimed)
    whole.clock.move(5)
    whole.work.run(*whole.work.claim(1, 60.0))
    assert kinds(whole.jobs.events) == ["fallback_unknown"]


def test_jobs_are_done_in_the_order_in_which_they_are_due() -> None:
    given = Reverifications()
    whole = WholeWork(given.attempt)
    whole.jobs.add(
        replace(job(JobKind.REVERIFY, "later"), due_in_s=20),
        replace(job(JobKind.REVERIFY, "sooner"), due_in_s=10),
        job(JobKind.REVERIFY, "now"),
    )
    assert [claimed.id for claimed in whole.work.claim(5, 600.0)] == ["now"]
    whole.clock.move(30)
    assert [claimed.id for claimed in whole.work.claim(5, 600.0)] == ["sooner", "later"]
