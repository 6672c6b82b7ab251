"""The ports of counts; every method may raise ArchiveUnavailable. No behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from security_service.domain.counts import Counted, CountRow, Step


class Counts(Protocol):
    """Reads what the archive counted of its events."""

    def rows(
        self, tenant: str, step: Step, since_ms: int, until_ms: int, whats: Sequence[Counted]
    ) -> Sequence[CountRow]:
        """Give a tenant's counts of the steps that begin in a period, oldest first."""
        ...


class CountThinning(Protocol):
    """Takes away counts that are kept in greater steps too."""

    def thin(self, step: Step, until_ms: int) -> bool:
        """Take away some of the oldest counts of a step before a moment; False where none are left."""
        ...
