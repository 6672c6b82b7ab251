"""Forget small counts whose days are over; the greater steps hold them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from security_service.domain.count_ports import CountThinning
from security_service.domain.counts import Step
from security_service.domain.ports import Clock

KEPT_DAYS: Final = {Step.MINUTE: 2, Step.QUARTER: 2, Step.HOUR: 62}
"""For how many days each step is kept; what is not named is kept for good."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ThinCounts:
    """Keeps the table of counts small, so that a page reads as little in a year as on the first day."""

    thinning: CountThinning
    clock: Clock

    def run(self, is_stopping: Callable[[], bool] = _never) -> None:
        """Take away all that is due, piece by piece, or until it is to stop. Raises ArchiveUnavailable."""
        now_ms = self.clock.unix_ms()
        for step, days in KEPT_DAYS.items():
            until_ms = step.begin(now_ms - days * Step.DAY.ms)
            while not is_stopping() and self.thinning.thin(step, until_ms):
                pass
