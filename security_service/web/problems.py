"""Errors of the management API and of unknown paths as problem+json (RFC 9457); echoes no input."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePath
from typing import Final

import structlog
from flask import Flask, Response
from marshmallow import Schema
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.web.devino import method_refusal
from security_service.web.secured_response import SecuredResponse

MEDIA_TYPE: Final = "application/problem+json"
_URN: Final = "urn:etalon:problem:"

_log = structlog.get_logger(__name__)

Member = str | int | Mapping[str, object] | list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: a status, the token of its kind, a sentence, and what a program may use.

    `kind` is empty where the status says it all; then the type is `about:blank`.
    """

    status: HTTPStatus
    kind: str
    detail: str
    members: Mapping[str, Member] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class ProblemRaised(Exception):
    """Ends a request of the management API with a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem: Final = problem
        super().__init__(problem.kind or problem.status.phrase)


MOVING: Final = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "record-keeps-moving",
    "Others changed this subscriber at every attempt; nothing was written.",
    headers={"Retry-After": "1"},
)
"""What an action on a subscriber answers that lost against others at every attempt."""


def written(problem: Problem) -> Response:
    """Give the response of a problem."""
    document = {
        "type": f"{_URN}{problem.kind}" if problem.kind else "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        **problem.members,
    }
    response = SecuredResponse(
        json.dumps(document, ensure_ascii=False), problem.status.value, content_type=MEDIA_TYPE
    )
    response.headers.extend(problem.headers)
    return response


def register_problems(app: Flask) -> None:
    """Let every error that no face answers itself end as a problem."""
    app.register_error_handler(ProblemRaised, lambda raised: written(raised.problem))
    app.register_error_handler(MethodNotAllowed, _method_not_allowed)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(ArchiveUnavailable, _archive_unavailable)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> Response:
    """Write an HTTP error; those of argument checking come with the members at fault."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    data: Mapping[str, object] = getattr(error, "data", None) or {}
    faults = list(_faults(data.get("messages"), data.get("schema")))
    if faults:
        detail = "The request holds members that cannot be taken: see errors."
        return written(Problem(status, "invalid-request", detail, {"errors": faults}))
    return written(Problem(status, "", _DETAILS.get(status, status.description or status.phrase)))


_DETAILS: Final = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read.",
    HTTPStatus.NOT_FOUND: "There is nothing at this path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not take this method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 64 KiB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body must be application/json.",
}


def _faults(messages: object, schema: object) -> Iterator[dict[str, str]]:
    """Give members and sentences; names that no schema has are the caller's words and not told."""
    known = frozenset(schema.fields) if isinstance(schema, Schema) else frozenset()
    if not isinstance(messages, Mapping):
        return
    for location in messages.values():
        members = location if isinstance(location, Mapping) else {"": location}
        for member, sentences in members.items():
            for sentence in sentences if isinstance(sentences, list) else ["Cannot be taken."]:
                yield {"member": member if member in known else "", "sentence": str(sentence)}


def _method_not_allowed(error: MethodNotAllowed) -> Response:
    refusal = method_refusal(error)
    if refusal is not None:
        return refusal
    status = HTTPStatus.METHOD_NOT_ALLOWED
    allowed = ", ".join(sorted(error.valid_methods or ()))
    return written(Problem(status, "", _DETAILS[status], headers={"Allow": allowed}))


def _store_unavailable(_error: StoreUnavailable) -> Response:
    _log.error("store_unavailable")
    detail = "The store does not answer; whether the last change was made is not known."
    return written(
        Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", detail, headers={"Retry-After": "5"})
    )


def _archive_unavailable(error: ArchiveUnavailable) -> Response:
    _log.error("archive_unavailable", sentence=str(error))
    detail = "The archive of the audit log cannot be read; a part of the log is never shown for the whole."
    return written(
        Problem(HTTPStatus.SERVICE_UNAVAILABLE, "archive-unavailable", detail, headers={"Retry-After": "5"})
    )


def _unforeseen(error: Exception) -> Response:
    """Promise nothing; log what broke, never its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    _log.error("unforeseen", fault=type(error).__name__, where=where)
    return written(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "", "Something broke; the log tells what."))
