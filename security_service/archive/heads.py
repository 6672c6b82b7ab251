"""The Heads port: signed heads as the archive keeps them, one for a size; leaves signing to the use case."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row, insert, select

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.tables import HEADS, LOG
from security_service.domain.log_head import LogHead, SignedHead


class ArchivedHeads:
    """Keeps the heads of one installation's log."""

    def __init__(self, database: ArchiveDatabase, installation: str) -> None:
        self._database, self._installation = database, installation

    def latest(self) -> SignedHead | None:
        """Give the head of the greatest size."""
        with self._database.reading() as connection:
            row = connection.execute(select(HEADS).order_by(HEADS.c.size.desc()).limit(1)).one_or_none()
        return None if row is None else self._read(row)

    def keep(self, signed: SignedHead) -> SignedHead:
        """Keep a head, durably; where there is one of that size already, that one is given and stays."""
        with self._database.writing() as connection:
            # Whoever holds the log's row is the only one, in PostgreSQL too.
            connection.execute(select(LOG.c.id).with_for_update())
            held = self._of_size(connection, signed.head.size)
            if held is not None:
                return held
            connection.execute(
                insert(HEADS).values(
                    size=signed.head.size,
                    root=signed.head.root.hex(),
                    at_ms=signed.head.at_ms,
                    signature=signed.signature.hex(),
                    key_id=signed.key_id,
                )
            )
        return signed

    def after(self, size: int, most: int) -> Sequence[SignedHead]:
        """Give heads greater than `size`, smallest first."""
        asked = select(HEADS).where(HEADS.c.size > size).order_by(HEADS.c.size).limit(most)
        with self._database.reading() as connection:
            return [self._read(row) for row in connection.execute(asked)]

    def _of_size(self, connection: Connection, size: int) -> SignedHead | None:
        row = connection.execute(select(HEADS).where(HEADS.c.size == size)).one_or_none()
        return None if row is None else self._read(row)

    def _read(self, row: Row[tuple[int, str, int, str, str]]) -> SignedHead:
        head = LogHead(self._installation, row.size, bytes.fromhex(row.root), row.at_ms)
        return SignedHead(head, row.key_id, bytes.fromhex(row.signature))
