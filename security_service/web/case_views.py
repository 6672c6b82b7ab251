"""The views on cases and bans: each takes what the schema made, calls one use case, maps its outcome."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, assert_never

from security_service.domain.bans import Ban, ban_name
from security_service.domain.cases import Case, CaseQuery
from security_service.usecases.keep_bans import BanLifted, MayNotLift, NoSuchBan
from security_service.usecases.work_cases import (
    CaseChanged,
    CaseIsClosed,
    CaseWork,
    MayNotWork,
    NoSuchCase,
)
from security_service.web.admin_session import number_of, reviewer_of, tenant_of_request, worker_of
from security_service.web.case_schemas import CaseFilter, CloseBody, LiftBody
from security_service.web.problems import Problem, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document, moment

_FINGERPRINT_DIGITS: Final = 8
_NO_CASE: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-case", "The tenant has no such case.")
_NO_BAN: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-ban", "The tenant has no such ban.")
_MAY_NOT: Final = Problem(HTTPStatus.FORBIDDEN, "role-missing", "None of this key's roles may do this.")
_EVER: Final = 2**53


class CaseViews:
    """What the management API does about cases and bans."""

    def __init__(self, services: WebServices) -> None:
        self._services = services

    def page(self, asked: CaseFilter) -> Document:
        """List cases, what needs a person first."""
        tenant = tenant_of_request(self._services)
        query = CaseQuery(
            tenant=tenant.id,
            state=asked.state,
            assignee=asked.assignee,
            operator=asked.operator,
            number=number_of(asked.number, tenant) if asked.number else None,
            cursor=asked.cursor,
            count=asked.limit,
        )
        page = self._services.work_cases.page(query)
        return {"cases": [case_document(case) for case in page.cases], "next": page.next}

    def view(self, case: str) -> Document:
        """View one case with its notes."""
        view = self._services.work_cases.view(tenant_of_request(self._services).id, case)
        if isinstance(view, NoSuchCase):
            raise ProblemRaised(_NO_CASE)
        notes = [
            {"at": moment(note.at_ms // 1000), "actor": note.actor, "note": note.note} for note in view.notes
        ]
        return {**case_document(view.case), "notes": notes}

    def assign(self, assignee: str, case: str) -> Document:
        """Give a case to somebody, or back."""
        return _worked(self._services.work_cases.assign(worker_of(self._services), case, assignee))

    def note(self, note: str, case: str) -> Document:
        """Write on a case."""
        return _worked(self._services.work_cases.note(worker_of(self._services), case, note))

    def close(self, body: CloseBody, case: str) -> Document:
        """Close a case with its outcome; fraud bans the SIM in question."""
        worker = worker_of(self._services)
        return _worked(self._services.work_cases.close(worker, case, body.outcome, body.reason))

    def alarms(self, asked: dict[str, Any]) -> Document:
        """Count by operator how the cases closed in a period ended."""
        since, until = _milliseconds(asked["since"], 0), _milliseconds(asked["until"], _EVER)
        tenant = tenant_of_request(self._services)
        return {
            "operators": [
                {
                    "operator": one.operator,
                    "closed": one.closed,
                    "customer_confirmed": one.customer_confirmed,
                    "fraud": one.fraud,
                    "unknown": one.unknown,
                    "false_alarms_percent": round(one.false_alarms_percent, 1),
                }
                for one in self._services.work_cases.alarms(tenant.id, since, until)
            ]
        }

    def bans(self) -> Document:
        """List the SIMs that the tenant never trusts."""
        tenant = tenant_of_request(self._services)
        return {"bans": [ban_document(ban) for ban in self._services.keep_bans.every(tenant.id)]}

    def lift(self, body: LiftBody) -> Document:
        """Lift a ban: the SIM may be trusted again."""
        who = reviewer_of(self._services)
        outcome = self._services.keep_bans.lift(
            who.tenant.id, who.actor, body.imsi, body.reason, who.request_id
        )
        match outcome:
            case BanLifted():
                return ban_document(outcome.ban)
            case NoSuchBan():
                raise ProblemRaised(_NO_BAN)
            case MayNotLift():
                raise ProblemRaised(_MAY_NOT)
            case _:
                assert_never(outcome)


def case_document(case: Case) -> Document:
    """Give the members of `CaseSchema`."""
    head, _, digits = case.imsi.rpartition(":")
    return {
        "id": case.id,
        "number": case.number.digits,
        "opened_at": moment(case.opened_ms // 1000),
        "reason": case.reason,
        "imsi": f"{head}:{digits[:_FINGERPRINT_DIGITS]}",
        "amount": case.amount,
        "currency": case.currency,
        "band": case.band,
        "operator": case.operator,
        "code_id": case.code_id,
        "purpose": case.purpose,
        "assignee": case.assignee,
        "state": case.state,
        "outcome": case.outcome,
        "closed_at": moment(case.closed_ms // 1000) if case.closed_ms else None,
        "closed_by": case.closed_by,
        "closed_how": None if case.closed_how is None else case.closed_how.value,
        "last_note_at": moment(case.last_note_ms // 1000) if case.last_note_ms else None,
    }


def ban_document(ban: Ban) -> Document:
    """Give the members of `BanSchema`."""
    return {
        "imsi": ban_name(ban.imsi),
        "number": ban.number.digits,
        "case": ban.case,
        "by": ban.by,
        "at": moment(ban.at_ms // 1000),
    }


def _worked(outcome: CaseWork) -> Document:
    match outcome:
        case CaseChanged():
            return case_document(outcome.case)
        case NoSuchCase():
            raise ProblemRaised(_NO_CASE)
        case CaseIsClosed():
            detail = "The case is closed already."
            shown = {"case": {"closed_by": outcome.case.closed_by}}
            raise ProblemRaised(Problem(HTTPStatus.CONFLICT, "case-closed", detail, shown))
        case MayNotWork():
            raise ProblemRaised(_MAY_NOT)
        case _:
            assert_never(outcome)


def _milliseconds(moment_given: datetime | None, otherwise: int) -> int:
    return otherwise if moment_given is None else max(int(moment_given.timestamp() * 1000), 0)
