"""What subscribers write to the bank, and which of it is a refusal; leaves keeping it to the store."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from security_service.domain.messages import Channel
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.tenants import Tenant

LONGEST_TEXT: Final = 2000
KEPT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a subscriber, as a provider brought it.

    `id` is the provider's, unique for its gateway; `to` is the bank's number or sender that was written to;
    `at_ms` is when it was written, in Unix milliseconds.
    """

    gateway: str
    id: str
    number: Msisdn
    to: str
    text: MessageText
    at_ms: int
    channel: Channel = Channel.SMS


@dataclass(frozen=True, slots=True)
class KeptIncoming:
    """An incoming message as a tenant reads it: `id` is ours, a positive number that grows."""

    id: int
    number: Msisdn
    to: str
    text: MessageText = field(repr=False)
    at_ms: int


def is_refusal(text: MessageText, words: Sequence[str]) -> bool:
    """Tell whether a reply is one of the tenant's refusal words and nothing else.

    Case, spaces and punctuation round it do not matter, so that `Нет!` and `« no »` refuse; a longer text
    never does, and no text ever approves anything.
    """
    return _plain(text.reveal()) in {_plain(word) for word in words if _plain(word)}


def _plain(text: str) -> str:
    kept = "".join(character for character in unicodedata.normalize("NFKC", text) if character.isalnum())
    return kept.casefold()


def is_of(tenant: Tenant, to: str) -> bool:
    """Tell whether an address that was written to is a tenant's: one of its reply numbers, or a sender."""
    given = to.removeprefix("+").casefold()
    known = (*tenant.reply_numbers, tenant.sender, *tenant.senders)
    return bool(given) and given in {one.removeprefix("+").casefold() for one in known}


# --- ports ----------------------------------------------------------------------------------


class IncomingBook(Protocol):
    """Incoming messages of a tenant, for a week. Every method may raise StoreUnavailable."""

    def keep(self, tenant: str, message: Incoming) -> int:
        """Keep a message and give its id; 0 where it was dealt with before (a provider brings some twice)."""
        ...

    def done(self, tenant: str, message: Incoming) -> None:
        """Say that a message was dealt with: brought again, it is passed over."""
        ...

    def of(self, tenant: str, since_ms: int, until_ms: int, count: int) -> Sequence[KeptIncoming]:
        """Give a tenant's messages of a period by Unix milliseconds, the oldest first, `count` at most."""
        ...


class IncomingById(Protocol):
    """Incoming messages by their ids. May raise StoreUnavailable."""

    def get(self, tenant: str, number: int) -> KeptIncoming | None:
        """Give a message; None where it is no more."""
        ...


@runtime_checkable
class IncomingSource(Protocol):
    """A gateway that can be asked for incoming messages."""

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        ...

    @property
    def asks_for_replies(self) -> bool:
        """True where its settings say that it is to be asked."""
        ...

    def incoming(self, since_ms: int, until_ms: int, within_s: float) -> Sequence[Incoming] | IncomingUntold:
        """Give the messages of a period within `within_s` seconds in all. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class IncomingUntold:
    """The provider could not be asked or did not answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class HandedOn:
    """The handler took the message; `answer` is the text that it wants sent back, or ''."""

    answer: MessageText


@dataclass(frozen=True, slots=True)
class HandlerSilent:
    """The handler did not answer in time."""


@dataclass(frozen=True, slots=True)
class HandlerFailed:
    """The handler answered with an error."""

    status: int


HandlerAnswer = HandedOn | HandlerSilent | HandlerFailed
AskHandler = Callable[[str, KeptIncoming, float], HandlerAnswer]
"""Hands a message to an address within so many seconds. Never raises."""


class ReplyCursors(Protocol):
    """Up to when each gateway was asked. Every method may raise StoreUnavailable."""

    def get(self, gateway: str) -> int:
        """Give Unix milliseconds; 0 where it was never asked."""
        ...

    def set(self, gateway: str, until_ms: int) -> None:
        """Remember that all up to `until_ms` was taken in."""
        ...
