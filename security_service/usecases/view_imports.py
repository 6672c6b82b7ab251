"""View imports under way and done, and the rows they refused; leaves importing to `import_subscribers`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.import_rows import RowRefused
from security_service.domain.transfer_ports import ImportRuns, RefusedRows
from security_service.domain.transfers import MOST_REFUSED_KEPT, ImportRun

_AT_ONCE: Final = 1000
_MOST_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class UnknownImport:
    """There is no such import of this tenant, or it is long over."""


@dataclass(frozen=True, slots=True)
class ViewImports:
    """Reads what imports told. May raise StoreUnavailable."""

    runs: ImportRuns
    refused_rows: RefusedRows

    def one(self, tenant: str, run_id: str) -> ImportRun | UnknownImport:
        """Give one of a tenant's imports."""
        run = self.runs.get(run_id)
        return run if run is not None and run.tenant == tenant else UnknownImport()

    def every(self, tenant: str) -> Sequence[ImportRun]:
        """Give a tenant's newest imports, newest first."""
        return self.runs.every(tenant, _MOST_LISTED)

    def refused(self, run: ImportRun, first: int, count: int) -> Sequence[RowRefused]:
        """Give a page of the rows that an import refused, `first` counting from 0."""
        return self.refused_rows.page(run.id, first, count)

    def all_refused(self, run: ImportRun) -> Iterator[str]:
        """Give the rows refused that are kept, as CSV: the line's number and the reason's token."""
        yield "line,reason\r\n"
        for first in range(0, MOST_REFUSED_KEPT, _AT_ONCE):
            rows = self.refused_rows.page(run.id, first, _AT_ONCE)
            if rows:
                yield "".join(f"{row.line},{row.fault.value}\r\n" for row in rows)
            if len(rows) < _AT_ONCE:
                return
