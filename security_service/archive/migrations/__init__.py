"""The schema of the archive, version by version: what `schema` reads and runs (alembic)."""
