"""The views on imports, exports and bulk re-verifications: each calls one use case, maps its outcome."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.transfers import BulkRun, BulkState, ImportRun, ImportState
from security_service.usecases.bulk_reverify import (
    BulkBegun,
    BulkOrder,
    BulkOver,
    BulkRefused,
    CandidatesNeedSecond,
    MayNotBulk,
    NothingToAsk,
    RateTooHigh,
    TooManyNumbers,
    UnknownBulk,
)
from security_service.usecases.export_subscribers import Exported
from security_service.usecases.import_subscribers import (
    ImportEnded,
    ImportIdTaken,
    ImportOrder,
    ImportRefused,
    MayNotImport,
    ReplaceNeedsSecond,
)
from security_service.usecases.view_imports import UnknownImport
from security_service.web.admin_session import reviewer_of, tenant_of_request
from security_service.web.problems import Problem, ProblemRaised
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices
from security_service.web.streamed_bodies import pieces_of
from security_service.web.subscriber_document import Document, moment
from security_service.web.transfer_schemas import BulkBody, ImportWish

CSV: Final = "text/csv; charset=utf-8"

_NO_LENGTH: Final = Problem(HTTPStatus.LENGTH_REQUIRED, "", "The body must come with its Content-Length.")
_NOT_CSV: Final = Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "", "The body must be text/csv.")
_ROLE: Final = Problem(HTTPStatus.FORBIDDEN, "role-missing", "None of this key's roles may do this.")
_UNKNOWN: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-run", "The tenant has no such run.")
_TAKEN: Final = Problem(HTTPStatus.CONFLICT, "import-id-taken", "There is an import of this id.")
_SECOND: Final = Problem(
    HTTPStatus.CONFLICT,
    "second-person-needed",
    "The tenant demands a second person for a re-verify after a change: do these one by one.",
)
_OVER: Final = Problem(HTTPStatus.CONFLICT, "run-over", "The run is over, or so already.")
_NO_NUMBER: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY, "no-number", "The list holds no number that can be read."
)


class TransferViews:
    """What the management API does with many subscribers at once."""

    def __init__(self, services: WebServices) -> None:
        self._services, self._desk = services, services.transfers

    def take(self, wish: ImportWish) -> Document:
        """Import the CSV file of the body, which is read as it comes; ask by `id` for progress meanwhile."""
        who = reviewer_of(self._services)
        if request.mimetype != "text/csv":
            raise ProblemRaised(_NOT_CSV)
        if not request.content_length:
            raise ProblemRaised(_NO_LENGTH)
        order = ImportOrder(who.tenant, who.actor, who.request_id, wish.file, wish.replaces, wish.id)
        outcome = self._desk.take.run(order, pieces_of(request))
        if isinstance(outcome, ImportEnded):
            return _file_taken(outcome.run)
        raise ProblemRaised(import_problem(outcome))

    def imports(self) -> Document:
        """List the newest imports."""
        found = self._desk.imports.every(tenant_of_request(self._services).id)
        return {"imports": [import_document(run) for run in found]}

    def view(self, run: str) -> Document:
        """View one import: how far it is, and what became of its rows."""
        return import_document(self._import(run))

    def refused(self, asked: dict[str, int], run: str) -> Document:
        """List rows that an import refused, 10,000 at most."""
        first, limit = asked["first"], asked["limit"]
        rows = self._desk.imports.refused(self._import(run), first, limit)
        told = [{"line": row.line, "reason": row.fault.value} for row in rows]
        return {"rows": told, "next": first + limit if len(rows) == limit else 0}

    def export(self) -> Response:
        """Export the tenant's subscribers and references as CSV; IMSIs stand in it as keyed digests."""
        who = reviewer_of(self._services)
        outcome = self._desk.export.run(who.tenant.id, who.actor, who.request_id)
        if not isinstance(outcome, Exported):
            raise ProblemRaised(_ROLE)
        named = {"Content-Disposition": "attachment; filename=subscribers.csv"}
        return SecuredResponse(outcome.pieces, content_type=CSV, headers=named)

    def begin(self, body: BulkBody) -> Document:
        """Begin a bulk re-verification; the worker asks so many numbers a second."""
        who = reviewer_of(self._services)
        before = 0 if body.before is None else int(body.before.timestamp())
        outcome = self._desk.bulk.begin(
            BulkOrder(
                who.tenant,
                who.actor,
                body.reason,
                who.request_id,
                body.source,
                body.rate,
                before,
                body.numbers,
            )
        )
        if isinstance(outcome, BulkBegun):
            return {**bulk_document(outcome.run), "unreadable": list(outcome.unreadable)}
        raise ProblemRaised(_bulk_problem(outcome))

    def bulks(self) -> Document:
        """List the newest bulk re-verifications."""
        found = self._desk.bulk.every(tenant_of_request(self._services).id)
        return {"runs": [bulk_document(run) for run in found]}

    def bulk(self, run: str) -> Document:
        """View one bulk re-verification."""
        found = self._desk.bulk.view(tenant_of_request(self._services).id, run)
        if isinstance(found, UnknownBulk):
            raise ProblemRaised(_UNKNOWN)
        return bulk_document(found)

    def mark(self, state: BulkState, run: str) -> Document:
        """Let a bulk re-verification go on (`running`), pause or stop."""
        who = reviewer_of(self._services)
        outcome = self._desk.bulk.mark(who.tenant.id, run, who.actor, state)
        match outcome:
            case BulkRun():
                return bulk_document(outcome)
            case BulkOver():
                raise ProblemRaised(_OVER)
            case UnknownBulk():
                raise ProblemRaised(_UNKNOWN)
            case MayNotBulk():
                raise ProblemRaised(_ROLE)
            case _:
                assert_never(outcome)

    def _import(self, run: str) -> ImportRun:
        found = self._desk.imports.one(tenant_of_request(self._services).id, run)
        if isinstance(found, UnknownImport):
            raise ProblemRaised(_UNKNOWN)
        return found


