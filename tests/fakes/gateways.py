"""A gateway in memory: what it answers is written down by the test, what it got can be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    SendOutcome,
)

Answering = SendOutcome | Callable[[Message], SendOutcome]


class FakeGateway:
    """Implements the port `Gateway`.

    Accepts every message under ids `<name>-1`, `<name>-2`, ... unless `then` holds other outcomes:
    each is given once, in order. `receipts` holds what `receipt` answers by message id. Without
    time it answers as a real one: nothing left, or there is no receipt.
    """

    def __init__(self, name: str = "fake", then: list[Answering] | None = None) -> None:
        self._name = name
        self._numbers = count(1)
        self.then: deque[Answering] = deque(then or [])
        self.sent: list[Message] = []
        self.receipts: dict[str, ReceiptAnswer] = {}

    @property
    def name(self) -> str:
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Remember the message, unless there is no time, and answer as the test wants."""
        if within_s <= 0:
            return Failed(self._name, "no_time")
        self.sent.append(message)
        if self.then:
            answering = self.then.popleft()
            return answering(message) if callable(answering) else answering
        message_id = f"{self._name}-{next(self._numbers)}"
        self.receipts[message_id] = Receipt(ReceiptState.PENDING, "accepted")
        return Accepted(self._name, (message_id,))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Answer what the test has put in `receipts`; an id that nobody knows has no receipt."""
        if within_s <= 0:
            return NoReceipt("no_time")
        return self.receipts.get(message_id, NoReceipt("unknown_id"))

    def falls_silent(self) -> None:
        """Have the next message end without an answer: it may have left."""
        self.then.append(OutcomeUnknown(self._name, "timeout"))
