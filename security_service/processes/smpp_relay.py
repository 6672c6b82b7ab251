"""The process that banks bind to over SMPP 3.4: listens, beats, stops in order; leaves words to the desk."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from security_service.domain.ports import Chance, Clock, Meter
from security_service.links.smpp.served import ServedPace, ServedSession
from security_service.links.smpp.timing import LoopTiming
from security_service.processes.blocking_calls import BlockingCalls
from security_service.processes.relay_accounts import ReceiptPace
from security_service.processes.relay_desk import RelayBounds, RelayTools, RelayUses
from security_service.processes.relay_reception import RelayReception

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("relay")

_NAME: Final = "Etalon"
_BEAT_S: Final = 15.0
_BACKLOG: Final = 1024
_STOP_WITHIN_S: Final = 10.0
_ASK_EVERY_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Door:
    """One port to listen on; `tls` is None for plain TCP."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class RelayPlan:
    """How the process works: where it listens, how many threads call the store, what is waited for.

    Every `look_again_s` seconds accounts with sessions are looked at anew.
    """

    doors: tuple[Door, ...]
    threads: int = 16
    look_again_s: float = 10.0
    pace: ServedPace = field(default_factory=ServedPace)
    bounds: RelayBounds = field(default_factory=RelayBounds)
    receipts: ReceiptPace = field(default_factory=ReceiptPace)


class SmppRelay:
    """The servers and what is behind them, in the thread of a running loop."""

    def __init__(self, uses: RelayUses, plan: RelayPlan, clock: Clock, chance: Chance, meter: Meter) -> None:
        self._plan, self._timing = plan, LoopTiming()
        self._calls = BlockingCalls(plan.threads, meter)
        tools = RelayTools(self._calls, self._timing, clock, chance, meter)
        self._reception = RelayReception(uses, tools, plan.bounds, plan.receipts)
        self._servers: list[asyncio.Server] = []
        self._looking: asyncio.Task[None] | None = None

    @property
    def ports(self) -> list[int]:
        """The ports that are listened on, in the order of the doors."""
        return [int(server.sockets[0].getsockname()[1]) for server in self._servers]

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return self._reception.bound

    @property
    def under_way(self) -> int:
        """How much is without an answer."""
        return self._reception.under_way

    async def start(self) -> None:
        """Listen; raises OSError where a port cannot be had."""
        loop = asyncio.get_running_loop()
        for door in self._plan.doors:
            # A handshake may take as long as a bind.
            handshake_s = self._plan.pace.bind_s if door.tls is not None else None
            server = await loop.create_server(
                self._session, door.host, door.port,
                ssl=door.tls, backlog=_BACKLOG, ssl_handshake_timeout=handshake_s,
            )  # fmt: skip
            self._servers.append(server)
        self._looking = loop.create_task(self._look_again())

    async def stop(self) -> None:
        """Listen no more, let what is under way be answered, and unbind everybody."""
        for server in self._servers:
            server.close()
        if self._looking is not None:
            self._looking.cancel()
        self._reception.stop()
        await self._until(lambda: self._reception.under_way == 0, _STOP_WITHIN_S)
        for session in self._reception.sessions:
            session.unbind()
        await self._until(lambda: not self._reception.sessions, self._plan.pace.unbind_s + 1)
        self._calls.close()

    def _session(self) -> ServedSession:
        return ServedSession(self._reception, self._timing, self._plan.pace, _NAME)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self._plan.look_again_s)
            await self._reception.look_again()

    async def _until(self, is_so: Callable[[], bool], within_s: float) -> None:
        ends_at = self._timing.now() + within_s
        while not is_so() and self._timing.now() < ends_at:  # noqa: ASYNC110 - what is waited for is a sum over all sessions
            await asyncio.sleep(_ASK_EVERY_S)


class RelayProcess:
    """Runs the relay until it is told to stop; `show_bound` is told how many sessions there are."""

    def __init__(
        self, make: Callable[[], SmppRelay], meter: Meter, show_bound: Callable[[int], None]
    ) -> None:
        self._make, self._meter, self._show_bound = make, meter, show_bound

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; for the main thread. Raises OSError where a port cannot be had."""
        asyncio.run(self._main())

    async def _main(self) -> None:
        told_to_stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._tell_fault)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told_to_stop.set)
        relay = self._make()
        await relay.start()
        _LOG.info("relay_started", ports=relay.ports)
        beat = loop.create_task(self._beat(relay))
        await told_to_stop.wait()
        beat.cancel()
        await relay.stop()
        _LOG.info("relay_stopped", left=relay.under_way)

    async def _beat(self, relay: SmppRelay) -> None:
        while True:
            self._meter.event("heartbeat", "relay")
            self._show_bound(relay.bound)
            _LOG.info("relay_alive", bound=relay.bound, under_way=relay.under_way)
            await asyncio.sleep(_BEAT_S)

    def _tell_fault(self, _loop: asyncio.AbstractEventLoop, told: Mapping[str, Any]) -> None:
        """Log a fault that nobody foresaw; the session it happened in is closed by the loop."""
        self._meter.event("session_broke", "relay")
        _LOG.error("session_broke", sentence=told.get("message", ""), exc_info=told.get("exception"))
