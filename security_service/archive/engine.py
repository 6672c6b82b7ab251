"""The database of the archive: a file of SQLite, or PostgreSQL; leaves its content to the modules beside."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from security_service.archive.schema import SchemaVersion, schema_version, upgrade
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.secret import Secret

_WRITES: Final = "etalon_writes"
_CACHE_KIB: Final = 65536
_BEHIND: Final = "its schema is behind this program: run `security-service archive migrate`"


@dataclass(frozen=True, slots=True)
class ArchiveAddress:
    """Where the archive is: a file of SQLite, or a URL of PostgreSQL; and how long it may be silent."""

    url: URL
    within_s: float = 10.0

    @property
    def file(self) -> Path | None:
        """The file of SQLite."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @property
    def shown(self) -> str:
        """The address for people, without its password."""
        return str(self.file or self.url.render_as_string(hide_password=True))


def archive_address(url: str, password: Secret, default_file: Path, within_s: float) -> ArchiveAddress:
    """Read `postgresql://user@host/database` or `sqlite:////path`; '' is SQLite in the default file.

    `password` goes before one in the URL. Raises ValueError, which repeats nothing of the URL.
    """
    try:
        parsed = make_url(url) if url else URL.create("sqlite", database=str(default_file))
    except ArgumentError:
        raise ValueError("must be a URL: postgresql://user@host/database or sqlite:////path") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database:
            return ArchiveAddress(parsed.set(drivername="sqlite+pysqlite"), within_s)
        case "postgresql":
            # Without a driver of its own the library would take one that is not installed.
            parsed = parsed.set(drivername="postgresql+psycopg")
        case _:
            raise ValueError("must begin with postgresql:// or sqlite:///")
    if password.reveal():
        parsed = parsed.set(password=password.reveal())
    return ArchiveAddress(parsed, within_s)


class ArchiveDatabase:
    """Gives connections; connects at the first use.

    A file of SQLite is made and brought to the newest schema by whoever comes first. The schema of
    PostgreSQL is for a person to change: `migrate`.
    """

    def __init__(self, address: ArchiveAddress) -> None:
        self._address = address
        self._engine = _open(address)
        self._lock = threading.Lock()
        self._ready = False

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return self._address.shown

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the archive; raises ArchiveUnavailable."""
        with _told():
            self._prepare()
            with self._engine.connect() as connection, connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are durable once the block ends, all or none.

        In SQLite there is one at a time. Raises ArchiveUnavailable; then it is not known whether the
        changes were made.
        """
        with _told():
            self._prepare()
            with self._engine.connect() as plain:
                connection = plain.execution_options(**{_WRITES: True})
                with connection.begin():
                    yield connection

    def migrate(self) -> SchemaVersion:
        """Bring the schema to the newest version; gives what it was before. Raises ArchiveUnavailable."""
        with _told():
            return self._migrate()

    def version(self) -> SchemaVersion:
        """Tell which version the schema has; '' where there is no archive yet. Raises ArchiveUnavailable."""
        file = self._address.file
        with _told():
            if file is not None and not file.exists():
                return SchemaVersion("", "")
            with self._engine.connect() as connection:
                return schema_version(connection)

    def close(self) -> None:
        """Close what is open; a use after it connects anew."""
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._lock:
            if not self._ready and self._address.file is not None:
                self._migrate()
            elif not self._ready:
                with self._engine.connect() as connection:
                    if not schema_version(connection).is_newest:
                        raise ArchiveUnavailable(_BEHIND)
            self._ready = True

    def _migrate(self) -> SchemaVersion:
        file = self._address.file
        with _one_by_one(file), self._engine.connect() as plain:
            if file is not None:
                # Lasts in the file; changing it is the one thing that SQLite does not wait for.
                plain.exec_driver_sql("COMMIT")
                plain.exec_driver_sql("PRAGMA journal_mode=WAL")
                plain.exec_driver_sql("BEGIN")
                plain.rollback()
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                return upgrade(connection)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the library and the system raise into the one error that edges know; it holds no values."""
    try:
        yield
    except DBAPIError as error:
        kind = type(error.orig).__name__ if error.orig else type(error).__name__
        raise ArchiveUnavailable(f"the database says {kind}") from error
    except SQLAlchemyError as error:
        raise ArchiveUnavailable(f"the database cannot be used: {type(error).__name__}") from error
    except OSError as error:
        raise ArchiveUnavailable(f"its file cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise ArchiveUnavailable(str(error)) from error


@contextmanager
def _one_by_one(file: Path | None) -> Iterator[None]:
    """Keep other processes from making the same file; the lock ends with the process."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    with file.with_name(f"{file.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open(address: ArchiveAddress) -> Engine:
    if address.file is None:
        within_ms = round(address.within_s * 1000)
        engine = create_engine(
            address.url,
            pool_size=4,
            max_overflow=12,
            pool_timeout=address.within_s,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(address.within_s)),
                "options": f"-c statement_timeout={within_ms} -c lock_timeout={within_ms}",
            },
            hide_parameters=True,
        )
    else:
        engine = create_engine(
            address.url,
            pool_timeout=address.within_s,
            connect_args={"timeout": address.within_s},
            hide_parameters=True,
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    """Make commits durable before a stream is trimmed, and overwrite what is taken out."""
    connection.isolation_level = None  # the driver begins no transactions by itself
    for pragma in ("synchronous=FULL", f"cache_size=-{_CACHE_KIB}", "secure_delete=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the one place of a writer at once, for a reader that becomes one may find it taken for good."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
