"""Trying a policy before it decides: over decisions of the past, and beside the one in force."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from security_service.domain.access import Role
from security_service.domain.policy_versions import PolicyDocument, PolicyVersion, read_document
from security_service.domain.replay import ReplayRun
from security_service.domain.secret import Msisdn
from security_service.usecases.read_policies import PolicyView
from security_service.usecases.replay_policy import EmptyPeriod, ReplayOrder, UnknownRun
from security_service.usecases.shadow_policy import ShadowOrder
from security_service.web.console import forms
from security_service.web.console.moments import day_ms
from security_service.web.console.notices import bad
from security_service.web.console.policy_draft_pages import NEW
from security_service.web.console.policy_notices import trial_notice
from security_service.web.console.policy_pages import demand_every_tenant, known_policy, place_of
from security_service.web.console.policy_shown import (
    LISTED,
    VERDICT_TONES,
    listed_of,
    tally_rows,
    totals_of,
)
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit

_DAY_MS: Final = 86_400_000
_DAYS: Final = (1, 7, 30)
_READ: Final = 500
_DRAFT, _TRIAL = "draft", "trial"


class PolicyTrialPages:
    """Replays, each a page of its own with its progress, and the trial of each policy."""

    def __init__(
        self, services: ConsoleServices, screen: Screen, write: frozenset[Role], decide: frozenset[Role]
    ) -> None:
        self._services, self._screen = services, screen
        self._write, self._decide = write, decide
        self._desk = services.policy_desk

    # --- over the past ----------------------------------------------------------------------------

    def ask_replay(self, name: str) -> Response:
        """Ask which document is to decide which period again."""
        return self._replay_page(name)

    def begin_replay(self, name: str) -> Response:
        """Begin a replay, and go to its page."""
        view, visit = self._slot(name), this_visit()
        text = self._chosen(name, view, forms.line("what"))
        since, until = day_ms(forms.line("since"), visit.zone), day_ms(forms.line("until"), visit.zone)
        if since is None or until is None:
            return self._replay_page(name, "policy.replay.no_period")
        only = forms.line("of_policy") if forms.ticked("only_own") else ""
        order = ReplayOrder(
            text, since, until + _DAY_MS - 1, visit.person.name, chosen_tenant(self._services).id, only
        )
        begun = self._desk.replay.begin(order)
        if isinstance(begun, EmptyPeriod):
            return self._replay_page(name, "policy.replay.no_period")
        if not isinstance(begun, ReplayRun):
            return self._replay_page(name, "policy.unreadable")
        return self._screen.go("policy_replay", name=name, run=begun.id)

    def replay(self, name: str, run: str) -> Response:
        """Show a replay: how far it is, what would change, and the decisions that would."""
        found, first = self._own(run), place_of("from")
        return self._screen.show(
            "policy_replay.html",
            name=name,
            run=found,
            may_write=this_visit().person.may(self._write),
            rows=tally_rows(found.tally),
            totals=totals_of(found.tally),
            listed=[(Msisdn(one.number), one) for one in listed_of(found, first)],
            first=first,
            following=first + LISTED if len(found.tally.listed) > first + LISTED else 0,
            tones=VERDICT_TONES,
        )

    def step_replay(self, name: str, run: str) -> Response:
        """Go on with a replay for about a second."""
        if isinstance(self._desk.replay.step(self._own(run).id), UnknownRun):
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.replay.unknown")
        return self._screen.go("policy_replay", name=name, run=run)

    # --- beside the one in force ------------------------------------------------------------------

    def trial(self, name: str) -> Response:
        """Show what is on trial, and what it said of the newest decisions."""
        view, tenant = known_policy(self._services, name), chosen_tenant(self._services)
        days, cursor, first = _days(), request.args.get("after", "")[:64], place_of("from")
        since = self._services.clock.unix_ms() - days * _DAY_MS
        report = self._desk.shadow.report(name, tenant.id, since, cursor, _READ)
        return self._screen.show(
            "policy_trial.html",
            view=view,
            days=days,
            choices=_DAYS,
            report=report,
            listed=[(Msisdn(one.number), one) for one in report.tally.listed[first : first + LISTED]],
            first=first,
            following=first + LISTED if len(report.tally.listed) > first + LISTED else 0,
            rows=tally_rows(report.tally),
            totals=totals_of(report.tally),
            after=cursor,
            read=_READ,
            may_write=this_visit().person.may(self._write),
            may_decide=this_visit().person.may(self._decide),
            draft=_readable(self._draft(name)),
            tones=VERDICT_TONES,
        )

    def set_trial(self, name: str) -> Response:
        """Put the draft on trial, or end the trial."""
        demand_every_tenant(self._services)
        reason, visit = forms.text("reason"), this_visit()
        if not reason:
            return self._screen.go("policy_trial", bad("deed.reason_missing"), name=name)
        begins = forms.line("do") == "begin"
        text = self._draft(name) if begins else ""
        if begins and not text:
            return self._screen.go("policy_trial", bad("policy.draft.none"), name=name)
        order = ShadowOrder(name, text, visit.person.name, reason, visit.request_id)
        return self._screen.go("policy_trial", trial_notice(self._desk.shadow.run(order)), name=name)

    # --- inside -----------------------------------------------------------------------------------

    def _slot(self, name: str) -> PolicyView | None:
        return None if name == NEW else known_policy(self._services, name)

    def _draft(self, name: str) -> str:
        return self._services.policy_drafts.get(this_visit().person.name, name)

    def _chosen(self, name: str, view: PolicyView | None, what: str) -> str:
        """The text of the document that was chosen; empty, which is no document, where there is none."""
        if what == _DRAFT:
            return self._draft(name)
        held = None if view is None else view.shadow if what == _TRIAL else view.of(what.removeprefix("v:"))
        return "" if held is None else held.text

    def _replay_page(self, name: str, fault: str = "") -> Response:
        view = self._slot(name)
        versions: tuple[PolicyVersion, ...] = () if view is None else view.versions[:LISTED]
        return self._screen.show(
            "policy_replay_ask.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            name=name,
            view=view,
            fault=fault,
            draft=_readable(self._draft(name)),
            versions=versions,
            what=forms.line("what") or request.args.get("what", ""),
            since=forms.line("since"),
            until=forms.line("until"),
        )

    def _own(self, run: str) -> ReplayRun:
        """A replay of a tenant that the visitor may act for; another's is unknown."""
        found = self._desk.replay.view(run[:64])
        if isinstance(found, UnknownRun) or found.tenant not in this_visit().person.tenants:
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.replay.unknown")
        return found


def _readable(text: str) -> PolicyDocument | None:
    read = read_document(text) if text else None
    return read if isinstance(read, PolicyDocument) else None


def _days() -> int:
    wanted = request.args.get("days", "")
    return int(wanted) if wanted in {str(one) for one in _DAYS} else _DAYS[1]
