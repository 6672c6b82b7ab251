"""Both operations a second over HTTP against the bare route of the same run, in rounds that take turns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from benchmarks.answers import Answers
from benchmarks.arithmetic import Figures, Round, figures, ratio
from benchmarks.load import Target
from benchmarks.preparation import always_allow, lay_down_codes
from benchmarks.report import PROCESSOR_COLUMNS, Cell, Table, processor_cells
from benchmarks.rig import PLAIN, Rig, WebServer
from benchmarks.round_trips import THREADS

CONNECTIONS: Final = 64
_WARM_UP_S: Final = 1.0
_WARM_UP_CALLS: Final = 15_000
# A round may turn out faster than those before it; no number may be used twice.
_SPARE: Final = 2.0


@dataclass(slots=True)
class _Kind:
    """One row: what is called on which server, what is laid down for it, and what was measured."""

    name: str
    operation: str
    server: WebServer
    prepare: Callable[[Rig, range], None] = lambda _rig, _places: None
    fastest: float = _WARM_UP_CALLS / _WARM_UP_S / _SPARE
    rounds: list[Round] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)

    @property
    def is_ours(self) -> bool:
        """True where it is the service that answers."""
        return not self.operation.startswith("bare")

    def run(self, rig: Rig, seconds: float) -> Round:
        """Lay down what is needed, put the load on, and count the answers by the service's own metrics."""
        places = rig.places.take(int(self.fastest * seconds * _SPARE))
        self.prepare(rig, places)
        before = Answers.of(self.server) if self.is_ours else Answers()
        target = Target(self.server.base_url, self.operation, places, rig.api_keys[PLAIN])
        measured = rig.measure(self.server, target, CONNECTIONS, seconds)
        if self.is_ours:
            self.answers.counts.update(Answers.of(self.server).since(before).counts)
        self.fastest = max(self.fastest if self.rounds else 1.0, measured.load.per_second)
        return measured


def measure_throughput(rig: Rig, rounds: int, seconds: float, round_trips: float | None) -> Table:
    """Give the table of rates; `round_trips` is what a bare script made a second, None if not measured."""
    rig.stub_counts(pause_s=0.0)
    with ExitStack() as undo:
        bare_server = undo.enter_context(rig.web("benchmarks.bare_route"))
        server = undo.enter_context(rig.web())
        kinds = (
            _Kind("bare Flask route", "bare", bare_server),
            _Kind("bare Flask route, one round trip", "bare_trip", bare_server),
            _Kind("CheckCode", "CheckCode", server, lay_down_codes),
            _Kind("GenerateCode, always allowed", "GenerateCode", server, always_allow),
            _Kind("GenerateCode, SIM looked up", "GenerateCode", server),
        )
        for kind in kinds:
            kind.run(rig, _WARM_UP_S)
        for _ in range(rounds):
            for kind in kinds:
                kind.rounds.append(kind.run(rig, seconds))
    return _table(kinds, round_trips)


def _table(kinds: tuple[_Kind, ...], round_trips: float | None) -> Table:
    measured = [figures(kind.rounds) for kind in kinds]
    rows = [_row(kind.name, one, measured[0], round_trips) for kind, one in zip(kinds, measured, strict=True)]
    return Table(
        f"Over HTTP from {CONNECTIONS} connections, each number once; medians of {len(kinds[0].rounds)}",
        ("", "a second", "/ route", "/ trip", "p50 ms", "p99 ms", *PROCESSOR_COLUMNS, "CPU"),
        rows,
        [
            *(_answers_note(kind) for kind in kinds if kind.is_ours),
            f"/ route, / trip: by the rate of the bare route, and of round trips from {THREADS} threads.",
            "web, store, stub, load: microseconds of CPU that a call takes of each party. CPU: those of a",
            "bare call by those of this one, the stub's left out.",
        ],
    )


def _row(name: str, one: Figures, bare: Figures, round_trips: float | None) -> list[Cell]:
    return [
        name,
        round(one.per_second),
        ratio(one.per_second, bare.per_second),
        ratio(one.per_second, round_trips) if round_trips else None,
        one.p50_ms,
        one.p99_ms,
        *processor_cells(one),
        ratio(_cost(bare), _cost(one)),
    ]


def _cost(one: Figures) -> float:
    return one.web_us + one.store_us + one.load_us


def _answers_note(kind: _Kind) -> str:
    failed = sum(one.load.failed for one in kind.rounds)
    return f"{kind.name}: {kind.answers.told(kind.operation)}; {failed:,} calls failed"
