"""Cases and what was written on them; leaves reading them to `case_reader`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_cases"
down_revision: str | None = "0002_states"

_WORDS = (
    ("reason", 64), ("imsi", 96), ("currency", 8), ("band", 64), ("operator", 64), ("code_id", 64),
    ("purpose", 64), ("assignee", 160), ("outcome", 32), ("closed_by", 160), ("closed_how", 16),
)  # fmt: skip


def upgrade() -> None:
    """Make the tables. Cases that were opened before this step are in the log and in no list."""
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=True),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.BigInteger, nullable=False),
        sa.Column("last_note_at", sa.BigInteger, nullable=False),
        sa.Column("rank", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in _WORDS),
    )
    op.create_index("cases_order", "cases", ["tenant", "closed", sa.text("rank DESC"), "opened_at", "id"])
    op.create_index("cases_number", "cases", ["tenant", "number"])
    op.create_index("cases_closed", "cases", ["tenant", "closed_at"])
    op.create_table(
        "case_notes",
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("case_notes_case", "case_notes", ["tenant", "case_id", "leaf"])
