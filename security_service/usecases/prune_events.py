"""Prune what the rules of retention let go, and nothing else; leaves taking it out to the archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.archive_ports import Prunable, PruneRule, Pruning
from security_service.domain.ports import Clock

_DAY_MS: Final = 86_400_000
_AT_ONCE: Final = 5_000


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class PruneEvents:
    """Prunes whole days (UTC), so that the log tells of each kind and tenant once a day.

    Where several rules are of one kind and tenant, those that name the tenant count before those for
    all, and among them the longest.
    """

    pruning: Pruning
    rules: Sequence[PruneRule]
    clock: Clock

    def run(self, is_stopping: Callable[[], bool] = _never) -> int:
        """Prune all that is due, or until it is to stop; gives how many events lost their texts.

        Raises ArchiveUnavailable.
        """
        pruned = 0
        for kind in sorted({kind for rule in self.rules for kind in rule.kinds}):
            days = self._days(kind)
            for tenant in sorted(days.keys() - {None}, key=str):
                pruned += self._prune(Prunable(kind, str(tenant), self._until(days[tenant])), is_stopping)
            if None in days:
                pruned += self._prune_others(kind, days, is_stopping)
        return pruned

    def _days(self, kind: str) -> dict[str | None, int]:
        """Give the days that events of a kind are kept by tenant; None for all that no rule names."""
        days: dict[str | None, int] = {}
        for rule in self.rules:
            if kind in rule.kinds:
                for tenant in rule.tenants or (None,):
                    days[tenant] = max(rule.days, days.get(tenant, 0))
        return days

    def _until(self, days: int) -> int:
        today = self.clock.unix_ms() // _DAY_MS * _DAY_MS
        return today - days * _DAY_MS

    def _prune_others(self, kind: str, days: dict[str | None, int], is_stopping: Callable[[], bool]) -> int:
        """Prune a kind of all tenants that no rule names, and of none."""
        until_ms = self._until(days[None])
        named = [tenant for tenant in days if tenant is not None]
        pruned = 0
        while (due := self.pruning.oldest(kind, until_ms, named)) is not None and not is_stopping():
            pruned += self._prune(due, is_stopping)
        return pruned

    def _prune(self, due: Prunable, is_stopping: Callable[[], bool]) -> int:
        pruned = 0
        while not is_stopping():
            taken = self.pruning.prune(due, _AT_ONCE)
            pruned += taken
            if taken < _AT_ONCE:
                break
        return pruned
