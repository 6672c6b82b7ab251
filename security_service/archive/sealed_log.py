"""The LogLeaves and LogSearch ports: leaves with their texts, events with their leaves; proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, select

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.hashes import ArchivedHashes
from security_service.archive.tables import EVENTS, LEAVES
from security_service.domain.log_file import Leaf
from security_service.domain.log_ports import FoundLeaf
from security_service.domain.secret import Msisdn

_BATCH: Final = 2000
_MOST_OF_A_NUMBER: Final = 100


class ArchivedLog:
    """Reads the log in batches, each in a transaction of its own: what is read was never going to change."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self._database = database

    @property
    def size(self) -> int:
        """How many leaves there are."""
        with self._database.reading() as connection:
            return ArchivedHashes(connection).size

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        """Give hashes `256 * index` and on of row `level` of the tree."""
        with self._database.reading() as connection:
            return ArchivedHashes(connection).tile(level, index)

    def leaves(self, first: int, end: int) -> Iterator[Leaf]:
        """Give leaves `first` to `end - 1` in order.

        Whatever was pruned has a row without a text; one whose row is gone is left out, to be missed.
        """
        for start in range(first, end, _BATCH):
            until = min(start + _BATCH, end)
            asked = (
                select(LEAVES.c.leaf, LEAVES.c.hash, EVENTS.c.text)
                .join(EVENTS, EVENTS.c.leaf == LEAVES.c.leaf)
                .where(LEAVES.c.leaf >= start, LEAVES.c.leaf < until)
                .order_by(LEAVES.c.leaf)
            )
            with self._database.reading() as connection:
                rows = connection.execute(asked).all()
            for row in rows:
                text = None if row.text is None else str(row.text).encode("utf-8")
                yield Leaf(row.leaf, bytes(row.hash), text)

    def of_code(self, tenant: str, code_id: str, most: int) -> Sequence[FoundLeaf]:
        """Give a code's events by their leaves, the first ones where there are more than `most`."""
        asked = (
            select(EVENTS.c.leaf, EVENTS.c.text)
            .where(EVENTS.c.code_id == code_id, EVENTS.c.tenant == tenant, EVENTS.c.text.is_not(None))
            .order_by(EVENTS.c.leaf)
            .limit(most)
        )
        with self._database.reading() as connection:
            return [FoundLeaf(row.leaf, row.text) for row in connection.execute(asked)]

    def latest(self, tenant: str, number: Msisdn, kinds: Sequence[str], before: int) -> Sequence[FoundLeaf]:
        """Give a number's events of these kinds below leaf `before`: newest first, 100 at most."""
        of_number = (EVENTS.c.tenant == tenant, EVENTS.c.number == number.digits, EVENTS.c.kind.in_(kinds))
        return self._newest(of_number, before, _MOST_OF_A_NUMBER)

    def managed(self, kinds: Sequence[str], before: int) -> Iterator[FoundLeaf]:
        """Give events of these kinds that are about no number, below leaf `before`, newest first."""
        while True:
            batch = self._newest((EVENTS.c.kind.in_(kinds), EVENTS.c.number.is_(None)), before, _BATCH)
            yield from batch
            if len(batch) < _BATCH:
                return
            before = batch[-1].leaf

    def _newest(self, filters: Sequence[ColumnElement[bool]], before: int, most: int) -> Sequence[FoundLeaf]:
        asked = (
            select(EVENTS.c.leaf, EVENTS.c.text)
            .where(*filters, EVENTS.c.leaf < before, EVENTS.c.text.is_not(None))
            .order_by(EVENTS.c.leaf.desc())
            .limit(most)
        )
        with self._database.reading() as connection:
            return [FoundLeaf(row.leaf, row.text) for row in connection.execute(asked)]
