"""The log: events, leaves, tiles, heads, and how far each stream is archived; leaves reading to `reader`."""

from __future__ import annotations

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0001_events"
down_revision: str | None = None

_KEPT = "text IS NOT NULL"
_INDEXES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("events_at", ("at_ms",), _KEPT),
    ("events_kind", ("kind", "at_ms"), _KEPT),
    ("events_tenant", ("tenant", "at_ms"), _KEPT),
    ("events_tenant_kind", ("tenant", "kind", "at_ms"), _KEPT),
    ("events_number", ("tenant", "number", "at_ms"), "number IS NOT NULL"),
    ("events_code", ("code_id",), "code_id IS NOT NULL"),
    ("events_reason", ("tenant", "reason", "at_ms"), "reason IS NOT NULL"),
    ("events_verdict", ("tenant", "verdict", "at_ms"), "verdict IS NOT NULL"),
    ("events_actor", ("actor", "at_ms"), "actor IS NOT NULL"),
    ("events_operator", ("tenant", "operator", "at_ms"), "operator IS NOT NULL"),
)


def upgrade() -> None:
    """Make the tables of an empty database, and give the archive its own id."""
    log = op.create_table(
        "log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("archive", sa.String(32), nullable=False),
        sa.Column("installation", sa.String(64)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="one_log"),
    )
    op.create_table(
        "events",
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("shard", sa.String(8), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        *(
            sa.Column(name, sa.String(64))
            for name in ("tenant", "number", "verdict", "reason", "code_id", "actor", "operator")
        ),
        sa.Column("text", sa.Text),
        sa.UniqueConstraint("shard", "seq", name="events_shard_seq"),
    )
    for name, columns, where in _INDEXES:
        kept = sa.text(where)
        op.create_index(name, "events", columns, sqlite_where=kept, postgresql_where=kept)
    _make_tree()
    op.create_table(
        "positions",
        sa.Column("shard", sa.String(8), primary_key=True),
        sa.Column("entry_id", sa.String(48), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("told_seq", sa.BigInteger),
    )
    op.bulk_insert(log, [{"id": 1, "archive": token_hex(16), "installation": None, "size": 0}])


def _make_tree() -> None:
    op.create_table(
        "leaves",
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "heads",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
    )
