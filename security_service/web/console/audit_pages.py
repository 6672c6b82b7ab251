"""The audit: search by filters, events as sentences with their text on demand, export of what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from security_service.domain.audit import EventKind
from security_service.domain.policy import Verdict
from security_service.domain.secret import Msisdn
from security_service.usecases.export_audit import ExportForm
from security_service.web.console import forms
from security_service.web.console.audit_filters import (
    EVERYTHING,
    AuditFilters,
    BadNumber,
    filters_of_address,
    filters_of_form,
)
from security_service.web.console.event_words import Group, Line, kinds_of, line_of
from security_service.web.console.policy_pages import is_for_every_tenant
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.shown import number_shown
from security_service.web.console.timeline import told_of
from security_service.web.console.visit import this_visit
from security_service.web.console.words import Words
from security_service.web.secured_response import SecuredResponse

_PAGE: Final = 40
_TYPES: Final[Mapping[ExportForm, str]] = {
    ExportForm.CSV: "text/csv; charset=utf-8",
    ExportForm.JSONL: "application/jsonl; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One event: its sentence (None for a kind that a newer release wrote), whose it is, its own text.

    `code` is the id of the code that it tells of, empty where the visitor may not have its evidence.
    """

    line: Line | None
    kind: str
    at: float
    tenant: str
    number: Msisdn | None
    code: str
    place: str
    text: str


class AuditPages:
    """Reading what happened; every export leaves an event of its own."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._desk = services.audit_desk

    def page(self) -> Response:
        """Show a page of events, newest first."""
        return self._page(filters_of_address(self._services))

    def find(self) -> Response:
        """Take the filters; the number goes into the address sealed."""
        filters = filters_of_form(self._services)
        if isinstance(filters, BadNumber):
            return self._page(filters.filters, typed=filters.typed, fault="subscriber.invalid")
        return self._screen.go("audit", None, **filters.address(self._services))

    def export(self) -> Response:
        """Give what the filters find as a file, as it is read."""
        filters = filters_of_form(self._services)
        form = forms.line("format")
        if isinstance(filters, BadNumber) or form not in set(ExportForm):
            raise PageRefused(HTTPStatus.UNPROCESSABLE_ENTITY, "error.request")
        chosen = ExportForm(form)
        lines = self._desk.export.run(filters.query(_PAGE), chosen, this_visit().person.name)
        return download(lines, f"etalon-audit.{chosen.value}", _TYPES[chosen])

    def _page(self, filters: AuditFilters, typed: str = "", fault: str = "") -> Response:
        cursor, words = "" if fault else request.args.get("after", "")[:80], this_visit().words
        page = self._desk.search.run(filters.query(_PAGE, cursor))
        address = filters.address(self._services)
        return self._screen.show(
            "audit.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            found=[_found(text, words) for text in page.events],
            filters=filters,
            values=filters.values,
            who=address.get("who", ""),
            typed=typed or ("" if filters.number is None else number_shown(filters.number)),
            fault=fault,
            kinds=_kinds(words),
            verdicts=list(Verdict),
            everything=EVERYTHING if is_for_every_tenant(self._services) else "",
            forms=list(ExportForm),
            address=address,
            after=cursor,
            following=page.next,
        )


def download(lines: Any, name: str, kind: str) -> Response:  # noqa: ANN401 - what werkzeug takes as a body
    """Give a file that the browser keeps."""
    named = {"Content-Disposition": f"attachment; filename={name}"}
    return SecuredResponse(lines, content_type=kind, headers=named)


def _found(text: str, words: Words) -> Found:
    read, told = json.loads(text), told_of(text)
    subject, tenants = read["subject"], this_visit().person.tenants
    tenant, number = str(subject.get("tenant", "")), str(subject.get("number", ""))
    is_own = tenant in tenants
    code = read["facts"].get("code_id", "") or read["outcome"].get("code_id", "")
    return Found(
        None if told is None else line_of(told, words),
        read["kind"],
        read["at"] / 1000,
        tenant,
        Msisdn(number) if number and is_own else None,
        str(code) if is_own else "",
        f"{read['shard']}/{read['seq']}",
        text,
    )


def _kinds(words: Words) -> Sequence[tuple[Group, Sequence[tuple[str, str]]]]:
    """Give the kinds by their groups, each with its sentence without facts, in the order of the words."""
    return [
        (
            group,
            sorted(((kind.value, _named(kind, words)) for kind in kinds_of(group)), key=lambda one: one[1]),
        )
        for group in Group
    ]


def _named(kind: EventKind, words: Words) -> str:
    key = f"event.{kind}"
    return words.sentence(key, _Dots()) if words.has(key) else kind.value


class _Dots(dict[str, str]):
    """Stands for the facts of a sentence that is shown without any."""

    def __missing__(self, key: str) -> str:
        return "…"
