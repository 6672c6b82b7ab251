"""How many messages a second pass through one SMPP bind: the session alone, and from caller to centre.

`python -m benchmarks.smpp` prints this table by itself.
The centre is a program of its own that takes every bind and message at once.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from struct import Struct
from typing import Final

from benchmarks.report import Table
from benchmarks.subjects import number
from security_service.domain.incoming import Incoming
from security_service.domain.link_ports import HandedOver
from security_service.domain.secret import KeyRing, Secret
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.sealed_text import TextSealer
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.binds import Binds, Listener
from security_service.links.smpp.bodies import Address, MessageBody
from security_service.links.smpp.results import Answered, pack_bodies
from security_service.links.smpp.timing import LoopTiming
from security_service.processes.gateways import GatewaysProcess
from security_service.store.connection import ThinScripts, connect, parse_address
from security_service.store.embedded import EmbeddedValkey
from security_service.store.handover import StoredDesk, StoredHandover, StoredReceipts, block_s
from security_service.telemetry.metrics import PrometheusMeter

_WINDOWS: Final = (1, 10, 50)
_CALLERS: Final = 64
_TIMEOUT_S: Final = 2.0
_HEADER: Final = Struct(">IIII")
_RING: Final = KeyRing({1: b"1" * 32})
_GATEWAY: Final = "bench"


@dataclass(frozen=True, slots=True)
class SmppRate:
    """What was measured: through what, how many messages, and in how many seconds."""

    way: str
    messages: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


def rates(seconds: float = 3.0, windows: Sequence[int] = _WINDOWS) -> list[SmppRate]:
    """Measure one bound session for each window, with twice as many messages at once."""
    with _centre() as port:
        return [asyncio.run(_through_one_bind(port, window, seconds)) for window in windows]


def whole_way(redis_url: str, seconds: float = 3.0, callers: int = _CALLERS) -> SmppRate:
    """Measure threads that hand messages over through a store to the process that owns the bind."""
    with _centre() as port, _program("carry", redis_url, str(port)):
        thin = ThinScripts(parse_address(redis_url), _TIMEOUT_S)
        handover = StoredHandover(thin, TextSealer(_RING), SystemChance(), SystemClock(), block_s(_TIMEOUT_S))
        while not isinstance(handover.hand_over(_GATEWAY, _request(0), 5.0), HandedOver):
            time.sleep(0.05)
        places, taken, ends_at = count(), count(), time.monotonic() + seconds

        def call() -> None:
            while time.monotonic() < ends_at:
                if isinstance(handover.hand_over(_GATEWAY, _request(next(places)), 10.0), HandedOver):
                    next(taken)
            thin.close()

        threads = [threading.Thread(target=call) for _ in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        thin.close()
    return SmppRate(f"caller to centre, {callers} callers, window 50", next(taken), seconds)


async def _through_one_bind(port: int, window: int, seconds: float) -> SmppRate:
    account = SmppAccount("127.0.0.1", port, "bench", Secret("bench"), window=window)
    is_bound = asyncio.Event()
    listener = Listener(
        lambda _push, answer: answer(),
        lambda _reply, answer: answer(),
        lambda _what, _why: is_bound.set(),
    )
    binds = Binds(account, LoopTiming(), listener)
    running = asyncio.get_running_loop().create_task(binds.run())
    await is_bound.wait()
    places, ends_at = count(), time.monotonic() + seconds

    async def call() -> int:
        taken = 0
        while time.monotonic() < ends_at:
            results = await binds.send([_body(next(places))], 10.0)
            taken += isinstance(results[0], Answered) and results[0].status == 0
        return taken

    taken = sum(await asyncio.gather(*(call() for _ in range(2 * window))))
    await binds.stop(5.0)
    await running
    return SmppRate(f"one bind, window {window}", taken, seconds)


def _body(place: int) -> bytes:
    to = Address(1, 1, number(place))
    return MessageBody(Address(5, 1, "BENCH"), to, b"Your code: 481516", validity="000000000500000R").encode()


def _request(place: int) -> bytes:
    return pack_bodies([_body(place)])


# --- the programs


@contextmanager
def _program(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.smpp", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _centre() -> Iterator[int]:
    with _program("centre") as process:
        yield int(process.stdout.readline() if process.stdout else "0")


class _Centre(asyncio.Protocol):
    """Says yes to every request, with an id where there is to be one."""

    def __init__(self) -> None:
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        held, at, answers = self._held + data, 0, []
        while len(held) - at >= _HEADER.size:
            length, command, _, sequence = _HEADER.unpack_from(held, at)
            if len(held) - at < length:
                break
            at += length
            body = b"%d\0" % sequence if command in {4, 9} else b""
            answers.append(_HEADER.pack(16 + len(body), command | 0x80000000, 0, sequence) + body)
        self._held = held[at:]
        if self._transport is not None:
            self._transport.write(b"".join(answers))


async def _serve_centre() -> None:
    server = await asyncio.get_running_loop().create_server(_Centre, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _ignore(_reply: Incoming) -> None:
    """Nobody writes back to the bench."""


def _carry(redis_url: str, port: int) -> None:
    scripts = connect(parse_address(redis_url), _TIMEOUT_S)
    desk = StoredDesk(scripts, TextSealer(_RING), block_s(_TIMEOUT_S))
    account = SmppAccount("127.0.0.1", port, "bench", Secret("bench"), window=50)
    process = GatewaysProcess(
        {_GATEWAY: account}, desk, StoredReceipts(scripts), SystemClock(), PrometheusMeter(), _ignore
    )
    process.run()


def measure_smpp(seconds: float = 3.0) -> Table:
    """Measure both: sessions alone, and messages that are handed over through a store of their own."""
    measured = rates(seconds)
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as store:
        measured.append(whole_way(store.url, seconds))
    slowest = measured[0].per_second
    return Table(
        "Messages through one SMPP bind",
        ("", "a second", "/ first"),
        [(rate.way, rate.per_second, rate.per_second / slowest) for rate in measured],
        ["The centre is a program that takes every message at once; all of it shares the cores."],
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["centre"]:
            asyncio.run(_serve_centre())
        case ["carry", url, port_text]:
            _carry(url, int(port_text))
        case _:
            print(measure_smpp().text())
