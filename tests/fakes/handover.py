"""The handover in memory: what becomes of a message is written down by the test."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import Handed, HandoverEnd, NotTaken
from security_service.domain.messages import Push, Receipt, ReceiptAnswer, ReceiptState

Ending = HandoverEnd | Callable[[bytes], HandoverEnd]


class FakeHandover:
    """Implements the port `Handover`: each of `then` ends one message; without one nobody takes it."""

    def __init__(self, *then: Ending) -> None:
        self.then: deque[Ending] = deque(then)
        self.handed: list[tuple[str, bytes, float]] = []

    def hand_over(self, gateway: str, request: bytes, within_s: float) -> HandoverEnd:
        """Remember the message, unless there is no time, and end as the test wants."""
        if within_s <= 0:
            return NotTaken("no_time")
        self.handed.append((gateway, request, within_s))
        ending = self.then.popleft() if self.then else NotTaken("not_bound")
        return ending(request) if callable(ending) else ending


class FakeReceipts:
    """Implements the port `ReceiptInbox`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Receipt] = {}

    def put(self, gateway: str, pushes: Sequence[Push]) -> None:
        """Keep receipts; one that is final is not overwritten by one that is not."""
        for push in pushes:
            known = self.kept.get((gateway, push.message_id))
            if known is None or not known.state.is_final:
                self.kept[gateway, push.message_id] = push.receipt

    def get(self, gateway: str, message_id: str) -> ReceiptAnswer:
        """Give the receipt of a message; pending where none came yet."""
        return self.kept.get((gateway, message_id), Receipt(ReceiptState.PENDING, "none_yet"))


class FakeDesk:
    """Implements the port `HandoverDesk`; safe between threads.

    `faults` names methods whose next call fails as a store that is away does, each once.
    """

    def __init__(self) -> None:
        self._lying: queue.SimpleQueue[Handed] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self.is_open: dict[str, bool] = {}
        self.replies: list[tuple[str, bytes]] = []
        self.counts: list[int] = []
        self.faults: list[str] = []

    def put(self, *handed: Handed) -> None:
        """Lay messages on the desk."""
        for one in handed:
            self._lying.put(one)

    def open_desk(self, gateway: str, for_s: float) -> None:
        """Remember whether the desk is open."""
        self._fail("open_desk")
        with self._changed:
            self.is_open[gateway] = for_s > 0
            self._changed.notify_all()

    def take(self, gateway: str, count: int, wait_s: float) -> list[Handed]:
        """Give what lies there, waiting for the first."""
        self._fail("take")
        self.counts.append(count)
        taken: list[Handed] = []
        try:
            taken.append(self._lying.get(timeout=wait_s))
            while len(taken) < count:
                taken.append(self._lying.get_nowait())
        except queue.Empty:
            pass
        return taken

    def reply(self, gateway: str, replies: Sequence[tuple[str, bytes]]) -> None:
        """Keep what is said of messages."""
        self._fail("reply")
        with self._changed:
            self.replies += replies
            self._changed.notify_all()

    def until(self, found: Callable[[], bool], within_s: float) -> bool:
        """Wait until something is so; False where it is not in time."""
        with self._changed:
            return self._changed.wait_for(found, within_s)

    def _fail(self, method: str) -> None:
        if method in self.faults:
            self.faults.remove(method)
            raise StoreUnavailable
