"""The ArchivedStates port: what events left behind, read page by page; leaves keeping it to `states`."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, select, tuple_

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.hashes import ArchivedHashes
from security_service.archive.state_tables import GUESS_STATES, MANAGEMENT_STATES, RECORD_STATES
from security_service.archive.states import INSTALLATION
from security_service.archive.tables import POSITIONS
from security_service.domain.kept_states import (
    GuessState,
    ManagedKind,
    ManagedState,
    RecordState,
    Remembered,
    SubscriberPlace,
)
from security_service.domain.merkle import root
from security_service.domain.secret import Msisdn


class StateReader:
    """Reads each page in a transaction of its own, so that a long rebuild holds nothing up."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self._database = database

    def remembered(self) -> Remembered | None:
        """Give what is known of the store; None where the archive was told of no initialised store."""
        table = MANAGEMENT_STATES.c
        with self._database.reading() as connection:
            told = connection.execute(
                select(table.document).where(table.kind == INSTALLATION, table.id == "")
            ).scalar_one_or_none()
            if told is None:
                return None
            positions = connection.execute(select(POSITIONS.c.shard, POSITIONS.c.seq)).all()
            hashes = ArchivedHashes(connection)
            size = hashes.size
            head = root(hashes, size).hex()
        known = json.loads(told)
        return Remembered(
            known["installation"],
            known["buckets"],
            {row.shard: row.seq for row in positions},
            size,
            head,
        )

    def records(self, shard: str, after: SubscriberPlace | None, count: int) -> Sequence[RecordState]:
        """Give records of a shard in the order of their places, from behind one; [] at the end."""
        return [
            RecordState(_place(row), b64decode(row.record))
            for row in self._page(RECORD_STATES, shard, after, count)
        ]

    def guesses(self, shard: str, after: SubscriberPlace | None, count: int) -> Sequence[GuessState]:
        """Give guesses of a shard likewise."""
        return [
            GuessState(_place(row), json.loads(row.state), row.at_ms)
            for row in self._page(GUESS_STATES, shard, after, count)
        ]

    def managed(self, kind: ManagedKind) -> Sequence[ManagedState]:
        """Give all things of a kind, by their names."""
        table = MANAGEMENT_STATES.c
        asked = select(table.id, table.document).where(table.kind == kind.value).order_by(table.id)
        with self._database.reading() as connection:
            return [ManagedState(kind, row.id, row.document) for row in connection.execute(asked)]

    def _page(
        self, table: Table, shard: str, after: SubscriberPlace | None, count: int
    ) -> Sequence[Row[Any]]:
        asked = select(table).where(table.c.shard == shard)
        if after is not None:
            place = tuple_(table.c.tenant, table.c.number)
            asked = asked.where(place > tuple_(after.tenant, after.number.digits))
        with self._database.reading() as connection:
            return connection.execute(asked.order_by(table.c.tenant, table.c.number).limit(count)).all()


def _place(row: Row[Any]) -> SubscriberPlace:
    return SubscriberPlace(row.tenant, Msisdn(row.number))
