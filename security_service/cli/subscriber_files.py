"""`subscriber import`, `export` and `reverify-all`: many subscribers at once, out of files and into them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, TextIO, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import CLI_ROLES, actor, past_moment_of, tenant_named
from security_service.domain.access import Actor
from security_service.domain.import_rows import RowRefused
from security_service.domain.tenants import Tenant
from security_service.domain.transfers import BulkRun, BulkSource, BulkState, ImportRun, ImportState
from security_service.usecases.bulk_reverify import (
    BulkBegun,
    BulkOrder,
    BulkOver,
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
    MayNotImport,
    ReplaceNeedsSecond,
)
from security_service.wiring import Service

_PIECE: Final = 1 << 20
_SHOWN: Final = 20
_TENANT = click.option("--tenant", help="The tenant whose subscribers they are (setting home_tenant).")
_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))


def _opened(sources: Sources, tenant: str | None) -> tuple[Service, Tenant]:
    settings = sources.stored()
    service = sources.service(settings)
    return service, tenant_named(service.tenants, settings, tenant)


def _who() -> Actor:
    return Actor(actor(), CLI_ROLES)


@click.command("import")
@settings_options
@_TENANT
@click.option("--replace", is_flag=True, help="Let rows stand in for references that are there.")
@click.option(
    "--refused",
    "refused_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every refused row's line and reason to this file.",
)
@_FILE
def import_file(
    sources: Sources, tenant: str | None, refused_file: Path | None, file: Path, *, replace: bool
) -> None:
    """Import subscribers and references from a CSV file, or from the standard input (-)."""
    service, owner = _opened(sources, tenant)
    order = ImportOrder(owner, _who(), service.chance.token(), file.name[:100], replaces=replace)
    with ExitStack() as undo:
        source = undo.enter_context(_opened_file(file))
        told = _Refused(None if refused_file is None else undo.enter_context(_writable(refused_file)))
        outcome = service.transfers.desk.take.run(order, _pieces(source), told.tell)
    match outcome:
        case ImportEnded():
            _show_import(outcome.run, told.first)
        case MayNotImport():
            raise click.ClickException("this is not allowed here")
        case ReplaceNeedsSecond():
            raise click.ClickException(
                "the tenant demands a second person for a re-verify after a change, and a file has none:"
                " import without --replace, and re-verify those subscribers one by one"
            )
        case ImportIdTaken():
            raise click.ClickException("there is an import of that id; nothing was read")
        case _:
            assert_never(outcome)


class _Refused:
    """Rows refused: the first few for the screen, all of them for a file where one is wanted."""

    def __init__(self, file: TextIO | None) -> None:
        self.first: list[RowRefused] = []
        self._file = file
        if file is not None:
            file.write("line,reason\n")

    def tell(self, row: RowRefused) -> None:
        if len(self.first) < _SHOWN:
            self.first.append(row)
        if self._file is not None:
            self._file.write(f"{row.line},{row.fault.value}\n")


def _writable(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def _opened_file(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _show_import(run: ImportRun, first: Sequence[RowRefused]) -> None:
    counts = run.counts
    if run.state is ImportState.REFUSED:
        raise click.ClickException(f"the file's first line does not name the columns: {run.fault}")
    click.echo(
        f"{counts.read} rows: {counts.written} written, {counts.left} left as they are,"
        f" {counts.refused} refused. Import {run.id}."
    )
    for row in first:
        click.echo(f"line {row.line}: {row.fault.value}", err=True)
    if counts.refused > len(first):
        click.echo(f"… and {counts.refused - len(first)} more; --refused FILE keeps all of them.", err=True)
    if counts.refused:
        sys.exit(1)


@click.command("export")
@settings_options
@_TENANT
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to the screen."
)
def export_file(sources: Sources, tenant: str | None, output: Path | None) -> None:
    """Export subscribers and references as CSV, which `import` reads; IMSIs as keyed digests."""
    service, owner = _opened(sources, tenant)
    outcome = service.transfers.desk.export.run(owner.id, _who(), service.chance.token())
    if not isinstance(outcome, Exported):
        raise click.ClickException("this is not allowed here")
    if output is None:
        for piece in outcome.pieces:
            click.echo(piece.encode("utf-8"), nl=False)
        return
    with _writable(output) as file:
        file.writelines(outcome.pieces)


@click.command("reverify-all")
@settings_options
@_TENANT
@click.option("--reason", required=True, help="Why; it stands in the audit.")
@click.option("--rate", type=click.IntRange(min=1), help="Numbers a second; the tenant's most otherwise.")
@click.option("--candidates", is_flag=True, help="All whose SIM was seen to change.")
@click.option("--older", help="All whose reference was not seen since: 2026-01-31, or 90d ago.")
@click.option(
    "--numbers",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The numbers of a file: the first cell of each line.",
)
def reverify_all(
    sources: Sources,
    tenant: str | None,
    reason: str,
    rate: int | None,
    older: str | None,
    numbers: Path | None,
    *,
    candidates: bool,
) -> None:
    """Re-verify many subscribers at a rate; the worker goes on with it."""
    if (candidates, older is not None, numbers is not None).count(True) != 1:
        raise click.UsageError("say whom: one of --candidates, --older, --numbers")
    service, owner = _opened(sources, tenant)
    source = BulkSource.CANDIDATES if candidates else BulkSource.NUMBERS if numbers else BulkSource.OLDER
    with ExitStack() as undo:
        lines: Iterator[str] = iter(())
        if numbers is not None:
            lines = undo.enter_context(numbers.open(encoding="utf-8", errors="replace"))
        outcome = service.transfers.desk.bulk.begin(
            BulkOrder(
                owner,
                _who(),
                reason,
                service.chance.token(),
                source,
                rate or 0,
                past_moment_of(older) if older else 0,
                lines,
            )
        )
    match outcome:
        case BulkBegun():
            click.echo(f"Begun: {outcome.run.id}, {outcome.run.rate} numbers a second.")
            if outcome.unreadable:
                click.echo(f"{len(outcome.unreadable)} lines are no number.", err=True)
        case RateTooHigh():
            raise click.UsageError(f"--rate: the tenant allows {outcome.most} numbers a second at most")
        case NothingToAsk():
            raise click.ClickException("the file holds no number")
        case TooManyNumbers():
            raise click.ClickException(f"one run takes {outcome.most} numbers at most")
        case CandidatesNeedSecond():
            raise click.ClickException(
                "the tenant demands a second person for a re-verify after a change: do these one by one"
            )
        case MayNotBulk():
            raise click.ClickException("this is not allowed here")
        case _:
            assert_never(outcome)


@click.command("reverify-runs")
@settings_options
@_TENANT
@click.option("--mark", type=click.Choice(["running", "paused", "stopped"]), help="What RUN is to do.")
@click.argument("run", required=False)
def reverify_runs(sources: Sources, tenant: str | None, mark: str | None, run: str | None) -> None:
    """List bulk re-verifications; let RUN go on, pause or stop."""
    service, owner = _opened(sources, tenant)
    bulk = service.transfers.desk.bulk
    if mark is None:
        for one in bulk.every(owner.id):
            click.echo(_told(one))
        return
    if run is None:
        raise click.UsageError("say which RUN")
    outcome = bulk.mark(owner.id, run, _who(), BulkState(mark))
    match outcome:
        case BulkRun():
            click.echo(_told(outcome))
        case BulkOver():
            raise click.ClickException("it is over, or so already")
        case UnknownBulk():
            raise click.ClickException("the tenant has no such run")
        case MayNotBulk():
            raise click.ClickException("this is not allowed here")
        case _:
            assert_never(outcome)


def _told(run: BulkRun) -> str:
    counts = run.counts
    return (
        f"{run.id}\t{run.state.value}\t{run.source.value}\tasked {counts.asked}, same {counts.same},"
        f" changed {counts.changed}, no data {counts.no_data}, passed over {counts.passed_over}"
    )
