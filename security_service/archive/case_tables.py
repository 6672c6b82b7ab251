"""The tables of cases and what was written on them; leaves filling them to `case_keeping`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from security_service.archive.tables import METADATA

CASES: Final = Table(
    "cases",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("imsi", String(96), nullable=False),
    Column("amount", BigInteger, nullable=True),
    Column("currency", String(8), nullable=False),
    Column("band", String(64), nullable=False),
    Column("operator", String(64), nullable=False),
    Column("code_id", String(64), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("assignee", String(160), nullable=False),
    Column("closed", Integer, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("closed_by", String(160), nullable=False),
    Column("closed_how", String(16), nullable=False),
    Column("last_note_at", BigInteger, nullable=False),
    Column("rank", BigInteger, nullable=False),
)
"""One row a case; times are Unix milliseconds, 0 and '' for what there is not.

`rank` orders what is open by the amount at stake and what is closed by when that was.
"""

Index(
    "cases_order",
    CASES.c.tenant,
    CASES.c.closed,
    CASES.c.rank.desc(),
    CASES.c.opened_at,
    CASES.c.id,
)
Index("cases_number", CASES.c.tenant, CASES.c.number)
Index("cases_closed", CASES.c.tenant, CASES.c.closed_at)

CASE_NOTES: Final = Table(
    "case_notes",
    METADATA,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("note", Text, nullable=False),
)
"""What was written on cases, the reason of an end among it; `leaf` is that of the event."""

Index("case_notes_case", CASE_NOTES.c.tenant, CASE_NOTES.c.case_id, CASE_NOTES.c.leaf)
