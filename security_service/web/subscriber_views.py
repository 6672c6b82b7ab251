"""The views on subscribers: each takes what the schema made, calls one use case, maps its outcome."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, assert_never

from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.add_sim import (
    AddConflict,
    AlreadyTrusted,
    NoAnswer,
    NoReference,
    SimAdded,
    TooManySims,
)
from security_service.usecases.candidates import UnknownCandidate, fingerprint
from security_service.usecases.reverify import Reverified, ReverifyConflict, ReverifyPending
from security_service.usecases.set_mode import ModeFault, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked
from security_service.usecases.view_subscriber import SubscriberView
from security_service.web.admin_schemas import ModeBody, ReverifyBody
from security_service.web.admin_session import action_on, number_of, tenant_of_request
from security_service.web.problems import Problem, ProblemRaised
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

    def mode(self, body: ModeBody, number: str) -> Document:
        """Set the mode: check, always_allow or always_deny."""
        outcome = self._services.set_mode.run(action_on(self._services, number, body.reason), body.change)
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
            case RecordKeepsMoving():
                raise ProblemRaised(_MOVING)
            case _:
                assert_never(outcome)

    def reverify(self, body: ReverifyBody, number: str) -> Document | tuple[Document, int]:
        """Replace the reference by the SIM that is in the network now."""
        outcome = self._services.reverify.ask(action_on(self._services, number, body.reason), body.request)
        match outcome:
            case Reverified():
                return _result("reverified", outcome.view)
            case ReverifyPending():
                pending = {"until": moment(outcome.until), "no_data": outcome.no_data.value}
                return {**_result("pending", outcome.view), **pending}, HTTPStatus.ACCEPTED
            case ReverifyConflict():
                shown = {"expected": fingerprint(outcome.expected), "seen": outcome.seen.token()}
                detail = "The SIM in the network is not the one that was judged: it changed again."
                raise ProblemRaised(Problem(HTTPStatus.CONFLICT, "reverify-conflict", detail, shown))
            case UnknownCandidate():
                raise ProblemRaised(_UNKNOWN_CANDIDATE)
            case RecordKeepsMoving():
                raise ProblemRaised(_MOVING)
            case _:
                assert_never(outcome)

    def add_sim(self, reason: str, number: str) -> Document:
        """Trust the SIM that is in the network now beside the others."""
        outcome = self._services.add_sim.run(action_on(self._services, number, reason))
        match outcome:
            case SimAdded():
                return _result("added", outcome.view)
            case AlreadyTrusted():
                return _result("already_trusted", outcome.view)
            case RecordKeepsMoving():
                raise ProblemRaised(_MOVING)
            case AddConflict() | NoReference() | TooManySims() | NoAnswer():
                raise ProblemRaised(_not_added(outcome))
            case _:
                assert_never(outcome)

    def unlock(self, reason: str, number: str) -> Document:
        """Forget wrong guesses and locks."""
        outcome = self._services.unlock.run(action_on(self._services, number, reason))
        match outcome:
            case Unlocked():
                return _result("unlocked", outcome.view)
            case NothingLocked():
                return _result("nothing_locked", outcome.view)
            case _:
                assert_never(outcome)


def _result(word: str, view: SubscriberView) -> Document:
    return {"result": word, "subscriber": subscriber_document(view)}


def _not_added(outcome: AddConflict | NoReference | TooManySims | NoAnswer) -> Problem:
    match outcome:
        case AddConflict():
            detail = "The SIM in the network is not the candidate that was judged."
            return Problem(HTTPStatus.CONFLICT, "add-conflict", detail, {"seen": outcome.seen.token()})
        case NoReference():
            detail = "There is no SIM yet that a second could stand beside: re-verify instead."
            return Problem(HTTPStatus.CONFLICT, "no-reference", detail)
        case TooManySims():
            detail = "The reference is full: re-verify replaces it."
            return Problem(HTTPStatus.CONFLICT, "too-many-sims", detail)
        case NoAnswer():
            detail = "No source names the SIM now; nothing was stored."
            return Problem(HTTPStatus.CONFLICT, "no-answer", detail, {"no_data": outcome.no_data.value})
        case _:
            assert_never(outcome)


_MOVING = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "record-keeps-moving",
    "Others changed this subscriber at every attempt; nothing was written.",
    headers={"Retry-After": "1"},
)
_UNKNOWN_CANDIDATE = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-candidate",
    "candidate is neither the fingerprint of an IMSI known for this subscriber nor a whole token.",
)
