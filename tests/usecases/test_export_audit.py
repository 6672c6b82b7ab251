"""An export is the events that were asked for, as they are read, behind an event that says who took them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from security_service.domain.audit import AuditPage, AuditQuery, Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.secret import Msisdn
from security_service.usecases.export_audit import ExportAudit, ExportForm
from security_service.usecases.search_audit import SearchAudit
from tests.fakes.clock import HandClock
from tests.fakes.sealing import HeldJournal, event_text

WHO = Msisdn("79031234567")


class PagedLog:
    """The AuditLog port over texts; counts the pages that were read."""

    def __init__(self, texts: list[str]) -> None:
        self.texts, self.pages = texts, 0

    def page(self, query: AuditQuery) -> AuditPage:
        self.pages += 1
        found = [text for text in self.texts if query.since_ms <= json.loads(text)["at"] <= query.until_ms]
        first = int(query.cursor or 0)
        end = first + query.count
        return AuditPage(tuple(found[first:end]), str(end) if len(found) > end else "")


class Refusing(HeldJournal):
    """A journal that cannot be written."""

    def tell(self, tenant: str, number: Msisdn | None, event: Event) -> None:
        raise StoreUnavailable


class LaterClock(HandClock):
    """A clock that shows a moment after the events."""

    def unix_ms(self) -> int:
        return 1_800_000_010_000


class Rig:
    """An export over events in a list."""

    def __init__(self, count: int = 3, journal: HeldJournal | None = None) -> None:
        self.texts = [event_text(one, facts={"reason": "=1+1"}) for one in range(count, 0, -1)]
        self.log, self.clock, self.journal = PagedLog(self.texts), LaterClock(), journal or HeldJournal()
        self.export = ExportAudit(SearchAudit(self.log, self.clock), self.journal, self.clock)


def test_json_lines_are_the_canonical_events() -> None:
    rig = Rig()
    lines = list(rig.export.run(AuditQuery(since_ms=1), ExportForm.JSONL, "vera"))
    assert b"".join(lines).decode().splitlines() == rig.texts


def test_a_table_has_a_header_and_no_cell_that_a_spreadsheet_runs() -> None:
    rig = Rig()
    text = b"".join(rig.export.run(AuditQuery(since_ms=1), ExportForm.CSV, "vera")).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["seq"] for row in rows] == ["3", "2", "1"]
    assert {row["reason"] for row in rows} == {"'=1+1"}


def test_who_took_what_is_written_before_anything_is_given() -> None:
    rig = Rig()
    query = AuditQuery(tenant="bank", number=WHO, verdict="deny", reason="absent", code_id="c1", since_ms=7)
    lines = rig.export.run(query, ExportForm.CSV, "vera")
    ((tenant, number, event),) = rig.journal.told
    assert (tenant, number, event.kind) == ("bank", WHO, EventKind.AUDIT_EXPORTED)
    assert event.facts == {
        "actor": "vera",
        "format": "csv",
        "of_code": "c1",
        "of_reason": "absent",
        "of_verdict": "deny",
        "proved": False,
        "since_ms": 7,
        "until_ms": rig.clock.unix_ms(),
    }
    assert rig.log.pages == 0
    assert WHO.digits not in json.dumps(event.facts)
    assert len(list(lines)) == 4


def test_where_that_cannot_be_written_nothing_is_given() -> None:
    rig = Rig(journal=Refusing())
    with pytest.raises(StoreUnavailable):
        rig.export.run(AuditQuery(), ExportForm.JSONL, "vera")
    assert rig.log.pages == 0


def test_no_more_than_a_page_is_read_ahead_of_its_reader() -> None:
    rig = Rig(5_000)
    lines = rig.export.run(AuditQuery(since_ms=1), ExportForm.JSONL, "vera")
    next(lines)
    assert rig.log.pages == 1
    assert sum(1 for _ in lines) == 4_999
