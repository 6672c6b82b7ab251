"""The ports of cases: lists out of the archive, actions into the subscriber's shard. No behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.cases import Case, CaseNote, CasePage, CaseQuery, OperatorAlarms
from security_service.domain.jobs import Job


class Cases(Protocol):
    """Reads what the archive made of the events of cases. Every method may raise ArchiveUnavailable."""

    def page(self, query: CaseQuery) -> CasePage:
        """Give a page of a tenant's cases."""
        ...

    def find(self, tenant: str, case: str) -> Case | None:
        """Give one case of a tenant, None where there is none of that id."""
        ...

    def notes(self, tenant: str, case: str) -> Sequence[CaseNote]:
        """Give what was written on a case, oldest first."""
        ...

    def alarms(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[OperatorAlarms]:
        """Count by operator how the cases closed in a period ended; the most closed first."""
        ...


class CaseDesk(Protocol):
    """Writes what people do about cases as events of the subscriber. May raise StoreUnavailable."""

    def write(self, case: Case, event: Event) -> bool:
        """Write about an open case; False, and nothing written, where a person closed it."""
        ...

    def close(self, case: Case, event: Event, jobs: Sequence[Job]) -> bool:
        """Close an open case with its jobs; False, and nothing written, where a person closed it before."""
        ...


class CatchUp(Protocol):
    """Lets the archive take in what was just written."""

    def shard(self, name: str) -> None:
        """Move a shard's events. May raise StoreUnavailable and ArchiveUnavailable."""
        ...
