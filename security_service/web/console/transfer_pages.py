"""Import and export of subscribers: a file in with its progress and refused rows, a file out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response, request

from security_service.domain.access import Actor
from security_service.domain.tenants import FourEyesDeed
from security_service.domain.transfers import MOST_REFUSED_KEPT, ImportRun, ImportState
from security_service.usecases.export_subscribers import EXPORTERS, Exported
from security_service.usecases.import_subscribers import (
    IMPORTERS,
    ImportEnded,
    ImportIdTaken,
    ImportOrder,
    MayNotImport,
    ReplaceNeedsSecond,
)
from security_service.usecases.view_imports import UnknownImport
from security_service.web.console.notices import Notice, bad, good, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.uploads import this_upload
from security_service.web.console.visit import this_visit
from security_service.web.console.words import Words
from security_service.web.secured_response import SecuredResponse

_RUN: Final = re.compile(r"[0-9a-f]{32}")
_CSV: Final = "text/csv; charset=utf-8"
_ROWS: Final = 100


class TransferPages:
    """Many subscribers at once, for leads; auditors export."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._desk = services.transfers

    def page(self) -> Response:
        """Show both forms and the newest imports."""
        tenant = chosen_tenant(self._services)
        visitor = this_visit().person
        return self._screen.show(
            "transfers.html",
            tenant=tenant,
            run_id=self._services.chance.token(),
            may_import=visitor.may(frozenset(IMPORTERS)),
            may_export=visitor.may(frozenset(EXPORTERS)),
            may_replace=FourEyesDeed.REVERIFY_CHANGED not in tenant.four_eyes,
            waits_allow=FourEyesDeed.ALWAYS_ALLOW in tenant.four_eyes,
            runs=[(run, self._state(run)) for run in self._desk.imports.every(tenant.id)],
        )

    def take(self, run: str) -> Response:
        """Import the file of the form as it comes; `run` is the name that the page gave the import."""
        tenant, upload, visit = chosen_tenant(self._services), this_upload(), this_visit()
        if not _RUN.fullmatch(run):
            raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")
        actor = Actor(visit.person.name, visit.person.roles)
        order = ImportOrder(tenant, actor, visit.request_id, upload.file, upload.ticked("replace"), run)
        outcome = self._desk.take.run(order, upload.pieces)
        match outcome:
            case ImportEnded():
                return self._screen.go("import", _ended(outcome.run), run=run)
            case ReplaceNeedsSecond():
                raise PageRefused(HTTPStatus.CONFLICT, "transfer.replace_waits")
            case ImportIdTaken():
                raise PageRefused(HTTPStatus.CONFLICT, "transfer.taken")
            case MayNotImport():
                raise PageRefused(HTTPStatus.FORBIDDEN, "error.role")
            case _:
                assert_never(outcome)

    def show(self, run: str) -> Response:
        """Show one import, and a page of the rows that it refused."""
        found = self._found(run)
        first = request.args.get("first", "")
        place = min(int(first), MOST_REFUSED_KEPT) if first.isascii() and first.isdigit() else 0
        rows = self._desk.imports.refused(found, place, _ROWS)
        return self._screen.show(
            "import.html",
            run=found,
            state=self._state(found),
            told=_told(found, this_visit().words),
            rows=rows,
            place=place,
            following=place + _ROWS if len(rows) == _ROWS else 0,
            most=MOST_REFUSED_KEPT,
        )

    def state(self, run: str) -> Response:
        """Tell how far an import is: a sentence, and whether it is over."""
        found = self._found(run)
        document = {
            "told": _told(found, this_visit().words),
            "over": self._state(found) != ImportState.RUNNING,
        }
        return SecuredResponse(json.dumps(document), content_type="application/json")

    def refused(self, run: str) -> Response:
        """Give the rows refused as a file: numbers of lines and reasons, nothing of what stood there."""
        return _file("refused.csv", self._desk.imports.all_refused(self._found(run)))

    def export(self) -> Response:
        """Give the tenant's subscribers as a file, read as it is written."""
        tenant, visit = chosen_tenant(self._services), this_visit()
        actor = Actor(visit.person.name, visit.person.roles)
        outcome = self._desk.export.run(tenant.id, actor, visit.request_id)
        if not isinstance(outcome, Exported):
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.role")
        return _file(f"subscribers-{tenant.id}.csv", outcome.pieces)

    def _found(self, run: str) -> ImportRun:
        found = self._desk.imports.one(chosen_tenant(self._services).id, run)
        if isinstance(found, UnknownImport):
            raise PageRefused(HTTPStatus.NOT_FOUND, "transfer.unknown")
        return found

    def _state(self, run: ImportRun) -> str:
        """The state, or that its process is gone."""
        return "silent" if run.is_silent(self._services.clock.unix_ms()) else run.state.value


def _ended(run: ImportRun) -> Notice:
    if run.state is ImportState.REFUSED:
        return bad("transfer.file_refused")
    return warn("transfer.some_refused") if run.counts.refused else good("transfer.done")


def _told(run: ImportRun, words: Words) -> str:
    counts = run.counts
    return words(
        "transfer.told",
        read=_grouped(counts.read),
        written=_grouped(counts.written),
        left=_grouped(counts.left),
        refused=_grouped(counts.refused),
    )


def _grouped(number: int) -> str:
    """Write a number with its thousands apart by spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


def _file(name: str, pieces: Iterable[str]) -> Response:
    named = {"Content-Disposition": f"attachment; filename={name}"}
    return SecuredResponse(pieces, content_type=_CSV, headers=named)
