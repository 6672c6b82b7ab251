"""The threads between the store, whose calls block, and the loop that sends; leaves sending to the loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import Handed, HandoverDesk, ReceiptInbox
from security_service.domain.messages import Push
from security_service.domain.ports import Clock, Meter
from security_service.processes.job_threads import Bell

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("gateways")

_TAKE_WAIT_S: Final = 0.25
_OPEN_FOR_S: Final = 3.0
_OPEN_AGAIN_S: Final = 1.0
_AWAY_PAUSE_S: Final = 0.5
_BROKEN_PAUSE_S: Final = 5.0
_WRITE_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)
_MOST_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Bridge:
    """What the threads of one gateway stand between.

    `hand_in` takes messages to the loop, `is_bound` tells whether they would leave; both are safe to
    call from any thread.
    """

    gateway: str
    desk: HandoverDesk
    inbox: ReceiptInbox
    hand_in: Callable[[Sequence[Handed]], None]
    is_bound: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Reply:
    name: str
    text: bytes


@dataclass(frozen=True, slots=True)
class _Arrived:
    push: Push
    kept: Callable[[], None]


class DeskThreads:
    """One thread takes messages while there is room for them, another writes what became of them.

    The desk is open while a session is bound, so that nobody waits for a gateway that cannot send.
    """

    def __init__(self, bridge: Bridge, room: int, clock: Clock, meter: Meter) -> None:
        self._bridge, self._clock, self._meter = bridge, clock, meter
        self._room, self._lock, self._bell = room, threading.Lock(), Bell()
        self._opened_at: float | None = None
        self._to_write: queue.SimpleQueue[_Reply | _Arrived | None] = queue.SimpleQueue()
        name = bridge.gateway
        self._taker = threading.Thread(target=self._take_on, name=f"take-{name}", daemon=True)
        self._writer = threading.Thread(target=self._write_on, name=f"write-{name}", daemon=True)

    def start(self) -> None:
        """Begin to take and to write."""
        self._taker.start()
        self._writer.start()

    def reply(self, name: str, text: bytes) -> None:
        """Say what became of one message that was handed in; from any thread, without waiting."""
        self._to_write.put(_Reply(name, text))

    def make_room(self) -> None:
        """One message that was handed in is out of hand; from any thread, without waiting."""
        with self._lock:
            self._room += 1
        self._bell.ring()

    def keep(self, push: Push, kept: Callable[[], None]) -> None:
        """Have a receipt kept, and `kept` called from the writing thread; without waiting."""
        self._to_write.put(_Arrived(push, kept))

    def stop_taking(self) -> None:
        """Close the desk and take what lies on it, so that those who wait hear of it; blocks."""
        self._bell.stop()
        self._taker.join()

    def stop_writing(self) -> None:
        """Write what there is, then end; blocks."""
        self._to_write.put(None)
        self._writer.join()

    # --- taking

    def _take_on(self) -> None:
        while not self._bell.stopped:
            try:
                self._show()
                if self._take(_TAKE_WAIT_S) is None:
                    self._bell.wait(_TAKE_WAIT_S)
            except StoreUnavailable:
                self._meter.event("store_away", "gateways")
                self._bell.wait(_AWAY_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - outermost loop: one broken message must not end the gateway
                _LOG.error("take_broke", gateway=self._bridge.gateway, exc_info=error)
                self._bell.wait(_BROKEN_PAUSE_S)
        self._clear()

    def _show(self) -> None:
        """Keep the desk open, or close it once."""
        now = self._clock.monotonic()
        if self._bridge.is_bound():
            if self._opened_at is None or now - self._opened_at >= _OPEN_AGAIN_S:
                self._bridge.desk.open_desk(self._bridge.gateway, _OPEN_FOR_S)
                self._opened_at = now
        elif self._opened_at is not None:
            self._bridge.desk.open_desk(self._bridge.gateway, 0.0)
            self._opened_at = None

    def _take(self, wait_s: float) -> int | None:
        """Hand in what is there; gives how many that were, None where there is no room."""
        with self._lock:
            room = self._room
        if room <= 0:
            return None
        handed = self._bridge.desk.take(self._bridge.gateway, min(room, _MOST_AT_ONCE), wait_s)
        if handed:
            with self._lock:
                self._room -= len(handed)
            self._bridge.hand_in(handed)
        return len(handed)

    def _clear(self) -> None:
        try:
            self._bridge.desk.open_desk(self._bridge.gateway, 0.0)
            while self._take(0.0):
                continue
        except StoreUnavailable:
            self._meter.event("store_away", "gateways")

    # --- writing

    def _write_on(self) -> None:
        ending = False
        while not ending:
            found = self._gather()
            ending = None in found
            replies = [(one.name, one.text) for one in found if isinstance(one, _Reply)]
            arrived = [one for one in found if isinstance(one, _Arrived)]
            gateway = self._bridge.gateway
            if replies:
                self._insist("reply_lost", lambda: self._bridge.desk.reply(gateway, replies))  # noqa: B023 - called at once
            if arrived:
                pushes = [one.push for one in arrived]
                self._insist("receipt_lost", lambda: self._bridge.inbox.put(gateway, pushes))  # noqa: B023 - called at once
            for one in arrived:
                # Every receipt is answered with success, even one that got lost (Devino manual 3.3).
                one.kept()

    def _gather(self) -> list[_Reply | _Arrived | None]:
        found = [self._to_write.get()]
        try:
            while len(found) < _MOST_AT_ONCE:
                found.append(self._to_write.get_nowait())
        except queue.Empty:
            pass
        return found

    def _insist(self, lost: str, write: Callable[[], None]) -> None:
        """Try again for a few seconds while the store is away, then count what is lost."""
        for pause_s in (*_WRITE_PAUSES_S, None):
            try:
                return write()
            except StoreUnavailable:
                if pause_s is not None:
                    self._clock.pause(pause_s)
            except Exception as error:  # noqa: BLE001 - outermost loop: what cannot be written must not end the rest
                _LOG.error("write_broke", gateway=self._bridge.gateway, exc_info=error)
                break
        self._meter.event(lost, self._bridge.gateway)
        return None
