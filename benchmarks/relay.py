"""How many messages a second pass through one bind of the relay, and what sessions cost that say nothing.

Real processes over the rig's store and stub: a relay, and a worker that passes each message through the gate.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.processor_time import cpu_seconds
from benchmarks.report import Table
from benchmarks.rig import HOST, PLAIN, NotReadyError, Rig, free_port
from benchmarks.subjects import number
from security_service.cli.children import Child, stop_together
from security_service.cli.metrics_files import forget_metrics
from security_service.cli.ports import listens
from security_service.cli.relay import allow_open_files
from security_service.cli.web_app import METRICS_VARIABLE
from security_service.domain.accounts import Face
from security_service.domain.secret import Secret
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.binds import Binds, Listener
from security_service.links.smpp.bodies import Address, BindBody, MessageBody
from security_service.links.smpp.pdu import Command, Pdu
from security_service.links.smpp.results import Answered
from security_service.links.smpp.timing import LoopTiming
from security_service.usecases.keep_accounts import AccountWish

_WINDOW: Final = 100
_A_LOGIN: Final = 64
_READY_WITHIN_S: Final = 30.0
_SENT_WITHIN_S: Final = 120.0
_ASK_EVERY_S: Final = 0.05
_PASSWORD: Final = Secret("benching")


def measure_relay(rig: Rig, seconds: float, sessions: int = 1000) -> Table:
    """Measure one bind for so many seconds, then so many sessions that say nothing."""
    port = free_port()
    logins = [f"bench{at}" for at in range(-(-sessions // _A_LOGIN) + 1)]
    for login in logins:
        wish = AccountWish(login, PLAIN, frozenset({Face.SMPP}), a_second=100_000, sessions=_A_LOGIN)
        rig.service.relay.accounts.lay_down(wish, _PASSWORD, "bench")
    with _program(rig, "relay", port) as relay:
        memory, busy = asyncio.run(_hold(relay, port, logins[1:], sessions, seconds))
        rig.stub_counts(0.0)
        began, used = time.monotonic(), cpu_seconds(relay)
        taken = asyncio.run(_through_one_bind(rig, port, logins[0], seconds))
        ended, used = time.monotonic(), cpu_seconds(relay) - used
        with _program(rig, "worker"):
            worked = time.monotonic()
            sent = _wait_until_sent(rig, taken)
            passed = time.monotonic() - worked
    return Table(
        "The SMPP relay",
        ("", "a second", "CPU, µs each"),
        [
            ("answered, one bind, window 100", taken / (ended - began), used / taken * 1e6),
            ("passed by one worker: gate, lookup, stub gateway", sent / passed, None),
        ],
        [
            f"{sessions:,} idle sessions: {memory / sessions:,.1f} KiB each, {100 * busy:.2f} % of a core.",
            "An answer says that the message lies in the store, acknowledged by the disk; a worker sends it.",
        ],
    )


async def _through_one_bind(rig: Rig, port: int, login: str, seconds: float) -> int:
    """Submit with twice the window of messages at once; gives how many were taken."""
    account = SmppAccount(HOST, port, login, _PASSWORD, window=_WINDOW)
    is_bound = asyncio.Event()
    listener = Listener(
        receipt=lambda _push, answer: answer(),
        reply=lambda _reply, answer: answer(),
        happened=lambda _what, _why: is_bound.set(),
    )
    binds = Binds(account, LoopTiming(), listener)
    running = asyncio.get_running_loop().create_task(binds.run())
    await is_bound.wait()
    places, ends_at = count(rig.places.take(1_000_000).start), time.monotonic() + seconds

    async def call() -> int:
        taken = 0
        while time.monotonic() < ends_at:
            results = await binds.send([_body(next(places))], 10.0)
            taken += isinstance(results[0], Answered) and results[0].status == 0
        return taken

    taken = sum(await asyncio.gather(*(call() for _ in range(2 * _WINDOW))))
    await binds.stop(5.0)
    await running
    return taken


def _body(place: int) -> bytes:
    return MessageBody(Address(5, 0, ""), Address(1, 1, number(place)), b"Debit 150 roubles").encode()


def _wait_until_sent(rig: Rig, wanted: int) -> int:
    ends_at = time.monotonic() + _SENT_WITHIN_S
    while (sent := rig.stub_counts()["sends"]) < wanted and time.monotonic() < ends_at:
        time.sleep(_ASK_EVERY_S)
    return sent


async def _hold(
    relay: int, port: int, logins: Sequence[str], sessions: int, seconds: float
) -> tuple[float, float]:
    """Bind so many sessions; gives what memory they added (KiB) and the share of a core that they use."""
    allow_open_files(sessions + 256)
    before = _memory_kib(relay)
    held = [await _bound(port, logins[at // _A_LOGIN]) for at in range(sessions)]
    used, began = cpu_seconds(relay), time.monotonic()
    await asyncio.sleep(max(seconds, 2.0))
    busy = (cpu_seconds(relay) - used) / (time.monotonic() - began)
    memory = _memory_kib(relay) - before
    for writer in held:
        writer.transport.abort()
    return memory, busy


async def _bound(port: int, login: str) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(Pdu(Command.BIND_TRANSCEIVER, 0, 1, BindBody(login, _PASSWORD).encode()).encode())
    header = await reader.readexactly(16)
    if header[8:12] != bytes(4):
        raise NotReadyError(f"the relay refused a bind: {header.hex()}")
    return writer


def _memory_kib(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:  # a system without /proc
        return 0.0
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))


@contextmanager
def _program(rig: Rig, name: str, port: int = 0) -> Iterator[int]:
    """Run a part of the service until the block ends; gives its process. Raises NotReadyError."""
    metrics = rig.folder / "metrics" / name
    forget_metrics(metrics)
    variables = {METRICS_VARIABLE: str(metrics), **({"ETALON_RELAY__PORT": str(port)} if port else {})}
    config = ["--config", str(rig.folder / "bench.toml"), "--data", str(rig.folder)]
    command = [sys.executable, "-m", "security_service.cli", name, *config]
    child = Child(name, command, rig.folder / f"{name}.log", variables)
    with ExitStack() as undo:
        undo.callback(stop_together, [child], 20.0)
        child.start()
        ends_at = time.monotonic() + _READY_WITHIN_S
        while port and not listens(HOST, port):
            if not child.running or time.monotonic() > ends_at:
                raise NotReadyError(f"{name} did not get ready: {child.told_last()}")
            time.sleep(_ASK_EVERY_S)
        yield child.process.pid if child.process is not None else 0
