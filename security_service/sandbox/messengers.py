"""Messages that go by a messenger and, where it fails, by the next channel; leaves wires to the faces."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.sandbox.handsets import Handsets
from security_service.sandbox.segments import count_segments
from security_service.sandbox.submissions import Order, SmsState

_MAX_MESSAGES: Final = 50_000
_FAILED: Final = frozenset({SmsState.ADDRESS_NOT_ALLOWED, SmsState.REJECTED, SmsState.EXPIRED})


class Messenger(StrEnum):
    """A messenger that a subscriber uses or does not use."""

    VIBER = "viber"
    VK = "vk"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of a message: a messenger, or None for SMS; what arrives and from whom, for how long."""

    messenger: Messenger | None
    sender: str
    text: str = field(repr=False)
    life_s: float


@dataclass(frozen=True, slots=True)
class LegState:
    """What became of one channel of a message at `at`, Unix seconds.

    `ids` has one id a segment; `is_user` is False where the subscriber does not use the messenger.
    """

    messenger: Messenger | None
    state: SmsState
    at: float
    ids: tuple[str, ...]
    is_user: bool = True


@dataclass(slots=True)
class _Begun:
    leg: Leg
    ids: tuple[str, ...]
    at: float
    is_user: bool


@dataclass(slots=True)
class _Message:
    number: str
    legs: Sequence[Leg]
    begun: list[_Begun] = field(default_factory=list)


class Messengers:
    """Takes messages along their channels; in memory only, but for what has reached a handset.

    Every subscriber uses every messenger until `use` says otherwise. A message goes on to its next
    channel when the one before ends without delivery; `advance` lets time do that. Safe to use from
    many threads.
    """

    def __init__(self, handsets: Handsets, clock: Callable[[], float]) -> None:
        self._handsets = handsets
        self._clock = clock
        self._lock = threading.Lock()
        self._strangers: set[tuple[Messenger, str]] = set()
        self._messages: OrderedDict[str, _Message] = OrderedDict()
        self._under_way: set[str] = set()

    def use(self, number: str, messenger: Messenger, *, used: bool) -> None:
        """Say whether a subscriber uses a messenger; holds for messages from now on."""
        with self._lock:
            if used:
                self._strangers.discard((messenger, number))
            else:
                self._strangers.add((messenger, number))

    def used(self, number: str) -> dict[str, bool]:
        """Tell which messengers a subscriber uses."""
        with self._lock:
            return {one.value: (one, number) not in self._strangers for one in Messenger}

    def take(self, message_id: str, number: str, legs: Sequence[Leg]) -> None:
        """Take a message under an id of the face's own and begin its first channel."""
        with self._lock:
            message = self._messages[message_id] = _Message(number, legs)
            self._begin(message_id, message, self._clock())
            self._go_on(message_id, message)
            while len(self._messages) > _MAX_MESSAGES:
                forgotten, _ = self._messages.popitem(last=False)
                self._under_way.discard(forgotten)

    def told(self, message_id: str) -> tuple[LegState, ...]:
        """Tell of each channel that a message has come to, in their order; nothing of an unknown message."""
        with self._lock:
            message = self._messages.get(message_id)
            if message is None:
                return ()
            self._go_on(message_id, message)
            return tuple(map(self._state, message.begun))

    def advance(self) -> None:
        """Let every message go on to its next channel whose time it is."""
        with self._lock:
            for message_id in tuple(self._under_way):
                self._go_on(message_id, self._messages[message_id])

    def _begin(self, message_id: str, message: _Message, at: float) -> None:
        leg = message.legs[len(message.begun)]
        if leg.messenger is None:
            first = 10**17 + secrets.randbelow(8 * 10**17)
            ids = tuple(str(first + index) for index in range(count_segments(leg.text)))
        else:
            ids = (f"{leg.messenger}:{message_id}",)
        is_user = leg.messenger is None or (leg.messenger, message.number) not in self._strangers
        message.begun.append(_Begun(leg, ids, at, is_user))
        if is_user:
            order = Order(ids, message.number, leg.text, leg.sender, at, at, at + leg.life_s)
            self._handsets.accept([order])

    def _go_on(self, message_id: str, message: _Message) -> None:
        state = self._state(message.begun[-1])
        while state.state in _FAILED and len(message.begun) < len(message.legs):
            self._begin(message_id, message, state.at)
            state = self._state(message.begun[-1])
        if state.state is SmsState.SENT and len(message.begun) < len(message.legs):
            self._under_way.add(message_id)
        else:
            self._under_way.discard(message_id)

    def _state(self, begun: _Begun) -> LegState:
        leg = begun.leg
        if not begun.is_user:
            return LegState(leg.messenger, SmsState.ADDRESS_NOT_ALLOWED, begun.at, begun.ids, is_user=False)
        # The first question always finds a message just handed over.
        self._handsets.receipt(begun.ids[0])
        receipt = self._handsets.receipt(begun.ids[0])
        return LegState(leg.messenger, receipt.state, receipt.reported_at or begun.at, begun.ids)
