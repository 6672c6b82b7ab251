"""Whether codes arrive through a gateway at an operator, judged by codes that are entered; no clock here.

A provider's own receipts say what the provider believes. A code that its subscriber enters has
arrived. For each pair of gateway and operator the sends of a few seconds are a cohort; a cohort is
ripe when its codes have had time to be entered, and then it counts for or against the pair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import comb
from typing import Final

RIPE_S: Final = 20
"""Seconds that a code is given to be entered before its cohort is judged."""

COHORT_S: Final = 4
"""Seconds of sends that make one cohort."""

LEAST_SENDS: Final = 20
"""Sends that a judgement needs."""

LEAST_BASELINE: Final = 60
"""Sends that a baseline needs before anything is judged by it."""

_UNLIKELY: Final = 0.001
_GREATEST_SHARE: Final = 0.5
_BASELINE_MEMORY: Final = 5000
_WINDOW: Final = 160
_AWAY_FOR_S: Final = 300


class PairState(StrEnum):
    """Where a pair of gateway and operator stands."""

    ARRIVES = "arrives"
    AWAY = "away"
    PROBED = "probed"


@dataclass(frozen=True, slots=True)
class Tally:
    """Codes sent, and how many of them were entered while their cohort ripened."""

    sent: int = 0
    entered: int = 0

    @property
    def rate(self) -> float:
        """The share that was entered; 0 without sends."""
        return self.entered / self.sent if self.sent else 0.0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.sent + other.sent, self.entered + other.entered)


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of a pair of gateway and operator; `since` is Unix seconds.

    `recent` holds the newest ripe cohorts, `baseline` the pair's own past before them, of which
    the newest few thousand sends weigh most.
    """

    state: PairState = PairState.ARRIVES
    since: int = 0
    baseline: Tally = Tally()
    recent: tuple[Tally, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A pair that traffic leaves or comes back to, with the figures that decided it."""

    to: PairState
    sent: int
    entered: int
    baseline_sent: int
    baseline_entered: int


def ripened(pair: Pair, cohort: Tally, now: int) -> tuple[Pair, Move | None]:
    """Add a ripe cohort to a pair and judge it; gives the move where there is one.

    A pair falls away when so few of its newest twenty sends or more were entered as its own
    baseline would give once in a thousand times, and fewer than half of what it would give on
    average. One that is tried again comes back once twenty sends do not look like that.
    """
    recent = (*pair.recent, cohort)
    learnt = pair.baseline
    while _together(recent[1:]).sent >= _WINDOW:
        if pair.state is PairState.ARRIVES:
            learnt = _learnt(learnt, recent[0])
        recent = recent[1:]
    pair = replace(pair, baseline=learnt, recent=recent)
    if learnt.sent < LEAST_BASELINE:
        return replace(pair, baseline=_learnt(learnt, _together(recent)), recent=()), None
    newest = [one for one in map(_together, _newest(recent)) if one.sent >= LEAST_SENDS]
    if not newest or pair.state is PairState.AWAY:
        return pair, None
    fallen = next((one for one in newest if has_fallen(one, learnt)), None)
    if fallen is not None:
        return _moved(pair, fallen, PairState.AWAY, now)
    if pair.state is PairState.PROBED:
        return _moved(pair, newest[-1], PairState.ARRIVES, now)
    return pair, None


def _newest(recent: tuple[Tally, ...]) -> list[tuple[Tally, ...]]:
    """The cohorts from each place on, the fewest first."""
    return [recent[place:] for place in range(len(recent) - 1, -1, -1)]


def _together(cohorts: tuple[Tally, ...]) -> Tally:
    return Tally(sum(one.sent for one in cohorts), sum(one.entered for one in cohorts))


def woken(pair: Pair, now: int) -> Pair:
    """Let a pair that has been away for five minutes be tried again with a part of its traffic."""
    if pair.state is PairState.AWAY and now - pair.since >= _AWAY_FOR_S:
        return replace(pair, state=PairState.PROBED, since=now, recent=())
    return pair


def has_fallen(recent: Tally, baseline: Tally) -> bool:
    """Tell whether `recent` is far below what `baseline` gives."""
    if recent.rate >= baseline.rate * _GREATEST_SHARE:
        return False
    return at_most(recent.entered, recent.sent, baseline.rate) < _UNLIKELY


def at_most(entered: int, sent: int, rate: float) -> float:
    """Give the chance that of `sent` codes at most `entered` are entered, each with chance `rate`."""
    return sum(comb(sent, k) * rate**k * (1 - rate) ** (sent - k) for k in range(entered + 1))


def _moved(pair: Pair, recent: Tally, to: PairState, now: int) -> tuple[Pair, Move]:
    move = Move(to, recent.sent, recent.entered, pair.baseline.sent, pair.baseline.entered)
    return Pair(to, now, pair.baseline), move


def _learnt(baseline: Tally, recent: Tally) -> Tally:
    """The baseline with the recent sends in it; older ones fade once there are many."""
    total = baseline.plus(recent)
    if total.sent <= _BASELINE_MEMORY:
        return total
    return Tally(total.sent // 2, total.entered // 2)
