"""A message on its way to a handset and what its sender is told of it; leaves inboxes to the handsets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

KEPT_SECONDS: Final = 48 * 3600
"""Devino manual 1.5: a message sent more than 48 hours ago has the state 255."""


class SmsState(IntEnum):
    """The states of a message (Devino manual, table 18) that the sandbox gives."""

    QUEUED = -2
    SENT = -1
    DELIVERED = 0
    ADDRESS_NOT_ALLOWED = 41
    REJECTED = 42
    EXPIRED = 46
    NOT_FOUND = 255


DESCRIPTIONS: Final[dict[SmsState, str]] = {
    SmsState.QUEUED: "В очереди",
    SmsState.SENT: "Отправлено (передано в мобильную сеть)",
    SmsState.DELIVERED: "Доставлено абоненту",
    SmsState.ADDRESS_NOT_ALLOWED: "Недопустимый адрес получателя",
    SmsState.REJECTED: "Отклонено смс-центром",
    SmsState.EXPIRED: "Просрочено (истек срок жизни сообщения)",
    SmsState.NOT_FOUND: "Неизвестный",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a sender asks for: one text to one number, with an id for each of its segments.

    Times are Unix seconds: `not_before` for a deferred message, `expires_at` the end of validity.
    """

    ids: tuple[str, ...]
    number: str
    text: str = field(repr=False)
    sender: str
    created_at: float
    not_before: float
    expires_at: float


@dataclass(slots=True)
class Submission:
    """An order and how it ended: `outcome` and `ended_at` are None while it is on its way."""

    order: Order
    outcome: SmsState | None = None
    ended_at: float | None = None
    asked: set[str] = field(default_factory=set)

    def end(self, outcome: SmsState, at: float) -> None:
        """Note the final outcome and its time."""
        self.outcome, self.ended_at = outcome, at

    def tell(self, message_id: str, now: float) -> SmsState:
        """Give the state of one segment; the first question always finds it just handed over."""
        if now - self.order.created_at > KEPT_SECONDS:
            return SmsState.NOT_FOUND
        if now < self.order.not_before:
            return SmsState.QUEUED
        if message_id not in self.asked:
            self.asked.add(message_id)
            return SmsState.SENT
        return SmsState.SENT if self.outcome is None else self.outcome


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a question about one segment; the times are None for an unknown message."""

    state: SmsState
    created_at: float | None = None
    submitted_at: float | None = None
    reported_at: float | None = None


UNKNOWN_RECEIPT: Final = Receipt(SmsState.NOT_FOUND)
"""What is told of a message that is not there (Devino manual 1.5, the example)."""
