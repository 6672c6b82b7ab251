"""Judge pairs of gateway and operator by the codes that were entered; leaves the rule to the domain."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.arrivals import Pair, Tally, ripened, woken
from security_service.domain.ports import Clock, Meter
from security_service.domain.route_ports import ArrivalBook


@dataclass(frozen=True, slots=True)
class JudgeArrivals:
    """One round: ripe cohorts to their pairs, pairs that have waited long enough woken."""

    book: ArrivalBook
    clock: Clock
    meter: Meter

    def run(self) -> None:
        """Judge what has ripened since the last round. Raises StoreUnavailable.

        Cohorts are taken once: of two workers each judges what it took, and the pair is the
        last writer's; a cohort more or less moves no traffic by itself.
        """
        ripe, now = self.book.ripe(), self.clock.unix_ms() // 1000
        pairs = self.book.pairs()
        for name in sorted({*ripe, *pairs}):
            before = pairs.get(name, Pair())
            pair, move = woken(before, now), None
            if ripe.get(name, Tally()).sent:
                pair, move = ripened(pair, ripe[name], now)
            if move is not None:
                self.meter.event("gateway_moved", f"{name[0]}:{move.to.value}")
            if pair != before:
                self.book.save(*name, pair, move)