def _file_taken(run: ImportRun) -> Document:
    if run.state is ImportState.REFUSED:
        detail = "The file's first line does not name the columns."
        members = {"fault": run.fault, "id": run.id}
        raise ProblemRaised(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "file-refused", detail, members))
    return import_document(run)


def _bulk_problem(outcome: BulkRefused) -> Problem:
    match outcome:
        case RateTooHigh():
            return _rate(outcome.most)
        case NothingToAsk() | TooManyNumbers():
            return _NO_NUMBER
        case CandidatesNeedSecond():
            return _SECOND
        case MayNotBulk():
            return _ROLE
        case _:
            assert_never(outcome)


def _rate(most: int) -> Problem:
    detail = f"The tenant allows {most} numbers a second at most."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "rate-too-high", detail, {"most": most})


def import_problem(outcome: ImportRefused) -> Problem:
    """Give the problem of a file that was not read at all."""
    match outcome:
        case MayNotImport():
            return _ROLE
        case ReplaceNeedsSecond():
            return _SECOND
        case ImportIdTaken():
            return _TAKEN
        case _:
            assert_never(outcome)


def import_document(run: ImportRun) -> Document:
    """Give the members of `ImportSchema`."""
    return {
        "id": run.id,
        "state": run.state.value,
        "fault": run.fault,
        "file": run.file,
        "actor": run.actor,
        "replaces": run.replaces,
        "started": moment(run.started_ms // 1000),
        "told": moment(run.told_ms // 1000),
        "counts": asdict(run.counts),
    }


def bulk_document(run: BulkRun) -> Document:
    """Give the members of `BulkSchema`."""
    return {
        "id": run.id,
        "state": run.state.value,
        "source": run.source.value,
        "rate": run.rate,
        "total": run.total,
        "actor": run.actor,
        "reason": run.reason,
        "started": moment(run.started_ms // 1000),
        "counts": {**asdict(run.counts), "waiting": run.counts.waiting},
    }
