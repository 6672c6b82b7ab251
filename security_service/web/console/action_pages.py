"""What people do to a subscriber: a page that says what it will do and asks why, then the deed itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Role
from security_service.domain.subscriber import Mode
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.actions import Action
from security_service.usecases.candidates import fingerprint
from security_service.usecases.reverify import ReverifyRequest
from security_service.usecases.set_mode import ModeChange
from security_service.usecases.view_subscriber import SubscriberView
from security_service.web.console import forms
from security_service.web.console.deed_notices import (
    freeze_notice,
    mode_notice,
    reverify_notice,
    sim_notice,
    unlock_notice,
)
from security_service.web.console.notices import Notice
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import Subject, subject_of
from security_service.web.console.visit import this_visit

_DAY: Final = 86_400
_DAYS: Final = (1, 7, 30, 90, 365)


class Deed(StrEnum):
    """What may be done to a subscriber; the value stands in names of pages and keys of words."""

    REVERIFY = "reverify"
    ADD_SIM = "add_sim"
    ALWAYS_ALLOW = "always_allow"
    ALWAYS_DENY = "always_deny"
    CHECK = "check"
    UNLOCK = "unlock"
    FREEZE = "freeze"

    @property
    def path(self) -> str:
        """How it stands in an address."""
        return self.value.replace("_", "-")


# What an analyst may do alone: a freeze closes, and what closes waits for nobody.
_OWN_WORD: Final = frozenset({Deed.REVERIFY, Deed.FREEZE})
_MODES: Final = {
    Deed.ALWAYS_ALLOW: Mode.ALWAYS_ALLOW,
    Deed.ALWAYS_DENY: Mode.ALWAYS_DENY,
    Deed.CHECK: Mode.CHECK,
}


class ActionPages:
    """The deeds of the registry, one page and one form each."""

    def __init__(
        self, services: ConsoleServices, screen: Screen, deeds: Mapping[Deed, frozenset[Role]]
    ) -> None:
        self._services, self._screen = services, screen
        self._deeds = deeds

    def ask(self, handle: str, deed: Deed) -> Response:
        """Say what the deed will do, and ask for the reason."""
        return self._page(subject_of(self._services, handle), handle, deed)

    def do(self, handle: str, deed: Deed) -> Response:
        """Do it, and say on the subscriber's page what came of it."""
        subject = subject_of(self._services, handle)
        reason = forms.text("reason")
        if not reason:
            return self._page(subject, handle, deed, "deed.reason_missing")
        visit = this_visit()
        person = visit.person
        action = Action(subject.tenant, subject.number, person.name, reason, visit.request_id, person.roles)
        return self._screen.go("subscriber", self._done(action, deed), handle=handle)

    def _done(self, action: Action, deed: Deed) -> Notice:
        four_eyes = self._services.four_eyes
        match deed:
            case Deed.ALWAYS_ALLOW | Deed.ALWAYS_DENY | Deed.CHECK:
                return mode_notice(deed.value, four_eyes.set_mode(action, self._change(deed)))
            case Deed.REVERIFY:
                wanted = ReverifyRequest(forms.line("candidate"), waive_age=forms.ticked("waive_age"))
                return reverify_notice(four_eyes.reverify(action, wanted))
            case Deed.ADD_SIM:
                return sim_notice(four_eyes.add_sim(action))
            case Deed.UNLOCK:
                return unlock_notice(four_eyes.unlock(action))
            case Deed.FREEZE:
                return freeze_notice(self._services.freeze.run(action))
            case _:
                assert_never(deed)

    def _change(self, deed: Deed) -> ModeChange:
        if deed is Deed.CHECK:
            return ModeChange(Mode.CHECK)
        days = forms.line("days")
        if days not in {str(one) for one in _DAYS}:
            raise PageRefused(HTTPStatus.UNPROCESSABLE_ENTITY, "error.request")
        until = self._services.clock.unix_ms() // 1000 + int(days) * _DAY
        return ModeChange(_MODES[deed], until, bound=forms.ticked("bound"))

    def _page(self, subject: Subject, handle: str, deed: Deed, fault: str = "") -> Response:
        view = self._services.view_subscriber.run(subject.tenant.id, subject.number)
        candidate = view.subscriber.candidate
        most = subject.tenant.override_days
        return self._screen.show(
            "deed.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            view=view,
            subject=subject,
            handle=handle,
            deed=deed.value,
            action=request.path,
            fault=fault,
            reason=forms.text("reason"),
            candidate="" if candidate is None else fingerprint(candidate.imsi),
            proposes=_proposes(subject.tenant, view, deed),
            days=[day for day in _DAYS if day <= most] or [most],
        )


def _proposes(tenant: Tenant, view: SubscriberView, deed: Deed) -> bool:
    """Tell whether the deed will wait for a second person, as far as it can be told beforehand."""
    if deed not in _OWN_WORD and not this_visit().person.may(frozenset({Role.LEAD})):
        return True
    waits = {
        Deed.ALWAYS_ALLOW: FourEyesDeed.ALWAYS_ALLOW in tenant.four_eyes,
        Deed.ADD_SIM: FourEyesDeed.ADD_SIM in tenant.four_eyes,
        Deed.REVERIFY: FourEyesDeed.REVERIFY_CHANGED in tenant.four_eyes
        and view.subscriber.candidate is not None,
        Deed.UNLOCK: FourEyesDeed.UNLOCK_DISABLED in tenant.four_eyes and view.disabled,
    }
    return waits.get(deed, False)
