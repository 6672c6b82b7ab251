"""Go on with bulk re-verifications: each second as many numbers as the rate says; the worker's chore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.audit import EventKind, Json
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import Chance, StoredSubscriber, Subscribers, Tenants
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import PendingReverify, Subscriber
from security_service.domain.tenants import Tenant
from security_service.domain.transfer_ports import BulkRuns, BulkSteps, RecordStream
from security_service.domain.transfers import BulkRun, BulkSource, BulkState
from security_service.usecases.actions import (
    Action,
    Leave,
    RecordKeepsMoving,
    SecondPersonNeeded,
    SimBanned,
    Write,
    write,
)
from security_service.usecases.bulk_reverify import bulk_event
from security_service.usecases.reverify import (
    PENDING_S,
    AttemptOutcome,
    NotPending,
    Reverified,
    Reverify,
    ReverifyConflict,
    ReverifyExpired,
    ReverifyPending,
)

_SLICE_MS: Final = 1000
_LEASE_MS: Final = 10_000
_MOST_PARTS: Final = 200
_MOST_WAITING_S: Final = 60
_MOST_RUNS: Final = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """The number's re-verify is under way."""


@dataclass(frozen=True, slots=True)
class _PassedOver:
    """The number is not asked by this run."""


@dataclass(frozen=True, slots=True)
class StepBulk:
    """Hands numbers of running bulk re-verifications out as jobs. May raise StoreUnavailable.

    Of several workers one takes a slice. A worker that dies in the middle of one leaves it to the next, which
    passes over what is under way already.
    """

    runs: BulkRuns
    steps: BulkSteps
    stream: RecordStream
    subscribers: Subscribers
    tenants: Tenants
    chance: Chance

    def round(self) -> None:
        """Go on with every run that is due."""
        now = self.steps.now_ms()
        for run in self.runs.every(_MOST_RUNS):
            if run.state is BulkState.RUNNING and run.next_ms <= now and not _is_full(run, now):
                self._slice(run, now)

    def _slice(self, run: BulkRun, now_ms: int) -> None:
        tenant = self.tenants.get(run.tenant)
        if tenant is None:
            return
        leased = replace(run, next_ms=now_ms + _LEASE_MS)
        if not self.steps.step(leased):
            return
        rate = min(run.rate, tenant.bulk_reverify_per_s)
        numbers, cursor = self._next(run, rate)
        asked = [self._ask(run, tenant, number, place / rate) for place, number in enumerate(numbers)]
        count = sum(asked)
        if count:
            self.steps.count(run.id, "asked", count)
        if count < len(numbers):
            self.steps.count(run.id, "passed_over", len(numbers) - count)
        handed = now_ms if count else run.handed_ms
        after = replace(
            leased,
            revision=leased.revision + 1,
            cursor=cursor,
            next_ms=now_ms + _SLICE_MS,
            handed_ms=handed,
        )
        if not cursor:
            self.runs.mark(run, BulkState.DONE, bulk_event(run, run.actor, BulkState.DONE))
        self.steps.step(after)

    # --- whom -----------------------------------------------------------------------------------

    def _next(self, run: BulkRun, count: int) -> tuple[Sequence[Msisdn], str]:
        """Give the next numbers and the cursor behind them, '' where there are no more."""
        if run.source is BulkSource.NUMBERS:
            first = int(run.cursor or "0")
            numbers = self.steps.numbers(run.id, first, count)
            return numbers, str(first + count) if first + count < run.total else ""
        place, _, after = run.cursor.partition(":")
        return self._filtered(run, int(place or "0"), after, count)

    def _filtered(self, run: BulkRun, place: int, after: str, count: int) -> tuple[Sequence[Msisdn], str]:
        """Go through records part by part: at most so many parts, so that a slice takes its second."""
        found: list[Msisdn] = []
        last = min(place + _MOST_PARTS, self.stream.parts)
        for part in range(place, last):
            for number, known in self.stream.part(run.tenant, part):
                if number.digits <= after or not _is_meant(run, known):
                    continue
                if len(found) == count:
                    return found, f"{part}:{after}"
                found.append(number)
                after = number.digits
            after = ""
        return found, f"{last}:" if last < self.stream.parts else ""

    # --- asking ---------------------------------------------------------------------------------

    def _ask(self, run: BulkRun, tenant: Tenant, number: Msisdn, due_in_s: float) -> bool:
        action = Action(tenant, number, run.actor, run.reason, self.chance.token(), bulk=run.id)
        job_id = f"v{self.chance.token()}"

        def judge(stored: StoredSubscriber) -> Write[_Asked | _PassedOver] | Leave[_Asked | _PassedOver]:
            known = stored.subscriber
            if _is_under_way(run, known.pending):
                return Leave(_Asked())
            if known.pending is not None or len(known.reference.members) > 1:
                return Leave(_PassedOver())
            return _asks(action, job_id, stored, due_in_s)

        return isinstance(write(self.subscribers, tenant.id, number, judge), _Asked)


