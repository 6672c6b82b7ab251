"""Reading a large archive: each search goes by an index, in the order of the pages, in both databases."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import insert, text, update

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.reader import EventReader, newest_statement
from security_service.archive.tables import EVENTS, LOG
from security_service.domain.archive_ports import Place
from security_service.domain.audit import AuditQuery
from security_service.domain.secret import Msisdn
from tests.archive.rig import NOON_MS

COUNT: Final = 60_000
NUMBER: Final = Msisdn("79030000007")
SEARCHES: Final = {
    "events_at": AuditQuery(),
    "events_tenant": AuditQuery(tenant="demo"),
    "events_kind": AuditQuery(kind="code_sent"),
    "events_tenant_kind": AuditQuery(tenant="demo", kind="code_sent"),
    "events_number": AuditQuery(tenant="demo", number=NUMBER, kind="mode_set"),
    "events_code": AuditQuery(tenant="demo", code_id="c77", kind="code_sent"),
    "events_reason": AuditQuery(tenant="demo", reason="wrong", kind="code_checked"),
    "events_verdict": AuditQuery(tenant="demo", verdict="deny", kind="gate_decided"),
    "events_actor": AuditQuery(tenant="demo", actor="anna", kind="mode_set"),
    "events_operator": AuditQuery(tenant="demo", operator="25099", kind="gate_decided"),
}
KINDS: Final = ("gate_decided", "code_sent", "code_checked", "mode_set")


@pytest.fixture
def large(database: ArchiveDatabase) -> ArchiveDatabase:
    """Many events, of which few answer a narrow question, most of them old."""
    rows = [
        {
            "leaf": leaf,
            "shard": f"s{leaf % 64:03d}",
            "seq": leaf // 64 + 1,
            "at_ms": NOON_MS + leaf,
            "kind": KINDS[leaf % 4],
            "tenant": "demo",
            "number": f"7903{leaf % 5000:07d}",
            "verdict": ("deny" if leaf % 1000 == 0 else "send") if leaf % 4 == 0 else None,
            "reason": ("wrong" if leaf % 500 == 2 else "valid") if leaf % 4 == 2 else None,
            "code_id": f"c{leaf // 4}",
            "actor": ("anna" if leaf < 100 else "boris") if leaf % 4 == 3 else None,
            "operator": ("25099" if leaf < 100 else "25001") if leaf % 4 == 0 else None,
            "text": "{}",
        }
        for leaf in range(COUNT)
    ]
    with database.writing() as connection:
        connection.execute(insert(EVENTS), rows)
        connection.execute(update(LOG).values(size=COUNT, installation="i1"))
    return database


@pytest.mark.parametrize("index", SEARCHES)
def test_a_search_goes_by_its_index_and_is_quick(large: ArchiveDatabase, index: str) -> None:
    query = SEARCHES[index]
    before = Place(NOON_MS + COUNT - 5, "s000", 3)
    with large.reading() as connection:
        if connection.dialect.name == "sqlite":
            statement = newest_statement(query, before, 101).compile(
                connection, compile_kwargs={"literal_binds": True}
            )
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
            assert f"USING INDEX {index} " in plan[0].detail
    reader = EventReader(large, "i1")
    reader.newest(query, before, 101)
    begun = time.perf_counter()
    assert reader.newest(query, before, 101).events
    assert time.perf_counter() - begun < 0.1


def test_pages_come_in_one_order_however_they_are_cut(large: ArchiveDatabase) -> None:
    reader = EventReader(large, "i1")
    query = AuditQuery(tenant="demo", number=NUMBER)
    whole = reader.newest(query, None, 1000)
    assert whole.read_to is None
    assert [place.at_ms - NOON_MS for place, _ in whole.events] == list(range(COUNT - 5000 + 7, 0, -5000))
    cut: list[Place] = []
    while found := reader.newest(query, cut[-1] if cut else None, 5).events:
        cut += [place for place, _ in found]
    assert cut == [place for place, _ in whole.events]
    narrow = replace(query, since_ms=NOON_MS + 5007, until_ms=NOON_MS + 15007)
    assert len(reader.newest(narrow, None, 9).events) == 3
