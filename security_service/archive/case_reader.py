"""Reads cases in the order in which they are worked on, and counts how they ended; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.engine import Row

from security_service.archive.case_tables import CASE_NOTES, CASES
from security_service.archive.engine import ArchiveDatabase
from security_service.domain.cases import (
    Case,
    CaseNote,
    CaseOutcome,
    CasePage,
    CaseQuery,
    CaseState,
    ClosedBy,
    OperatorAlarms,
)
from security_service.domain.secret import Msisdn

_NOBODY: Final = "-"
_PARTS_OF_A_CURSOR: Final = 4


class CaseReader:
    """Implements the port Cases."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self._database = database

    def page(self, query: CaseQuery) -> CasePage:
        """Give a page: open cases by amount and age, then closed ones, the last closed first."""
        asked = (
            select(CASES)
            .where(*_filters(query), *_behind(query.cursor))
            .order_by(CASES.c.closed, CASES.c.rank.desc(), CASES.c.opened_at, CASES.c.id)
            .limit(query.count + 1)
        )
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        given = rows[: query.count]
        more = len(rows) > query.count
        return CasePage(tuple(_case(row) for row in given), _cursor(given[-1]) if more else "")

    def find(self, tenant: str, case: str) -> Case | None:
        """Give one case of a tenant, None where there is none of that id."""
        asked = select(CASES).where(CASES.c.id == case, CASES.c.tenant == tenant)
        with self._database.reading() as connection:
            row = connection.execute(asked).one_or_none()
        return None if row is None else _case(row)

    def notes(self, tenant: str, case: str) -> Sequence[CaseNote]:
        """Give what was written on a case, oldest first."""
        asked = (
            select(CASE_NOTES.c.at_ms, CASE_NOTES.c.actor, CASE_NOTES.c.note)
            .where(CASE_NOTES.c.tenant == tenant, CASE_NOTES.c.case_id == case)
            .order_by(CASE_NOTES.c.leaf)
        )
        with self._database.reading() as connection:
            return [CaseNote(row.at_ms, row.actor, row.note) for row in connection.execute(asked)]

    def alarms(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[OperatorAlarms]:
        """Count by operator how the cases closed in a period ended; the most closed first."""
        asked = (
            select(CASES.c.operator, CASES.c.outcome, func.count().label("count"))
            .where(
                CASES.c.tenant == tenant,
                CASES.c.closed == 1,
                CASES.c.closed_at >= since_ms,
                CASES.c.closed_at < until_ms,
            )
            .group_by(CASES.c.operator, CASES.c.outcome)
        )
        counts: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for operator, outcome, count in connection.execute(asked):
                counts.setdefault(operator, {})[outcome] = count
        alarms = [
            OperatorAlarms(operator, *(ended.get(outcome.value, 0) for outcome in CaseOutcome))
            for operator, ended in counts.items()
        ]
        return sorted(alarms, key=lambda one: (-one.closed, one.operator))


def _filters(query: CaseQuery) -> list[ColumnElement[bool]]:
    filters = [CASES.c.tenant == query.tenant]
    if query.state is not None:
        filters.append(CASES.c.closed == (1 if query.state is CaseState.CLOSED else 0))
    if query.assignee:
        filters.append(CASES.c.assignee == ("" if query.assignee == _NOBODY else query.assignee))
    if query.operator:
        filters.append(CASES.c.operator == query.operator)
    if query.number is not None:
        filters.append(CASES.c.number == query.number.digits)
    return filters


def _cursor(row: Row[Any]) -> str:
    return f"{row.closed}:{row.rank}:{row.opened_at}:{row.id}"


def _behind(cursor: str) -> list[ColumnElement[bool]]:
    """What comes behind the last case of a page; a cursor that is none of ours begins anew."""
    parts = cursor.split(":")
    if len(parts) != _PARTS_OF_A_CURSOR or not all(one.isdecimal() and len(one) < 19 for one in parts[:3]):
        return []
    closed, rank, opened_at = (int(one) for one in parts[:3])
    later = or_(CASES.c.opened_at > opened_at, and_(CASES.c.opened_at == opened_at, CASES.c.id > parts[3]))
    lower = or_(CASES.c.rank < rank, and_(CASES.c.rank == rank, later))
    return [or_(CASES.c.closed > closed, and_(CASES.c.closed == closed, lower))]


def _case(row: Row[Any]) -> Case:
    return Case(
        id=row.id,
        tenant=row.tenant,
        number=Msisdn(row.number),
        opened_ms=row.opened_at,
        reason=row.reason,
        imsi=row.imsi,
        amount=row.amount,
        currency=row.currency,
        band=row.band,
        operator=row.operator,
        code_id=row.code_id,
        purpose=row.purpose,
        assignee=row.assignee,
        state=CaseState.CLOSED if row.closed else CaseState.OPEN,
        outcome=CaseOutcome(row.outcome) if row.outcome in set(CaseOutcome) else None,
        closed_ms=row.closed_at,
        closed_by=row.closed_by,
        closed_how=ClosedBy(row.closed_how) if row.closed_how else None,
        last_note_ms=row.last_note_at,
    )
