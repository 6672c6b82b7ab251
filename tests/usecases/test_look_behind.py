from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.errors import StoreUnavailable
from security_service.domain.imsi import Candidate, Grade, Reference, learnt
from security_service.domain.jobs import Job, JobKind
from security_service.domain.lookup import NoData
from security_service.domain.subscriber import (
    NEW_SUBSCRIBER,
    Mode,
    Override,
    PendingReverify,
    Subscriber,
)
from security_service.usecases.look_behind import LookBehind
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults, MemoryJobs
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, Line, ScriptedSim, sealed
from tests.usecases.behind_the_scenes import (
    NOW,
    NUMBER,
    TENANT,
    CountingMeter,
    MemorySubscribers,
    MemoryTenants,
    OnePolicy,
    job,
    kinds,
)

KNOWN = replace(NEW_SUBSCRIBER, reference=learnt(sealed(OLD_SIM), NOW - 900, Grade.DATED), messaged=True)
LOOK = job(JobKind.LOOK, code="c1", purpose="default")


@dataclass(slots=True)
class Scene:
    """One look behind the scenes with everything around it in memory."""

    sim: ScriptedSim
    subscriber: Subscriber = NEW_SUBSCRIBER
    observe: bool = False
    clock: HandClock = field(default_factory=HandClock)
    faults: Faults = field(default_factory=Faults)
    jobs: MemoryJobs = field(init=False)
    subscribers: MemorySubscribers = field(init=False)
    look: LookBehind = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = MemoryJobs(self.clock, self.faults)
        self.subscribers = MemorySubscribers(self.jobs.events, self.faults, self.subscriber)
        self.look = LookBehind(
            MemoryTenants(TENANT),
            self.subscribers,
            self.sim,
            OnePolicy(observe=self.observe),
            self.jobs,
            CountingMeter(),
        )
        self.jobs.add(LOOK)

    def run(self) -> None:
        """Do what is due, as a worker does: an answer that the store withholds is left to the lease."""
        for claimed in self.jobs.claim(1, 60.0):
            try:
                self.look.attempt(claimed)
            except StoreUnavailable:
                continue

    def run_to_the_end(self) -> list[float]:
        """Go from due time to due time until the job has ended; gives the pauses in between."""
        pauses = []
        self.run()
        while (pause := self.jobs.due_in(LOOK.id)) is not None:
            pauses.append(pause)
            self.clock.move(pause)
            self.run()
        return pauses

    def facts(self, kind: str) -> list[dict[str, object]]:
        return [dict(event.facts) for event in self.jobs.events if event.kind.value == kind]

    @property
    def log(self) -> list[str]:
        return kinds(self.jobs.events)

    @property
    def record(self) -> Subscriber:
        return self.subscribers.subscriber


def override(mode: Mode, *, until: int = NOW + 100, bound: bool = False, evidence: str = "") -> Override:
    member = sealed(evidence).newest() if evidence else None
    return Override(mode, "olga", "known customer", NOW - 100, until, member, bound)


def test_the_first_sight_of_a_sim_becomes_the_reference() -> None:
    scene = Scene(ScriptedSim(OLD_SIM))
    scene.run()
    assert scene.record.reference == learnt(sealed(OLD_SIM), NOW, Grade.FIRST_SEEN)
    assert scene.log == ["reference_learnt", "look_finished"]
    assert scene.facts("look_finished")[0]["reason"] == "first_seen"
    assert scene.jobs.due_in(LOOK.id) is None


def test_the_sim_is_asked_for_as_long_as_the_tenant_lets_it() -> None:
    scene = Scene(ScriptedSim(OLD_SIM))
    scene.run()
    assert scene.sim.asked == [(NUMBER, TENANT.lookup_deadline_s)]


def test_learning_leaves_a_waiting_reverify_to_its_own_answer() -> None:
    pending = PendingReverify("olga", "new phone", NOW - 5, NOW + 900)
    scene = Scene(ScriptedSim(OLD_SIM), replace(NEW_SUBSCRIBER, pending=pending))
    scene.run()
    assert scene.record.pending == pending
    assert scene.record.reference


