"""How far the targets of forwarding are; leaves the events themselves where they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_forwarding"
down_revision: str | None = "0004_counts"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "forward_targets",
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("next_leaf", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("retry_at_ms", sa.BigInteger, nullable=False),
        sa.Column("off_at_ms", sa.BigInteger, nullable=False),
        sa.Column("told_at_ms", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger, nullable=False),
    )
