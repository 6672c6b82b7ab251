"""Decisions of the past held against another policy, and their count; leaves reading the log to others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from security_service.domain.gate import decide
from security_service.domain.operation import Operation
from security_service.domain.policy import Policy
from security_service.domain.recorded_input import NotReplayable, gate_input

MOST_LISTED: Final = 1_000
"""So many changed decisions are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a policy said of one message; all four are tokens."""

    verdict: str
    reason: str
    rule: str
    policy: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One decision of the past and what another policy says of the same facts.

    `at_ms` is Unix milliseconds; `amount` is decimal text, empty without one; `number` is the
    digits of a subscriber and belongs on no page but those of the fraud team.
    """

    at_ms: int
    tenant: str
    number: str = field(repr=False)
    amount: str
    currency: str
    before: Ruling
    after: Ruling

    @property
    def differs(self) -> bool:
        """True where the verdict is another; another reason for the same verdict changes nothing."""
        return self.before.verdict != self.after.verdict


Row = tuple[str, str, str, str]
"""Verdict and rule before, verdict and rule after."""


@dataclass(slots=True)
class Tally:
    """Counts of compared decisions: `rows` by verdicts and rules, and the first of those that differ.

    `passed_over` counts decisions that cannot be compared: events from before the whole input was kept.
    """

    rows: Counter[Row] = field(default_factory=Counter)
    listed: list[Compared] = field(default_factory=list)
    passed_over: int = 0

    def add(self, compared: Compared | NotReplayable) -> None:
        """Count one decision."""
        if isinstance(compared, NotReplayable):
            self.passed_over += 1
            return
        before, after = compared.before, compared.after
        self.rows[before.verdict, before.rule, after.verdict, after.rule] += 1
        if compared.differs and len(self.listed) < MOST_LISTED:
            self.listed.append(compared)

    def copy(self) -> Tally:
        """Give one that goes on by itself."""
        return Tally(Counter(self.rows), list(self.listed), self.passed_over)

    @property
    def compared(self) -> int:
        """How many decisions could be compared."""
        return self.rows.total()

    @property
    def differing(self) -> int:
        """How many verdicts would have been others."""
        return sum(count for row, count in self.rows.items() if row[0] != row[2])

    def by_verdict(self) -> Mapping[tuple[str, str], int]:
        """Give the counts of (verdict before, verdict after)."""
        counts: Counter[tuple[str, str]] = Counter()
        for row, count in self.rows.items():
            counts[row[0], row[2]] += count
        return counts


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """A replay between two of its steps; times are Unix milliseconds, `since_ms` and `until_ms` included.

    `tenant` and `of_policy` narrow it to one tenant's decisions and to those of policies of one name,
    where they are not empty. It goes from the newest decision to the oldest: `position_ms` is where
    it is. `revision` counts its steps.
    """

    id: str
    text: str
    name: str
    version: str
    sha256: str
    tenant: str
    of_policy: str
    since_ms: int
    until_ms: int
    actor: str
    position_ms: int
    cursor: str = ""
    done: bool = False
    revision: int = 1
    tally: Tally = field(default_factory=Tally)

    @property
    def percent(self) -> int:
        """How much of the period is behind it, by time; 100 only once it is done."""
        if self.done:
            return 100
        whole = max(self.until_ms - self.since_ms, 1)
        return min(max((self.until_ms - self.position_ms) * 100 // whole, 0), 99)

    def stepped(self, tally: Tally, position_ms: int, cursor: str) -> ReplayRun:
        """Give the run after one more step; without a cursor there is nothing left to read."""
        return replace(
            self,
            tally=tally,
            position_ms=position_ms,
            cursor=cursor,
            done=not cursor,
            revision=self.revision + 1,
        )


def moment_of(event: Mapping[str, Any]) -> int:
    """Give the time of an event of the log in Unix milliseconds."""
    return int(event["at"])


def decided_under(event: Mapping[str, Any], policy: Policy) -> Compared | NotReplayable:
    """Decide a recorded decision again, under another policy (design, section 3: policy is data).

    The facts are those that were recorded: a count of unverified sends, for one, is what it was under
    the policy of that time.
    """
    facts = gate_input(event["facts"], policy)
    if isinstance(facts, NotReplayable):
        return facts
    again = decide(facts)
    after = Ruling(again.verdict.value, again.reason, again.rule, again.policy_version)
    return _compared(event, after)


def shadowed(event: Mapping[str, Any]) -> Compared | NotReplayable:
    """Give what the policy on trial said when this decision was made, as it stands in its event."""
    try:
        return _compared(event, _ruling(event["facts"]["shadow"]))
    except (KeyError, TypeError):
        return NotReplayable()


def policy_name(version: str) -> str:
    """Give the name in `name@version`."""
    return version.partition("@")[0]


def _compared(event: Mapping[str, Any], after: Ruling) -> Compared | NotReplayable:
    facts, subject = event["facts"], event["subject"]
    try:
        operation = Operation(minor=facts["amount"], currency=facts["currency"])
        return Compared(
            moment_of(event),
            subject["tenant"],
            subject["number"],
            operation.amount_text(),
            operation.currency,
            _ruling(facts),
            after,
        )
    except (KeyError, TypeError):
        return NotReplayable()


def _ruling(facts: Mapping[str, Any]) -> Ruling:
    return Ruling(facts["verdict"], facts["reason"], facts["rule"], facts["policy"])


def read_event(text: str) -> Mapping[str, Any]:
    """Read the canonical text of one event."""
    event: Mapping[str, Any] = json.loads(text)
    return event
