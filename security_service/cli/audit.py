"""`audit`: read events of the audit log; leaves finding them to the log."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import number_of, past_moment_of, tenant_named
from security_service.domain.audit import AuditQuery, EventKind
from security_service.usecases.read_audit import ReadAudit

_PAGE = 500
_COLUMNS = (
    *("at", "kind", "tenant", "number", "verdict", "reason", "rule", "policy", "actor"),
    *("shard", "seq", "facts", "outcome"),
)


@click.group()
def audit() -> None:
    """Read the audit log."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the filters of the log, handed over with its reader as `log` and `query`."""

    @wraps(command)
    def with_query(sources: Sources, **given: Any) -> object:  # noqa: ANN401 - click's options
        names = ("tenant", "number", "kind", "verdict", "reason", "since", "until")
        filters = {name: given.pop(name) for name in names}
        settings = sources.stored()
        service = sources.service(settings)
        number = None
        if filters["number"]:
            owner = tenant_named(service.tenants, settings, filters["tenant"])
            filters["tenant"], number = owner.id, number_of(filters["number"], owner)
        query = AuditQuery(
            tenant=filters["tenant"] or "",
            number=number,
            kind=filters["kind"] or "",
            verdict=filters["verdict"] or "",
            reason=filters["reason"] or "",
            since_ms=past_moment_of(filters["since"]) * 1000 if filters["since"] else 0,
            until_ms=past_moment_of(filters["until"]) * 1000 if filters["until"] else 0,
            count=_PAGE,
        )
        return command(log=service.read_audit, query=query, **given)

    decorated: Callable[..., Any] = settings_options(with_query)
    for option in (
        click.option("--until", help="Only before: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago."),
        click.option("--since", help="Only after: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago."),
        click.option("--reason", help="Only this reason code."),
        click.option("--verdict", type=click.Choice(["send", "step_up", "hold", "deny"])),
        click.option("--kind", type=click.Choice([kind.value for kind in EventKind]), help="Only this kind."),
        click.option("--number", help="Only this number of the tenant."),
        click.option("--tenant", help="Only this tenant."),
    ):
        decorated = option(decorated)
    return decorated


@audit.command("tail")
@click.option("-n", "--count", type=click.IntRange(1, 10_000), default=20, show_default=True)
@_filters
def tail(log: ReadAudit, query: AuditQuery, count: int) -> None:
    """Print the newest events as JSON Lines, the newest one last."""
    newest: list[str] = []
    for event in events(log, query):
        newest.append(event)
        if len(newest) == count:
            break
    for event in reversed(newest):
        click.echo(event)


@audit.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@_filters
def export(log: ReadAudit, query: AuditQuery, form: str) -> None:
    """Print all matching events to standard output, the newest one first."""
    if form == "csv":
        click.echo(csv_line(_COLUMNS), nl=False)
    for event in events(log, query):
        click.echo(csv_line(csv_row(event)), nl=False) if form == "csv" else click.echo(event)


def events(log: ReadAudit, query: AuditQuery) -> Iterator[str]:
    """Give all matching events, newest first, page by page."""
    while True:
        page = log.run(query)
        yield from page.events
        if not page.next:
            return
        query = replace(query, cursor=page.next)


def csv_row(event: str) -> tuple[str, ...]:
    """Give an event's row: what is asked for most in columns of its own, the rest as JSON."""
    read = json.loads(event)
    facts, outcome, subject = read["facts"], read["outcome"], read["subject"]
    cells = {
        **{name: facts.get(name, outcome.get(name, "")) for name in _COLUMNS},
        "at": datetime.fromtimestamp(read["at"] / 1000, UTC).isoformat(timespec="milliseconds"),
        "kind": read["kind"],
        "tenant": subject.get("tenant", ""),
        "number": subject.get("number", ""),
        "shard": read["shard"],
        "seq": read["seq"],
        "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
        "outcome": json.dumps(outcome, ensure_ascii=False, sort_keys=True),
    }
    return tuple(_cell(cells[name]) for name in _COLUMNS)


def csv_line(cells: tuple[str, ...]) -> str:
    """Give one line of CSV (RFC 4180)."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    """Give a cell's text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
