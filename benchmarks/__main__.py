"""`python -m benchmarks`: measures what was asked for and prints the report; judges nothing."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator

import click

from benchmarks.import_rows import measure_import
from benchmarks.in_flight import measure_in_flight
from benchmarks.load import generator_name
from benchmarks.relay import measure_relay
from benchmarks.report import Table
from benchmarks.rig import Rig, running_rig
from benchmarks.round_trips import measure_round_trips
from benchmarks.script_calls import measure_script_calls
from benchmarks.smpp import measure_smpp
from benchmarks.store_memory import measure_store_memory
from benchmarks.throughput import measure_throughput

SECTIONS = ("trips", "throughput", "scripts", "flight", "relay", "memory", "import", "smpp")


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(SECTIONS))
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds: under a minute, rougher figures.")
def main(sections: tuple[str, ...], *, quick: bool) -> None:
    """Measure the service on this machine; without SECTIONS, everything."""
    wanted = sections or SECTIONS
    began = time.monotonic()
    click.echo(_machine())
    for table in _tables(wanted, quick=quick):
        click.echo(f"\n{table.text()}")
    click.echo(f"\n{_FOR_SCALE}\nTook {time.monotonic() - began:.0f} s.")


def _tables(wanted: tuple[str, ...], *, quick: bool) -> Iterator[Table]:
    if set(wanted) - {"memory", "smpp", "import"}:
        with running_rig() as rig:
            yield from _rig_tables(rig, wanted, quick=quick)
    if "memory" in wanted:
        _tell("memory of the store")
        yield measure_store_memory(100_000 if quick else 1_000_000)
    if "import" in wanted:
        _tell("import of subscribers")
        yield measure_import(100_000 if quick else 1_000_000)
    if "smpp" in wanted:
        _tell("messages over SMPP")
        yield measure_smpp(1.0 if quick else 3.0)


def _rig_tables(rig: Rig, wanted: tuple[str, ...], *, quick: bool) -> Iterator[Table]:
    rounds, seconds = (1, 2.0) if quick else (3, 4.0)
    together: float | None = None
    if "trips" in wanted:
        _tell("round trips")
        table, together = measure_round_trips(rig, rounds, 1.0)
        yield table
    if "throughput" in wanted:
        _tell("calls a second")
        yield measure_throughput(rig, rounds, seconds, together)
    if "scripts" in wanted:
        _tell("scripts a call")
        yield measure_script_calls(rig)
    if "flight" in wanted:
        _tell("calls in flight")
        yield measure_in_flight(rig, (1000,) if quick else (500, 1000), 4.0 if quick else 8.0)
    if "relay" in wanted:
        _tell("messages through the SMPP relay")
        yield measure_relay(rig, 2.0 if quick else 4.0)


def _machine() -> str:
    cores = os.cpu_count() or 1
    return (
        f"Etalon on {platform.system()} {platform.machine()}, {cores} cores, "
        f"Python {platform.python_version()}; load by {generator_name()}.\n"
        "Service, store, operator stub and load generator share the cores; no worker process runs."
    )


def _tell(what: str) -> None:
    """Say on the terminal what is under way; the report itself goes to the standard output."""
    if sys.stderr.isatty():
        click.echo(f"... {what}", err=True)


_FOR_SCALE = """For scale: on such a machine the fastest open competitor, written in Go and doing far less,
made 8,300 checks and 5,000 sends a second; the one that is based on Flask made 20."""


if __name__ == "__main__":
    main()
