"""The hashes of the log as the archive keeps them, for the tree of `domain.merkle`; computes none itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from security_service.archive.tables import LEAVES, LOG, TILES
from security_service.domain.merkle import TILE


class ArchivedHashes:
    """Implements `Hashes` over one connection, whose transaction makes it one state of the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return int(self._connection.execute(select(LOG.c.size)).scalar_one())

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """Give hashes `256 * index` and on of row `level`: 256 of them, fewer at the row's end."""
        first, last = TILE * index, TILE * (index + 1) - 1
        if level == 0:
            asked = select(LEAVES.c.hash).where(LEAVES.c.leaf.between(first, last)).order_by(LEAVES.c.leaf)
        else:
            asked = (
                select(TILES.c.hash)
                .where(TILES.c.level == level, TILES.c.idx.between(first, last))
                .order_by(TILES.c.idx)
            )
        return [bytes(digest) for digest in self._connection.execute(asked).scalars()]
