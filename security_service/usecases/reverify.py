"""Re-verify a subscriber (design, section 3): the reference is replaced by what the network answers now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.audit import EventKind, Json
from security_service.domain.imsi import NOT_ASKED, ImsiMember, SealedImsi, replaced
from security_service.domain.jobs import Job, JobKind, reverify_pause_s
from security_service.domain.lookup import NoData
from security_service.domain.ports import (
    Chance,
    Jobs,
    SimCheck,
    SimFinding,
    StoredSubscriber,
    Subscribers,
    Tenants,
)
from security_service.domain.subscriber import NEW_SUBSCRIBER, PendingReverify, Subscriber
from security_service.domain.tenants import FourEyesDeed
from security_service.usecases.actions import (
    Action,
    Leave,
    R,
    RecordKeepsMoving,
    SecondPersonNeeded,
    SimBanned,
    Write,
    lookup_facts,
    write,
)
from security_service.usecases.candidates import UnknownCandidate, named_candidate
from security_service.usecases.view_subscriber import SubscriberView, view_of

PENDING_S: Final = 900
"""How long a re-verify waits for a phone that is off or a source that is down."""


@dataclass(frozen=True, slots=True)
class ReverifyRequest:
    """What is asked for besides actor and reason.

    `candidate` names the IMSI that the person judged, as a fingerprint or a token (empty: the
    record's own candidate, if any); `waive_age` vouches for a SIM that is new.
    """

    candidate: str = ""
    waive_age: bool = False


@dataclass(frozen=True, slots=True)
class Reverified:
    """The reference is the answer, confirmed; old members are retired."""

    view: SubscriberView


@dataclass(frozen=True, slots=True)
class ReverifyPending:
    """No data now: it is asked again until `until` (Unix seconds), then it expires."""

    view: SubscriberView
    until: int
    no_data: NoData


@dataclass(frozen=True, slots=True)
class ReverifyConflict:
    """The answer (`seen`) is not the IMSI that was judged: the SIM changed again. Nothing was stored."""

    view: SubscriberView
    expected: ImsiMember
    seen: ImsiMember


@dataclass(frozen=True, slots=True)
class NotPending:
    """The re-verify that was to go on has ended, or another took its place."""


@dataclass(frozen=True, slots=True)
class ReverifyExpired:
    """No data came within the time; the reference is as it was."""


AskOutcome = (
    Reverified | ReverifyPending | ReverifyConflict | SimBanned | UnknownCandidate | RecordKeepsMoving
)
AttemptOutcome = (
    Reverified
    | ReverifyPending
    | ReverifyConflict
    | SimBanned
    | SecondPersonNeeded
    | NotPending
    | ReverifyExpired
    | RecordKeepsMoving
)
_Asked = AskOutcome | SecondPersonNeeded


@dataclass(frozen=True, slots=True)
class Reverify:
    """Asks at once; where there is no data, goes on behind the scenes for 15 minutes."""

    subscribers: Subscribers
    sim_check: SimCheck
    tenants: Tenants
    jobs: Jobs
    chance: Chance

    def ask(
        self, action: Action, request: ReverifyRequest, *, alone: bool = True
    ) -> AskOutcome | SecondPersonNeeded:
        """Re-verify on a person's word. Raises StoreUnavailable.

        Not `alone`, or after a change where the tenant demands a second person: says so, and which
        SIM was judged. A change is seen by the candidate, or by the answer itself.
        """
        tenant, number = action.tenant, action.number
        known = self.subscribers.get(tenant.id, number).subscriber
        expected = named_candidate(known, request.candidate)
        if isinstance(expected, UnknownCandidate):
            return expected
        is_demanded = known.candidate is not None and action.waits_for(FourEyesDeed.REVERIFY_CHANGED)
        if is_demanded or not alone:
            return SecondPersonNeeded(expected)
        finding = self.sim_check.ask(tenant, number, NEW_SUBSCRIBER, tenant.lookup_deadline_s)
        sealed = finding.answer.imsi
        job_id = f"v{self.chance.token()}"

        def judge(stored: StoredSubscriber) -> Write[_Asked] | Leave[_Asked]:
            attempt = _Attempt(action, stored, finding, expected, request.waive_age)
            if sealed is None:
                return attempt.waits(job_id)
            if attempt.needs_second(sealed):
                return Leave(SecondPersonNeeded(expected or sealed.newest()))
            return attempt.settles(sealed)

        return write(self.subscribers, tenant.id, number, judge, action.proposal)

    def attempt(self, job: Job) -> AttemptOutcome:
        """Go on with a pending re-verify; the worker's handler of REVERIFY jobs. Gives how it ended, if so.

        May be called more than once for one job: what has ended is not done again. Raises
        StoreUnavailable, after which the job comes back.
        """
        outcome = self._settle(job)
        match outcome:
            case ReverifyPending():
                left = max(outcome.until - outcome.view.now, 1)
                self.jobs.retry(job, float(min(reverify_pause_s(job.attempt + 1), left)), ())
            case RecordKeepsMoving():
                self.jobs.retry(job, float(reverify_pause_s(0)), ())
            case (
                Reverified()
                | ReverifyConflict()
                | SimBanned()
                | SecondPersonNeeded()
                | NotPending()
                | ReverifyExpired()
            ):
                self.jobs.finish(job, ())
            case _:
                assert_never(outcome)
        return outcome

    def _settle(self, job: Job) -> AttemptOutcome:
        tenant = self.tenants.get(job.tenant)
        first = self.subscribers.get(job.tenant, job.number)
        pending = _pending(first.subscriber, job)
        if tenant is None or pending is None:
            return NotPending()
        action = Action(
            tenant,
            job.number,
            pending.actor,
            pending.reason,
            job.id,
            approved_by=pending.approved_by,
            proposal=pending.proposal,
            bulk=job.get("bulk"),
        )
        finding = SimFinding(NOT_ASKED)
        if first.now_ms < pending.until * 1000:
            finding = self.sim_check.ask(tenant, job.number, NEW_SUBSCRIBER, tenant.lookup_deadline_s)

        def judge(stored: StoredSubscriber) -> Write[AttemptOutcome] | Leave[AttemptOutcome]:
            if _pending(stored.subscriber, job) != pending:
                return Leave(NotPending())
            attempt = _Attempt(action, stored, finding, pending.expected, pending.age_waived)
            sealed = finding.answer.imsi
            if sealed is not None:
                return attempt.holds(sealed) if attempt.needs_second(sealed) else attempt.settles(sealed)
            if stored.now_ms >= pending.until * 1000:
                return attempt.expires()
            return Leave(ReverifyPending(attempt.view(), pending.until, _class_of(finding)))

        return write(self.subscribers, job.tenant, job.number, judge)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One answer held against one state of the record."""

    action: Action
    stored: StoredSubscriber
    finding: SimFinding
    expected: ImsiMember | None
    waive_age: bool

    def view(self, subscriber: Subscriber | None = None) -> SubscriberView:
        return view_of(self.action.number, self.stored, subscriber)

    def needs_second(self, sealed: SealedImsi) -> bool:
        """True where this would trust another SIM than now, and the tenant demands two people for that."""
        before = self.stored.subscriber
        if not self.action.waits_for(FourEyesDeed.REVERIFY_CHANGED) or self.finding.answer.banned:
            return False
        is_trusted = any(sealed.equals(member.imsi) for member in before.reference.members)
        return before.candidate is not None or (bool(before.reference) and not is_trusted)

    def holds(self, sealed: SealedImsi) -> Write[SecondPersonNeeded]:
        """The answer came while nobody waits for it, and shows a change: the request ends without effect."""
        return self._refuses(sealed, "second_person", SecondPersonNeeded(sealed.newest()))

    def _refuses(self, sealed: SealedImsi, why: str, outcome: R) -> Write[R]:
        after = replace(self.stored.subscriber, pending=None)
        facts = {**self._facts(sealed), "why": why}
        return Write(after, (self.action.event(EventKind.REVERIFY_CONFLICT, facts),), outcome)

    def _facts(self, sealed: SealedImsi) -> dict[str, Json]:
        expected, newest = self._expected(), sealed.newest()
        return {
            "expected": "" if expected is None else expected.token(),
            "imsi": newest.token(),
            "lookups": lookup_facts(self.finding.traces),
            "mcc_mnc": newest.mcc_mnc,
            "source": self.finding.answer.source,
            "tokens": [member.token() for member in sealed.members],
        }

    def _expected(self) -> ImsiMember | None:
        candidate = self.stored.subscriber.candidate
        return self.expected or (candidate.imsi if candidate else None)

    def settles(self, sealed: SealedImsi) -> Write[Reverified | ReverifyConflict | SimBanned]:
        """There is an answer: it becomes the reference, or shows that the SIM changed again or is banned."""
        before, newest = self.stored.subscriber, sealed.newest()
        expected, facts = self._expected(), self._facts(sealed)
        if self.finding.answer.banned:
            return self._refuses(sealed, "imsi_banned", SimBanned(newest))
        if expected is not None and not sealed.equals(expected):
            view = self.view(replace(before, pending=None))
            return self._refuses(sealed, "another_imsi", ReverifyConflict(view, expected, newest))
        now = self.stored.now_ms // 1000
        after = before.with_reference(replaced(before.reference, sealed, now, age_waived=self.waive_age))
        facts["age_waived"] = self.waive_age
        facts["replaced"] = [member.imsi.token() for member in before.reference.members]
        return Write(after, (self.action.event(EventKind.REVERIFIED, facts),), Reverified(self.view(after)))

    def waits(self, job_id: str) -> Write[ReverifyPending]:
        """There is no data: the request stays in the record, and a job asks again."""
        now = self.stored.now_ms // 1000
        action, no_data = self.action, _class_of(self.finding)
        pending = PendingReverify(
            action.actor,
            action.reason,
            now,
            now + PENDING_S,
            self.expected,
            self.waive_age,
            action.approved_by,
            action.proposal,
        )
        after = replace(self.stored.subscriber, pending=pending)
        facts: dict[str, Json] = {
            "age_waived": self.waive_age,
            "expected": "" if self.expected is None else self.expected.token(),
            "lookups": lookup_facts(self.finding.traces),
            "no_data": no_data.value,
            "until": pending.until,
        }
        job = Job(
            job_id,
            JobKind.REVERIFY,
            action.tenant.id,
            action.number,
            (("asked_at", str(now)),),
            float(reverify_pause_s(0)),
        )
        event = action.event(EventKind.REVERIFY_ASKED, facts)
        return Write(after, (event,), ReverifyPending(self.view(after), pending.until, no_data), (job,))

    def expires(self) -> Write[ReverifyExpired]:
        """No data came in time: the request ends."""
        after = replace(self.stored.subscriber, pending=None)
        return Write(after, (self.action.event(EventKind.REVERIFY_EXPIRED, {}),), ReverifyExpired())


def _pending(subscriber: Subscriber, job: Job) -> PendingReverify | None:
    """Give the pending re-verify that a job belongs to, None where it ended or was asked for anew."""
    pending = subscriber.pending
    if pending is None or str(pending.asked_at) != job.get("asked_at"):
        return None
    return pending


def _class_of(finding: SimFinding) -> NoData:
    return finding.answer.no_data or NoData.UNAVAILABLE
