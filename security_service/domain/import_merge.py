"""What a row makes of a subscriber, and a subscriber as a row; leaves reading and writing to others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from security_service.domain.import_rows import COLUMNS, WAIVED, Row, RowMode, RowSim, escaped
from security_service.domain.imsi import Grade, ImsiMember, Reference, ReferenceMember
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber

_MOST_RETIRED: Final = 8
_DAY: Final = 86_400
IMPORTED: Final = "imported"
"""The reason of a mode whose row gave none."""

HEADER: Final = ",".join(COLUMNS)
"""The first line of an export."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Who imports: `now` is Unix seconds; with `replaces` a row stands in for what is known."""

    actor: str
    now: int
    override_days: int
    replaces: bool = False


def merged(row: Row, before: Subscriber, importer: Importer) -> Subscriber:
    """Give the subscriber after a row; `before` itself where the row has nothing to add.

    Without `replaces` a row fills in what is missing: a reference that is there, and a mode that a
    person set, stay as they are.
    """
    after = before
    if row.sims and (importer.replaces or not before.reference):
        reference = _reference(row, before.reference, importer)
        if reference != before.reference:
            after = Subscriber(reference) if before is NEW_SUBSCRIBER else before.with_reference(reference)
    if row.mode is not None and (importer.replaces or before.override_at(importer.now) is None):
        override = _override(row.mode, before.override, after, importer)
        if override is not before.override:
            after = replace(after, override=override)
    return after


def _reference(row: Row, before: Reference, importer: Importer) -> Reference:
    members = tuple([_member(sim, before, importer.now) for sim in row.sims])
    if not before.members and not before.retired:
        return Reference(members)
    old = (*before.retired, *(member.imsi for member in before.members))
    retired = tuple(one for one in old if not any(sim.imsi.equals(one) for sim in row.sims))
    return Reference(members, retired[-_MOST_RETIRED:])


def _member(sim: RowSim, before: Reference, now: int) -> ReferenceMember:
    """A SIM that is trusted already keeps what the row leaves out, and was not seen earlier by it."""
    known = _known(sim, before) if before.members else None
    if known is None:
        last = now if sim.last_seen is None else sim.last_seen
        first = last if sim.first_seen is None else sim.first_seen
        grade = sim.grade or Grade.FIRST_SEEN
        return ReferenceMember(sim.imsi.newest(), first, max(first, last), grade, sim.age_waived)
    first = known.first_seen if sim.first_seen is None else sim.first_seen
    last = max(first, known.last_seen, sim.last_seen or 0)
    imsi = known.imsi
    operator = sim.imsi.newest().mcc_mnc
    if operator and operator != imsi.mcc_mnc:
        imsi = replace(imsi, mcc_mnc=operator)
    if sim.grade is None:
        return ReferenceMember(imsi, first, last, known.grade, known.age_waived)
    return ReferenceMember(imsi, first, last, sim.grade, sim.age_waived)


def _known(sim: RowSim, before: Reference) -> ReferenceMember | None:
    return next((one for one in before.members if sim.imsi.equals(one.imsi)), None)


def _override(
    mode: RowMode, before: Override | None, after: Subscriber, importer: Importer
) -> Override | None:
    held = before if before is not None and before.until > importer.now else None
    if mode.mode is Mode.CHECK:
        return None if held is not None else before
    bound_to = mode.bound_to
    if held is not None and _says_the_same(mode, held):
        return before
    until = importer.now + importer.override_days * _DAY if mode.until is None else mode.until
    evidence = bound_to or _newest_known(after)
    reason = mode.reason or IMPORTED
    return Override(mode.mode, importer.actor, reason, importer.now, until, evidence, bound_to is not None)


def _says_the_same(mode: RowMode, held: Override) -> bool:
    return (
        held.mode is mode.mode
        and mode.until in {None, held.until}
        and mode.reason in {"", escaped(held.reason), held.reason}
        and mode.bound_to == (held.evidence if held.bound else None)
    )


def _newest_known(subscriber: Subscriber) -> ImsiMember | None:
    if subscriber.candidate is not None:
        return subscriber.candidate.imsi
    members = subscriber.reference.members
    return max(members, key=lambda member: member.last_seen).imsi if members else None


def row_of(number: Msisdn, subscriber: Subscriber, now: int) -> str:
    """Give a subscriber as a line of an export; '' where nothing is trusted and no mode is in force.

    IMSIs stand in it as keyed digests. A SIM that was seen to be new, and nobody judged, does not.
    """
    override, members = subscriber.override_at(now), subscriber.reference.members
    if not members and override is None:
        return ""
    bound = override.evidence if override is not None and override.bound else None
    cells = (
        number.digits,
        Mode.CHECK.value if override is None else override.mode.value,
        "" if override is None else written_time(override.until),
        "",
        " ".join(member.imsi.token() for member in members),
        _words([member.imsi.mcc_mnc for member in members]),
        " ".join(written_time(member.first_seen) for member in members),
        " ".join(written_time(member.last_seen) for member in members),
        " ".join(member.grade.word + (WAIVED if member.age_waived else "") for member in members),
        "" if override is None else escaped(override.reason) or IMPORTED,
        "" if bound is None else bound.token(),
    )
    return ",".join(_quoted(cell) for cell in cells)


def _words(words: list[str]) -> str:
    return " ".join(word or "-" for word in words) if any(words) else ""


def _quoted(cell: str) -> str:
    if "," not in cell and '"' not in cell and ";" not in cell:
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def written_time(seconds: int) -> str:
    """Give Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