def test_the_same_sim_is_refreshed_without_an_event_of_its_own() -> None:
    scene = Scene(ScriptedSim(OLD_SIM), KNOWN)
    scene.run()
    (member,) = scene.record.reference.members
    assert (member.first_seen, member.last_seen, member.grade) == (NOW - 900, NOW, Grade.DATED)
    assert scene.log == ["look_finished"]


def test_a_refresh_that_changes_nothing_is_not_written() -> None:
    scene = Scene(ScriptedSim(OLD_SIM), replace(KNOWN, reference=learnt(sealed(OLD_SIM), NOW, Grade.DATED)))
    scene.run()
    assert scene.subscribers.swaps == 0
    assert scene.log == ["look_finished"]


def test_a_late_change_keeps_the_candidate_opens_a_case_and_kills_the_live_code() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    scene.run()
    assert scene.record.candidate == Candidate(sealed(NEW_SIM).newest(), NOW, NOW)
    assert scene.record.reference == KNOWN.reference
    assert scene.subscribers.killed == ["default:c1"]
    assert scene.log == ["code_killed", "candidate_seen", "case_opened", "late_change", "look_finished"]
    assert scene.facts("late_change") == [
        {
            "banned": False,
            "code_id": "c1",
            "imsi": sealed(NEW_SIM).newest().token(),
            "kills": True,
            "purpose": "default",
            "source": "sandbox",
        }
    ]


def test_a_late_change_to_a_sim_that_is_a_case_already_kills_the_code_and_opens_no_second_case() -> None:
    candidate = Candidate(sealed(NEW_SIM).newest(), NOW - 500, NOW - 400)
    scene = Scene(ScriptedSim(NEW_SIM), replace(KNOWN, candidate=candidate))
    scene.run()
    assert scene.record.candidate == replace(candidate, last_seen=NOW)
    assert scene.subscribers.killed == ["default:c1"]
    assert scene.log == ["code_killed", "late_change", "look_finished"]


def test_a_change_behind_a_refused_message_opens_a_case_and_kills_nothing() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    scene.jobs.add(replace(LOOK, data=(("code", ""), ("purpose", "default"))))
    scene.run()
    assert scene.subscribers.killed == []
    assert scene.log == ["candidate_seen", "case_opened", "look_finished"]


def test_a_policy_that_observes_lets_the_code_live_and_records_the_change() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN, observe=True)
    scene.run()
    assert scene.subscribers.killed == []
    assert scene.facts("late_change")[0]["kills"] is False


@pytest.mark.parametrize("kind", [NoData.ABSENT, NoData.UNAVAILABLE])
def test_an_absent_or_silent_sim_is_asked_for_again_with_growing_pauses(kind: NoData) -> None:
    scene = Scene(ScriptedSim(kind))
    assert scene.run_to_the_end() == [60, 300, 900, 3600, 21_600, 86_400]
    assert len(scene.sim.asked) == 7
    assert scene.log == ["look_finished"]
    assert scene.facts("look_finished")[0] == {
        "attempt": 6,
        "code_id": "c1",
        "lookups": [{"milliseconds": 12, "outcome": kind.value, "source": "sandbox"}],
        "purpose": "default",
        "reason": f"no_data:{kind.value}",
    }


def test_a_sim_that_comes_back_is_learnt_at_the_next_attempt() -> None:
    scene = Scene(ScriptedSim(NoData.ABSENT, NoData.UNAVAILABLE, OLD_SIM))
    assert scene.run_to_the_end() == [60, 300]
    assert scene.log == ["reference_learnt", "look_finished"]


@pytest.mark.parametrize(
    "kind",
    [
        NoData.NOT_SUPPORTED,
        NoData.UNKNOWN_SUBSCRIBER,
        NoData.BARRED,
        NoData.UNTRUSTED,
        NoData.INCOMPARABLE,
    ],
)
def test_an_answer_that_asking_again_does_not_change_ends_the_look_at_once(kind: NoData) -> None:
    scene = Scene(ScriptedSim(kind))
    assert scene.run_to_the_end() == []
    assert scene.facts("look_finished")[0]["reason"] == f"no_data:{kind.value}"
    assert scene.subscribers.swaps == 0


