"""The views on subscribers' authenticator apps: each calls the use case and maps its outcome."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.enrol_authenticator import (
    AuthenticatorConfirmed,
    AuthenticatorOffered,
    AuthenticatorView,
    EnrolFault,
    NotEnrolled,
    WrongFirstCode,
)
from security_service.web.admin_session import action_on, number_of, tenant_of_request
from security_service.web.authenticator_schemas import ConfirmBody
from security_service.web.problems import MOVING, Problem, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document, moment


class AuthenticatorViews:
    """What the management API does about authenticator apps."""

    def __init__(self, services: WebServices) -> None:
        self._services = services

    def view(self, number: str) -> Document:
        """Tell whether a subscriber has an authenticator; never its secret."""
        tenant = tenant_of_request(self._services)
        enrolment = self._services.enrol_authenticator
        return _document(enrolment.view(tenant.id, number_of(number, tenant)))

    def offer(self, reason: str, number: str) -> Document:
        """Offer a new authenticator; what this answers is shown to the subscriber and nobody keeps it."""
        outcome = self._services.enrol_authenticator.offer(action_on(self._services, number, reason))
        match outcome:
            case AuthenticatorOffered():
                uri = outcome.uri.reveal()
                return {"uri": uri, "qr_svg": outcome.qr_svg, "until": moment(outcome.ends)}
            case NotEnrolled():
                raise ProblemRaised(_not_enrolled(outcome))
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case _:
                assert_never(outcome)

    def confirm(self, body: ConfirmBody, number: str) -> Document:
        """Put the offered authenticator into force by the first code that it shows."""
        action = action_on(self._services, number, body.reason)
        outcome = self._services.enrol_authenticator.confirm(action, body.code)
        match outcome:
            case AuthenticatorConfirmed():
                return {"result": "confirmed", "state": "active", "since": moment(outcome.since)}
            case WrongFirstCode():
                detail = "The code is not the one that the offered authenticator shows now."
                left: dict[str, int] = {"codes_left": outcome.left}
                raise ProblemRaised(Problem(HTTPStatus.CONFLICT, "authenticator-wrong-code", detail, left))
            case NotEnrolled():
                raise ProblemRaised(_not_enrolled(outcome))
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case _:
                assert_never(outcome)

    def remove(self, reason: str, number: str) -> Document:
        """Forget a subscriber's authenticator."""
        was_there = self._services.enrol_authenticator.remove(action_on(self._services, number, reason))
        return {"result": "removed" if was_there else "none", "state": "none", "since": None}


def _document(view: AuthenticatorView) -> Document:
    if view.state is None:
        return {"state": "none", "since": None}
    return {"state": view.state.value, "since": moment(view.since)}


_DETAILS: Final = {
    EnrolFault.NO_VAULT: "No key is set that could seal the secrets of authenticators (keys.vault).",
    EnrolFault.NOT_OPENED: "The key that sealed this offer is not at hand: offer a new one.",
    EnrolFault.SIM_IN_QUESTION: "The SIM has changed: judge that first. Nothing was enrolled.",
    EnrolFault.SIM_UNKNOWN: "No source tells whether the trusted SIM is in the network: try again later.",
    EnrolFault.FROZEN: "The subscriber is frozen.",
    EnrolFault.ENROLLED: "An authenticator is in force: remove it first.",
    EnrolFault.NO_OFFER: "There is no offer, or it has ended: offer a new one.",
}


def _not_enrolled(outcome: NotEnrolled) -> Problem:
    members = {"no_data": outcome.no_data} if outcome.no_data else {}
    kind = f"authenticator-{outcome.fault.value.replace('_', '-')}"
    return Problem(HTTPStatus.CONFLICT, kind, _DETAILS[outcome.fault], members)
