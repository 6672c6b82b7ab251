"""The tables of the archive in SQL (design, section 5); leaves making them to the migrations beside this."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA: Final = MetaData()
"""All tables of the archive; a table that is added here needs a migration."""

LOG: Final = Table(
    "log",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("archive", String(32), nullable=False),
    Column("installation", String(64), nullable=True),
    Column("size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_log"),
)
"""One row: the archive's own id, whose events it holds (null before the first), and how many leaves.

Whoever appends holds this row, so that there is one order of the leaves.
"""

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("shard", String(8), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("tenant", String(64), nullable=True),
    Column("number", String(64), nullable=True),
    Column("verdict", String(64), nullable=True),
    Column("reason", String(64), nullable=True),
    Column("code_id", String(64), nullable=True),
    Column("actor", String(64), nullable=True),
    Column("operator", String(64), nullable=True),
    Column("text", Text, nullable=True),
    UniqueConstraint("shard", "seq", name="events_shard_seq"),
)
"""The events in the order of their leaves. `text` is null once pruned, and so is what is personal.

`at_ms` is the time of the entry in its stream: the event's own, unless the clock had stepped back.
"""

_KEPT: Final = EVENTS.c.text.is_not(None)
# No index holds what was pruned or what an event does not tell; each ends in the order of pages.
for _name, _columns, _where in (
    ("events_at", (EVENTS.c.at_ms,), _KEPT),
    ("events_kind", (EVENTS.c.kind, EVENTS.c.at_ms), _KEPT),
    ("events_tenant", (EVENTS.c.tenant, EVENTS.c.at_ms), _KEPT),
    ("events_tenant_kind", (EVENTS.c.tenant, EVENTS.c.kind, EVENTS.c.at_ms), _KEPT),
    (
        "events_number",
        (EVENTS.c.tenant, EVENTS.c.number, EVENTS.c.at_ms),
        EVENTS.c.number.is_not(None),
    ),
    ("events_code", (EVENTS.c.code_id,), EVENTS.c.code_id.is_not(None)),
    (
        "events_reason",
        (EVENTS.c.tenant, EVENTS.c.reason, EVENTS.c.at_ms),
        EVENTS.c.reason.is_not(None),
    ),
    (
        "events_verdict",
        (EVENTS.c.tenant, EVENTS.c.verdict, EVENTS.c.at_ms),
        EVENTS.c.verdict.is_not(None),
    ),
    ("events_actor", (EVENTS.c.actor, EVENTS.c.at_ms), EVENTS.c.actor.is_not(None)),
    (
        "events_operator",
        (EVENTS.c.tenant, EVENTS.c.operator, EVENTS.c.at_ms),
        EVENTS.c.operator.is_not(None),
    ),
):
    Index(_name, *_columns, sqlite_where=_where, postgresql_where=_where)

LEAVES: Final = Table(
    "leaves",
    METADATA,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""The hash of every leaf (RFC 6962, section 2.1); nothing is ever taken from it."""

TILES: Final = Table(
    "tiles",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""Hashes of the rows above the leaves, 256 to a tile; level 1 and up."""

HEADS: Final = Table(
    "heads",
    METADATA,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("signature", Text, nullable=False),
    Column("key_id", String(64), nullable=False),
)
"""The signed heads of the log, by its size."""

POSITIONS: Final = Table(
    "positions",
    METADATA,
    Column("shard", String(8), primary_key=True),
    Column("entry_id", String(48), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("told_seq", BigInteger, nullable=True),
)
"""The newest entry of each shard that is archived. `told_seq` is what the last conflict was told of."""

FORWARD_TARGETS: Final = Table(
    "forward_targets",
    METADATA,
    Column("target", String(64), primary_key=True),
    Column("next_leaf", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("retry_at_ms", BigInteger, nullable=False),
    Column("off_at_ms", BigInteger, nullable=False),
    Column("told_at_ms", BigInteger, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("held_until_ms", BigInteger, nullable=False),
)
"""How far each target of forwarding is, and which worker serves it until when; 0 and '' for none."""