def test_an_imsi_that_cannot_be_compared_is_stored_nowhere() -> None:
    foreign = replace(sealed(OLD_SIM).newest(), representation="elsewhere")
    member = replace(KNOWN.reference.members[0], imsi=foreign)
    scene = Scene(ScriptedSim(NEW_SIM), replace(KNOWN, reference=Reference((member,))))
    assert scene.run_to_the_end() == []
    assert scene.facts("look_finished")[0]["reason"] == "no_data:incomparable"
    assert scene.subscribers.swaps == 0


@pytest.mark.parametrize("mode", [Mode.ALWAYS_ALLOW, Mode.ALWAYS_DENY])
def test_a_subscriber_that_is_not_checked_any_more_is_not_asked_for(mode: Mode) -> None:
    scene = Scene(ScriptedSim(NEW_SIM), replace(KNOWN, override=override(mode)))
    scene.run()
    assert scene.sim.asked == []
    assert scene.facts("look_finished")[0]["reason"] == "mode"
    assert scene.subscribers.swaps == 0


def test_a_mode_that_has_run_out_lets_the_look_go_on() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), replace(KNOWN, override=override(Mode.ALWAYS_ALLOW, until=NOW)))
    scene.run()
    assert scene.subscribers.killed == ["default:c1"]


def test_a_mode_set_while_the_sim_was_asked_keeps_the_answer_from_being_stored() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    allowed = replace(KNOWN, override=override(Mode.ALWAYS_ALLOW))
    scene.subscribers.moves_before_swap = [lambda: scene.subscribers.put(allowed)]
    scene.run()
    assert scene.record == allowed
    assert scene.subscribers.killed == []
    assert scene.facts("look_finished")[0]["reason"] == "mode"


@pytest.mark.parametrize(("seen", "killed"), [(NEW_SIM, []), (THIRD_SIM, ["default:c1"])])
def test_a_bound_mode_covers_its_own_sim_only(seen: str, killed: list[str]) -> None:
    bound = override(Mode.ALWAYS_ALLOW, bound=True, evidence=NEW_SIM)
    scene = Scene(ScriptedSim(seen), replace(KNOWN, override=bound))
    scene.run()
    assert scene.subscribers.killed == killed


@pytest.mark.parametrize(("seen", "reason"), [(OLD_SIM, "same"), (NEW_SIM, "changed")])
def test_a_reference_learnt_meanwhile_is_what_the_answer_is_held_against(seen: str, reason: str) -> None:
    scene = Scene(ScriptedSim(seen))
    scene.sim.meanwhile = lambda: scene.subscribers.put(KNOWN)
    scene.run()
    assert scene.facts("look_finished")[0]["reason"] == reason
    assert "reference_learnt" not in scene.log


def test_a_record_that_keeps_moving_is_tried_again_a_little_later() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    scene.subscribers.moves_before_swap = [lambda: scene.subscribers.put(KNOWN)] * 4
    assert scene.run_to_the_end() == [5.0]
    assert scene.subscribers.killed == ["default:c1"]
    assert scene.log.count("look_finished") == 1


def test_a_tenant_that_is_gone_ends_the_look() -> None:
    scene = Scene(ScriptedSim(NEW_SIM))
    scene.jobs.add(replace(LOOK, tenant="gone"))
    scene.run()
    assert scene.facts("look_finished")[0]["reason"] == "tenant_gone"


def test_a_crash_between_learning_and_ending_is_made_good_by_the_lease() -> None:
    scene = Scene(ScriptedSim(OLD_SIM), faults=Faults(["finish"]))
    assert scene.run_to_the_end() == [60.0]
    assert len(scene.record.reference.members) == 1
    assert scene.log == ["reference_learnt", "look_finished"]
    assert scene.facts("look_finished")[0]["reason"] == "same"


