"""The part of the management API's table that is about proposals, cases and bans."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from security_service.web.admin_schemas import ReasonSchema
from security_service.web.case_schemas import (
    AlarmListSchema,
    AssignSchema,
    BanListSchema,
    BanSchema,
    CaseFilterSchema,
    CasePageSchema,
    CaseSchema,
    CaseViewSchema,
    CloseSchema,
    LiftSchema,
    NoteSchema,
    PeriodSchema,
)
from security_service.web.case_views import CaseViews
from security_service.web.proposal_schemas import (
    ApproveSchema,
    DecisionSchema,
    ProposalPageSchema,
    ProposalSchema,
)
from security_service.web.proposal_views import ProposalViews
from security_service.web.route import DECIDE, READ, REVERIFY, Route
from security_service.web.services import WebServices

_UNKNOWN: Final = {HTTPStatus.NOT_FOUND: "The tenant has none of that id"}
_DECIDED: Final = {**_UNKNOWN, HTTPStatus.CONFLICT: "It is over, or not what was judged is there now"}


def work_routes(services: WebServices) -> tuple[Route, ...]:
    """Give these routes; who proposes may take back, so that rejecting is not for leads alone."""
    proposals, cases = ProposalViews(services), CaseViews(services)
    proposal, case = "/proposals/<proposal>", "/cases/<case>"
    return (
        Route("list_proposals", "GET", "/proposals", proposals.page, READ, ProposalPageSchema),
        Route("view_proposal", "GET", proposal, proposals.view, READ, ProposalSchema, problems=_UNKNOWN),
        Route(
            "approve_proposal", "POST", f"{proposal}/approve", proposals.approve, DECIDE, DecisionSchema,
            ApproveSchema, _DECIDED,
        ),
        Route(
            "reject_proposal", "POST", f"{proposal}/reject", proposals.reject, REVERIFY, DecisionSchema,
            ReasonSchema, _DECIDED,
        ),
        Route("list_cases", "GET", "/cases", cases.page, READ, CasePageSchema, CaseFilterSchema),
        Route("count_alarms", "GET", "/cases/alarms", cases.alarms, READ, AlarmListSchema, PeriodSchema),
        Route("view_case", "GET", case, cases.view, READ, CaseViewSchema, problems=_UNKNOWN),
        Route(
            "assign_case", "PUT", f"{case}/assignee", cases.assign, REVERIFY, CaseSchema, AssignSchema,
            _DECIDED,
        ),
        Route("note_case", "POST", f"{case}/notes", cases.note, REVERIFY, CaseSchema, NoteSchema, _DECIDED),
        Route(
            "close_case", "POST", f"{case}/close", cases.close, REVERIFY, CaseSchema, CloseSchema, _DECIDED
        ),
        Route("list_bans", "GET", "/bans", cases.bans, READ, BanListSchema),
        Route("lift_ban", "POST", "/bans/lift", cases.lift, DECIDE, BanSchema, LiftSchema, _UNKNOWN),
    )  # fmt: skip
