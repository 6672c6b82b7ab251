"""The policies: which there are, their documents as tables, and what one version changes in another."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from security_service.domain.access import Role
from security_service.domain.policy_check import Difference
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.domain.policy_versions import PolicyDocument, PolicyVersion, read_document
from security_service.usecases.check_policy import Checked
from security_service.usecases.read_policies import PolicyView, UnknownPolicy, UnknownVersion
from security_service.web.console.policy_shown import LISTED, VERDICT_TONES, groups_of, tables_of
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import this_visit


class PolicyPages:
    """What everybody reads; whoever may change it finds the ways to do so here too."""

    def __init__(self, services: ConsoleServices, screen: Screen, write: frozenset[Role]) -> None:
        self._services, self._screen, self._write = services, screen, write
        self._desk = services.policy_desk

    def page(self) -> Response:
        """List the policies: what decides, since when and by whom, and what is on trial."""
        views, first = self._desk.read.every(), place_of("from")
        return self._screen.show(
            "policies.html",
            views=views[first : first + LISTED],
            may_write=this_visit().person.may(self._write),
            first=first,
            following=first + LISTED if len(views) > first + LISTED else 0,
        )

    def one(self, name: str) -> Response:
        """Show a policy: the document in force as tables, and every version that was in force."""
        view, words = known_policy(self._services, name), this_visit().words
        held = view.of(view.in_force) or view.shadow
        document = None if held is None else read_document(held.text)
        first = place_of("from")
        return self._screen.show(
            "policy.html",
            view=view,
            held=held,
            tables=tables_of(document.policy, words) if isinstance(document, PolicyDocument) else None,
            checked=None if held is None else self._desk.check.run(held.text),
            groups_of=groups_of,
            tones=VERDICT_TONES,
            versions=view.versions[first : first + LISTED],
            first=first,
            following=first + LISTED if len(view.versions) > first + LISTED else 0,
            draft=self._services.policy_drafts.get(this_visit().person.name, name),
            may_try=this_visit().person.may(self._write),
            may_write=self._may_write(),
        )

    def document(self, name: str) -> Response:
        """Show the document of a version, or the one on trial, as tables and as it was written."""
        view, words = known_policy(self._services, name), this_visit().words
        is_trial = request.args.get("trial") == "1"
        held = view.shadow if is_trial else view.of(request.args.get("version", "") or view.in_force)
        if held is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
        document, checked = read_document(held.text), self._desk.check.run(held.text)
        return self._screen.show(
            "policy_document.html",
            view=view,
            held=held,
            is_trial=is_trial,
            may_write=self._may_write(),
            tables=tables_of(document.policy, words) if isinstance(document, PolicyDocument) else None,
            checked=checked if isinstance(checked, Checked) else None,
            groups_of=groups_of,
            tones=VERDICT_TONES,
        )

    def compare(self, name: str) -> Response:
        """Show what one version decides otherwise than another, case by case."""
        view = known_policy(self._services, name)
        old = _version(view, request.args.get("old", ""))
        new = _version(view, request.args.get("new", ""))
        outcome = self._desk.diff.run(new.text, name, old.version)
        if isinstance(outcome, UnknownPolicy | UnknownVersion):
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
        return self._screen.show(
            "policy_compare.html",
            view=view,
            old=old,
            new=new,
            difference=outcome if isinstance(outcome, Difference) else None,
            too_many=outcome if isinstance(outcome, TooManyCases) else None,
            faults=outcome if isinstance(outcome, PolicyFaults) else None,
            groups_of=groups_of,
            tones=VERDICT_TONES,
        )

    def _may_write(self) -> bool:
        return this_visit().person.may(self._write) and is_for_every_tenant(self._services)


def place_of(name: str) -> int:
    """Give the number of a list's first row as the address names it, 0 for anything else."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def known_policy(services: ConsoleServices, name: str) -> PolicyView:
    """Give a policy; raises `PageRefused` for a name that no document has."""
    view = services.policy_desk.read.one(name)
    if isinstance(view, UnknownPolicy):
        raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
    return view


def is_for_every_tenant(services: ConsoleServices) -> bool:
    """Tell whether the visitor may act for every tenant there is: what a policy says, it says to all."""
    return set(services.tenant_ids.ids()) <= set(this_visit().person.tenants)


def demand_every_tenant(services: ConsoleServices) -> None:
    """Raise `PageRefused` for somebody who may act for some tenants only."""
    if not is_for_every_tenant(services):
        raise PageRefused(HTTPStatus.FORBIDDEN, "policy.not_every_tenant")


def _version(view: PolicyView, wanted: str) -> PolicyVersion:
    found = view.of(wanted)
    if found is None:
        raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
    return found
