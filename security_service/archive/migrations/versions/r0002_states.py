"""What every event left behind, newest only; leaves reading it to `state_reader`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_states"
down_revision: str | None = "0001_events"


def upgrade() -> None:
    """Make the tables. Events that were archived before this step left no state: they told of none."""
    for table, state in (("subscriber_states", "record"), ("guess_states", "state")):
        op.create_table(
            table,
            sa.Column("tenant", sa.String(64), primary_key=True),
            sa.Column("number", sa.String(64), primary_key=True),
            sa.Column("shard", sa.String(8), nullable=False),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.Column("at_ms", sa.BigInteger, nullable=False),
            sa.Column(state, sa.Text, nullable=False),
        )
        op.create_index(f"{table}_shard", table, ["shard", "tenant", "number"])
    op.create_table(
        "management_states",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
