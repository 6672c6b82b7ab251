"""The subscriber's page: a number in any form, its state at a glance, its time line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Response, request

from security_service.domain.access import Role
from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.cases import Case, CaseQuery, CaseState
from security_service.domain.phone import country_of, parse_msisdn
from security_service.domain.proposals import Proposal, ProposalState, number_of
from security_service.usecases.candidates import fingerprint
from security_service.usecases.view_subscriber import SubscriberView
from security_service.web.console import forms
from security_service.web.console.action_pages import Deed
from security_service.web.console.event_words import Decided, Group, decided_of, kinds_of, line_of
from security_service.web.console.glance import glance_of
from security_service.web.console.handles import Handles
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import Subject, chosen_tenant, subject_of
from security_service.web.console.timeline import read_time_line, told_of
from security_service.web.console.visit import this_visit

# That a known SIM was seen once more is of use to the archive, and noise to people.
_WORTH_A_LINE: Final = frozenset(EventKind) - {EventKind.RECORD_REFRESHED}


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided last, the case that is open, and what waits for a second person."""

    last: Decided | None
    case: Case | None
    waiting: Sequence[Proposal]


class SubscriberPages:
    """The one page that matters to somebody with a customer on the phone."""

    def __init__(
        self, services: ConsoleServices, screen: Screen, deeds: Mapping[Deed, frozenset[Role]]
    ) -> None:
        self._services, self._screen, self._deeds = services, screen, deeds
        self._handles = Handles(services.sealer)

    def search(self) -> Response:
        """Show the search."""
        return self._screen.show("subscriber_find.html", typed="", fault="")

    def find(self) -> Response:
        """Take a number in any form, and go to its page; the number stands in the form alone."""
        tenant = chosen_tenant(self._services)
        typed = forms.line("number", 40)
        number = parse_msisdn(typed, tenant.region)
        if number is None:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return self._screen.show("subscriber_find.html", status, typed=typed, fault="subscriber.invalid")
        return self._screen.go("subscriber", handle=self._handles.of(tenant.id, number))

    def show(self, handle: str) -> Response:
        """Show the state, what may be done about it, and what happened; a page of events at a time."""
        subject = subject_of(self._services, handle)
        tenant, number = subject.tenant.id, subject.number
        group, cursor = _group(request.args.get("show", "")), request.args.get("after", "")[:64]
        view = self._services.view_subscriber.run(tenant, number)
        kinds = _WORTH_A_LINE if group is None else kinds_of(group)
        told = read_time_line(self._services.read_audit, tenant, number, kinds, cursor)
        return self._screen.show(
            "subscriber.html",
            view=view,
            glance=glance_of(view),
            subject=subject,
            handle=handle,
            country=country_of(number),
            fingerprint=fingerprint,
            authenticator=self._services.enrol_authenticator.view(tenant, number),
            deeds=self._offered(view),
            judged=self._judged(subject),
            lines=[line_of(one, this_visit().words) for one in told.events],
            groups=list(Group),
            group=group,
            after=cursor,
            following=told.next,
        )

    def _offered(self, view: SubscriberView) -> Sequence[Deed]:
        """What this visitor may ask for, and what would change anything."""
        person = this_visit().person
        is_checked = view.subscriber.override_at(view.now) is None
        is_free = not (view.locked_until or view.failures or view.disabled)
        idle = {
            Deed.CHECK: is_checked,
            Deed.UNLOCK: is_free,
            Deed.ADD_SIM: not view.subscriber.reference,
            Deed.FREEZE: view.frozen,
        }
        return [
            deed for deed, roles in self._deeds.items() if person.may(roles) and not idle.get(deed, False)
        ]

    def _judged(self, subject: Subject) -> Judged:
        return Judged(self._last_decision(subject), self._open_case(subject), self._waiting(subject))

    def _open_case(self, subject: Subject) -> Case | None:
        """The case of this number that somebody still has to judge, the one with most at stake."""
        query = CaseQuery(subject.tenant.id, CaseState.OPEN, number=subject.number, count=1)
        return next(iter(self._services.work_cases.page(query).cases), None)

    def _waiting(self, subject: Subject) -> Sequence[Proposal]:
        """What was proposed for this number and waits for a second person."""
        pending = self._services.four_eyes.pending(subject.tenant.id)
        return [
            one
            for one in pending
            if one.state is ProposalState.WAITING and number_of(one.deed) == subject.number
        ]

    def _last_decision(self, subject: Subject) -> Decided | None:
        query = AuditQuery(
            tenant=subject.tenant.id, number=subject.number, kind=EventKind.GATE_DECIDED.value, count=1
        )
        told = [told_of(text) for text in self._services.read_audit.run(query).events]
        return decided_of(told[0], this_visit().words) if told and told[0] is not None else None


def _group(word: str) -> Group | None:
    return Group(word) if word in set(Group) else None
