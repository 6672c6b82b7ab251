"""The virtual handsets: SIMs, states, inboxes; leaves protocols to the faces, the disk to `state_file`."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.sandbox.networks import derive_imsi
from security_service.sandbox.submissions import (
    UNKNOWN_RECEIPT,
    Order,
    Receipt,
    SmsState,
    Submission,
)

INBOX_SIZE: Final = 50
MAX_HANDSETS: Final = 10_000
_MAX_WAITING: Final = 50
_MAX_RECEIPTS: Final = 50_000


class HandsetState(StrEnum):
    """Whether a handset can be reached, and how the network speaks of it if it cannot."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message as it arrived, whole, however many segments it took; the time is Unix seconds."""

    text: str = field(repr=False)
    sender: str
    received_at: float


@dataclass(frozen=True, slots=True)
class HandsetRecord:
    """All of one handset at one moment: what is shown, and what is kept on disk.

    `generation` counts the swaps, `swapped_at` is the last one's Unix seconds (0: none yet), and so is
    `state_since`; `waiting` are messages that have not arrived yet.
    """

    number: str
    imsi: str = field(repr=False)
    generation: int = 0
    state: HandsetState = HandsetState.ON
    state_since: float = 0.0
    roaming: bool = False
    messages: tuple[InboxMessage, ...] = ()
    waiting: tuple[Order, ...] = ()
    swapped_at: float = 0.0


class _Handset:
    """The changing side of a record; used only under the lock of `Handsets`."""

    __slots__ = (
        "generation",
        "imsi",
        "inbox",
        "number",
        "roaming",
        "state",
        "state_since",
        "swapped_at",
        "waiting",
    )

    def __init__(self, record: HandsetRecord) -> None:
        self.number = record.number
        self.imsi = record.imsi
        self.generation = record.generation
        self.state = record.state
        self.state_since = record.state_since
        self.roaming = record.roaming
        self.inbox = deque(record.messages, maxlen=INBOX_SIZE)
        self.waiting = [Submission(order) for order in record.waiting]
        self.swapped_at = record.swapped_at

    @property
    def is_as_bought(self) -> bool:
        """True if forgetting the handset loses nothing but its inbox."""
        plain = self.state is HandsetState.ON and not self.roaming
        return plain and self.generation == 0 and not self.waiting

    def record(self) -> HandsetRecord:
        return HandsetRecord(
            number=self.number,
            imsi=self.imsi,
            generation=self.generation,
            state=self.state,
            state_since=self.state_since,
            roaming=self.roaming,
            messages=tuple(self.inbox),
            waiting=tuple(submission.order for submission in self.waiting),
            swapped_at=self.swapped_at,
        )

    def settle(self, now: float) -> bool:
        """Let everything happen to the waiting messages that time allows; True if something did."""
        before = len(self.waiting)
        self.waiting = [submission for submission in self.waiting if not self._settled(submission, now)]
        return len(self.waiting) != before

    def _settled(self, submission: Submission, now: float) -> bool:
        order = submission.order
        moment = max(order.created_at, order.not_before, self.state_since)
        reached = moment <= now and moment < order.expires_at
        match self.state:
            case HandsetState.ON if reached:
                self.inbox.append(InboxMessage(order.text, order.sender, moment))
                submission.end(SmsState.DELIVERED, moment)
            case HandsetState.UNKNOWN if reached:
                submission.end(SmsState.ADDRESS_NOT_ALLOWED, moment)
            case HandsetState.BARRED if reached:
                submission.end(SmsState.REJECTED, moment)
            case _ if now >= order.expires_at:
                submission.end(SmsState.EXPIRED, order.expires_at)
        return submission.outcome is not None


