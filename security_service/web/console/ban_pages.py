"""SIMs that are banned after fraud: the list, and lifting a ban with a reason; leaves banning to cases."""

from __future__ import annotations

from http import HTTPStatus
from typing import assert_never

from flask import Response

from security_service.domain.access import Actor, Role
from security_service.domain.bans import Ban
from security_service.usecases.keep_bans import BanLifted, LiftOutcome, MayNotLift, NoSuchBan
from security_service.web.console import forms
from security_service.web.console.figures import Writing
from security_service.web.console.notices import Notice, bad, good, warn
from security_service.web.console.places import listed
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit


class BanPages:
    """A ban is named by the case that brought it: no token of a SIM stands in an address."""

    def __init__(self, services: ConsoleServices, screen: Screen, lifters: frozenset[Role]) -> None:
        self._services, self._screen, self._lifters = services, screen, lifters

    def page(self) -> Response:
        """List bans, the newest first."""
        bans = self._services.keep_bans.every(chosen_tenant(self._services).id)
        return self._screen.show(
            "bans.html",
            found=listed(bans),
            may_lift=this_visit().person.may(self._lifters),
            write=Writing(this_visit().locale),
        )

    def ask(self, case: str) -> Response:
        """Say what lifting a ban does, and ask why."""
        return self._asking(self._ban(case))

    def lift(self, case: str) -> Response:
        """Lift a ban."""
        ban, visit, reason = self._ban(case), this_visit(), forms.text("reason")
        if not reason:
            return self._asking(ban, "deed.reason_missing")
        actor = Actor(visit.person.name, visit.person.roles)
        outcome = self._services.keep_bans.lift(ban.tenant, actor, ban.imsi, reason, visit.request_id)
        return self._screen.go("bans", _told(outcome))

    def _ban(self, case: str) -> Ban:
        every = self._services.keep_bans.every(chosen_tenant(self._services).id)
        found = next((ban for ban in every if ban.case == case), None)
        if found is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "bans.unknown")
        return found

    def _asking(self, ban: Ban, fault: str = "") -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._screen.show(
            "ban_lift.html",
            status,
            ban=ban,
            fault=fault,
            reason=forms.text("reason"),
            write=Writing(this_visit().locale),
        )


def _told(outcome: LiftOutcome) -> Notice:
    match outcome:
        case BanLifted():
            return good("bans.lifted")
        case NoSuchBan():
            return warn("bans.unknown")
        case MayNotLift():
            return bad("deed.not_allowed")
        case _:
            assert_never(outcome)