def _asks(
    action: Action, job_id: str, stored: StoredSubscriber, due_in_s: float
) -> Write[_Asked | _PassedOver]:
    now, known = stored.now_ms // 1000, stored.subscriber
    members = known.reference.members
    judged = known.candidate.imsi if known.candidate is not None else None
    expected = judged or (members[0].imsi if members else None)
    pending = PendingReverify(action.actor, action.reason, now, now + PENDING_S, expected)
    facts: dict[str, Json] = {
        "age_waived": False,
        "expected": "" if expected is None else expected.token(),
        "no_data": "not_asked",
        "until": pending.until,
    }
    data = (("asked_at", str(now)), ("bulk", action.bulk))
    job = Job(job_id, JobKind.REVERIFY, action.tenant.id, action.number, data, due_in_s)
    event = action.event(EventKind.REVERIFY_ASKED, facts)
    return Write(replace(known, pending=pending), (event,), _Asked(), (job,))


def _is_under_way(run: BulkRun, pending: PendingReverify | None) -> bool:
    return (
        pending is not None
        and (pending.actor, pending.reason) == (run.actor, run.reason)
        and pending.asked_at >= run.started_ms // 1000
    )


def _is_meant(run: BulkRun, known: Subscriber) -> bool:
    if run.source is BulkSource.CANDIDATES:
        return known.candidate is not None
    members = known.reference.members
    return bool(members) and max(member.last_seen for member in members) < run.before_s


def _is_full(run: BulkRun, now_ms: int) -> bool:
    """True where a minute's worth waits for an answer: a source that is down is not asked ever more.

    Each wait ends by itself, so that a count that a crash left too high holds nothing up for ever.
    """
    is_fresh = now_ms - run.handed_ms < (PENDING_S + _MOST_WAITING_S) * 1000
    return is_fresh and run.counts.waiting > run.rate * _MOST_WAITING_S


@dataclass(frozen=True, slots=True)
class CountedReverify:
    """Does REVERIFY jobs, and counts what became of those that a bulk re-verification asked for."""

    reverify: Reverify
    steps: BulkSteps

    def attempt(self, job: Job) -> None:
        """Go on with a pending re-verify. Raises StoreUnavailable, after which the job comes back."""
        outcome = self.reverify.attempt(job)
        bulk, what = job.get("bulk"), _counted_as(outcome)
        if bulk and what:
            self.steps.count(bulk, what)


def _counted_as(outcome: AttemptOutcome) -> str:
    """Give the name of the count, '' for what is not over, or ended by other hands."""
    match outcome:
        case Reverified():
            return "same"
        case ReverifyConflict() | SecondPersonNeeded() | SimBanned():
            return "changed"
        case ReverifyExpired() | NotPending():
            return "no_data"
        case ReverifyPending() | RecordKeepsMoving():
            return ""
        case _:
            assert_never(outcome)
