"""The views on policies: each takes what the schema made, calls one use case, maps its outcome."""

from __future__ import annotations

from flask import Response

from security_service.domain.policy_check import Difference
from security_service.domain.replay import ReplayRun
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.check_policy import Checked
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.publish_policy import (
    Published,
    PublishOrder,
    PublishOutcome,
    RollBackOrder,
    RollBackOutcome,
)
from security_service.usecases.read_policies import PolicyView, UnknownPolicy, UnknownVersion
from security_service.usecases.replay_policy import ReplayOrder, UnknownRun
from security_service.usecases.shadow_policy import ShadowOrder, ShadowOutcome, ShadowSet
from security_service.web.admin_session import (
    actor_name,
    acts_for_every_tenant,
    request_id,
    reviewer_of,
    tenant_of_request,
)
from security_service.web.deed_problems import deed_problem, proposed
from security_service.web.policy_document import (
    difference_document,
    findings_document,
    policy_view_document,
    replay_document,
    tally_document,
    whole_version_document,
)
from security_service.web.policy_problems import policy_problem
from security_service.web.policy_schemas import (
    DiffBody,
    PublishBody,
    ReplayBody,
    RollBackBody,
    TrialBody,
    TrialFilter,
)
from security_service.web.problems import MOVING, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document


class PolicyViews:
    """What the management API does about policies; who writes them must act for every tenant, as they do."""

    def __init__(self, services: WebServices) -> None:
        self._services, self._desk = services, services.policy_desk

    def page(self) -> Document:
        """List the policies with every version that was in force."""
        return {"policies": [policy_view_document(view) for view in self._desk.read.every()]}

    def view(self, name: str) -> Document:
        """View one policy."""
        return policy_view_document(self._known(name))

    def document(self, name: str, version: str) -> Document:
        """Read the document of a version that was in force."""
        found = self._desk.read.document(name, version)
        if isinstance(found, UnknownPolicy | UnknownVersion):
            raise ProblemRaised(policy_problem(found))
        return whole_version_document(found)

    def check(self, document: str) -> Document:
        """Go through every case of a draft; nothing is kept."""
        outcome = self._desk.check.run(document)
        if not isinstance(outcome, Checked):
            raise ProblemRaised(policy_problem(outcome))
        return findings_document(outcome)

    def diff(self, body: DiffBody) -> Document:
        """Compare a draft with a version that was in force, case by case; nothing is kept."""
        outcome = self._desk.diff.run(body.document, body.policy, body.version)
        if not isinstance(outcome, Difference):
            raise ProblemRaised(policy_problem(outcome))
        return difference_document(outcome)

    def publish(self, body: PublishBody) -> Document | Response:
        """Put a document in force; or propose it to a second person."""
        acts_for_every_tenant()
        order = PublishOrder(
            body.document, body.expected, actor_name(), body.reason, request_id(), body.acknowledge_warnings
        )
        return _published(self._services.four_eyes.publish_policy(reviewer_of(self._services), order))

    def roll_back(self, body: RollBackBody, name: str) -> Document | Response:
        """Put an earlier version in force again; or propose it to a second person."""
        acts_for_every_tenant()
        order = RollBackOrder(name, body.version, body.expected, actor_name(), body.reason, request_id())
        return _published(self._services.four_eyes.roll_back_policy(reviewer_of(self._services), order))

    def begin_trial(self, body: TrialBody, name: str) -> Document:
        """Let a document run beside the one in force; it decides nothing."""
        return self._tried(name, body.document, body.reason)

    def end_trial(self, reason: str, name: str) -> Document:
        """End a trial."""
        return self._tried(name, "", reason)

    def trial(self, asked: TrialFilter, name: str) -> Document:
        """Count what a trial said of the tenant's newest decisions, and list where it differs."""
        tenant = tenant_of_request(self._services)
        report = self._desk.shadow.report(name, tenant.id, asked.since_ms, asked.cursor, asked.limit)
        return {**tally_document(report.tally), "next": report.next}

    def begin_replay(self, body: ReplayBody) -> Document:
        """Begin to decide a period of the tenant's past again under another policy; its steps do it."""
        tenant = tenant_of_request(self._services)
        outcome = self._desk.replay.begin(
            ReplayOrder(body.document, body.since_ms, body.until_ms, actor_name(), tenant.id, body.policy)
        )
        if not isinstance(outcome, ReplayRun):
            raise ProblemRaised(policy_problem(outcome))
        return replay_document(outcome)

    def replay(self, run: str) -> Document:
        """View a replay as its last step left it."""
        return replay_document(self._own(run))

    def step_replay(self, _nothing: None, run: str) -> Document:
        """Go on with a replay for about a second; one that is done stays as it is."""
        stepped = self._desk.replay.step(self._own(run).id)
        if isinstance(stepped, UnknownRun):
            raise ProblemRaised(policy_problem(stepped))
        return replay_document(stepped)

    def _known(self, name: str) -> PolicyView:
        view = self._desk.read.one(name)
        if isinstance(view, UnknownPolicy):
            raise ProblemRaised(policy_problem(view))
        return view

    def _own(self, run: str) -> ReplayRun:
        """Give a run of the tenant that is asked for; another's is unknown."""
        tenant = tenant_of_request(self._services)
        found = self._desk.replay.view(run)
        if isinstance(found, UnknownRun) or found.tenant != tenant.id:
            raise ProblemRaised(policy_problem(UnknownRun()))
        return found

    def _tried(self, name: str, document: str, reason: str) -> Document:
        acts_for_every_tenant()
        order = ShadowOrder(name, document, actor_name(), reason, request_id())
        _on_trial(self._desk.shadow.run(order))
        return policy_view_document(self._known(name))


def _published(outcome: PublishOutcome | RollBackOutcome | Proposed | NotAllowed) -> Document | Response:
    match outcome:
        case Published():
            return {
                "result": "published",
                "policy": outcome.name,
                "version": outcome.version,
                "before": outcome.before,
            }
        case Proposed():
            return proposed(outcome)
        case NotAllowed():
            raise ProblemRaised(deed_problem(outcome))
        case RecordKeepsMoving():
            raise ProblemRaised(MOVING)
        case _:
            raise ProblemRaised(policy_problem(outcome))


def _on_trial(outcome: ShadowOutcome) -> None:
    match outcome:
        case ShadowSet():
            return
        case RecordKeepsMoving():
            raise ProblemRaised(MOVING)
        case _:
            raise ProblemRaised(policy_problem(outcome))
