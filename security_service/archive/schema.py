"""Which version of the schema a database has, and bringing it to the newest; `engine` connects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_FOLDER: Final = Path(__file__).with_name("migrations")
# Any number that no other program of the database uses for an advisory lock.
_LOCK: Final = 0x45_54_41_4C_4F_4E


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """The version that a database has ('' for an empty one) and the newest that this program knows."""

    present: str
    newest: str

    @property
    def is_newest(self) -> bool:
        """True where nothing is to be done."""
        return self.present == self.newest


def schema_version(connection: Connection) -> SchemaVersion:
    """Read which version a database has."""
    present = MigrationContext.configure(connection).get_current_revision() or ""
    return SchemaVersion(present, _newest(_scripts()))


def upgrade(connection: Connection) -> SchemaVersion:
    """Bring a database to the newest version within the transaction that is open; gives what it was before.

    Where several do it at once, the others wait and find nothing to be done. Raises ValueError for a
    version that this program does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    scripts = _scripts()
    before = schema_version(connection)
    if before.is_newest:
        return before
    known = {script.revision for script in scripts.walk_revisions()}
    if before.present and before.present not in known:
        raise ValueError(f"the schema of the archive is {before.present}, which is newer than this program")

    def steps(_present: object, _context: MigrationContext) -> list[RevisionStep]:
        missing = list(scripts.iterate_revisions(before.newest, before.present or "base"))
        return [
            MigrationStep.upgrade_from_script(scripts.revision_map, script) for script in reversed(missing)
        ]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()
    return before


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _newest(scripts: ScriptDirectory) -> str:
    head = scripts.get_current_head()
    if head is None:
        raise ValueError("the migrations of the archive are not installed")
    return head
