"""What goes on in a tenant now, by outcome, operator, gateway and source; leaves counting to the archive.

An operator's rate of SIM changes is held against its own of the four weeks before (design, section 3).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.count_ports import Counts
from security_service.domain.counts import Counted, CountRow, Step
from security_service.domain.limits import Window
from security_service.domain.ports import AuditLog, Clock
from security_service.domain.tenants import Tenant
from security_service.domain.trust import Rate, TrustEvidence, TrustThresholds

SHOWN: Final = (Counted.GENERATE, Counted.GATEWAY, Counted.LOOKUP, Counted.SIM, Counted.CHECK)
"""What is shown of a stretch of time, in this order."""

BASE_DAYS: Final = 28
_INCIDENTS_MS: Final = 7 * Step.DAY.ms
_INCIDENTS_READ: Final = 60
_OF_TENANTS: Final = frozenset({"mass_change", "unverified_ceiling"})
_COMPARED: Final = frozenset({"same", "changed"})
_RAISED_TIMES: Final = 3
_RAISED_CHANGES: Final = 5
_THRESHOLDS: Final = TrustThresholds()
_NOTHING: Final = Rate(0, 0)


class Stretch(StrEnum):
    """How far back to look."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def step(self) -> Step:
        """Over how long one count of it goes."""
        return _STEPS[self][0]

    @property
    def steps(self) -> int:
        """How many counts make it up, the one under way among them."""
        return _STEPS[self][1]


