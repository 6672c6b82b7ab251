"""What the management API answers where a policy was not read, published or tried; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import assert_never

from security_service.domain.policy_check import render
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.usecases.publish_policy import (
    AlreadyInForce,
    OtherInForce,
    PolicyRefused,
    VersionNotHigher,
    WarningsUnread,
)
from security_service.usecases.read_policies import UnknownPolicy, UnknownVersion
from security_service.usecases.replay_policy import EmptyPeriod, UnknownRun
from security_service.usecases.shadow_policy import OtherName
from security_service.web.problems import Problem

NotPublished = (
    PolicyFaults
    | TooManyCases
    | PolicyRefused
    | WarningsUnread
    | VersionNotHigher
    | OtherInForce
    | AlreadyInForce
    | UnknownPolicy
    | UnknownVersion
    | OtherName
    | EmptyPeriod
    | UnknownRun
)
"""What was not done because of what the document, the book or the request says."""


def policy_problem(outcome: NotPublished) -> Problem:
    """Give the problem that says why, and what a program may go on with."""
    unprocessable, conflict = HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT
    match outcome:
        case PolicyFaults():
            faults = _errors([str(fault) for fault in outcome.faults])
            return Problem(unprocessable, "policy-unreadable", "This is no policy: see errors.", faults)
        case TooManyCases():
            return Problem(unprocessable, "policy-too-wide", render(outcome))
        case PolicyRefused():
            lines = _errors(render(outcome.checked.findings).splitlines())
            return Problem(unprocessable, "policy-refused", "The checker found errors: see errors.", lines)
        case WarningsUnread():
            lines = _errors(render(outcome.checked.findings).splitlines())
            detail = "The checker has warnings, which must be acknowledged: see errors."
            return Problem(unprocessable, "warnings-unread", detail, lines)
        case VersionNotHigher():
            detail = "The policy had this version or a higher one before."
            return Problem(conflict, "version-not-higher", detail, {"highest": outcome.highest})
        case OtherInForce():
            detail = "Another version is in force than was expected."
            return Problem(conflict, "other-in-force", detail, {"in_force": outcome.in_force})
        case AlreadyInForce():
            return Problem(conflict, "already-in-force", "This version is in force.")
        case UnknownPolicy() | UnknownVersion() | UnknownRun():
            return _unknown(outcome)
        case OtherName():
            detail = "The document is of another policy than the path names."
            return Problem(unprocessable, "other-policy", detail)
        case EmptyPeriod():
            return Problem(unprocessable, "empty-period", "The period is empty or lies ahead.")
        case _:
            assert_never(outcome)


def _unknown(outcome: UnknownPolicy | UnknownVersion | UnknownRun) -> Problem:
    match outcome:
        case UnknownPolicy():
            return Problem(HTTPStatus.NOT_FOUND, "unknown-policy", "No document has this name.")
        case UnknownVersion():
            detail = "The policy never had this version in force."
            return Problem(HTTPStatus.NOT_FOUND, "unknown-version", detail)
        case UnknownRun():
            detail = "There is no such replay, or its day is over."
            return Problem(HTTPStatus.NOT_FOUND, "unknown-replay", detail)
        case _:
            assert_never(outcome)


def _errors(sentences: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    return {"errors": [{"member": "document", "sentence": sentence} for sentence in sentences]}
