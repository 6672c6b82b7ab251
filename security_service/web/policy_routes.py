"""The part of the management API's table that is about policies and replays."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from security_service.web.admin_schemas import ReasonSchema
from security_service.web.policy_schemas import (
    DifferenceSchema,
    DiffSchema,
    DraftSchema,
    FindingsSchema,
    PolicyDocumentSchema,
    PolicyListSchema,
    PolicySchema,
    PublishedSchema,
    PublishSchema,
    ReplayBeginSchema,
    ReplaySchema,
    RollBackSchema,
    StepSchema,
    TrialFilterSchema,
    TrialReportSchema,
    TrialSchema,
)
from security_service.web.policy_views import PolicyViews
from security_service.web.route import DECIDE, READ, REVERIFY, Route
from security_service.web.services import WebServices

_UNKNOWN: Final = {HTTPStatus.NOT_FOUND: "There is none of that name, version or id"}
_OTHER: Final = {**_UNKNOWN, HTTPStatus.CONFLICT: "Another version is in force than was expected"}


def policy_routes(services: WebServices) -> tuple[Route, ...]:
    """Give these routes; an analyst's publish is a proposal."""
    policies = PolicyViews(services)
    one, run = "/policies/<name>", "/replays/<run>"
    return (
        Route("list_policies", "GET", "/policies", policies.page, READ, PolicyListSchema),
        Route("view_policy", "GET", one, policies.view, READ, PolicySchema, problems=_UNKNOWN),
        Route(
            "read_policy", "GET", f"{one}/versions/<version>", policies.document, READ, PolicyDocumentSchema,
            problems=_UNKNOWN,
        ),
        Route("check_policy", "POST", "/policies/check", policies.check, READ, FindingsSchema, DraftSchema),
        Route(
            "diff_policy", "POST", "/policies/diff", policies.diff, READ, DifferenceSchema, DiffSchema,
            _UNKNOWN,
        ),
        Route(
            "publish_policy", "POST", "/policies/publish", policies.publish, REVERIFY, PublishedSchema,
            PublishSchema, _OTHER, waits=True,
        ),
        Route(
            "roll_back_policy", "POST", f"{one}/roll-back", policies.roll_back, REVERIFY, PublishedSchema,
            RollBackSchema, _OTHER, waits=True,
        ),
        Route(
            "begin_trial", "PUT", f"{one}/trial", policies.begin_trial, DECIDE, PolicySchema, TrialSchema,
            _UNKNOWN,
        ),
        Route(
            "end_trial", "DELETE", f"{one}/trial", policies.end_trial, DECIDE, PolicySchema, ReasonSchema,
            _UNKNOWN,
        ),
        Route(
            "report_trial", "GET", f"{one}/trial", policies.trial, READ, TrialReportSchema, TrialFilterSchema
        ),
        Route(
            "begin_replay", "POST", "/replays", policies.begin_replay, REVERIFY, ReplaySchema,
            ReplayBeginSchema,
        ),
        Route("view_replay", "GET", run, policies.replay, READ, ReplaySchema, problems=_UNKNOWN),
        Route(
            "step_replay", "POST", f"{run}/step", policies.step_replay, REVERIFY, ReplaySchema, StepSchema,
            _UNKNOWN,
        ),
    )  # fmt: skip
