"""Ask whose SIM a number has after a message left unseen; leaves queueing to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.imsi import (
    Candidate,
    SealedImsi,
    SimAnswer,
    SimState,
    learnt,
    refreshed,
    rejudged,
)
from security_service.domain.jobs import Job, look_pause_s
from security_service.domain.lookup import NoData
from security_service.domain.ports import (
    Jobs,
    LookupTrace,
    Meter,
    Policies,
    SimCheck,
    SimFinding,
    StoredSubscriber,
    Subscribers,
    Tenants,
)
from security_service.domain.sim_change import change_of, first_grade
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

_TRIES_ON_A_MOVING_RECORD = 4
_PAUSE_OF_A_MOVING_RECORD_S = 5.0


@dataclass(frozen=True, slots=True)
class LookBehind:
    """Fetches what the gate could not wait for, or got no answer to (design, section 3).

    Done at least once. What changes the record goes with its events through one compare-and-set;
    what the look came to is written by the script that ends the job, which works once. A second
    run after a crash in between finds the IMSI known, changes nothing twice and ends the job.
    """

    tenants: Tenants
    subscribers: Subscribers
    sim_check: SimCheck
    policies: Policies
    jobs: Jobs
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one LOOK job; `code` and `purpose` among its data name the code it was asked for.

        Raises StoreUnavailable; the job then comes back when its lease ends.
        """
        tenant = self.tenants.get(job.tenant)
        if tenant is None:
            self._end(job, "tenant_gone")
            return
        held = self.subscribers.get(tenant.id, job.number)
        override = held.subscriber.override_at(held.now_ms // 1000)
        if override is not None and not override.bound:
            self._end(job, "mode")
            return
        finding = self.sim_check.ask(tenant, job.number, held.subscriber, tenant.lookup_deadline_s)
        answer = finding.answer
        self.meter.event("look", answer.token())
        for _ in range(_TRIES_ON_A_MOVING_RECORD):
            if _is_overridden(held, answer):
                self._end(job, "mode", finding.traces)
                return
            if answer.imsi is None or answer.state is SimState.NO_DATA:
                self._without_answer(job, tenant, held, replace(finding, answer=answer))
                return
            if self._store(job, tenant, held, answer, answer.imsi):
                outcome = "imsi_banned" if answer.banned else answer.token()
                self._end(job, outcome, finding.traces, self._late_change(job, tenant, answer))
                return
            held = self.subscribers.get(tenant.id, job.number)
            answer = rejudged(answer, held.subscriber.reference)
        self.jobs.retry(job, _PAUSE_OF_A_MOVING_RECORD_S, ())

    def _without_answer(self, job: Job, tenant: Tenant, held: StoredSubscriber, finding: SimFinding) -> None:
        answer = finding.answer
        life_s = tenant.code_life_s if held.subscriber.reference else None
        pause = look_pause_s(answer.no_data or NoData.UNAVAILABLE, job.attempt, life_s)
        if pause is None:
            self._end(job, answer.token(), finding.traces)
        else:
            self.jobs.retry(job, float(pause), ())

    def _store(
        self, job: Job, tenant: Tenant, held: StoredSubscriber, answer: SimAnswer, sealed: SealedImsi
    ) -> bool:
        """Write what the answer does to the record; False where the record moved meanwhile.

        The script that takes the record also kills the code, and tells of it where it was live.
        """
        subscriber, events = _effects(held.subscriber, answer, sealed, held.now_ms // 1000, job)
        kill_code = ""
        if self._is_late_change(job, answer) and not self._observes(tenant):
            kill_code = f"{job.get('purpose')}:{job.get('code')}"
        if subscriber == held.subscriber and not kill_code:
            return True
        return self.subscribers.swap(
            tenant.id, job.number, held.stored, subscriber, events, kill_code=kill_code
        )

    @staticmethod
    def _is_late_change(job: Job, answer: SimAnswer) -> bool:
        """A refused message has no code; its look may still open a case. A banned SIM is no better."""
        return (answer.state is SimState.CHANGED or answer.banned) and bool(job.get("code"))

    def _observes(self, tenant: Tenant) -> bool:
        """A policy that only observes lets every code live, and records what it would have done."""
        return self.policies.get(tenant.policy).observe

    def _late_change(self, job: Job, tenant: Tenant, answer: SimAnswer) -> tuple[Event, ...]:
        if not self._is_late_change(job, answer) or answer.imsi is None:
            return ()
        facts: dict[str, Json] = {
            "banned": answer.banned,
            "code_id": job.get("code"),
            "imsi": answer.imsi.newest().token(),
            "kills": not self._observes(tenant),
            "purpose": job.get("purpose"),
            "source": answer.source,
        }
        return (Event(EventKind.LATE_CHANGE, facts),)

    def _end(
        self,
        job: Job,
        outcome: str,
        traces: Sequence[LookupTrace] = (),
        events: Sequence[Event] = (),
    ) -> None:
        facts: dict[str, Json] = {
            "attempt": job.attempt,
            "code_id": job.get("code"),
            "lookups": [
                {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
                for trace in traces
            ],
            "purpose": job.get("purpose"),
            "reason": outcome,
        }
        self.jobs.finish(job, (*events, Event(EventKind.LOOK_FINISHED, facts)))


def _is_overridden(held: StoredSubscriber, answer: SimAnswer) -> bool:
    """True where a person's decision is in force: one that is bound holds for its own IMSI only."""
    override = held.subscriber.override_at(held.now_ms // 1000)
    if override is None or not override.bound:
        return override is not None
    return override.evidence is not None and answer.imsi is not None and answer.imsi.equals(override.evidence)


def _effects(
    subscriber: Subscriber, answer: SimAnswer, sealed: SealedImsi, now: int, job: Job
) -> tuple[Subscriber, list[Event]]:
    """Give the record to store and the events of what is new in it; `now` is Unix seconds.

    A re-verify that waits is left to wait: only its own answer confirms.
    """
    token = sealed.newest().token()
    match answer.state:
        case SimState.FIRST_SEEN if answer.banned:
            return subscriber, []
        case SimState.FIRST_SEEN:
            grade = first_grade(answer, now)
            facts = {"grade": grade.word, "imsi": token, "source": answer.source}
            reference = learnt(sealed, now, grade)
            learning = replace(subscriber, reference=reference, candidate=None)
            return learning, [Event(EventKind.REFERENCE_LEARNT, facts)]
        case SimState.SAME:
            if answer.matched is None:
                raise AssertionError("the same IMSI as a member's matched that member")
            reference = refreshed(subscriber.reference, answer.matched, sealed, now)
            return replace(subscriber, reference=reference), []
        case SimState.CHANGED:
            known = subscriber.candidate
            if known is not None and sealed.equals(known.imsi):
                return replace(subscriber, candidate=replace(known, last_seen=now)), []
            return replace(subscriber, candidate=Candidate(sealed.newest(), now, now)), [
                Event(
                    EventKind.CANDIDATE_SEEN,
                    {
                        "change": change_of(subscriber.reference, answer.mcc_mnc).value,
                        "imsi": token,
                        "source": answer.source,
                    },
                ),
                Event(
                    EventKind.CASE_OPENED,
                    {
                        "amount": None,
                        "band": "",
                        "code_id": job.get("code"),
                        "currency": "",
                        "imsi": token,
                        "operator": answer.mcc_mnc or sealed.newest().mcc_mnc,
                        "purpose": job.get("purpose"),
                        "reason": "imsi_banned" if answer.banned else "late_change",
                    },
                ),
            ]
        case SimState.NO_DATA | SimState.NOT_ASKED:
            return subscriber, []
        case _:
            assert_never(answer.state)
