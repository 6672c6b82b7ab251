"""`audit`: read events of the audit log; leaves finding them to the log, and proofs to its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import click

from security_service.cli.audit_proofs import PROOFS, export_proved
from security_service.cli.audit_tail import follow, newest
from security_service.cli.audit_verify import verify
from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, number_of, past_moment_of, tenant_named
from security_service.domain.audit import AuditQuery, EventKind
from security_service.usecases.export_audit import ExportForm
from security_service.wiring import Service

_PAGE = 500
_PLAIN = ("code_id", "actor", "operator")


@click.group()
def audit() -> None:
    """Read the audit log."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the filters of the log, handed over with its reader as `log` and `query`."""

    @wraps(command)
    def with_query(sources: Sources, **given: Any) -> object:  # noqa: ANN401 - click's options
        names = ("tenant", "number", "kind", "verdict", "reason", "since", "until", *_PLAIN)
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
            **{name: filters[name] or "" for name in _PLAIN},
        )
        return command(service=service, query=query, **given)

    decorated: Callable[..., Any] = settings_options(with_query)
    for option in (
        click.option("--until", help="Only before: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago."),
        click.option("--since", help="Only after: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago."),
        click.option("--operator", help="Only this operator, by its MCC and MNC: 25001."),
        click.option("--actor", help="Only what this person or system did."),
        click.option("--code-id", help="Only what is told of this code."),
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
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on with what happens, until interrupted.")
@_filters
def tail(service: Service, query: AuditQuery, count: int, *, follows: bool) -> None:
    """Print the newest events as JSON Lines, the newest one last."""
    told = newest(service.read_audit, query, count)
    for event in told:
        click.echo(event)
    if not follows:
        return
    with suppress(KeyboardInterrupt):
        for event in follow(service.read_audit, query, told, service.clock):
            click.echo(event)


@audit.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "--proved",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the log with its signed head to this file, which `audit verify` checks; takes no filters.",
)
@click.option("--leaves", default="", help="With --proved: only leaves FIRST:END, END exclusive.")
@_filters
def export(service: Service, query: AuditQuery, form: str, proved: Path | None, leaves: str) -> None:
    """Print all matching events to standard output, newest first; or write the log with its proof."""
    if proved is not None:
        if query != AuditQuery(count=_PAGE):
            raise click.UsageError("--proved takes no filters: an event that is left out cannot be proved")
        export_proved(service, proved, leaves)
        return
    for line in service.audit_desk.export.run(query, ExportForm(form), actor()):
        click.echo(line, nl=False)


for _command in (*PROOFS, verify):
    audit.add_command(_command)
