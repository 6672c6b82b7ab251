"""The ports of forwarding over the archive: the log in its order, and how far each target is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Row, insert, select, update

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.tables import EVENTS, FORWARD_TARGETS, LOG
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.forwarding_ports import Claim, ForwardState, HeldElsewhere, KeptLeaf, Stretch

_LOOKED_AT: Final = 5000
_STATE: Final = ("next_leaf", "failures", "reason", "retry_at_ms", "off_at_ms", "told_at_ms")
_LONGEST_REASON: Final = 64


class ArchivedForwarding:
    """Implements ForwardLog, ForwardBook and ForwardDesk for one installation.

    Leaves come in the order of their commits, for whoever appends holds the log's row: no leaf turns
    up below one that was read.
    """

    def __init__(self, database: ArchiveDatabase, installation: str) -> None:
        self._database, self._installation = database, installation

    def stretch(self, first: int, kinds: Sequence[str], most: int) -> Stretch:
        """Give the next `most` events of these kinds from leaf `first` on, of 5000 leaves at most."""
        asked = (
            select(EVENTS.c.leaf, EVENTS.c.at_ms, EVENTS.c.text)
            .where(EVENTS.c.leaf >= first, EVENTS.c.leaf < first + _LOOKED_AT, EVENTS.c.text.is_not(None))
            .order_by(EVENTS.c.leaf)
            .limit(most)
        )
        if kinds:
            asked = asked.where(EVENTS.c.kind.in_(kinds))
        with self._database.reading() as connection:
            size = self._size(connection)
            rows = connection.execute(asked).all()
            oldest = connection.execute(select(EVENTS.c.at_ms).where(EVENTS.c.leaf == first)).scalar()
        # A commit between the first two reads may have brought more; those are left for the next call.
        events = tuple(KeptLeaf(row.leaf, row.at_ms, row.text) for row in rows if row.leaf < size)
        end = events[-1].leaf + 1 if len(events) == most else min(first + _LOOKED_AT, size)
        return Stretch(events, max(end, first), size, oldest or 0)

    def take(self, claim: Claim) -> ForwardState | HeldElsewhere:
        """Serve a target, or go on serving it; at least half the time until `until_ms` is then left."""
        enough = claim.now_ms + (claim.until_ms - claim.now_ms) // 2
        with self._database.reading() as connection:
            row = _row(connection, claim.target)
        if row is not None and row.holder == claim.holder and row.held_until_ms >= enough:
            return _state(row)
        if row is not None and row.holder != claim.holder and row.held_until_ms > claim.now_ms:
            return HeldElsewhere()
        with self._database.writing() as connection:
            return self._take(connection, claim)

    def keep(self, target: str, holder: str, state: ForwardState) -> bool:
        """Remember how far a target is, durably; False, and nothing done, where another serves it now."""
        values = {name: getattr(state, name) for name in _STATE}
        values["reason"] = state.reason[:_LONGEST_REASON]
        ours = (FORWARD_TARGETS.c.target == target, FORWARD_TARGETS.c.holder == holder)
        with self._database.writing() as connection:
            return bool(connection.execute(update(FORWARD_TARGETS).where(*ours).values(values)).rowcount)

    def release(self, target: str, holder: str) -> None:
        """Serve a target no longer, so that another may at once."""
        ours = (FORWARD_TARGETS.c.target == target, FORWARD_TARGETS.c.holder == holder)
        with self._database.writing() as connection:
            connection.execute(update(FORWARD_TARGETS).where(*ours).values(holder="", held_until_ms=0))

    def states(self) -> Mapping[str, ForwardState]:
        """Give how far every target is that ever was served."""
        with self._database.reading() as connection:
            return {row.target: _state(row) for row in connection.execute(select(FORWARD_TARGETS))}

    def size(self) -> int:
        """Tell how many leaves the log has."""
        with self._database.reading() as connection:
            return self._size(connection)

    def resume(self, target: str) -> bool:
        """Have a target tried again at once, on if it was off; False where it never was served."""
        values = {"failures": 0, "reason": "", "retry_at_ms": 0, "off_at_ms": 0}
        asked = update(FORWARD_TARGETS).where(FORWARD_TARGETS.c.target == target).values(values)
        with self._database.writing() as connection:
            return bool(connection.execute(asked).rowcount)

    def _take(self, connection: Connection, claim: Claim) -> ForwardState | HeldElsewhere:
        """Take or renew, alone: all who do so hold the target's row, or the log's until there is one."""
        row = _row(connection, claim.target, hold=True)
        if row is None:
            connection.execute(select(LOG.c.id).with_for_update())
            row = _row(connection, claim.target, hold=True)
        if row is None:
            state = ForwardState(0 if claim.from_begin else self._size(connection))
            connection.execute(
                insert(FORWARD_TARGETS).values(
                    target=claim.target,
                    holder=claim.holder,
                    held_until_ms=claim.until_ms,
                    **{name: getattr(state, name) for name in _STATE},
                )
            )
            return state
        if row.holder != claim.holder and row.held_until_ms > claim.now_ms:
            return HeldElsewhere()
        connection.execute(
            update(FORWARD_TARGETS)
            .where(FORWARD_TARGETS.c.target == claim.target)
            .values(holder=claim.holder, held_until_ms=claim.until_ms)
        )
        return _state(row)

    def _size(self, connection: Connection) -> int:
        log = connection.execute(select(LOG.c.size, LOG.c.installation)).one()
        if log.installation not in {None, self._installation}:
            raise ArchiveUnavailable("it holds the events of another installation")
        return int(log.size)


def _row(connection: Connection, target: str, *, hold: bool = False) -> Row[tuple[object, ...]] | None:
    asked = select(FORWARD_TARGETS).where(FORWARD_TARGETS.c.target == target)
    return connection.execute(asked.with_for_update() if hold else asked).one_or_none()


def _state(row: Row[tuple[object, ...]]) -> ForwardState:
    return ForwardState(*(getattr(row, name) for name in _STATE))