_STEPS: Final[Mapping[Stretch, tuple[Step, int]]] = {
    Stretch.HOUR: (Step.MINUTE, 60),
    Stretch.DAY: (Step.QUARTER, 96),
    Stretch.WEEK: (Step.HOUR, 168),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What happened in one step that begins at `at_ms`, by name."""

    at_ms: int
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Split:
    """One name with what it came to; `total_ms` is how long all of it took."""

    name: str
    labels: Mapping[str, int]
    total_ms: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.labels.values())

    @property
    def mean_ms(self) -> int:
        """How long one took, rounded; 0 where there is none."""
        return round(self.total_ms / self.total) if self.total else 0

    def of(self, *labels: str) -> int:
        """How many came to one of these."""
        return sum(self.labels.get(label, 0) for label in labels)


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened of one kind: a bar for every step, and the names with the most first."""

    what: Counted
    bars: tuple[Bar, ...]
    splits: tuple[Split, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(split.total for split in self.splits)


class RateLevel(StrEnum):
    """How an operator's rate of changes stands against its own base."""

    USUAL = "usual"
    RAISED = "raised"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class OperatorRate:
    """How often SIMs of an operator (MCC-MNC, '' where unknown) change: today, and in the days before."""

    operator: str
    today: Rate
    base: Rate

    @property
    def percent(self) -> float:
        """Today's changes of a hundred answers that were compared."""
        return _percent(self.today)

    @property
    def base_percent(self) -> float:
        """The same of the days before."""
        return _percent(self.base)

    @property
    def times(self) -> float | None:
        """How many times the base today is; None where the base has no change."""
        return self.percent / self.base_percent if self.base.changed and self.base.compared else None

    @property
    def level(self) -> RateLevel:
        """`far` as the guard against mass changes judges an hour, `raised` well before it."""
        if _THRESHOLDS.is_mass_change(TrustEvidence(0, 0, self.today, self.base)):
            return RateLevel.FAR
        is_more = self.times is None or self.times >= _RAISED_TIMES
        is_raised = is_more and self.today.changed >= _RAISED_CHANGES and self.base.compared > 0
        return RateLevel.RAISED if is_raised else RateLevel.USUAL


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident that concerns a tenant: an operator's mass change (`hour` against `base`), or a ceiling."""

    at_ms: int
    what: str
    operator: str = ""
    source: str = ""
    hour: Rate = _NOTHING
    base: Rate = _NOTHING


@dataclass(frozen=True, slots=True)
class NowView:
    """What goes on: `flows` in the order of `SHOWN`, from `since_ms` to `until_ms` (Unix milliseconds)."""

    stretch: Stretch
    since_ms: int
    until_ms: int
    flows: Mapping[Counted, Flow]
    rates: tuple[OperatorRate, ...]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class WindowRefusals:
    """What a window refused; one that is `record_only` let it through and told.

    `window` is None for what refuses without being one of the tenant's windows, such as a lock.
    """

    name: str
    window: Window | None
    refused: int


@dataclass(frozen=True, slots=True)
class ViewNow:
    """Reads counts and incidents. All methods may raise ArchiveUnavailable."""

    counts: Counts
    log: AuditLog
    clock: Clock

    def run(self, tenant: str, stretch: Stretch, today_ms: int) -> NowView:
        """Give what goes on. `today_ms` is where the asker's day began. May raise StoreUnavailable."""
        now_ms, step = self.clock.unix_ms(), stretch.step
        until_ms = step.begin(now_ms) + step.ms
        since_ms = until_ms - stretch.steps * step.ms
        rows: dict[Counted, list[CountRow]] = {what: [] for what in SHOWN}
        for row in self.counts.rows(tenant, step, since_ms, until_ms, SHOWN):
            rows[row.what].append(row)
        moments = range(since_ms, until_ms, step.ms)
        return NowView(
            stretch,
            since_ms,
            now_ms,
            {what: _flow(what, rows[what], moments) for what in SHOWN},
            self._rates(tenant, today_ms, until_ms),
            self._incidents(tenant, now_ms),
        )

    def refused_today(self, tenant: Tenant, today_ms: int) -> Sequence[WindowRefusals]:
        """Give what every window of a tenant refused since its day began, the tenant's own windows first.

        The calls of a window that is still full are counted when it is over, but for the first.
        """
        rows = self.counts.rows(tenant.id, Step.QUARTER, today_ms, self.clock.unix_ms() + 1, (Counted.LIMIT,))
        refused = Counter[str]()
        for row in rows:
            refused[row.name] += row.count
        windows = {window.name: window for window in _windows(tenant)}
        own = [WindowRefusals(name, window, refused.pop(name, 0)) for name, window in windows.items()]
        return [*own, *(WindowRefusals(name, None, count) for name, count in refused.most_common())]

    def _rates(self, tenant: str, today_ms: int, until_ms: int) -> tuple[OperatorRate, ...]:
        whats = (Counted.SIM,)
        # most days begin with an hour; those of some time zones with a quarter
        step = Step.QUARTER if today_ms % Step.HOUR.ms else Step.HOUR
        today = self.counts.rows(tenant, step, today_ms, until_ms, whats)
        before_ms = today_ms - BASE_DAYS * Step.DAY.ms
        # a day in UTC that has begun before this one is none of the days before
        whole_days_ms = Step.DAY.begin(today_ms)
        base = self.counts.rows(tenant, Step.DAY, before_ms, whole_days_ms, whats)
        now, then = _compared(today), _compared(base)
        rates = [OperatorRate(name, now[name], then.get(name, _NOTHING)) for name in now]
        return tuple(sorted(rates, key=lambda one: (-one.today.changed, -one.today.compared, one.operator)))

    def _incidents(self, tenant: str, now_ms: int) -> tuple[Incident, ...]:
        query = AuditQuery(
            kind=EventKind.INCIDENT.value, since_ms=now_ms - _INCIDENTS_MS, count=_INCIDENTS_READ
        )
        told = [json.loads(text) for text in self.log.page(query).events]
        return tuple(_incident(event) for event in told if _concerns(event, tenant))


def _flow(what: Counted, rows: Sequence[CountRow], moments: Sequence[int]) -> Flow:
    bars: dict[int, Counter[str]] = {at_ms: Counter() for at_ms in moments}
    labels: dict[str, Counter[str]] = {}
    times = Counter[str]()
    for row in rows:
        bars[row.at_ms][row.name] += row.count
        labels.setdefault(row.name, Counter())[row.label] += row.count
        times[row.name] += row.total_ms
    splits = [Split(name, dict(counts.most_common()), times[name]) for name, counts in labels.items()]
    splits.sort(key=lambda split: (-split.total, split.name))
    return Flow(what, tuple(Bar(at_ms, dict(counts)) for at_ms, counts in bars.items()), tuple(splits))


def _compared(rows: Sequence[CountRow]) -> dict[str, Rate]:
    """Give by operator how many answers were held against a reference, and how many were a new SIM."""
    compared, changed = Counter[str](), Counter[str]()
    for row in rows:
        if row.label in _COMPARED:
            compared[row.name] += row.count
        if row.label == "changed":
            changed[row.name] += row.count
    return {name: Rate(count, changed[name]) for name, count in compared.items()}


def _windows(tenant: Tenant) -> Sequence[Window]:
    limits = tenant.limits
    return (
        *limits.requests, *limits.checks, *limits.sends, *limits.messages, *limits.tenant, *limits.source,
        *limits.prefix, *limits.keys,
    )  # fmt: skip


def _concerns(event: Mapping[str, Any], tenant: str) -> bool:
    """An operator's mass change is everybody's, a ceiling its tenant's; the rest is for operators."""
    return event["facts"].get("what") in _OF_TENANTS and event["subject"].get("tenant", tenant) == tenant


def _incident(event: Mapping[str, Any]) -> Incident:
    facts = event["facts"]
    return Incident(
        event["at"],
        facts["what"],
        facts.get("mcc_mnc", ""),
        facts.get("source", ""),
        Rate(facts.get("compared", 0), facts.get("changed", 0)),
        Rate(facts.get("base_compared", 0), facts.get("base_changed", 0)),
    )


def _percent(rate: Rate) -> float:
    return 100 * rate.changed / rate.compared if rate.compared else 0.0