def test_a_crash_between_killing_and_ending_tells_of_everything_once() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN, faults=Faults(["finish"]))
    scene.run_to_the_end()
    assert scene.subscribers.killed == ["default:c1"]
    assert scene.log == ["code_killed", "candidate_seen", "case_opened", "late_change", "look_finished"]


def test_two_workers_with_one_look_do_it_once() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    (claimed,) = scene.jobs.claim(1, 60.0)
    scene.look.attempt(claimed)
    scene.look.attempt(claimed)
    assert scene.log == ["code_killed", "candidate_seen", "case_opened", "late_change", "look_finished"]


@given(
    st.lists(st.sampled_from(["get", "swap", "finish", "retry", "claim"]), max_size=8),
    st.lists(st.sampled_from([OLD_SIM, NEW_SIM, NoData.ABSENT, NoData.BARRED]), min_size=1, max_size=4),
    st.sampled_from([KNOWN, NEW_SUBSCRIBER]),
)
def test_whatever_the_store_withholds_a_look_ends_once_and_tells_of_nothing_twice(
    faults: list[str], script: list[Line], subscriber: Subscriber
) -> None:
    scene = Scene(ScriptedSim(*script), subscriber, faults=Faults(faults))
    while scene.jobs.due_in(LOOK.id) is not None:
        try:
            scene.run()
        except StoreUnavailable:
            continue
        scene.clock.move(scene.jobs.due_in(LOOK.id) or 0.0)
    assert scene.log.count("look_finished") == 1
    assert scene.log[-1] == "look_finished"
    for once in ("reference_learnt", "code_killed", "candidate_seen", "case_opened"):
        assert scene.log.count(once) <= 1
    assert scene.log.count("late_change") <= scene.log.count("code_killed") == len(scene.subscribers.killed)


def test_the_log_holds_no_imsi_and_no_number_in_the_clear() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    scene.run()
    told = repr([dict(event.facts) for event in scene.jobs.events])
    assert all(secret not in told for secret in (NEW_SIM, OLD_SIM, NUMBER.digits))


def test_a_job_without_code_or_purpose_is_still_a_job() -> None:
    scene = Scene(ScriptedSim(OLD_SIM), KNOWN)
    scene.jobs.add(Job(LOOK.id, JobKind.LOOK, TENANT.id, NUMBER))
    scene.run()
    assert scene.facts("look_finished")[0]["code_id"] == ""


@pytest.mark.parametrize(
    ("swapped_at", "grade"),
    [(None, Grade.FIRST_SEEN), (NOW - 9 * 86_400, Grade.FIRST_SEEN), (NOW - 10 * 86_400, Grade.DATED)],
)
def test_a_reference_that_is_fetched_later_is_dated_as_one_that_is_seen_at_once(
    swapped_at: int | None, grade: Grade
) -> None:
    scene = Scene(ScriptedSim(OLD_SIM))
    scene.sim.swapped_at = swapped_at
    scene.run()
    assert [member.grade for member in scene.subscribers.subscriber.reference.members] == [grade]
    assert scene.jobs.events[0].facts["grade"] == grade.word


def test_a_late_change_tells_what_kind_of_change_it_is() -> None:
    scene = Scene(ScriptedSim(NEW_SIM), KNOWN)
    scene.run()
    (seen,) = [event for event in scene.jobs.events if event.kind.value == "candidate_seen"]
    assert seen.facts["change"] == "port"


def test_a_banned_sim_is_never_learnt_as_the_first_reference_and_its_code_dies() -> None:
    sim = ScriptedSim(NEW_SIM)
    sim.banned = {NEW_SIM}
    scene = Scene(sim, replace(KNOWN, reference=Reference()))
    scene.run()
    assert not scene.record.reference
    assert scene.subscribers.killed == ["default:c1"]
    assert scene.log == ["code_killed", "late_change", "look_finished"]
    assert scene.facts("late_change")[0]["banned"] is True
    assert scene.facts("look_finished")[0]["reason"] == "imsi_banned"
