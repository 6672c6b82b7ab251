"""What leaves towards a subscriber and what becomes of it; leaves protocols to the gateways."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from security_service.domain.secret import MessageText, Msisdn, Secret


class Channel(StrEnum):
    """What carries a message to a person."""

    SMS = "sms"
    VOICE = "voice"
    VIBER = "viber"
    VK = "vk"
    EMAIL = "email"


class Urgency(StrEnum):
    """How soon a message is of use: a code at once, a notice when there is room."""

    CODE = "code"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one subscriber.

    `life_s` is how long it is of use in seconds; the gateway rounds it down to its protocol's
    unit, but never to 0 and never under the protocol's minimum. `reference` is ours (a code's
    or a job's id) and may be handed to the provider for correlation. `email` is the address for
    gateways of that channel.
    """

    to: Msisdn
    text: MessageText
    sender: str
    life_s: int
    reference: str
    urgency: Urgency = Urgency.CODE
    email: Secret | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the message; `message_ids` holds one id a segment, in order."""

    gateway: str
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this message: another gateway must not be tried."""

    gateway: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The message surely did not leave through this gateway: the next one may be tried."""

    gateway: str
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The message may or may not have left; it is never sent again by itself."""

    gateway: str
    reason: str


SendOutcome = Accepted | Refused | Failed | OutcomeUnknown


class ReceiptState(StrEnum):
    """What became of a message that a gateway accepted."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """True where no later receipt can change it."""
        return self in {ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.EXPIRED}

    @property
    def is_negative(self) -> bool:
        """True where the subscriber surely will not see the message."""
        return self in {ReceiptState.UNDELIVERED, ReceiptState.EXPIRED}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's word on one message: the state, and its own code as a short token.

    `reported_at_ms` is when the network reported it, in Unix milliseconds, None where not told.
    """

    state: ReceiptState
    provider_code: str
    reported_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class NoReceipt:
    """The provider could not be asked or did not answer; says nothing about the message."""

    reason: str


ReceiptAnswer = Receipt | NoReceipt


@dataclass(frozen=True, slots=True)
class Push:
    """A receipt that a provider brought by itself, with the id that `Accepted` gave the message."""

    message_id: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on a provider's account, in the account's own currency."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class NoBalance:
    """The provider could not be asked or did not answer; says nothing about the account."""

    reason: str


BalanceAnswer = Balance | NoBalance
