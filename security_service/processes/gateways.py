"""The process that owns every SMPP session: takes messages from the store, sends them, keeps receipts.

The only place that runs an event loop. Leaves the protocol to `links/smpp`, the store to threads of its
own, and what an answer means to the gateway in whose name a message was handed over.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from security_service.domain.errors import StoreUnavailable
from security_service.domain.incoming import Incoming
from security_service.domain.link_ports import Handed, HandoverDesk, ReceiptInbox
from security_service.domain.messages import Push
from security_service.domain.ports import Clock, Meter
from security_service.domain.secret import MessageText, Msisdn
from security_service.links.smpp.account import AS_PRINTED, SmppAccount, SmppPace
from security_service.links.smpp.binds import Binds, Dial, Listener
from security_service.links.smpp.replies import SmppReply
from security_service.links.smpp.results import (
    NotSubmitted,
    NotSubmittedReason,
    Result,
    pack_results,
    unpack_bodies,
)
from security_service.links.smpp.timing import LoopTiming, Timing
from security_service.processes.desk_threads import Bridge, DeskThreads

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("gateways")

_BEAT_S: Final = 15.0
_SAME_REPLY_MS: Final = 600_000
_STOP_WITHIN_S: Final = 10.0
_WINDOWS_IN_HAND: Final = 2
_TOLD: Final = frozenset({"smpp_bound", "smpp_lost", "smpp_not_bound"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every gateway of the process shares."""

    desk: HandoverDesk
    inbox: ReceiptInbox
    clock: Clock
    meter: Meter
    timing: Timing
    take_reply: Callable[[Incoming], None]
    pace: SmppPace = AS_PRINTED
    dial: Dial | None = None


class BoundGateway:
    """One account's sessions with the threads that bring it messages. Lives in the loop's thread."""

    def __init__(self, name: str, account: SmppAccount, around: Surroundings) -> None:
        self._name, self._meter, self._around = name, around.meter, around
        self._loop = asyncio.get_running_loop()
        listener = Listener(self._keep, self._replied, self._happened)
        self._binds = Binds(account, around.timing, listener, around.dial, around.pace)
        bridge = Bridge(name, around.desk, around.inbox, self._hand_in, lambda: self._binds.bound > 0)
        # Twice what may be under way, so that the next is at hand when an answer comes.
        room = account.sessions * account.window * _WINDOWS_IN_HAND
        self._threads = DeskThreads(bridge, room, around.clock, around.meter)
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return self._binds.bound

    @property
    def under_way(self) -> int:
        """How many messages are in hand."""
        return len(self._under_way)

    async def run(self) -> None:
        """Carry messages until `stop`."""
        self._threads.start()
        await self._binds.run()

    async def stop(self) -> None:
        """Take no more, let end what was written, tell what became of it all, and unbind."""
        await asyncio.to_thread(self._threads.stop_taking)
        await self._binds.stop(_STOP_WITHIN_S)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_STOP_WITHIN_S)
        await asyncio.to_thread(self._threads.stop_writing)

    def _hand_in(self, handed: Sequence[Handed]) -> None:
        self._loop.call_soon_threadsafe(self._accept, handed)

    def _accept(self, handed: Sequence[Handed]) -> None:
        for one in handed:
            task = self._loop.create_task(self._carry(one))
            self._under_way.add(task)
            task.add_done_callback(self._forget)

    async def _carry(self, handed: Handed) -> None:
        """Send one message and tell what became of it; where this breaks it stays unknown."""
        results: tuple[Result, ...] = (NotSubmitted(NotSubmittedReason.UNREADABLE),)
        try:
            bodies = unpack_bodies(handed.request)
            if bodies:
                results = await self._binds.send(bodies, handed.left_s)
            self._threads.reply(handed.id, pack_results(results))
        finally:
            self._threads.make_room()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._meter.event("carry_broke", self._name)
            _LOG.error("carry_broke", gateway=self._name, exc_info=error)

    def _keep(self, push: Push, answer: Callable[[], None]) -> None:
        self._meter.event("receipt_pushed", push.receipt.state.value)

        def kept() -> None:
            self._loop.call_soon_threadsafe(answer)

        self._threads.keep(push, kept)

    def _replied(self, reply: SmppReply, answer: Callable[[], None]) -> None:
        task = self._loop.create_task(self._take_reply(reply, answer))
        self._under_way.add(task)
        task.add_done_callback(self._forget)

    async def _take_reply(self, reply: SmppReply, answer: Callable[[], None]) -> None:
        """Have a reply taken in, then answered; one that is not answered is brought again by the centre.

        The centre gives replies no id: one text within ten minutes is one message.
        """
        at_ms = self._around.clock.unix_ms()
        name = f"{reply.digest}.{at_ms // _SAME_REPLY_MS}"
        message = Incoming(self._name, name, Msisdn(reply.number), reply.to, MessageText(reply.text), at_ms)
        try:
            await asyncio.to_thread(self._around.take_reply, message)
        except StoreUnavailable:
            self._meter.event("reply_not_taken", self._name)
            return
        answer()

    def _happened(self, what: str, reason: str) -> None:
        self._meter.event(what, f"{self._name}:{reason}" if reason else self._name)
        if what in _TOLD:
            _LOG.info(what, gateway=self._name, reason=reason, bound=self._binds.bound)


class GatewaysProcess:
    """Keeps the sessions of all configured accounts until it is told to stop."""

    def __init__(
        self,
        accounts: Mapping[str, SmppAccount],
        desk: HandoverDesk,
        inbox: ReceiptInbox,
        clock: Clock,
        meter: Meter,
        take_reply: Callable[[Incoming], None],
    ) -> None:
        self._accounts = accounts
        self._around = Surroundings(desk, inbox, clock, meter, LoopTiming(), take_reply)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; for the main thread. Raises SystemExit where a session broke."""
        try:
            asyncio.run(self._main())
        except BaseExceptionGroup as group:
            for error in _leaves(group):
                _LOG.error("session_broke", exc_info=error)
            raise SystemExit(1) from None

    async def _main(self) -> None:
        told_to_stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told_to_stop.set)
        gateways = [BoundGateway(name, account, self._around) for name, account in self._accounts.items()]
        _LOG.info("gateways_started", gateways=sorted(self._accounts))
        # A session's fault that nobody foresaw ends them all, and the process with them: who watches
        # it starts it anew.
        async with asyncio.TaskGroup() as running:
            for gateway in gateways:
                running.create_task(gateway.run())
            beat = running.create_task(self._beat(gateways))
            await told_to_stop.wait()
            beat.cancel()
            await asyncio.gather(*(gateway.stop() for gateway in gateways))
        _LOG.info("gateways_stopped")

    async def _beat(self, gateways: Sequence[BoundGateway]) -> None:
        while True:
            self._around.meter.event("heartbeat", "gateways")
            bound, under_way = sum(one.bound for one in gateways), sum(one.under_way for one in gateways)
            _LOG.info("gateways_alive", bound=bound, under_way=under_way)
            await asyncio.sleep(_BEAT_S)


def _leaves(error: BaseException) -> list[BaseException]:
    """The faults in a group of groups."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in _leaves(one)]
