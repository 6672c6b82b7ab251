"""People of the console: who there is, what they may do, invitations; for admins of every tenant."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Role
from security_service.domain.people import LOCALES, PersonState
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.change_person import (
    ChangeFailed,
    ChangeOutcome,
    LastAdmin,
    NoSuchPerson,
    PersonChanged,
)
from security_service.usecases.invite_person import Invitation, Invited, NameTaken, PersonFault
from security_service.usecases.list_people import PersonView
from security_service.web.console import forms
from security_service.web.console.notices import good, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.tenant_access import is_admin, must_act_for_all
from security_service.web.console.visit import this_visit

ROLES: Final = (Role.ANALYST, Role.LEAD, Role.AUDITOR, Role.ADMIN)
"""What people may be; `enroller` is the bank's own backend and comes by a management key."""

_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_PAGE: Final = 50
_NAME: Final = 160


class PeoplePages:
    """Whoever is let in may be let in for every tenant, so that only an admin of all does it."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen

    def page(self) -> Response:
        """List everybody, by name."""
        must_act_for_all()
        after = request.args.get("after", "")[:_NAME]
        found = [one for one in self._services.list_people.run() if one.name > after]
        following = found[_PAGE - 1].name if len(found) > _PAGE else ""
        return self._screen.show(
            "people.html", people=found[:_PAGE], after=after, following=following, may_change=is_admin()
        )

    def new(self) -> Response:
        """Ask whom to invite."""
        must_act_for_all()
        return self._new("")

    def invite(self) -> Response:
        """Invite somebody and show their code."""
        must_act_for_all()
        tenants, unknown = self._tenants()
        if unknown:
            return self._new("people.no_tenant")
        locale = forms.line("locale", 5)
        invitation = Invitation(
            forms.line("name", _NAME), _roles(), tenants, this_visit().person.name, locale or LOCALES[0]
        )
        outcome = self._services.invite_person.run(invitation)
        match outcome:
            case Invited():
                return self._screen.show("invited.html", invited=outcome)
            case NameTaken():
                return self._new("people.name_taken")
            case PersonFault():
                return self._new(f"people.fault.{outcome.member}")
            case _:
                assert_never(outcome)

    def show(self, name: str) -> Response:
        """Show one person and what may be changed of them."""
        must_act_for_all()
        return self._person(name)

    def rights(self, name: str) -> Response:
        """Set somebody's roles and tenants; their sessions end."""
        must_act_for_all()
        tenants, unknown = self._tenants()
        if unknown:
            return self._person(name, "people.no_tenant")
        change = self._services.change_person
        return self._changed(
            name, change.rights(name, this_visit().person.name, _roles(), tenants), "people.rights_set"
        )

    def change(self, name: str, deed: str) -> Response:
        """Disable, enable, remove somebody, or invite them anew."""
        must_act_for_all()
        change, actor = self._services.change_person, this_visit().person.name
        match deed:
            case "disable":
                return self._changed(name, change.disable(name, actor), "people.disabled")
            case "enable":
                return self._changed(name, change.enable(name, actor), "people.enabled")
            case "remove":
                return self._removed(name, change.remove(name, actor))
            case "reset":
                outcome = change.reset(name, actor)
                if isinstance(outcome, Invited):
                    return self._screen.show("invited.html", invited=outcome)
                return self._failed(name, outcome)
            case _:
                raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")

    def _changed(self, name: str, outcome: ChangeOutcome, said: str) -> Response:
        if isinstance(outcome, PersonChanged):
            return self._screen.go("person", good(said, name=name), name=name)
        return self._failed(name, outcome)

    def _removed(self, name: str, outcome: ChangeOutcome) -> Response:
        if isinstance(outcome, PersonChanged):
            return self._screen.go("people", good("people.removed", name=name))
        return self._failed(name, outcome)

    def _failed(self, name: str, outcome: ChangeFailed) -> Response:
        match outcome:
            case NoSuchPerson():
                raise PageRefused(HTTPStatus.NOT_FOUND, "people.unknown")
            case LastAdmin():
                return self._person(name, "people.last_admin")
            case PersonFault():
                return self._person(name, f"people.fault.{outcome.member}")
            case RecordKeepsMoving():
                return self._screen.go("person", warn("people.moving"), name=name)
            case _:
                assert_never(outcome)

    def _new(self, fault: str) -> Response:
        typed = {name: forms.line(name, _NAME) for name in ("name", "tenants", "locale")}
        return self._screen.show(
            "person_new.html",
            _BAD if fault else HTTPStatus.OK,
            fault=fault,
            typed=typed,
            chosen=_roles(),
            roles=ROLES,
            locales=LOCALES,
            known=self._known(),
        )

    def _person(self, name: str, fault: str = "") -> Response:
        found: PersonView | None = self._services.list_people.one(name)
        if found is None:
            raise PageRefused(HTTPStatus.NOT_FOUND, "people.unknown")
        return self._screen.show(
            "person.html",
            _BAD if fault else HTTPStatus.OK,
            person=found,
            fault=fault,
            roles=ROLES if not set(found.roles) - set(ROLES) else tuple(Role),
            known=self._known(),
            is_disabled=found.state is PersonState.DISABLED,
            is_oneself=found.name == this_visit().person.name,
            may_change=is_admin(),
        )

    def _known(self) -> tuple[str, ...]:
        return tuple(self._services.tenant_ids.ids())

    def _tenants(self) -> tuple[frozenset[str], frozenset[str]]:
        """Give the tenants of the form, and those among them that there are not."""
        wanted = frozenset(forms.line("tenants", 2000).replace(",", " ").split())
        return wanted, wanted - set(self._known())


def _roles() -> frozenset[Role]:
    return frozenset(role for role in Role if forms.ticked(f"role.{role}"))
