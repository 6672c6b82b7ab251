"""Counts of what happened, step by step; leaves reading them to `count_reader`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_counts"
down_revision: str | None = "0003_cases"


def upgrade() -> None:
    """Make the table. Events that were archived before this step are not counted."""
    op.create_table(
        "counts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("label", sa.String(64), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("total_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("counts_age", "counts", ["step", "at"])
