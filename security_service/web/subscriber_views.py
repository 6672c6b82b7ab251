"""The views on subscribers: each takes what the schema made, calls one use case, maps its outcome."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, assert_never

from flask import Response

from security_service.usecases.actions import RecordKeepsMoving, SimBanned
from security_service.usecases.add_sim import (
    AddConflict,
    AlreadyTrusted,
    NoAnswer,
    NoReference,
    SimAdded,
    TooManySims,
)
from security_service.usecases.candidates import UnknownCandidate
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.freeze import AlreadyFrozen, Frozen
from security_service.usecases.reverify import Reverified, ReverifyConflict, ReverifyPending
from security_service.usecases.set_mode import ModeConflict, ModeFault, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked
from security_service.usecases.view_subscriber import SubscriberView
from security_service.web.admin_schemas import ModeBody, ReverifyBody
from security_service.web.admin_session import action_on, number_of, tenant_of_request
from security_service.web.deed_problems import deed_problem, proposed
from security_service.web.problems import MOVING, Problem, ProblemRaised
from security_service.web.services import WebServices
from security_service.web.subscriber_document import Document, moment, subscriber_document


class SubscriberViews:
    """What the management API does about subscribers."""

    def __init__(self, services: WebServices) -> None:
        self._services = services

    def view(self, number: str) -> Document:
        """View one subscriber; one that was never met has no reference and is checked."""
        tenant = tenant_of_request(self._services)
        return subscriber_document(self._services.view_subscriber.run(tenant.id, number_of(number, tenant)))

    def find(self, number: str) -> Document:
        """View one subscriber whose number stands in no URL."""
        return self.view(number)

    def page(self, asked: dict[str, Any]) -> Document:
        """List subscribers by the first digits of their number."""
        tenant = tenant_of_request(self._services)
        search = asked["search"].removeprefix("+")
        page = self._services.list_subscribers.run(tenant.id, search, asked["cursor"], asked["limit"])
        return {
            "subscribers": [subscriber_document(view) for view in page.subscribers],
            "next": page.next,
        }

    def mode(self, body: ModeBody, number: str) -> Document | Response:
        """Set the mode: check, always_allow or always_deny; or propose it to a second person."""
        action = action_on(self._services, number, body.reason)
        outcome = self._services.four_eyes.set_mode(action, body.change)
        match outcome:
            case ModeSet():
                return subscriber_document(outcome.view)
            case ModeFault():
                faults = [{"member": outcome.member, "sentence": outcome.sentence}]
                raise ProblemRaised(
                    Problem(
                        HTTPStatus.UNPROCESSABLE_ENTITY,
                        "invalid-request",
                        outcome.sentence,
                        {"errors": faults},
                    )
                )
            case Proposed():
                return proposed(outcome)
            case ModeConflict() | NotAllowed():
                raise ProblemRaised(deed_problem(outcome))
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case _:
                assert_never(outcome)

    def reverify(self, body: ReverifyBody, number: str) -> Document | tuple[Document, int] | Response:
        """Replace the reference by the SIM that is in the network now; or propose it."""
        action = action_on(self._services, number, body.reason)
        outcome = self._services.four_eyes.reverify(action, body.request)
        match outcome:
            case Reverified():
                return _result("reverified", outcome.view)
            case ReverifyPending():
                pending = {"until": moment(outcome.until), "no_data": outcome.no_data.value}
                return {**_result("pending", outcome.view), **pending}, HTTPStatus.ACCEPTED
            case Proposed():
                return proposed(outcome)
            case ReverifyConflict() | UnknownCandidate() | SimBanned() | NotAllowed():
                raise ProblemRaised(deed_problem(outcome))
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case _:
                assert_never(outcome)

    def add_sim(self, reason: str, number: str) -> Document | Response:
        """Trust the SIM that is in the network now beside the others; or propose it."""
        outcome = self._services.four_eyes.add_sim(action_on(self._services, number, reason))
        match outcome:
            case SimAdded():
                return _result("added", outcome.view)
            case AlreadyTrusted():
                return _result("already_trusted", outcome.view)
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case Proposed():
                return proposed(outcome)
            case AddConflict() | NoReference() | TooManySims() | NoAnswer() | SimBanned() | NotAllowed():
                raise ProblemRaised(deed_problem(outcome))
            case _:
                assert_never(outcome)

    def unlock(self, reason: str, number: str) -> Document | Response:
        """Forget wrong guesses and locks; or propose it."""
        outcome = self._services.four_eyes.unlock(action_on(self._services, number, reason))
        match outcome:
            case Unlocked():
                return _result("unlocked", outcome.view)
            case NothingLocked():
                return _result("nothing_locked", outcome.view)
            case Proposed():
                return proposed(outcome)
            case NotAllowed():
                raise ProblemRaised(deed_problem(outcome))
            case _:
                assert_never(outcome)

    def freeze(self, reason: str, number: str) -> Document:
        """Stop everything for a subscriber at once, until a person unlocks."""
        outcome = self._services.freeze.run(action_on(self._services, number, reason))
        match outcome:
            case Frozen():
                return _result("frozen", outcome.view)
            case AlreadyFrozen():
                return _result("already_frozen", outcome.view)
            case _:
                assert_never(outcome)


def _result(word: str, view: SubscriberView) -> Document:
    return {"result": word, "subscriber": subscriber_document(view)}
