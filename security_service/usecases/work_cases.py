"""Work on cases: list, assign, note, close with an outcome; leaves keeping them to archive and store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.case_ports import CaseDesk, Cases, CatchUp
from security_service.domain.cases import (
    Case,
    CaseNote,
    CaseOutcome,
    CasePage,
    CaseQuery,
    CaseState,
    ClosedBy,
    OperatorAlarms,
    is_case_id,
    shard_of,
)
from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.domain.ports import Chance
from security_service.usecases.keep_bans import KeepBans

NOBODY: Final = ""
"""The assignee of a case that is given back."""


@dataclass(frozen=True, slots=True)
class CaseWorker:
    """Who works on a case of which tenant. The face has made sure that they may act for this tenant."""

    tenant: str
    actor: Actor
    request_id: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was written on it, oldest first."""

    case: Case
    notes: tuple[CaseNote, ...]


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """Done; this is the case now."""

    case: Case


@dataclass(frozen=True, slots=True)
class NoSuchCase:
    """The tenant has no case of this id."""


@dataclass(frozen=True, slots=True)
class CaseIsClosed:
    """Somebody closed the case before; nothing was written."""

    case: Case


@dataclass(frozen=True, slots=True)
class MayNotWork:
    """The actor's roles do not allow work on cases."""


CaseWork = CaseChanged | NoSuchCase | CaseIsClosed | MayNotWork


@dataclass(frozen=True, slots=True)
class WorkCases:
    """Every action is an event in the subscriber's shard, and the archive makes the lists of those.

    After an action the archive takes the shard in, so that lists show it at once; where it cannot,
    the action stands all the same. All methods may raise StoreUnavailable and ArchiveUnavailable.
    """

    cases: Cases
    desk: CaseDesk
    catch_up: CatchUp
    bans: KeepBans
    chance: Chance

    def page(self, query: CaseQuery) -> CasePage:
        """Give a page of cases, what needs a person first."""
        return self.cases.page(query)

    def view(self, tenant: str, case: str) -> CaseView | NoSuchCase:
        """Give one case with its notes."""
        found = self.cases.find(tenant, case) if is_case_id(case) else None
        return NoSuchCase() if found is None else CaseView(found, tuple(self.cases.notes(tenant, case)))

    def alarms(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[OperatorAlarms]:
        """Count by operator how the cases closed in a period (Unix milliseconds) ended."""
        return self.cases.alarms(tenant, since_ms, until_ms)

    def assign(self, worker: CaseWorker, case: str, assignee: str) -> CaseWork:
        """Give a case to somebody; `NOBODY` gives it back."""
        found = self._open(worker, case)
        if not isinstance(found, Case):
            return found
        event = _event(EventKind.CASE_ASSIGNED, worker, found, {"assignee": assignee})
        return self._written(found, replace(found, assignee=assignee), event)

    def note(self, worker: CaseWorker, case: str, note: str) -> CaseWork:
        """Write on an open case."""
        found = self._open(worker, case)
        if not isinstance(found, Case):
            return found
        event = _event(EventKind.CASE_NOTED, worker, found, {"note": note})
        return self._written(found, found, event)

    def close(self, worker: CaseWorker, case: str, outcome: CaseOutcome, reason: str) -> CaseWork:
        """Close a case; as fraud it bans the SIM in question for the tenant.

        Of two people who close it at once one does, and the other learns that it is closed.
        """
        found = self._open(worker, case)
        if not isinstance(found, Case):
            return found
        name, is_fraud = worker.actor.name, outcome is CaseOutcome.FRAUD
        facts: dict[str, Json] = {"imsi": found.imsi, "outcome": outcome.value, "reason": reason}
        event = _event(EventKind.CASE_CLOSED, worker, found, facts)
        # written with the end of the case, so that a crash before the ban leaves no fraud unbanned
        jobs = [self.bans.job(found, name, self.chance.token())] if is_fraud else []
        if not self.desk.close(found, event, jobs):
            return CaseIsClosed(found)
        if is_fraud:
            self.bans.ban(found, name, worker.request_id)
        after = replace(
            found, state=CaseState.CLOSED, outcome=outcome, closed_by=name, closed_how=ClosedBy.PERSON
        )
        return CaseChanged(self._as_listed(after))

    def _open(self, worker: CaseWorker, case: str) -> Case | NoSuchCase | CaseIsClosed | MayNotWork:
        """Give the case as it is once everything written by now is taken in."""
        if not worker.actor.may(Role.ANALYST, Role.LEAD):
            return MayNotWork()
        if not is_case_id(case):
            return NoSuchCase()
        self.catch_up.shard(shard_of(case))
        found = self.cases.find(worker.tenant, case)
        if found is None:
            return NoSuchCase()
        return found if found.state is CaseState.OPEN else CaseIsClosed(found)

    def _written(self, before: Case, after: Case, event: Event) -> CaseWork:
        if not self.desk.write(before, event):
            return CaseIsClosed(before)
        return CaseChanged(self._as_listed(after))

    def _as_listed(self, case: Case) -> Case:
        """Give the case as the archive has it by now, or as it will have it."""
        try:
            self.catch_up.shard(case.shard)
            return self.cases.find(case.tenant, case.id) or case
        except (ArchiveUnavailable, StoreUnavailable):
            return case


def _event(kind: EventKind, worker: CaseWorker, case: Case, facts: dict[str, Json]) -> Event:
    about: dict[str, Json] = {
        "actor": worker.actor.name,
        "case": case.id,
        "request_id": worker.request_id,
        **facts,
    }
    return Event(kind, about)
