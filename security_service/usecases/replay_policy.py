"""Decide a period of the past again under another policy, in steps; leaves keeping them to a port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.audit import AuditQuery, Event, EventKind, Json
from security_service.domain.policy import Policy
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_ports import ReplayRuns
from security_service.domain.policy_versions import PolicyDocument, read_document
from security_service.domain.ports import AuditLog, Chance, Clock
from security_service.domain.replay import (
    ReplayRun,
    Tally,
    decided_under,
    moment_of,
    policy_name,
    read_event,
)

_PAGE: Final = 500
_MOST_A_STEP: Final = 5_000
_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """Who wants which document tried on what: times are Unix milliseconds, 0 for `until_ms` means now.

    `tenant` and `of_policy` narrow it, where they are not empty, to one tenant and to decisions of
    policies of one name.
    """

    text: str
    since_ms: int
    until_ms: int
    actor: str
    tenant: str = ""
    of_policy: str = ""


@dataclass(frozen=True, slots=True)
class EmptyPeriod:
    """The period ends before it begins, or lies ahead."""


@dataclass(frozen=True, slots=True)
class UnknownRun:
    """There is no such replay, or its day is over."""


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """Replays in steps of about a second, each of which any process may take."""

    log: AuditLog
    runs: ReplayRuns
    clock: Clock
    chance: Chance

    def begin(self, order: ReplayOrder) -> ReplayRun | PolicyFaults | EmptyPeriod:
        """Begin a replay; nothing is decided yet. Raises StoreUnavailable.

        What is decided after this moment is not part of it.
        """
        read = read_document(order.text)
        if isinstance(read, PolicyFaults):
            return read
        now = self.clock.unix_ms()
        until_ms = min(order.until_ms or now, now)
        if order.since_ms >= until_ms:
            return EmptyPeriod()
        run = ReplayRun(
            id=self.chance.token(),
            text=order.text,
            name=read.policy.name,
            version=read.policy.version,
            sha256=read.sha256,
            tenant=order.tenant,
            of_policy=order.of_policy,
            since_ms=order.since_ms,
            until_ms=until_ms,
            actor=order.actor,
            position_ms=until_ms,
        )
        self.runs.put(run)
        return run

    def view(self, run_id: str) -> ReplayRun | UnknownRun:
        """Give a run as it is. Raises StoreUnavailable."""
        return self.runs.get(run_id) or UnknownRun()

    def step(self, run_id: str) -> ReplayRun | UnknownRun:
        """Go on for about a second; a run that is done stays as it is. Raises StoreUnavailable.

        Where another process took the same step, its result counts and this one's is dropped.
        """
        run = self.runs.get(run_id)
        if run is None:
            return UnknownRun()
        document = read_document(run.text)
        if run.done or not isinstance(document, PolicyDocument):
            return run
        stepped = self._stepped(run, document.policy)
        event = Event(EventKind.POLICY_REPLAYED, _facts(stepped)) if stepped.done else None
        if self.runs.put(stepped, event):
            return stepped
        return self.runs.get(run_id) or UnknownRun()

    def _stepped(self, run: ReplayRun, policy: Policy) -> ReplayRun:
        tally, position, cursor = run.tally.copy(), run.position_ms, run.cursor
        ends, seen = self.clock.monotonic() + _STEP_S, 0
        while True:
            page = self.log.page(_query(run, cursor))
            position = _counted(tally, page.events, policy, run.of_policy) or position
            seen, cursor = seen + len(page.events), page.next
            if not cursor or seen >= _MOST_A_STEP or self.clock.monotonic() >= ends:
                return run.stepped(tally, position, cursor)


def _query(run: ReplayRun, cursor: str) -> AuditQuery:
    return AuditQuery(
        tenant=run.tenant,
        kind=EventKind.GATE_DECIDED.value,
        since_ms=run.since_ms,
        until_ms=run.until_ms,
        cursor=cursor,
        count=_PAGE,
    )


def _counted(tally: Tally, texts: Sequence[str], policy: Policy, of_policy: str) -> int:
    """Count a page's decisions; gives the time of the last one, 0 without any."""
    last_ms = 0
    for text in texts:
        event = read_event(text)
        last_ms = moment_of(event)
        if of_policy in {"", policy_name(event["facts"].get("policy", ""))}:
            tally.add(decided_under(event, policy))
    return last_ms


def _facts(run: ReplayRun) -> dict[str, Json]:
    verdicts = sorted(run.tally.by_verdict().items())
    return {
        "actor": run.actor,
        "compared": run.tally.compared,
        "differing": run.tally.differing,
        "name": run.name,
        "of_policy": run.of_policy,
        "passed_over": run.tally.passed_over,
        "sha256": run.sha256,
        "since_ms": run.since_ms,
        "tenant": run.tenant,
        "until_ms": run.until_ms,
        "verdicts": [{"after": after, "before": was, "count": count} for (was, after), count in verdicts],
        "version": run.version,
    }
