"""How many scripts of the store each operation runs, by the store's own statistics; no worker runs beside."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from benchmarks.preparation import always_allow, lay_down_codes
from benchmarks.report import Cell, Table
from benchmarks.rig import PLAIN, WIDE, Rig, WebServer
from benchmarks.subjects import code, number

_CALLS: Final = 200
_WARM_UP: Final = 20


class WrongAnswerError(Exception):
    """A call that should have been answered with 0 was not."""


def measure_script_calls(rig: Rig) -> Table:
    """Call each operation so many times, one after the other, and count the scripts that ran meanwhile."""
    rig.stub_counts(pause_s=0.0)
    rows: list[list[Cell]] = []
    with rig.web() as server:
        for name, operation, tenant, prepare, expected in (
            ("CheckCode", "CheckCode", PLAIN, lay_down_codes, "1"),
            ("CheckCode, wide windows set", "CheckCode", WIDE, lay_down_codes, "1"),
            ("GenerateCode, always allowed", "GenerateCode", PLAIN, always_allow, "3"),
            ("GenerateCode, always allowed, wide windows set", "GenerateCode", WIDE, always_allow, "4"),
            ("GenerateCode, SIM looked up", "GenerateCode", PLAIN, _nothing, "at most 5"),
            ("GenerateCode, SIM looked up, wide windows set", "GenerateCode", WIDE, _nothing, "at most 6"),
        ):
            rows.append([name, _scripts_a_call(rig, server, operation, tenant, prepare), expected])
    notes = ["What is sent is added to the tenant's hour once a second a process: the hundredths."]
    return Table("Scripts of the store a call", ("", "measured", "designed"), rows, notes)


def _scripts_a_call(
    rig: Rig,
    server: WebServer,
    operation: str,
    tenant: str,
    prepare: Callable[[Rig, range, str], None],
) -> float:
    places = rig.places.take(_CALLS + _WARM_UP)
    prepare(rig, places, tenant)
    _call(server, operation, places[:_WARM_UP], rig.api_keys[tenant])
    before = _scripts_run(rig)
    _call(server, operation, places[_WARM_UP:], rig.api_keys[tenant])
    return (_scripts_run(rig) - before) / _CALLS


def _nothing(_rig: Rig, _places: range, _tenant: str) -> None:
    pass


def _call(server: WebServer, operation: str, places: range, api_key: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
    for place in places:
        message = {"DestinationNumber": number(place)}
        if operation == "CheckCode":
            message["Code"] = code(place)
        headers = {"X-ApiKey": api_key, "Content-Type": "application/json"}
        connection.request("POST", f"/{operation}", json.dumps(message), headers)
        answer = json.loads(connection.getresponse().read())
        if int(answer["Code"]) != 0:
            raise WrongAnswerError(f"{operation} was answered {answer}")
    connection.close()


def _scripts_run(rig: Rig) -> int:
    reply = rig.service.scripts.command("INFO", "commandstats")
    lines = reply.decode().splitlines() if isinstance(reply, bytes) else []
    counted = [line.partition("calls=")[2].partition(",")[0] for line in lines if "_evalsha:" in line]
    return sum(int(count) for count in counted)
