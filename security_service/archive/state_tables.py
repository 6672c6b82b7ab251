"""The tables of what every event left behind, newest only; leaves filling them to `states`.

Pruning takes texts out of events and nothing out of these, so that a store can be rebuilt however
short the events are kept.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from security_service.archive.tables import METADATA

RECORD_STATES: Final = Table(
    "subscriber_states",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("shard", String(8), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
)
"""Each subscriber's record as the store packs it, in base64; '' where nothing was left of it."""

GUESS_STATES: Final = Table(
    "guess_states",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("shard", String(8), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)
"""Counted guesses, locks, disabled and frozen subscribers: the fields of the store's hash, as JSON.

A subscriber without any has no row.
"""

MANAGEMENT_STATES: Final = Table(
    "management_states",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("document", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Tenants, digests of API keys, policies, banned IMSIs, words of trust, and the installation."""

# A rebuild goes shard by shard and page by page.
for _table in (RECORD_STATES, GUESS_STATES):
    Index(f"{_table.name}_shard", _table.c.shard, _table.c.tenant, _table.c.number)
