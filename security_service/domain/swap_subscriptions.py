"""Subscriptions to SIM swaps: what they are, what sinks get, when a letter is tried again; sends nothing.

CAMARA sim-swap-subscriptions 0.2, CloudEvents 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from security_service.domain.audit import Json
from security_service.domain.secret import Msisdn, Secret

SWAPPED: Final = "org.camaraproject.sim-swap-subscriptions.v0.swapped"
ENDS: Final = "org.camaraproject.sim-swap-subscriptions.v0.subscription-ends"
LONGEST_LIFE_MS: Final = 365 * 86_400_000
"""A subscription that asks for no end, or for a later one, ends after a year."""
MOST_OF_A_TENANT: Final = 10_000
"""So many live subscriptions a tenant may have."""
KEPT_MS: Final = 7 * 86_400_000
"""How long behind its end a subscription waits for a worker that tells of it, in milliseconds."""
_TRIED_FOR_MS: Final = 86_400_000
_LONGEST_PAUSE_MS: Final = 3_600_000
_MOST_DOUBLINGS: Final = 12


class EndReason(StrEnum):
    """Why a subscription ended, in the words of the interface."""

    MAX_EVENTS = "MAX_EVENTS_REACHED"
    EXPIRED = "SUBSCRIPTION_EXPIRED"
    TOKEN_EXPIRED = "ACCESS_TOKEN_EXPIRED"  # noqa: S105 - a reason, not a secret
    DELETED = "SUBSCRIPTION_DELETED"
    CLIENT_GONE = "NETWORK_TERMINATED"


@dataclass(frozen=True, slots=True)
class SwapSubscription:
    """One subscription of a client; times are Unix milliseconds, 0 where none was asked for.

    `ends_ms` is when it ends by itself, `end_reason` why then; `most_events` 0 is without bound.
    """

    id: str
    tenant: str
    client: str
    number: Msisdn
    sink: str = field(repr=False)
    starts_ms: int
    ends_ms: int
    end_reason: EndReason = EndReason.EXPIRED
    asked_end_ms: int = 0
    most_events: int = 0
    sealed_token: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """What a client asks for; times are Unix milliseconds, 0 for none."""

    number: str
    sink: str = field(repr=False)
    asked_end_ms: int = 0
    most_events: int = 0
    token: Secret | None = None
    token_ends_ms: int = 0


@dataclass(frozen=True, slots=True)
class SinkLetter:
    """An event on its way to a sink; `id` is the same however often it is sent.

    `reason` is '' for a swap. `first_ms` is when it was written, `attempts` how often it was sent.
    """

    id: str
    subscription: SwapSubscription
    at_ms: int
    first_ms: int
    reason: str = ""
    attempts: int = 0

    def cloud_event(self, source: str) -> Mapping[str, Json]:
        """Give what the sink gets; `source` is the address of the service."""
        data: dict[str, Json] = {"subscriptionId": self.subscription.id}
        if self.reason:
            data["terminationReason"] = self.reason
        else:
            data["phoneNumber"] = f"+{self.subscription.number.digits}"
        return {
            "id": self.id,
            "source": source,
            "specversion": "1.0",
            "type": ENDS if self.reason else SWAPPED,
            "time": moment_text(self.at_ms),
            "datacontenttype": "application/json",
            "data": data,
        }


def swap_letter(subscription: SwapSubscription, leaf: int, at_ms: int, now_ms: int) -> SinkLetter:
    """Give the letter of a swap that the log tells in a leaf: a repetition has the same id."""
    return SinkLetter(f"{subscription.id}.{leaf}", subscription, at_ms, now_ms)


def ends_letter(subscription: SwapSubscription, reason: EndReason, now_ms: int) -> SinkLetter:
    """Give the letter that ends a subscription."""
    return SinkLetter(f"{subscription.id}.ends", subscription, now_ms, now_ms, reason.value)


def tried_again(letter: SinkLetter, now_ms: int) -> tuple[SinkLetter, int] | None:
    """Give a letter that was not taken, and when it is due again (Unix ms); None: a day is over."""
    if now_ms - letter.first_ms >= _TRIED_FOR_MS:
        return None
    pause = min(1000 << min(letter.attempts, _MOST_DOUBLINGS), _LONGEST_PAUSE_MS)
    return replace(letter, attempts=letter.attempts + 1), now_ms + pause


def moment_text(unix_ms: int) -> str:
    """Give a moment by RFC 3339 in UTC with milliseconds."""
    told = datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def token_about(tenant: str, subscription_id: str) -> str:
    """Name what a sealed token belongs to, so that it opens nowhere else."""
    return f"sink token:{tenant}:{subscription_id}"


class SwapSubscriptions(Protocol):
    """Subscriptions of tenants. Every method may raise StoreUnavailable."""

    def put(self, subscription: SwapSubscription) -> bool:
        """Keep a new one; False where its tenant has as many as it may have."""
        ...

    def find(self, tenant: str, subscription_id: str) -> SwapSubscription | None:
        """Give one of a tenant's."""
        ...

    def all_of(self, tenant: str) -> Sequence[SwapSubscription]:
        """Give all of a tenant's, by age."""
        ...

    def end(self, letter: SinkLetter) -> bool:
        """End the letter's subscription and queue the letter at once; False where it had ended."""
        ...


class SwapTelling(Protocol):
    """Who is told of a swap. Every method may raise StoreUnavailable."""

    def of_number(self, tenant: str, number: Msisdn) -> Sequence[SwapSubscription]:
        """Give the live subscriptions of a tenant's number."""
        ...

    def tell(self, letter: SinkLetter, leaf: int, sim: str, last: SinkLetter) -> None:
        """Queue a letter once for a leaf and once for a SIM, count it; with `last` where it was the last."""
        ...

    def run_out(self, tenant: str, now_ms: int) -> Sequence[SwapSubscription]:
        """Give some that end by now."""
        ...


class SinkLetters(Protocol):
    """Letters that wait. Every method may raise StoreUnavailable."""

    def claim(self, tenant: str, now_ms: int) -> Sequence[SinkLetter]:
        """Give some that are due; each comes back after a minute unless it is done or put off."""
        ...

    def done(self, letter: SinkLetter) -> None:
        """Forget a letter."""
        ...

    def put_off(self, letter: SinkLetter, due_ms: int) -> None:
        """Have a letter wait until then."""
        ...


class SinkEnd(StrEnum):
    """What a sink made of a letter."""

    TAKEN = "taken"
    GONE = "gone"
    NOT_TAKEN = "not_taken"


class Sink(Protocol):
    """Carries letters. Never raises for what a sink or the network does."""

    def is_allowed(self, sink: str) -> bool:
        """Tell whether an address is one that letters may go to."""
        ...

    def send(self, sink: str, event: Mapping[str, Json], token: Secret | None) -> SinkEnd:
        """Post one event within seconds."""
        ...
