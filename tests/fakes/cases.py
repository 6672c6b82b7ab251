"""Cases and bans in memory: what is written is listed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from security_service.domain.audit import Event, EventKind
from security_service.domain.bans import Ban
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
from security_service.domain.imsi import SealedImsi
from security_service.domain.jobs import Job
from tests.fakes.store import MemoryStore


class MemoryCases:
    """The ports Cases, CaseDesk and CatchUp; `away` is called instead of catching up."""

    def __init__(self, store: MemoryStore, *cases: Case) -> None:
        self.store = store
        self.held = {case.id: case for case in cases}
        self.written: dict[str, list[CaseNote]] = {}
        self.moved: list[str] = []
        self.away: Exception | None = None

    # --- Cases

    def page(self, query: CaseQuery) -> CasePage:
        found = [case for case in self.held.values() if self._matches(query, case)]
        found.sort(key=lambda case: (case.state is CaseState.CLOSED, -(case.amount or 0), case.opened_ms))
        return CasePage(tuple(found[: query.count]), "")

    def find(self, tenant: str, case: str) -> Case | None:
        found = self.held.get(case)
        return found if found is not None and found.tenant == tenant else None

    def notes(self, tenant: str, case: str) -> Sequence[CaseNote]:
        return self.written.get(case, [])

    def alarms(self, tenant: str, since_ms: int, until_ms: int) -> Sequence[OperatorAlarms]:
        ended = [
            case
            for case in self.held.values()
            if case.tenant == tenant and case.outcome and since_ms <= case.closed_ms < until_ms
        ]
        return [
            OperatorAlarms(
                operator,
                *(
                    sum(case.operator == operator and case.outcome is outcome for case in ended)
                    for outcome in CaseOutcome
                ),
            )
            for operator in sorted({case.operator for case in ended})
        ]

    @staticmethod
    def _matches(query: CaseQuery, case: Case) -> bool:
        return (
            case.tenant == query.tenant
            and query.state in {None, case.state}
            and query.assignee in {"", case.assignee or "-"}
            and query.operator in {"", case.operator}
            and query.number in {None, case.number}
        )

    # --- CaseDesk

    def write(self, case: Case, event: Event) -> bool:
        return self._take(case, event, ())

    def close(self, case: Case, event: Event, jobs: Sequence[Job]) -> bool:
        return self._take(case, event, jobs)

    def _take(self, case: Case, event: Event, jobs: Sequence[Job]) -> bool:
        self.store.check()
        held = self.held[case.id]
        if held.closed_how is ClosedBy.PERSON:
            return False
        self.store.emit(event.kind.value, case.tenant, case.number, event.facts)
        self.store.jobs.add(*jobs)
        self.held[case.id] = self._after(held, event)
        return True

    def _after(self, case: Case, event: Event) -> Case:
        facts, now = event.facts, self.store.now_ms
        if event.kind is EventKind.CASE_ASSIGNED:
            return replace(case, assignee=str(facts["assignee"]))
        text = str(facts["note" if event.kind is EventKind.CASE_NOTED else "reason"])
        self.written.setdefault(case.id, []).append(CaseNote(now, str(facts["actor"]), text))
        if event.kind is EventKind.CASE_NOTED:
            return replace(case, last_note_ms=now)
        return replace(
            case,
            state=CaseState.CLOSED,
            outcome=CaseOutcome(str(facts["outcome"])),
            closed_ms=now,
            closed_by=str(facts["actor"]),
            closed_how=ClosedBy.PERSON,
            last_note_ms=now,
        )

    # --- CatchUp

    def shard(self, name: str) -> None:
        if self.away is not None:
            raise self.away
        self.moved.append(name)


class MemoryBans:
    """The ports Bans and BanBook."""

    def __init__(self, store: MemoryStore, *banned: tuple[str, str]) -> None:
        self.store = store
        self.banned: dict[tuple[str, str], Ban] = {}
        self.lifted: set[tuple[str, str, str]] = set()
        self.known = set(banned)

    def is_banned(self, tenant: str, imsi: SealedImsi) -> bool:
        return any(
            (tenant, member.token()) in self.banned or (tenant, member.token()) in self.known
            for member in imsi.members
        )

    def put(self, ban: Ban, event: Event) -> bool:
        self.store.check()
        key = ban.tenant, ban.imsi
        if key in self.banned or (*key, ban.case) in self.lifted:
            return False
        self.banned[key] = replace(ban, at_ms=self.store.now_ms)
        self.store.emit(event.kind.value, ban.tenant, ban.number, {**event.facts, "imsi": ban.imsi})
        return True

    def lift(self, ban: Ban, event: Event) -> bool:
        self.store.check()
        if self.banned.pop((ban.tenant, ban.imsi), None) is None:
            return False
        self.lifted.add((ban.tenant, ban.imsi, ban.case))
        self.store.emit(event.kind.value, ban.tenant, ban.number, {**event.facts, "imsi": ban.imsi})
        return True

    def every(self, tenant: str) -> Sequence[Ban]:
        return [ban for (owner, _), ban in self.banned.items() if owner == tenant][::-1]
