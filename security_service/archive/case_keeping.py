"""Keeps cases as their events tell, in the transaction that appends them; leaves lists to `case_reader`.

A case opens with its event. A later refusal of the same SIM raises what is at stake. It closes by a
person's word, or as confirmed once its SIM is trusted: by a re-verify, as a second SIM, or by the bank
that owns the reference. A person's word goes before that. Nothing here fails for what an event says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.case_tables import CASE_NOTES, CASES
from security_service.domain.audit import EventKind
from security_service.domain.cases import CaseOutcome, ClosedBy, case_id

_LONGEST_NAME: Final = 64
_LONGEST_TOKEN: Final = 96
_LARGEST: Final = 2**62


def keep_cases(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Bring the cases up to date with events, in their order."""
    for event in events:
        keep = _KINDS.get(event.kind)
        if keep is not None and event.number and max(len(event.tenant), len(event.number)) <= _LONGEST_NAME:
            keep(connection, event)


def _opened(connection: Connection, event: ArchivedEvent) -> None:
    facts = event.read["facts"]
    amount = _amount(facts)
    row = {
        "id": case_id(event.shard, event.seq),
        "tenant": event.tenant,
        "number": event.number,
        "opened_at": event.at_ms,
        "reason": _word(facts, "reason", 64),
        "imsi": _word(facts, "imsi", _LONGEST_TOKEN),
        "amount": amount,
        "currency": _word(facts, "currency", 8),
        "band": _word(facts, "band", 64),
        "operator": _word(facts, "operator", 64),
        "code_id": _word(facts, "code_id", 64),
        "purpose": _word(facts, "purpose", 64),
        "assignee": "",
        "closed": 0,
        "outcome": "",
        "closed_at": 0,
        "closed_by": "",
        "closed_how": "",
        "last_note_at": 0,
        "rank": amount or 0,
    }
    connection.execute(insert(CASES).values(row))


def _refused(connection: Connection, event: ArchivedEvent) -> None:
    """A refusal for the same SIM while the case is open: the greatest amount is what is at stake."""
    facts, sim = event.read["facts"], event.read["facts"].get("sim")
    amount = _amount(facts)
    if amount is None or facts.get("verdict") == "send" or not isinstance(sim, Mapping):
        return
    currency, imsi = _word(facts, "currency", 8), _word(sim, "imsi", _LONGEST_TOKEN)
    if not imsi:
        return
    is_more = or_(CASES.c.amount.is_(None), and_(CASES.c.currency == currency, CASES.c.amount < amount))
    connection.execute(
        update(CASES)
        .where(*_open_of(event), CASES.c.imsi == imsi, is_more)
        .values(
            amount=amount,
            currency=currency,
            band=_word(facts, "band", 64),
            purpose=_word(facts, "purpose", 64),
            rank=amount,
        )
    )


def _assigned(connection: Connection, event: ArchivedEvent) -> None:
    assignee = _word(event.read["facts"], "assignee", 160)
    connection.execute(update(CASES).where(*_named(event), CASES.c.closed == 0).values(assignee=assignee))


def _noted(connection: Connection, event: ArchivedEvent) -> None:
    _write_note(connection, event, "note")


def _closed(connection: Connection, event: ArchivedEvent) -> None:
    """A person's word also goes over what was closed because the SIM became trusted."""
    facts = event.read["facts"]
    may_close = or_(CASES.c.closed == 0, CASES.c.closed_how == ClosedBy.TRUSTED.value)
    connection.execute(
        update(CASES)
        .where(*_named(event), may_close)
        .values(_end(event, _word(facts, "outcome", 32), ClosedBy.PERSON))
    )
    _write_note(connection, event, "reason")


def _trusted(connection: Connection, event: ArchivedEvent) -> None:
    """The SIM in question is trusted now; the case may have its token under an older key."""
    facts = event.read["facts"]
    if event.kind == EventKind.REFERENCE_LEARNT and facts.get("reason") != "caller_owns_reference":
        return
    more = facts.get("tokens")
    told = [facts.get("imsi"), facts.get("expected"), *(more if isinstance(more, list) else ())]
    tokens = [one for one in told if isinstance(one, str) and 0 < len(one) <= _LONGEST_TOKEN]
    connection.execute(
        update(CASES)
        .where(*_open_of(event), CASES.c.imsi.in_(tokens))
        .values(_end(event, CaseOutcome.CUSTOMER_CONFIRMED.value, ClosedBy.TRUSTED))
    )


def _write_note(connection: Connection, event: ArchivedEvent, member: str) -> None:
    facts = event.read["facts"]
    note = facts.get(member)
    if not isinstance(note, str) or not note:
        return
    case = connection.execute(select(CASES.c.id).where(*_named(event))).scalar()
    if case is None:
        return
    row = {
        "leaf": event.leaf,
        "case_id": case,
        "tenant": event.tenant,
        "at_ms": event.at_ms,
        "actor": _word(facts, "actor", 160),
        "note": note.replace("\x00", ""),
    }
    connection.execute(insert(CASE_NOTES).values(row))
    connection.execute(update(CASES).where(*_named(event)).values(last_note_at=event.at_ms))


def _end(event: ArchivedEvent, outcome: str, how: ClosedBy) -> dict[str, object]:
    return {
        "closed": 1,
        "outcome": outcome,
        "closed_at": event.at_ms,
        "closed_by": _word(event.read["facts"], "actor", 160),
        "closed_how": how.value,
        "rank": event.at_ms,
    }


def _named(event: ArchivedEvent) -> list[ColumnElement[bool]]:
    """The case that an event names, of its own subscriber and no other."""
    name = _word(event.read["facts"], "case", 32)
    return [CASES.c.id == name, CASES.c.tenant == event.tenant, CASES.c.number == event.number]


def _open_of(event: ArchivedEvent) -> list[ColumnElement[bool]]:
    return [CASES.c.tenant == event.tenant, CASES.c.number == event.number, CASES.c.closed == 0]


def _word(facts: Mapping[str, Any], name: str, longest: int) -> str:
    value = facts.get(name)
    return value.replace("\x00", "")[:longest] if isinstance(value, str) else ""


def _amount(facts: Mapping[str, Any]) -> int | None:
    value = facts.get("amount")
    is_amount = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST
    return value if is_amount else None


_KINDS: Final[Mapping[str, Callable[[Connection, ArchivedEvent], None]]] = {
    EventKind.CASE_OPENED: _opened,
    EventKind.GATE_DECIDED: _refused,
    EventKind.CASE_ASSIGNED: _assigned,
    EventKind.CASE_NOTED: _noted,
    EventKind.CASE_CLOSED: _closed,
    EventKind.REVERIFIED: _trusted,
    EventKind.SIM_ADDED: _trusted,
    EventKind.REFERENCE_LEARNT: _trusted,
}
