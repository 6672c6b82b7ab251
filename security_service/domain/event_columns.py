"""What an event is searched by, and whether it answers a query; leaves its text to `audit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from security_service.domain.audit import AuditQuery

_LONGEST: Final = 64

# Where an event may tell a thing, the first place that tells it counts.
_REASONS: Final = (("outcome", "reason"), ("facts", "reason"))
_CODES: Final = (("facts", "code_id"), ("outcome", "code_id"))
_ACTORS: Final = (("facts", "actor"),)
_OPERATORS: Final = (("facts", "operator"), ("facts", "mcc_mnc"), ("subject", "mcc_mnc"))


@dataclass(frozen=True, slots=True)
class EventColumns:
    """What an event is searched by; '' for what it does not tell.

    `number` is in digits; `operator` is an MCC-MNC; words longer than 64 characters are no words to
    search by.
    """

    kind: str
    tenant: str
    number: str
    verdict: str
    reason: str
    code_id: str
    actor: str
    operator: str


def columns_of(event: Mapping[str, Any]) -> EventColumns:
    """Give the columns of an event that was read from its canonical text (design, section 4)."""
    sim = event["facts"].get("sim")
    operator = _first(event, _OPERATORS)
    if not operator and isinstance(sim, Mapping):
        operator = _word(sim.get("mcc_mnc"))
    return EventColumns(
        kind=event["kind"],
        tenant=_word(event["subject"].get("tenant")),
        number=_word(event["subject"].get("number")),
        verdict=_word(event["facts"].get("verdict")),
        reason=_first(event, _REASONS),
        code_id=_first(event, _CODES),
        actor=_first(event, _ACTORS),
        operator=operator,
    )


def is_answer(query: AuditQuery, columns: EventColumns) -> bool:
    """Tell whether an event is asked for; times and places are for those who read in their order."""
    return (
        (not query.tenant or columns.tenant == query.tenant)
        and (query.number is None or columns.number == query.number.digits)
        and (not query.kind or columns.kind == query.kind)
        and (not query.verdict or columns.verdict == query.verdict)
        and (not query.reason or columns.reason == query.reason)
        and (not query.code_id or columns.code_id == query.code_id)
        and (not query.actor or columns.actor == query.actor)
        and (not query.operator or columns.operator == query.operator)
    )


def _first(event: Mapping[str, Any], places: tuple[tuple[str, str], ...]) -> str:
    for part, name in places:
        word = _word(event[part].get(name))
        if word:
            return word
    return ""


def _word(value: object) -> str:
    # What cannot be printed cannot be typed into a search either, and some of it no database takes.
    is_word = isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()
    return str(value) if is_word else ""
