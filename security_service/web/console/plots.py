"""Plots as figures of a drawing: bars of counts in time, bars of rates; templates draw them in SVG.

Colours come by class (`p0` to `p6`), so that the style sheet has one for light and one for dark. Every plot
stands beside a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.usecases.view_now import Bar, Flow, OperatorRate

HEIGHT: Final = 100
SLOT: Final = 10
_WIDTH: Final = 8
_COLOURS: Final = 6
_OTHERS: Final = "p0"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a bar, in units of the drawing; `colour` is its class."""

    x: int
    y: str
    height: str
    colour: str


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: what it says when it is pointed at, and its parts from the bottom up."""

    said: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend."""

    colour: str
    word: str
    total: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars from `since` to `until`. `most` is what the full height stands for, `width` the drawing's."""

    width: int
    most: int
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
    total: int
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class RateBar:
    """The widths, of 100, of today's rate and of the base's."""

    today: str
    base: str


def plot_of(
    flow: Flow,
    word: Callable[[str], str],
    clock: Callable[[int], str],
    colours: Mapping[str, str] | None = None,
) -> Plot:
    """Draw what went on: `word` names a part, `clock` the moment of a bar (Unix milliseconds).

    Where `colours` gives none, the largest parts have one each and the rest share one.
    """
    names = [split.name for split in flow.splits]
    given = colours or {name: f"p{place + 1}" for place, name in enumerate(names[:_COLOURS])}
    most = _round_up(max((bar.total for bar in flow.bars), default=0))
    columns = [
        Column(_said(bar, names, word, clock), _blocks(bar, place, names, given, most))
        for place, bar in enumerate(flow.bars)
    ]
    keys = [Key(given.get(split.name, _OTHERS), word(split.name), split.total) for split in flow.splits]
    ends = (clock(flow.bars[0].at_ms), clock(flow.bars[-1].at_ms)) if flow.bars else ("", "")
    return Plot(len(columns) * SLOT, most, tuple(columns), tuple(keys), flow.total, *ends)


def rate_bars(rates: Sequence[OperatorRate]) -> list[RateBar]:
    """Draw rates beside each other, the greatest as wide as there is room."""
    widest = max((max(one.percent, one.base_percent) for one in rates), default=0.0) or 1.0
    return [
        RateBar(_unit(100 * one.percent / widest), _unit(100 * one.base_percent / widest)) for one in rates
    ]


def _blocks(
    bar: Bar, place: int, names: Sequence[str], colours: Mapping[str, str], most: int
) -> tuple[Block, ...]:
    blocks, y = [], float(HEIGHT)
    for name in names:
        count = bar.counts.get(name, 0)
        if count:
            height = HEIGHT * count / most
            y -= height
            colour = colours.get(name, _OTHERS)
            blocks.append(Block(place * SLOT + (SLOT - _WIDTH) // 2, _unit(y), _unit(height), colour))
    return tuple(blocks)


def _said(bar: Bar, names: Sequence[str], word: Callable[[str], str], clock: Callable[[int], str]) -> str:
    parts = [f"{word(name)}: {bar.counts[name]}" for name in names if bar.counts.get(name)]
    return f"{clock(bar.at_ms)} — {', '.join(parts) or 0}"


def _round_up(most: int) -> int:
    """Give the next of 1, 2, 5, 10, 20, 50 …: a scale that does not jump at every refresh."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if most <= factor * unit:
                return factor * unit
        unit *= 10


def _unit(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
