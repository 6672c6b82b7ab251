"""Medians, shares and ratios of what was measured; leaves measuring and printing to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of a load generator measured; latencies are in milliseconds.

    `failed` counts broken connections, timeouts and answers other than 2xx. `cpu_s` is what the
    generator itself used.
    """

    calls: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        """Calls a second; 0 where no time passed."""
        return self.calls / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of the parties of one run."""

    web: float = 0.0
    store: float = 0.0
    stub: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a load with what it cost each party."""

    load: Load
    spent: Spent


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over rounds: calls a second, latency in milliseconds, CPU microseconds a call."""

    per_second: float
    p50_ms: float
    p99_ms: float
    web_us: float
    store_us: float
    stub_us: float
    load_us: float
    failed: int


def figures(rounds: Sequence[Round]) -> Figures:
    """Give the medians of one or more rounds, and the sum of what failed in them."""
    return Figures(
        per_second=median(one.load.per_second for one in rounds),
        p50_ms=median(one.load.p50_ms for one in rounds),
        p99_ms=median(one.load.p99_ms for one in rounds),
        web_us=median(a_call(one.spent.web, one.load.calls) for one in rounds),
        store_us=median(a_call(one.spent.store, one.load.calls) for one in rounds),
        stub_us=median(a_call(one.spent.stub, one.load.calls) for one in rounds),
        load_us=median(a_call(one.load.cpu_s, one.load.calls) for one in rounds),
        failed=sum(one.load.failed for one in rounds),
    )


def a_call(seconds: float, calls: int) -> float:
    """Give the microseconds of one call; 0 where there was none."""
    return seconds * 1e6 / calls if calls else 0.0


def ratio(measured: float, baseline: float) -> float:
    """Give how many times the baseline was measured; 0 where there is no baseline."""
    return measured / baseline if baseline > 0 else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """Give the value under which `share` of ordered values lie (nearest rank); 0 where there are none."""
    if not ordered:
        return 0.0
    rank = -int(-len(ordered) * share // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]
