"""The ports between those who send messages and the process that owns a gateway's connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.messages import Push, ReceiptAnswer


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The process that owns the connections took the message, and this is what it says of it."""

    reply: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nobody took the message, and nobody will: it surely was not sent. `reason` is a short token."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoReply:
    """The message was taken, or may have been, and nobody said what became of it."""

    reason: str


HandoverEnd = HandedOver | NotTaken | NoReply


class Handover(Protocol):
    """Hands messages over to the process that owns a gateway's connections. Never raises."""

    def hand_over(self, gateway: str, request: bytes, within_s: float) -> HandoverEnd:
        """Hand a message over and wait for what becomes of it, within `within_s` seconds in all.

        It is taken at most once, and not after that time.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was taken: its id, what is to be sent, and the seconds in which that is of use.

    What is to be sent is empty where it could not be read.
    """

    id: str
    request: bytes = field(repr=False)
    left_s: float


class HandoverDesk(Protocol):
    """The other side of `Handover`. Every method may raise StoreUnavailable."""

    def open_desk(self, gateway: str, for_s: float) -> None:
        """Say that messages of a gateway are taken for so many seconds; with 0 they no longer are."""
        ...

    def take(self, gateway: str, count: int, wait_s: float) -> list[Handed]:
        """Take messages, waiting for the first of them; none is ever given out a second time."""
        ...

    def reply(self, gateway: str, replies: Sequence[tuple[str, bytes]]) -> None:
        """Say what became of messages, by their ids."""
        ...


class ReceiptInbox(Protocol):
    """Receipts that a provider brought, kept for two days. Every method may raise StoreUnavailable."""

    def put(self, gateway: str, pushes: Sequence[Push]) -> None:
        """Keep receipts; one that is final is not overwritten by one that is not."""
        ...

    def get(self, gateway: str, message_id: str) -> ReceiptAnswer:
        """Give the receipt of a message; pending where none came yet."""
        ...


@dataclass(frozen=True, slots=True)
class NotOpened:
    """A sealed text that these keys do not open: it was changed, is another's, or its key is gone."""


class Sealer(Protocol):
    """Seals texts that must lie in the store for a while."""

    def seal(self, text: bytes, about: str) -> bytes:
        """Seal a text so that it opens only under the same `about`."""
        ...

    def open(self, sealed: bytes, about: str) -> bytes | NotOpened:
        """Open what `seal` gave."""
        ...
