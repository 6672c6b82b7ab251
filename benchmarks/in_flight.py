"""How many GenerateCode calls the service holds at once while the operator takes a second to answer."""

from __future__ import annotations

from typing import Final

from benchmarks.arithmetic import Round, Spent, figures
from benchmarks.load import Target, put_load
from benchmarks.preparation import always_allow
from benchmarks.report import PROCESSOR_COLUMNS, Cell, Table, processor_cells
from benchmarks.rig import PLAIN, Rig, WebServer

PAUSE_S: Final = 1.0
_SEND: Final = "rest/v2/Sms/Send"


def measure_in_flight(rig: Rig, clients: tuple[int, ...], seconds: float) -> Table:
    """Give the table: the service under so many clients, and the same load straight on the stub."""
    rows: list[list[Cell]] = []
    with rig.web() as server:
        for count in clients:
            for spread_s, how in ((PAUSE_S, "spread over a second"), (0.0, "all at one instant")):
                measured, peak = _on_the_service(rig, server, count, seconds, spread_s)
                rows.append(_row(f"{count:,} clients, {how}", measured, peak))
    measured, peak = _on_the_stub(rig, clients[-1], seconds)
    rows.append(_row(f"{clients[-1]:,} clients straight on the stub", measured, peak))
    web = rig.settings.web
    columns = ("", "calls", "peak", "p50 + ms", "p99 + ms", "failed", *PROCESSOR_COLUMNS)
    threads = f"{web.workers} processes with {web.threads} threads each"
    notes = [
        "peak: sends that waited in the stub at once. p50 +, p99 +: time of a call less the operator's.",
        "Each client calls again as soon as it is answered; load by our own generator, in Python.",
        f"The service has {threads}, web.switch_interval_s is {web.switch_interval_s:g}.",
    ]
    return Table(f"GenerateCode in flight while the operator takes {PAUSE_S:g} s", columns, rows, notes)


def _on_the_service(
    rig: Rig, server: WebServer, clients: int, seconds: float, spread_s: float
) -> tuple[Round, int]:
    places = rig.places.take(int(clients * (seconds / PAUSE_S + 3)))
    always_allow(rig, places)
    rig.stub_counts(PAUSE_S)
    target = Target(server.base_url, "GenerateCode", places, rig.api_keys[PLAIN])
    measured = rig.measure(server, target, clients, seconds, spread_s)
    return measured, rig.stub_counts()["peak"]


def _on_the_stub(rig: Rig, clients: int, seconds: float) -> tuple[Round, int]:
    rig.stub_counts(PAUSE_S)
    before = rig.stub_seconds()
    load = put_load(Target(rig.stub_url, _SEND, rig.places.take(1)), clients, seconds, PAUSE_S)
    return Round(load, Spent(stub=rig.stub_seconds() - before)), rig.stub_counts()["peak"]


def _row(name: str, measured: Round, peak: int) -> list[Cell]:
    load = measured.load
    added = [point - PAUSE_S * 1e3 for point in (load.p50_ms, load.p99_ms)]
    return [name, load.calls, peak, *added, load.failed, *processor_cells(figures([measured]))]
