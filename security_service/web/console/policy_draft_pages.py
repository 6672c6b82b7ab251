"""From a draft to what is in force: write, check, compare, publish; and back to an earlier version."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from security_service.domain.access import Actor, Role
from security_service.domain.policy_check import Difference
from security_service.domain.policy_document import MOST_CHARACTERS, PolicyFaults
from security_service.domain.policy_versions import PolicyDocument, digest_of, read_document
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.check_policy import Checked
from security_service.usecases.four_eyes import Proposed, Reviewer
from security_service.usecases.publish_policy import Published, PublishOrder, RollBackOrder
from security_service.usecases.read_policies import PolicyView, UnknownPolicy
from security_service.web.console import forms
from security_service.web.console.notices import bad, good
from security_service.web.console.policy_notices import published_notice
from security_service.web.console.policy_pages import demand_every_tenant, known_policy
from security_service.web.console.policy_shown import VERDICT_TONES, groups_of, tables_of
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit

NEW: Final = "-"
"""Stands in an address for a policy that has no name yet; no document can bear it."""

LARGEST_DRAFT: Final = 480_000
"""Bytes of a form with the longest document in it, each of its letters in six."""


class PolicyDraftPages:
    """One draft for each policy and person: it outlives the page, the session and the browser."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._desk, self._drafts = services.policy_desk, services.policy_drafts

    def draft(self, name: str) -> Response:
        """Show the draft with the checker's findings and what it would change."""
        view, text = self._slot(name), self._text(name)
        return self._screen.show(
            "policy_draft.html",
            name=name,
            view=view,
            text=text or ("" if view is None else _document_in_force(view)),
            is_kept=bool(text),
            most=MOST_CHARACTERS,
            **self._judged(text),
        )

    def keep(self, name: str) -> Response:
        """Keep what was written or uploaded, or let go of it, and show what is to be said of it."""
        self._slot(name)
        if forms.line("do") == "forget":
            self._put(name, "")
            return self._screen.go("policy_draft", good("policy.draft.forgotten"), name=name)
        text = _given()
        if text is None:
            return self._screen.go("policy_draft", bad("policy.draft.no_text"), name=name)
        if len(text) > MOST_CHARACTERS:
            return self._screen.go(
                "policy_draft", bad("policy.draft.too_long", most=MOST_CHARACTERS), name=name
            )
        self._put(name, text)
        return self._screen.go("policy_draft", good("policy.draft.kept"), name=name)

    def take(self, name: str) -> Response:
        """Begin a draft with the document of a version."""
        held = known_policy(self._services, name).of(forms.line("version"))
        if held is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
        self._put(name, held.text)
        return self._screen.go("policy_draft", good("policy.draft.taken", version=held.version), name=name)

    # --- publishing -------------------------------------------------------------------------------

    def ask_publish(self, name: str) -> Response:
        """Say what publishing the draft will change, and ask for the reason."""
        self._slot(name)
        text = self._text(name)
        if not text:
            return self._screen.go("policy_draft", bad("policy.draft.none"), name=name)
        return self._publish_page(name, text)

    def publish(self, name: str) -> Response:
        """Publish the draft that was shown, or propose it to a second person."""
        demand_every_tenant(self._services)
        text, reason = self._text(name), forms.text("reason")
        if not text or digest_of(text) != forms.line("sha256"):
            return self._screen.go("policy_draft", bad("policy.draft.moved"), name=name)
        if not reason:
            return self._publish_page(name, text, "deed.reason_missing")
        visit = this_visit()
        order = PublishOrder(
            text,
            forms.line("expected"),
            visit.person.name,
            reason,
            visit.request_id,
            acknowledged=forms.ticked("acknowledged"),
        )
        outcome = self._services.four_eyes.publish_policy(self._reviewer(), order)
        if isinstance(outcome, Published):
            self._put(name, "")
            return self._screen.go("policy", published_notice(outcome), name=outcome.name)
        is_proposed = isinstance(outcome, Proposed) and name != NEW
        back = "policy" if is_proposed else "policy_draft"
        return self._screen.go(back, published_notice(outcome), name=name)

    def ask_roll_back(self, name: str) -> Response:
        """Say what an earlier version will change, and ask for the reason."""
        return self._roll_back_page(name, request.args.get("version", ""))

    def roll_back(self, name: str) -> Response:
        """Put an earlier version in force again, or propose it to a second person."""
        demand_every_tenant(self._services)
        version, reason = forms.line("version"), forms.text("reason")
        if not reason:
            return self._roll_back_page(name, version, "deed.reason_missing")
        visit = this_visit()
        order = RollBackOrder(
            name, version, forms.line("expected"), visit.person.name, reason, visit.request_id
        )
        outcome = self._services.four_eyes.roll_back_policy(self._reviewer(), order)
        return self._screen.go("policy", published_notice(outcome), name=name)

    # --- inside -----------------------------------------------------------------------------------

    def _slot(self, name: str) -> PolicyView | None:
        """The policy whose draft it is, None for a new one; raises `PageRefused` for an unknown name."""
        demand_every_tenant(self._services)
        return None if name == NEW else known_policy(self._services, name)

    def _text(self, name: str) -> str:
        return self._drafts.get(this_visit().person.name, name)

    def _put(self, name: str, text: str) -> None:
        self._drafts.put(this_visit().person.name, name, text)

    def _judged(self, text: str) -> Mapping[str, Any]:
        """What checker and comparison say of a document; nothing of an empty one."""
        read = read_document(text) if text else None
        own = read.policy if isinstance(read, PolicyDocument) else None
        difference = None if own is None else self._desk.diff.run(text)
        seen = None if own is None else self._desk.read.one(own.name)
        return {
            "faults": read.faults if isinstance(read, PolicyFaults) else (),
            "policy": own,
            "tables": None if own is None else tables_of(own, this_visit().words),
            "checked": None if own is None else self._desk.check.run(text),
            "difference": difference if isinstance(difference, Difference) else None,
            "in_force": "" if seen is None or isinstance(seen, UnknownPolicy) else seen.in_force,
            "sha256": digest_of(text),
            "groups_of": groups_of,
            "tones": VERDICT_TONES,
        }

    def _publish_page(self, name: str, text: str, fault: str = "") -> Response:
        judged = self._judged(text)
        checked = judged["checked"]
        return self._screen.show(
            "policy_publish.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            name=name,
            fault=fault,
            reason=forms.text("reason"),
            may_publish=isinstance(checked, Checked) and checked.findings.is_acceptable,
            proposes=_proposes(chosen_tenant(self._services)),
            **judged,
        )

    def _roll_back_page(self, name: str, version: str, fault: str = "") -> Response:
        demand_every_tenant(self._services)
        view = known_policy(self._services, name)
        held = view.of(version)
        if held is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "policy.unknown")
        difference = self._desk.diff.run(held.text, name)
        return self._screen.show(
            "policy_roll_back.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            view=view,
            held=held,
            fault=fault,
            reason=forms.text("reason"),
            proposes=_proposes(chosen_tenant(self._services)),
            difference=difference if isinstance(difference, Difference) else None,
            groups_of=groups_of,
            tones=VERDICT_TONES,
        )

    def _reviewer(self) -> Reviewer:
        visit = this_visit()
        actor = Actor(visit.person.name, visit.person.roles)
        return Reviewer(chosen_tenant(self._services), actor, visit.request_id)


def _given() -> str | None:
    """The uploaded file where there is one, else what was written; None for nothing, or for no text."""
    file = request.files.get("file")
    if file is not None and file.filename:
        try:
            return file.read().decode("utf-8-sig").replace("\r\n", "\n") or None
        except UnicodeDecodeError:
            return None
    written = request.form.get("document", "").replace("\r\n", "\n")
    return written if written.strip() else None


def _document_in_force(view: PolicyView) -> str:
    held = view.of(view.in_force)
    return "" if held is None else held.text


def _proposes(tenant: Tenant) -> bool:
    """Tell whether it will wait for a second person, as far as the visitor's own tenant tells."""
    is_lead = this_visit().person.may(frozenset({Role.LEAD}))
    return not is_lead or FourEyesDeed.PUBLISH_POLICY in tenant.four_eyes
