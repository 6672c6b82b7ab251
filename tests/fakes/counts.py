"""Counts in memory: what is told is counted in steps of every length, as the archive does."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.counts import Counted, CountRow, Step, Tally


class MemoryCounts:
    """The Counts port; `asked` holds how much was asked for."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, Tally]] = []
        self.asked: list[tuple[Step, int]] = []

    def tell(self, at_ms: int, *tallies: Tally, tenant: str = "bank") -> None:
        """Let something have happened at a moment."""
        self.told += [(tenant, at_ms, tally) for tally in tallies]

    def rows(
        self, tenant: str, step: Step, since_ms: int, until_ms: int, whats: Sequence[Counted]
    ) -> Sequence[CountRow]:
        """Give them one row for each, which is as good as summed up."""
        self.asked.append((step, (until_ms - since_ms) // step.ms))
        found = [
            CountRow(step.begin(at_ms), one.what, one.name, one.label, one.count, one.total_ms)
            for owner, at_ms, one in self.told
            if owner == tenant and one.what in whats and since_ms <= step.begin(at_ms) < until_ms
        ]
        return sorted(found, key=lambda row: row.at_ms)
