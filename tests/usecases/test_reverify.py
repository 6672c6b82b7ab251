"""Re-verify: replaced by the answer, conflict where the SIM changed again, pending where there is no data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.imsi import Candidate, Grade, ReferenceMember
from security_service.domain.jobs import Job, JobKind
from security_service.domain.lookup import NoData
from security_service.domain.subscriber import NEW_SUBSCRIBER, PendingReverify
from security_service.usecases.actions import SecondPersonNeeded
from security_service.usecases.candidates import UnknownCandidate, fingerprint
from security_service.usecases.reverify import (
    PENDING_S,
    AskOutcome,
    Reverified,
    Reverify,
    ReverifyConflict,
    ReverifyPending,
    ReverifyRequest,
)
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, Line, ScriptedSim
from tests.fakes.store import START, CountedChance, MemoryStore, MemorySubscribers, MemoryTenants
from tests.usecases.acting import ACTION, BANK, NUMBER, known, member, suspected

PLAIN = ReverifyRequest()


class _Rig:
    def __init__(self, *script: Line) -> None:
        self.store = MemoryStore()
        self.sim = ScriptedSim(*script)
        self.subscribers = MemorySubscribers(self.store)
        self.reverify = Reverify(
            self.subscribers,
            self.sim,
            MemoryTenants(self.store, ("key", BANK)),
            self.store.jobs,
            CountedChance(),
        )

    def ask(self, request: ReverifyRequest = PLAIN) -> AskOutcome | SecondPersonNeeded:
        return self.reverify.ask(ACTION, request)

    def work(self) -> int:
        """Do the jobs that are due, as the worker does."""
        jobs = self.store.jobs.claim(10, 60.0)
        for job in jobs:
            self.reverify.attempt(job)
        return len(jobs)


# --- an answer is there ---------------------------------------------------------------------


def test_the_answer_replaces_the_set_and_the_old_member_is_retired() -> None:
    rig = _Rig(NEW_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    outcome = rig.ask()
    after = rig.store.subscriber(BANK.id, NUMBER)
    assert isinstance(outcome, Reverified)
    assert outcome.view.subscriber == after
    assert after.reference.members == (ReferenceMember(member(NEW_SIM), START, START, Grade.CONFIRMED),)
    assert after.reference.retired == (member(OLD_SIM),)
    assert after.candidate is None
    assert after.messaged


def test_a_subscriber_without_reference_gets_a_confirmed_one() -> None:
    rig = _Rig(NEW_SIM)
    assert isinstance(rig.ask(ReverifyRequest(waive_age=True)), Reverified)
    (only,) = rig.store.subscriber(BANK.id, NUMBER).reference.members
    assert (only.grade, only.age_waived) == (Grade.CONFIRMED, True)


def test_the_event_tells_who_why_what_and_what_was_replaced() -> None:
    rig = _Rig(NEW_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    rig.ask()
    assert rig.store.facts("reverified") == {
        "actor": "olga",
        "age_waived": False,
        "expected": member(NEW_SIM).token(),
        "imsi": member(NEW_SIM).token(),
        "lookups": [{"milliseconds": 12, "outcome": "seen", "source": "sandbox"}],
        "mcc_mnc": "25002",
        "reason": "the client called",
        "replaced": [member(OLD_SIM).token()],
        "request_id": "r1",
        "source": "sandbox",
        "tokens": [member(NEW_SIM).token()],
    }


@pytest.mark.parametrize("answer", [THIRD_SIM, OLD_SIM])
def test_an_answer_that_is_not_the_candidate_is_a_conflict_and_nothing_is_stored(answer: str) -> None:
    rig = _Rig(answer)
    rig.store.put(BANK.id, NUMBER, suspected())
    outcome = rig.ask()
    assert isinstance(outcome, ReverifyConflict)
    assert (outcome.expected, outcome.seen) == (member(NEW_SIM), member(answer))
    assert rig.store.subscriber(BANK.id, NUMBER) == suspected()
    assert rig.store.kinds() == ["reverify_conflict"]


@pytest.mark.parametrize("named", [fingerprint(member(OLD_SIM)), member(THIRD_SIM).token()])
def test_the_imsi_that_the_caller_names_is_the_one_that_must_answer(named: str) -> None:
    right = OLD_SIM if named == fingerprint(member(OLD_SIM)) else THIRD_SIM
    for answer, expected in ((right, Reverified), (NEW_SIM, ReverifyConflict)):
        rig = _Rig(answer)
        rig.store.put(BANK.id, NUMBER, suspected())
        assert isinstance(rig.ask(ReverifyRequest(named)), expected)


@pytest.mark.parametrize(
    "named", [fingerprint(member(THIRD_SIM)), "x", "0:imsi:00000000", "999:imsi:" + "0" * 32, "1:imsi:zz"]
)
def test_a_name_that_fits_nothing_known_is_refused_before_anybody_is_asked(named: str) -> None:
    rig = _Rig(NEW_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    assert isinstance(rig.ask(ReverifyRequest(named)), UnknownCandidate)
    assert rig.sim.asked == []


def test_a_candidate_that_appears_while_the_sim_is_asked_for_must_be_the_answer_too() -> None:
    rig = _Rig(NEW_SIM)
    rig.store.put(BANK.id, NUMBER, known())
    rig.sim.meanwhile = lambda: rig.store.put(BANK.id, NUMBER, suspected(THIRD_SIM))
    assert isinstance(rig.ask(), ReverifyConflict)
    assert rig.store.subscriber(BANK.id, NUMBER) == suspected(THIRD_SIM)


def test_a_record_that_moved_before_the_swap_is_judged_anew() -> None:
    rig = _Rig(NEW_SIM)
    rig.subscribers.before_swap.append(lambda: rig.store.put(BANK.id, NUMBER, suspected()))
    assert isinstance(rig.ask(), Reverified)
    assert rig.store.subscriber(BANK.id, NUMBER).reference.retired == (member(OLD_SIM),)


# --- no data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(NoData))
def test_without_data_the_request_waits_for_15_minutes_whatever_the_class(kind: NoData) -> None:
    rig = _Rig(kind)
    rig.store.put(BANK.id, NUMBER, suspected())
    outcome = rig.ask(ReverifyRequest(waive_age=True))
    assert isinstance(outcome, ReverifyPending)
    assert (outcome.until, outcome.no_data) == (START + PENDING_S, kind)
    pending = PendingReverify(
        "olga", "the client called", START, START + PENDING_S, member(NEW_SIM), age_waived=True
    )
    assert rig.store.subscriber(BANK.id, NUMBER) == replace(suspected(), pending=pending)
    assert rig.store.kinds() == ["reverify_asked"]


def test_the_job_gets_the_answer_later_in_the_name_of_who_asked() -> None:
    rig = _Rig(NoData.ABSENT, NoData.ABSENT, NEW_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    rig.ask()
    rig.store.clock.move(15)
    assert rig.work() == 1
    assert rig.store.kinds() == ["reverify_asked"]
    rig.store.clock.move(30)
    assert rig.work() == 1
    after = rig.store.subscriber(BANK.id, NUMBER)
    assert (after.pending, after.candidate) == (None, None)
    assert after.reference.members[0].imsi == member(NEW_SIM)
    assert (rig.store.facts("reverified")["actor"], rig.store.kinds()[-1]) == ("olga", "reverified")
    rig.store.clock.move(10_000)
    assert rig.work() == 0


def test_a_late_answer_that_is_not_what_was_judged_ends_the_request_in_conflict() -> None:
    rig = _Rig(NoData.ABSENT, THIRD_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    rig.ask()
    rig.store.clock.move(15)
    rig.work()
    assert rig.store.subscriber(BANK.id, NUMBER) == suspected()
    assert rig.store.kinds() == ["reverify_asked", "reverify_conflict"]


def test_a_candidate_that_changed_while_waiting_does_not_change_what_was_judged() -> None:
    rig = _Rig(NoData.ABSENT, THIRD_SIM)
    rig.store.put(BANK.id, NUMBER, suspected())
    rig.ask()
    third = Candidate(member(THIRD_SIM), START, START)
    rig.store.put(BANK.id, NUMBER, replace(rig.store.subscriber(BANK.id, NUMBER), candidate=third))
    rig.store.clock.move(15)
    rig.work()
    assert rig.store.kinds()[-1] == "reverify_conflict"
    assert rig.store.subscriber(BANK.id, NUMBER).reference == known().reference


def test_without_any_answer_the_request_expires_after_15_minutes_and_not_before() -> None:
    rig = _Rig(NoData.UNAVAILABLE)
    rig.store.put(BANK.id, NUMBER, known())
    rig.ask()
    while rig.store.kinds()[-1] == "reverify_asked":
        assert rig.store.now <= START + PENDING_S
        rig.store.clock.move(1)
        rig.work()
    assert rig.store.kinds() == ["reverify_asked", "reverify_expired"]
    assert rig.store.now == START + PENDING_S
    assert rig.store.subscriber(BANK.id, NUMBER) == known()
    rig.store.clock.move(10_000)
    assert rig.work() == 0


def test_an_expired_request_asks_nobody_and_no_late_answer_is_taken() -> None:
    rig = _Rig(NoData.UNAVAILABLE, NEW_SIM)
    rig.store.put(BANK.id, NUMBER, known())
    rig.ask()
    rig.store.clock.move(PENDING_S)
    rig.work()
    assert len(rig.sim.asked) == 1
    assert rig.store.kinds()[-1] == "reverify_expired"


def test_a_second_request_takes_the_place_of_the_first_and_the_first_job_does_nothing() -> None:
    rig = _Rig(NoData.ABSENT)
    rig.ask()
    rig.store.clock.move(5)
    rig.ask()
    rig.store.clock.move(10)
    assert rig.work() == 1
    assert len(rig.sim.asked) == 2
    pending = rig.store.subscriber(BANK.id, NUMBER).pending
    assert pending is not None
    assert pending.asked_at == START + 5


def test_a_job_that_is_given_out_twice_is_done_once() -> None:
    rig = _Rig(NoData.ABSENT, NEW_SIM)
    rig.ask()
    rig.store.clock.move(15)
    (job,) = rig.store.jobs.claim(1, 60.0)
    rig.reverify.attempt(job)
    rig.reverify.attempt(job)
    assert rig.store.kinds() == ["reverify_asked", "reverified"]


def test_a_store_that_is_away_leaves_the_job_for_later() -> None:
    rig = _Rig(NoData.ABSENT, NEW_SIM)
    rig.ask()
    rig.store.clock.move(15)
    (job,) = rig.store.jobs.claim(1, 60.0)
    rig.store.away = True
    with pytest.raises(StoreUnavailable):
        rig.reverify.attempt(job)
    rig.store.away = False
    rig.store.clock.move(60)
    assert rig.work() == 1
    assert rig.store.kinds() == ["reverify_asked", "reverified"]


def test_a_record_that_never_rests_puts_the_job_back() -> None:
    rig = _Rig(NoData.ABSENT, NEW_SIM)
    rig.ask()
    rig.store.clock.move(15)
    (job,) = rig.store.jobs.claim(1, 60.0)
    pending = rig.store.subscriber(BANK.id, NUMBER)
    rig.subscribers.before_swap = [lambda: rig.store.put(BANK.id, NUMBER, pending)] * 4
    rig.reverify.attempt(job)
    assert rig.store.kinds() == ["reverify_asked"]
    assert rig.store.jobs.due_in(job.id) == 15


def test_a_job_of_a_tenant_that_is_gone_ends() -> None:
    rig = _Rig(NEW_SIM)
    job = Job("v1", JobKind.REVERIFY, "gone", NUMBER, (("asked_at", "1"),))
    rig.store.jobs.add(job)
    assert rig.work() == 1
    assert rig.store.jobs.due_in("v1") is None
    assert rig.store.subscriber("gone", NUMBER) == NEW_SUBSCRIBER
