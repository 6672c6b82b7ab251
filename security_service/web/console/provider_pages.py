"""Gateways and lookups as they are configured, and whose word on whose SIMs may deny."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Actor, Role
from security_service.domain.trust import HOUR_S, TrustWord
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.set_trust import (
    NeverBySettings,
    OnlyALead,
    TrustOrder,
    TrustOutcome,
    TrustSet,
    UnknownSource,
)
from security_service.web.console import forms
from security_service.web.console.notices import good
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.tenant_access import must_act_for_all
from security_service.web.console.visit import this_visit

EASINGS: Final = (1, 6, 24, 72)
"""For how many hours an operator's changed SIMs may step up; 0 ends it."""

_OPERATOR: Final = re.compile(r"[0-9]{5,6}")
_PAGE: Final = 50


class ProviderPages:
    """What everybody may look at, and a lead decides for all tenants."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen, self._desk = services, screen, services.management

    def page(self) -> Response:
        """Show everything."""
        return self._page()

    def word(self) -> Response:
        """Take the form that sets a word."""
        must_act_for_all()
        order, typed = self._order(), forms.line("word", 10)
        fault = _fault(order)
        if fault or typed not in set(TrustWord):
            return self._page(fault or "providers.odd_word")
        return self._done(self._desk.set_trust.set_word(order, TrustWord(typed)), "providers.word_set")

    def ease(self) -> Response:
        """Take the form that lets changed SIMs of an operator step up for some hours, or no longer."""
        must_act_for_all()
        order, typed = self._order(), forms.line("hours", 3)
        hours = int(typed) if typed.isascii() and typed.isdigit() else -1
        fault = _fault(order)
        if fault or hours not in {0, *EASINGS}:
            return self._page(fault or "providers.odd_hours")
        said = "providers.eased" if hours else "providers.not_eased"
        return self._done(self._desk.set_trust.ease(order, hours * HOUR_S), said)

    def _order(self) -> TrustOrder:
        visit = this_visit()
        who = Actor(visit.person.name, visit.person.roles)
        source, operator = forms.line("source", 64), forms.line("operator", 6)
        return TrustOrder(source, operator, who, forms.text("reason"), visit.request_id)

    def _done(self, outcome: TrustOutcome, said: str) -> Response:
        match outcome:
            case TrustSet():
                return self._screen.go("providers", good(said))
            case UnknownSource():
                return self._page("providers.unknown_source")
            case NeverBySettings():
                return self._page("providers.never")
            case RecordKeepsMoving():
                return self._page("providers.moving")
            case OnlyALead():
                raise PageRefused(HTTPStatus.FORBIDDEN, "error.role")
            case _:
                assert_never(outcome)

    def _page(self, fault: str = "") -> Response:
        person = this_visit().person
        view = self._desk.providers.run()
        typed = request.args.get("from", "")
        start = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
        return self._screen.show(
            "providers.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            view=view,
            trust=view.trust[start : start + _PAGE],
            start=start,
            following=start + _PAGE if len(view.trust) > start + _PAGE else 0,
            now=self._services.clock.unix_ms() / 1000,
            trust_words=list(TrustWord),
            hours=(0, *EASINGS),
            fault=fault,
            typed={name: forms.line(name, 64) for name in ("source", "operator", "word", "hours")},
            reason=forms.text("reason"),
            may_change=person.may(frozenset({Role.LEAD})) and person.for_all,
        )


def _fault(order: TrustOrder) -> str:
    if not _OPERATOR.fullmatch(order.mcc_mnc):
        return "providers.odd_operator"
    return "" if order.reason else "providers.no_reason"
