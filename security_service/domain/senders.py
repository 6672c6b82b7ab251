"""Sender names as a provider knows them; leaves asking for them to `sender_ports`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SenderStanding(StrEnum):
    """Whether a provider lets messages bear a sender name."""

    ADMITTED = "admitted"
    AWAITING = "awaiting"
    OFF = "off"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ListedSender:
    """One name that the provider has for the account."""

    name: str
    standing: SenderStanding


@dataclass(frozen=True, slots=True)
class ListedSenders:
    """All names of the account."""

    senders: tuple[ListedSender, ...]


@dataclass(frozen=True, slots=True)
class SendersNotTold:
    """The provider did not tell them, for this reason; says nothing about the names."""

    reason: str


SendersAnswer = ListedSenders | SendersNotTold
