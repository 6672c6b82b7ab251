"""Take events out of the audit log as a file: who took which is an event; leaves the file to the faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from security_service.domain.audit import AuditQuery, Event, EventKind, Json
from security_service.domain.event_rows import COLUMNS, csv_line, csv_row
from security_service.domain.log_ports import LogJournal
from security_service.domain.ports import Clock
from security_service.usecases.search_audit import SearchAudit

_PAGE: Final = 500


class ExportForm(StrEnum):
    """What the file is: a table, or one canonical event a line."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class ExportAudit:
    """Gives the events that a query asks for as a stream; memory holds one page of them."""

    search: SearchAudit
    journal: LogJournal
    clock: Clock

    def run(self, query: AuditQuery, form: ExportForm, actor: str) -> Iterator[bytes]:
        """Give the lines of the file, newest event first, up to this moment.

        The event `audit_exported` is written before anything is given: raises StoreUnavailable where it
        cannot be. The stream may raise StoreUnavailable and ArchiveUnavailable later on.
        """
        now = self.clock.unix_ms()
        whole = replace(query, until_ms=query.until_ms or now, cursor="", count=_PAGE)
        facts = _facts(whole, form, actor)
        self.journal.tell(query.tenant, query.number, Event(EventKind.AUDIT_EXPORTED, facts))
        return self._lines(whole, form)

    def _lines(self, query: AuditQuery, form: ExportForm) -> Iterator[bytes]:
        is_table = form is ExportForm.CSV
        if is_table:
            yield csv_line(COLUMNS).encode("utf-8")
        while True:
            page = self.search.run(query)
            for event in page.events:
                line = csv_line(csv_row(event)) if is_table else f"{event}\n"
                yield line.encode("utf-8")
            if not page.next:
                return
            query = replace(query, cursor=page.next)


def _facts(query: AuditQuery, form: ExportForm, actor: str) -> dict[str, Json]:
    """What was asked for; under names of their own, for an export is no event of that verdict or code."""
    asked: dict[str, Json] = {
        "of_actor": query.actor,
        "of_code": query.code_id,
        "of_kind": query.kind,
        "of_operator": query.operator,
        "of_reason": query.reason,
        "of_verdict": query.verdict,
        "since_ms": query.since_ms,
        "until_ms": query.until_ms,
    }
    given = {name: value for name, value in asked.items() if value}
    return {**given, "actor": actor, "format": form.value, "proved": False}
