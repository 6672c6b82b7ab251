"""The schema: what the migrations make is what the tables say, in both databases, however often."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from security_service.archive.engine import ArchiveDatabase, archive_address
from security_service.archive.figures import archive_figures
from security_service.archive.tables import METADATA
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.secret import Secret


def opened(url: str) -> ArchiveDatabase:
    return ArchiveDatabase(archive_address(url, Secret(""), Path("/nowhere"), 10.0))


def test_the_migrations_make_the_tables_that_are_declared(database: ArchiveDatabase) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_second_migration_finds_nothing_to_do_and_keeps_the_archive(archive_url: str) -> None:
    first = opened(archive_url)
    assert first.migrate().present == ""
    before = archive_figures(first)
    again = first.migrate()
    assert again.is_newest
    assert archive_figures(first) == before
    first.close()


def test_programs_that_start_together_make_one_archive(archive_url: str) -> None:
    databases = [opened(archive_url) for _ in range(4)]
    threads = [threading.Thread(target=database.migrate) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({archive_figures(database).archive for database in databases}) == 1
    for database in databases:
        database.close()


def test_a_file_is_made_at_its_first_use_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / "archive.db"
    database = ArchiveDatabase(archive_address("", Secret(""), file, 5.0))
    assert database.version().present == ""
    assert not file.exists()
    assert archive_figures(database).size == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert database.version().is_newest
    database.close()


def test_postgresql_is_changed_by_a_person_only(postgres: object, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue("postgres").new_database()
    database = opened(url)
    with pytest.raises(ArchiveUnavailable, match="archive migrate"):
        archive_figures(database)
    assert database.version().present == ""
    database.migrate()
    assert archive_figures(database).size == 0
    database.close()


def test_a_schema_from_the_future_is_left_alone(database: ArchiveDatabase) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    with pytest.raises(ArchiveUnavailable, match="newer than this program"):
        database.migrate()


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "geheim", "sqlite://", "postgresql+psycopg2"])
def test_an_address_of_something_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must") as raised:
        archive_address(url, Secret(""), Path("a.db"), 5.0)
    assert "geheim" not in str(raised.value)


def test_a_password_is_shown_nowhere() -> None:
    address = archive_address("postgresql://u@h/d", Secret("geheim"), Path("a.db"), 5.0)
    assert address.url.password == "geheim"
    assert "geheim" not in f"{address} {address.shown}"


def test_a_database_that_is_away_is_one_kind_of_error(tmp_path: Path) -> None:
    database = opened(f"postgresql://u@/d?host={tmp_path}")
    with pytest.raises(ArchiveUnavailable, match="OperationalError"):
        archive_figures(database)
    tmp_path.joinpath("file").write_text("")
    below = opened(f"sqlite:///{tmp_path / 'file' / 'archive.db'}")
    with pytest.raises(ArchiveUnavailable, match="its file cannot be used"):
        archive_figures(below)


def test_a_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "archive.db"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(ArchiveUnavailable, match="the database says"):
        archive_figures(opened(f"sqlite:///{file}"))
