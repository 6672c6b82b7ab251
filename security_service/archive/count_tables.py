"""The table of counts; leaves filling it to `counts` and reading it to `count_reader`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from security_service.archive.tables import METADATA

COUNTS: Final = Table(
    "counts",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("what", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
)
"""How often something happened in the step of `step` seconds that begins at `at` (Unix milliseconds)."""

Index("counts_age", COUNTS.c.step, COUNTS.c.at)
