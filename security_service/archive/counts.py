"""Counts events as they are appended, in steps of several lengths; leaves what counts to the domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.count_tables import COUNTS
from security_service.domain.counts import Step, tallies_of

_LONGEST_NAME: Final = 64
_ADDED: Final = ("count", "total_ms")


def keep_counts(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Add what events count for to each of the steps that they lie in.

    An hour is counted beside its minutes, not made of them later: a page reads few rows at once, and what is
    small may be forgotten while what is great is kept.
    """
    sums: dict[tuple[str, int, str, str, str], list[int]] = {}
    for event in events:
        if not event.tenant or len(event.tenant) > _LONGEST_NAME:
            continue
        minute = Step.MINUTE.begin(event.at_ms)
        for tally in tallies_of(event.read):
            if not tally.name and not tally.label:
                continue
            held = sums.setdefault((event.tenant, minute, tally.what, tally.name, tally.label), [0, 0])
            held[0] += tally.count
            held[1] += tally.total_ms
    if sums:
        _add(connection, _rows(sums))


def _rows(sums: dict[tuple[str, int, str, str, str], list[int]]) -> list[dict[str, object]]:
    """Give one row for each step of each length, in one order always."""
    whole: dict[tuple[str, int, int, str, str, str], list[int]] = {}
    for (tenant, minute, what, name, label), (count, total_ms) in sums.items():
        for step in Step:
            key = tenant, step.value, step.begin(minute), what, name, label
            held = whole.setdefault(key, [0, 0])
            held[0] += count
            held[1] += total_ms
    columns = [column.name for column in COUNTS.c]
    return [dict(zip(columns, (*key, *whole[key]), strict=True)) for key in sorted(whole)]


def _add(connection: Connection, rows: list[dict[str, object]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(COUNTS)
    added = {name: COUNTS.c[name] + statement.excluded[name] for name in _ADDED}
    keys = [column.name for column in COUNTS.primary_key]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), rows)
