"""A load generator for machines without wrk: processes over raw sockets; prints what `load.lua` prints.

It costs several times what wrk costs, on the same cores as the servers, so figures made with it are lower.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final
from urllib.parse import urlsplit

from benchmarks.arithmetic import quantile
from benchmarks.load import THREADS
from benchmarks.subjects import FIRST_NUMBER, code

_LENGTH: Final = b"content-length:"


def _check(number: int) -> str:
    return f'{{"DestinationNumber":"{number}","Code":"{code(number - FIRST_NUMBER)}"}}'


def _generate(number: int) -> str:
    return f'{{"DestinationNumber":"{number}"}}'


def _send(number: int) -> str:
    return f"SourceAddress=ETALON&DestinationAddress={number}&Data=000000&Validity=5"


BODIES: Final[dict[str, Callable[[int], str]]] = {
    "bare": _check,
    "bare_trip": _check,
    "CheckCode": _check,
    "GenerateCode": _generate,
    "rest/v2/Sms/Send": _send,
}
"""The body of a request about a number, by path."""


@dataclass(slots=True)
class Plan:
    """What one process does: from its first number on, until the seconds are over."""

    host: str
    port: int
    connections: int
    seconds: float
    spread_s: float
    operation: str
    number: int
    api_key: str

    def next_request(self) -> bytes:
        """Give the request about the next number."""
        body = BODIES[self.operation](self.number)
        self.number += 1
        return (
            f"POST /{self.operation} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"X-ApiKey: {self.api_key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


@dataclass(slots=True)
class Tally:
    """What came of the calls; latencies in seconds, moments on the clock that all processes share."""

    began: float
    ends: float
    ended: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0


class Client(asyncio.Protocol):
    """One connection: sends the next request as soon as the last is answered."""

    def __init__(self, plan: Plan, tally: Tally) -> None:
        self._plan, self._tally = plan, tally
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where requests go."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def begin(self) -> None:
        """Send the first request."""
        if self._transport is not None:
            self._next(self._transport)

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer; once it is whole, count it and send the next request."""
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        now = time.perf_counter()
        self._tally.latencies.append(now - self._sent_at)
        self._tally.ended = now
        self._tally.failed += head[9:10] != b"2"
        self._received = b""
        if self._transport is None or now >= self._tally.ends:
            self._end()
        else:
            self._next(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Count a connection that the server closed."""
        if not self.done.done():
            self._tally.failed += 1
            self._end()

    def _next(self, transport: asyncio.Transport) -> None:
        self._sent_at = time.perf_counter()
        transport.write(self._plan.next_request())

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    lines = (line for line in head.lower().splitlines() if line.startswith(_LENGTH))
    return int(next(lines, _LENGTH + b"0").removeprefix(_LENGTH))


async def _drive(plan: Plan) -> Tally:
    tally = Tally(time.perf_counter(), time.perf_counter() + plan.seconds)
    loop = asyncio.get_running_loop()
    began = loop.time()
    clients = []
    for place in range(plan.connections):
        _, client = await loop.create_connection(lambda: Client(plan, tally), plan.host, plan.port)
        clients.append(client)
        loop.call_at(began + plan.spread_s * place / plan.connections, client.begin)
    await asyncio.gather(*(client.done for client in clients))
    return tally


def run_plan(plan: Plan) -> Tally:
    """Carry a plan out in this process."""
    return asyncio.run(_drive(plan))


def figures_line(tallies: list[Tally]) -> str:
    """Give the line of JSON that tells what all processes measured together."""
    seconds = max(tally.ended for tally in tallies) - min(tally.began for tally in tallies)
    latencies = sorted(latency for tally in tallies for latency in tally.latencies)
    micros = {
        name: round(value * 1e6)
        for name, value in (
            ("microseconds", seconds),
            ("p50", quantile(latencies, 0.5)),
            ("p99", quantile(latencies, 0.99)),
            ("slowest", quantile(latencies, 1.0)),
        )
    }
    failed = sum(tally.failed for tally in tallies)
    return json.dumps({"calls": len(latencies), "failed": failed, **micros})


def main(arguments: list[str]) -> None:
    """Read base URL, connections, seconds, spread, operation, first number, numbers a process, key; run."""
    base_url, connections, seconds, spread_s, operation, first, share, api_key = arguments
    where = urlsplit(base_url)
    plans = [
        Plan(
            where.hostname or "",
            where.port or 80,
            max(int(connections) // THREADS, 1),
            float(seconds),
            float(spread_s),
            operation,
            int(first) + place * int(share),
            api_key,
        )
        for place in range(THREADS)
    ]
    with ProcessPoolExecutor(THREADS, mp_context=get_context("spawn")) as pool:
        print(figures_line(list(pool.map(run_plan, plans))))


if __name__ == "__main__":
    main(sys.argv[1:])