class Handsets:
    """Every handset of the sandbox, safe to use from many threads.

    Any number is a handset with a first SIM that follows from `seed`; only those that something
    happened to are kept, the `capacity` latest. Past that, handsets which still are as bought
    are forgotten first. `clock` gives Unix seconds; `changed` is called without the lock after
    each change that a restart should find again.
    """

    def __init__(
        self,
        seed: str,
        clock: Callable[[], float],
        records: Iterable[HandsetRecord] = (),
        changed: Callable[[], None] = lambda: None,
        capacity: int = MAX_HANDSETS,
    ) -> None:
        self._capacity = capacity
        self._seed = seed
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        self._handsets: OrderedDict[str, _Handset] = OrderedDict()
        self._receipts: OrderedDict[str, Submission] = OrderedDict()
        for record in records:
            handset = _Handset(record)
            self._handsets[record.number] = handset
            for submission in handset.waiting:
                self._remember(submission)

    def look(self, number: str) -> HandsetRecord:
        """Give a handset as it is now; a number that nothing happened to has its first SIM."""
        with self._lock:
            handset = self._handsets.get(number)
            if handset is None:
                return self._as_bought(number)
            changed = handset.settle(self._clock())
            record = handset.record()
        if changed:
            self._changed()
        return record

    def recent(self, limit: int) -> tuple[HandsetRecord, ...]:
        """Give the handsets that something happened to, latest first, at most `limit`."""
        with self._lock:
            numbers = [number for number, _ in zip(reversed(self._handsets), range(limit), strict=False)]
        return tuple(self.look(number) for number in numbers)

    def snapshot(self) -> tuple[HandsetRecord, ...]:
        """Give all that is kept, in the order in which it was last used."""
        with self._lock:
            return tuple(handset.record() for handset in self._handsets.values())

    def swap(self, number: str) -> HandsetRecord:
        """Put a new SIM into the handset: another IMSI under the same number."""
        with self._lock:
            handset = self._touch(number)
            old = handset.imsi
            while handset.imsi == old:
                handset.generation += 1
                handset.imsi = derive_imsi(self._seed, number, handset.generation)
            handset.swapped_at = self._clock()
            record = handset.record()
        self._changed()
        return record

    def switch(self, number: str, state: HandsetState, *, roaming: bool = False) -> HandsetRecord:
        """Set whether the handset can be reached and whether it is abroad; waiting messages follow."""
        with self._lock:
            handset = self._touch(number)
            now = self._clock()
            handset.settle(now)
            handset.state, handset.state_since, handset.roaming = state, now, roaming
            handset.settle(now)
            record = handset.record()
        self._changed()
        return record

    def clear(self, number: str) -> HandsetRecord:
        """Empty the inbox; messages that have not arrived yet stay on their way."""
        with self._lock:
            handset = self._touch(number)
            handset.settle(self._clock())
            handset.inbox.clear()
            record = handset.record()
        self._changed()
        return record

    def accept(self, orders: Iterable[Order]) -> None:
        """Take messages into the network; those to handsets that can be reached arrive at once."""
        with self._lock:
            for order in orders:
                submission = Submission(order)
                self._remember(submission)
                handset = self._touch(order.number)
                handset.waiting.append(submission)
                handset.settle(self._clock())
                while len(handset.waiting) > _MAX_WAITING:
                    handset.waiting.pop(0).end(SmsState.REJECTED, self._clock())
        self._changed()

    def receipt(self, message_id: str) -> Receipt:
        """Tell what became of one segment; an id that is not known gives the state 255."""
        with self._lock:
            submission = self._receipts.get(message_id)
            if submission is None:
                return UNKNOWN_RECEIPT
            now = self._clock()
            order = submission.order
            handset = self._handsets.get(order.number)
            changed = handset is not None and handset.settle(now)
            state = submission.tell(message_id, now)
            submitted = max(order.created_at, order.not_before)
            told_end = submission.ended_at if state is submission.outcome else None
        if changed:
            self._changed()
        if state is SmsState.NOT_FOUND:
            return UNKNOWN_RECEIPT
        return Receipt(state, order.created_at, submitted if submitted <= now else None, told_end)

    def _as_bought(self, number: str) -> HandsetRecord:
        return HandsetRecord(number, derive_imsi(self._seed, number, 0))

    def _touch(self, number: str) -> _Handset:
        handset = self._handsets.get(number)
        if handset is None:
            if len(self._handsets) >= self._capacity:
                self._forget_one()
            handset = self._handsets[number] = _Handset(self._as_bought(number))
        self._handsets.move_to_end(number)
        return handset

    def _forget_one(self) -> None:
        plain = (number for number, handset in self._handsets.items() if handset.is_as_bought)
        del self._handsets[next(plain, next(iter(self._handsets)))]

    def _remember(self, submission: Submission) -> None:
        for message_id in submission.order.ids:
            self._receipts[message_id] = submission
        while len(self._receipts) > _MAX_RECEIPTS:
            self._receipts.popitem(last=False)
