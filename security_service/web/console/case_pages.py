"""Cases: open mismatches first, what people write on them, and how they close; leaves judging to people."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Actor, Role
from security_service.domain.cases import LONGEST_NOTE, Case, CaseOutcome, CaseQuery, CaseState
from security_service.domain.people import PersonState
from security_service.usecases.work_cases import (
    NOBODY,
    CaseChanged,
    CaseIsClosed,
    CaseView,
    CaseWork,
    CaseWorker,
    MayNotWork,
    NoSuchCase,
)
from security_service.web.console import forms
from security_service.web.console.figures import Writing
from security_service.web.console.notices import Notice, bad, good, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit

PAGE: Final = 25
_ALARM_DAYS: Final = 90
_DAY_MS: Final = 86_400_000
_LONGEST_WORD: Final = 160
_WORKERS: Final = frozenset({Role.ANALYST, Role.LEAD, Role.ADMIN})
_ME: Final = "me"
_NOBODYS: Final = "-"
_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY


class CasePages:
    """What waits to be judged, and what people do about it."""

    def __init__(self, services: ConsoleServices, screen: Screen, workers: frozenset[Role]) -> None:
        self._services, self._screen, self._workers = services, screen, workers

    def page(self) -> Response:
        """List cases, what needs a person first, with the measured false alarms of each operator."""
        tenant = chosen_tenant(self._services)
        asked = {name: request.args.get(name, "")[:64] for name in ("state", "whose", "operator", "after")}
        now_ms = self._services.clock.unix_ms()
        found = self._services.work_cases.page(_query(tenant.id, asked))
        alarms = self._services.work_cases.alarms(tenant.id, now_ms - _ALARM_DAYS * _DAY_MS, now_ms + 1)
        return self._screen.show(
            "cases.html",
            cases=found.cases,
            following=found.next,
            asked=asked,
            alarms=() if asked["after"] else alarms,
            alarm_days=_ALARM_DAYS,
            now_ms=now_ms,
            write=Writing(this_visit().locale),
        )

    def show(self, case: str) -> Response:
        """Show one case with what was written on it."""
        return self._case(case)

    def assign(self, case: str) -> Response:
        """Give a case to somebody, or back; only to those who may work on it."""
        tenant, assignee = chosen_tenant(self._services).id, forms.line("assignee", _LONGEST_WORD)
        if assignee and assignee not in self._colleagues(tenant):
            return self._case(case, "cases.unknown_assignee")
        outcome = self._services.work_cases.assign(_worker(tenant), case, assignee or NOBODY)
        done = good("cases.assigned", assignee=assignee) if assignee else good("cases.given_back")
        return self._screen.go("case", _told(outcome, done), case=case)

    def note(self, case: str) -> Response:
        """Write on a case."""
        note = forms.text("note", LONGEST_NOTE)
        if not note:
            return self._case(case, "cases.note_missing")
        outcome = self._services.work_cases.note(_worker(chosen_tenant(self._services).id), case, note)
        return self._screen.go("case", _told(outcome, good("cases.noted")), case=case)

    def ask_close(self, case: str, outcome: str) -> Response:
        """Say what closing a case in this way does, and ask why."""
        return self._closing(case, _outcome(outcome))

    def close(self, case: str, outcome: str) -> Response:
        """Close a case; as fraud it bans the SIM in question."""
        ended, reason = _outcome(outcome), forms.text("reason")
        if not reason:
            return self._closing(case, ended, "deed.reason_missing")
        worker = _worker(chosen_tenant(self._services).id)
        done = self._services.work_cases.close(worker, case, ended, reason)
        return self._screen.go("case", _told(done, good(f"cases.closed.{ended}")), case=case)

    # --- inside ---------------------------------------------------------------------------------

    def _view(self, case: str) -> CaseView:
        view = self._services.work_cases.view(chosen_tenant(self._services).id, case)
        if isinstance(view, NoSuchCase):
            raise PageRefused(HTTPStatus.NOT_FOUND, "cases.unknown")
        return view

    def _case(self, case: str, fault: str = "") -> Response:
        view, person = self._view(case), this_visit().person
        may_work = person.may(self._workers) and view.case.state is CaseState.OPEN
        return self._screen.show(
            "case.html",
            _BAD if fault else HTTPStatus.OK,
            case=view.case,
            notes=view.notes,
            fault=fault,
            typed=forms.text("note", LONGEST_NOTE),
            most=LONGEST_NOTE,
            may_work=may_work,
            colleagues=self._colleagues(view.case.tenant) if may_work else (),
            outcomes=list(CaseOutcome),
            write=Writing(this_visit().locale),
        )

    def _closing(self, case: str, outcome: CaseOutcome, fault: str = "") -> Response:
        view = self._view(case)
        if view.case.state is CaseState.CLOSED:
            return self._screen.go("case", _closed(view.case), case=case)
        return self._screen.show(
            "case_close.html",
            _BAD if fault else HTTPStatus.OK,
            case=view.case,
            outcome=outcome,
            fault=fault,
            reason=forms.text("reason"),
            write=Writing(this_visit().locale),
        )

    def _colleagues(self, tenant: str) -> Sequence[str]:
        """Give the names of those who may work on cases of a tenant."""
        return [
            one.name
            for one in self._services.list_people.run()
            if one.state is PersonState.ACTIVE
            and not _WORKERS.isdisjoint(one.roles)
            and (not one.tenants or tenant in one.tenants)
        ]


def _query(tenant: str, asked: dict[str, str]) -> CaseQuery:
    """Read the filters; what cannot be read asks for what is open."""
    state = asked["state"] or CaseState.OPEN.value
    whose = {_ME: this_visit().person.name, _NOBODYS: _NOBODYS}.get(asked["whose"], "")
    return CaseQuery(
        tenant=tenant,
        state=CaseState(state) if state in set(CaseState) else None,
        assignee=whose,
        operator=asked["operator"].strip(),
        cursor=asked["after"],
        count=PAGE,
    )


def _outcome(word: str) -> CaseOutcome:
    if word not in set(CaseOutcome):
        raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")
    return CaseOutcome(word)


def _worker(tenant: str) -> CaseWorker:
    visit = this_visit()
    return CaseWorker(tenant, Actor(visit.person.name, visit.person.roles), visit.request_id)


def _told(outcome: CaseWork, done: Notice) -> Notice:
    match outcome:
        case CaseChanged():
            return done
        case NoSuchCase():
            raise PageRefused(HTTPStatus.NOT_FOUND, "cases.unknown")
        case CaseIsClosed():
            return _closed(outcome.case)
        case MayNotWork():
            return bad("deed.not_allowed")
        case _:
            assert_never(outcome)


def _closed(case: Case) -> Notice:
    return warn("cases.closed_before", closed_by=case.closed_by or "—")
