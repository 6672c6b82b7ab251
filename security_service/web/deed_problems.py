"""What the management API answers where a deed was not done: proposed, or in conflict; judges nothing."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response

from security_service.usecases.actions import SimBanned
from security_service.usecases.add_sim import AddConflict, NoAnswer, NoReference, TooManySims
from security_service.usecases.candidates import UnknownCandidate, fingerprint
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.reverify import ReverifyConflict
from security_service.usecases.set_mode import ModeConflict
from security_service.web.problems import Problem
from security_service.web.secured_response import SecuredResponse
from security_service.web.subscriber_document import moment

NotDone = (
    ModeConflict
    | ReverifyConflict
    | AddConflict
    | NoReference
    | TooManySims
    | NoAnswer
    | SimBanned
    | UnknownCandidate
    | NotAllowed
)
"""What was not done because of what the network, the record or the caller's roles say."""

_UNKNOWN_CANDIDATE: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-candidate",
    "candidate is neither the fingerprint of an IMSI known for this subscriber nor a whole token.",
)


def proposed(outcome: Proposed) -> Response:
    """Give the answer of a deed that waits for a second person: 202 with the proposal."""
    body = {"result": "proposed", "proposal": outcome.id, "expires_at": moment(outcome.expires_at)}
    return SecuredResponse(json.dumps(body), HTTPStatus.ACCEPTED, content_type="application/json")


def deed_problem(outcome: NotDone) -> Problem:
    """Give the problem that says why a deed was not done, and what a program may go on with."""
    conflict = HTTPStatus.CONFLICT
    match outcome:
        case ModeConflict():
            detail = "Another SIM is known by now than the one that was judged."
            seen = "" if outcome.seen is None else outcome.seen.token()
            return Problem(conflict, "mode-conflict", detail, {"seen": seen})
        case ReverifyConflict():
            shown = {"expected": fingerprint(outcome.expected), "seen": outcome.seen.token()}
            detail = "The SIM in the network is not the one that was judged: it changed again."
            return Problem(conflict, "reverify-conflict", detail, shown)
        case AddConflict():
            detail = "The SIM in the network is not the candidate that was judged."
            return Problem(conflict, "add-conflict", detail, {"seen": outcome.seen.token()})
        case NoReference():
            detail = "There is no SIM yet that a second could stand beside: re-verify instead."
            return Problem(conflict, "no-reference", detail)
        case TooManySims():
            return Problem(conflict, "too-many-sims", "The reference is full: re-verify replaces it.")
        case NoAnswer():
            detail = "No source names the SIM now; nothing was stored."
            return Problem(conflict, "no-answer", detail, {"no_data": outcome.no_data.value})
        case SimBanned():
            detail = "The SIM in the network was banned after a fraud: a lead may lift the ban first."
            return Problem(conflict, "imsi-banned", detail, {"seen": fingerprint(outcome.seen)})
        case UnknownCandidate():
            return _UNKNOWN_CANDIDATE
        case NotAllowed():
            return Problem(HTTPStatus.FORBIDDEN, "role-missing", "None of this key's roles may do this.")
        case _:
            assert_never(outcome)
