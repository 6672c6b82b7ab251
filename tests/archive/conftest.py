"""Archives in both databases, and a store whose events go there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.archive.engine import ArchiveDatabase
from tests.archive.postgres import Postgres, running_postgres
from tests.archive.rig import MovingRig, database_of


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an archive of either kind is to be."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'archive.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def database(archive_url: str) -> Iterator[ArchiveDatabase]:
    database = database_of(archive_url)
    yield database
    database.close()


@pytest.fixture
def rig(redis_url: str, database: ArchiveDatabase) -> Iterator[MovingRig]:
    rig = MovingRig(redis_url, database)
    yield rig
    rig.close()
