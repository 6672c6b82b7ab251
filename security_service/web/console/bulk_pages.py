"""Bulk re-verification: whom, why and how fast; how far each run is; pause and stop."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response

from security_service.domain.access import Actor
from security_service.domain.import_lines import LineTooLong, lines_of
from security_service.domain.transfers import BulkRun, BulkSource, BulkState
from security_service.usecases.bulk_reverify import (
    BULK_LEADS,
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
from security_service.web.console import forms
from security_service.web.console.notices import bad, good, info, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.uploads import Upload, this_upload
from security_service.web.console.visit import this_visit

LARGEST_LIST: Final = 16 * 1024 * 1024
"""Bytes of a list of numbers: a quarter of a million have about four MiB."""

_DAY: Final = 86_400
_DAYS: Final = (30, 90, 180, 365)


class BulkPages:
    """What leads begin and stop, and everybody with an eye on references sees."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._desk = services.transfers.bulk

    def page(self) -> Response:
        """Show the form and the newest runs."""
        return self._page()

    def begin(self) -> Response:
        """Begin a run, and show it."""
        tenant, upload, visit = chosen_tenant(self._services), this_upload(), this_visit()
        source, rate, days = upload.line("source"), upload.line("rate"), upload.line("days")
        reason = upload.text("reason")
        if source not in set(BulkSource) or not reason or not _is_number(rate) or not _is_number(days):
            return self._page("deed.reason_missing" if not reason else "bulk.unclear", upload)
        before = self._services.clock.unix_ms() // 1000 - int(days or "0") * _DAY
        outcome = self._desk.begin(
            BulkOrder(
                tenant,
                Actor(visit.person.name, visit.person.roles),
                reason,
                visit.request_id,
                BulkSource(source),
                int(rate or "0"),
                before,
                _lines(upload.pieces),
            )
        )
        if not isinstance(outcome, BulkBegun):
            return self._page(_fault(outcome), upload)
        count = len(outcome.unreadable)
        notice = warn("bulk.begun_but", count=count) if count else good("bulk.begun")
        return self._screen.go("bulk_run", notice, run=outcome.run.id)

    def show(self, run: str) -> Response:
        """Show one run."""
        return self._screen.show("bulk_run.html", run=self._found(run), may=self._may())

    def mark(self, run: str) -> Response:
        """Take the form that lets a run go on, pause or stop."""
        wanted, visit = forms.line("state"), this_visit()
        if wanted not in {BulkState.RUNNING, BulkState.PAUSED, BulkState.STOPPED}:
            raise PageRefused(HTTPStatus.UNPROCESSABLE_ENTITY, "error.request")
        tenant, state = chosen_tenant(self._services).id, BulkState(wanted)
        outcome = self._desk.mark(tenant, run, Actor(visit.person.name, visit.person.roles), state)
        match outcome:
            case BulkRun():
                return self._screen.go("bulk_run", info(f"bulk.marked.{state.value}"), run=run)
            case BulkOver():
                return self._screen.go("bulk_run", bad("bulk.over"), run=run)
            case UnknownBulk():
                raise PageRefused(HTTPStatus.NOT_FOUND, "bulk.unknown")
            case MayNotBulk():
                raise PageRefused(HTTPStatus.FORBIDDEN, "error.role")
            case _:
                assert_never(outcome)

    def _page(self, fault: str = "", upload: Upload | None = None) -> Response:
        tenant = chosen_tenant(self._services)
        return self._screen.show(
            "bulk.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            tenant=tenant,
            fault=fault,
            may=self._may(),
            most=tenant.bulk_reverify_per_s,
            sources=[one.value for one in BulkSource],
            days=_DAYS,
            source="" if upload is None else upload.line("source"),
            reason="" if upload is None else upload.text("reason"),
            runs=self._desk.every(tenant.id),
        )

    def _found(self, run: str) -> BulkRun:
        found = self._desk.view(chosen_tenant(self._services).id, run)
        if isinstance(found, UnknownBulk):
            raise PageRefused(HTTPStatus.NOT_FOUND, "bulk.unknown")
        return found

    def _may(self) -> bool:
        return this_visit().person.may(frozenset(BULK_LEADS))


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 5)


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    for line in lines_of(pieces):
        yield "?" if isinstance(line, LineTooLong) else line.decode("utf-8", "replace")


def _fault(outcome: BulkRefused) -> str:
    match outcome:
        case RateTooHigh():
            return "bulk.rate_too_high"
        case NothingToAsk():
            return "bulk.no_number"
        case TooManyNumbers():
            return "bulk.too_many"
        case CandidatesNeedSecond():
            return "bulk.candidates_wait"
        case MayNotBulk():
            return "error.role"
        case _:
            assert_never(outcome)
