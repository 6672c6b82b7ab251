"""A message in the bank's own words on its way through the service; leaves keeping it to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.audit import Event
from security_service.domain.jobs import Job
from security_service.domain.limits import LimitReached
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

SHORTEST_VALIDITY_S: Final = 60
LONGEST_VALIDITY_S: Final = 7 * 86_400
USUAL_VALIDITY_S: Final = 86_400
LONGEST_DEFERMENT_S: Final = 31 * 86_400
MOST_SEGMENTS: Final = 15
"""Parts that one message may have; their numbers are the last four bits of its id."""

RELAY_PURPOSE: Final = "message"
"""The purpose that a relayed message has for the gate where its face tells none."""

_RANDOM_BITS: Final = 52
_RETRY_PAUSES: Final = (5, 15, 60, 300, 900, 3600)
_HOLD_PAUSES: Final = (60, 300, 900, 3600)


class MessageState(StrEnum):
    """How far a relayed message is."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"

    @property
    def is_final(self) -> bool:
        """True where nothing changes it any more."""
        return self not in _UNDER_WAY


_UNDER_WAY: Final = frozenset(
    {
        MessageState.QUEUED,
        MessageState.DEFERRED,
        MessageState.HELD,
        MessageState.SENDING,
        MessageState.SENT,
    }
)


class Refusal(StrEnum):
    """Why a message is not taken; nothing is kept of it but, where a limit refused, its event."""

    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    SENDER = "sender_not_allowed"
    TIME = "time_not_allowed"
    LIMIT = "limit"
    FROZEN = "frozen"
    QUEUE_FULL = "queue_full"
    OTHER_STORE = "other_store"
    STORE_AWAY = "store_unavailable"


@dataclass(frozen=True, slots=True)
class Submission:
    """A message that a face brings.

    `sender` is '' for the tenant's own. `validity_s` counts from the time it is to leave, None for a
    day. `send_at_s` (Unix seconds) defers it, 0 is now. `face` and `account` say who brought it, and
    `reference` is the account's own id for it. With `wants_report` the account is told of its end.
    Messages of one `token` are one message, which is taken once; '' is a message of its own.
    """

    tenant: Tenant
    number: Msisdn
    text: MessageText
    face: str
    account: str = ""
    sender: str = ""
    validity_s: int | None = None
    send_at_s: int = 0
    reference: str = ""
    wants_report: bool = False
    purpose: str = RELAY_PURPOSE
    token: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The message is safe: it will be passed through the gate, whatever dies. `segments` is its length."""

    message_id: str
    segments: int


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The message was not taken, and nothing will be sent; a limit says when to try again (seconds)."""

    reason: Refusal
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """What the script that takes a message writes. `id` names it; `sealed` is its text.

    `segments` is the text's length, `text_digest` an HMAC of it for the audit (hex).
    """

    id: str
    submission: Submission
    sealed: bytes
    segments: int
    text_digest: str
    request_id: str
    queue_limit: int


TakeOutcome = Taken | NotTaken | LimitReached


@dataclass(frozen=True, slots=True)
class MessageView:
    """What is known of a message; times are Unix milliseconds, 0 where it has not come to that."""

    message_id: str
    number: Msisdn
    state: MessageState
    reason: str
    sender: str
    face: str
    account: str
    reference: str
    segments: int
    taken_at_ms: int
    due_at_ms: int
    expires_at_ms: int
    sent_at_ms: int = 0
    final_at_ms: int = 0
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class NoSuchMessage:
    """The tenant has no message of that id, or no more."""


# --- passing the gate -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose time has come, with all that the gate needs; `now_ms` is the store's time."""

    view: MessageView
    purpose: str
    sealed: bytes
    now_ms: int
    subscriber: Subscriber
    stored: bytes
    unverified_today: int
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class InHand:
    """Another worker is sending it; its lease runs so many seconds more."""

    lease_s: float


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """A worker began to send it and never said how that ended."""


@dataclass(frozen=True, slots=True)
class NotDue:
    """It has ended, or is gone: there is nothing to do."""


BeginOutcome = Due | InHand | LeaseLost | NotDue


@dataclass(frozen=True, slots=True)
class PassRequest:
    """What the gate's verdict on a message writes: the new state, the record, the events.

    `state` is sending, held or refused. `subscriber` None leaves the record as it is. A held message
    is due again in `pause_s` seconds; one that is being sent has a lease of so many.
    """

    job: Job
    message_id: str
    stored: bytes
    subscriber: Subscriber | None
    state: MessageState
    reason: str
    pause_s: float
    events: Sequence[Event]
    jobs: Sequence[Job] = ()
    notice: Job | None = None
    notice_key: str = ""
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """Written."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Another worker has it, or it has ended: nothing was written."""


@dataclass(frozen=True, slots=True)
class EndRequest:
    """How sending a message ended: sent, failed, unknown, expired; or queued again, due in `pause_s`.

    `gateway` and `jobs` (the one that asks for its receipt) are of a message that a gateway took.
    """

    job: Job
    message_id: str
    state: MessageState
    reason: str
    event: Event
    gateway: str = ""
    pause_s: float = 0.0
    jobs: Sequence[Job] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an account is told of a message that it brought; `at_ms` is when it came to that state."""

    id: str
    account: str
    message_id: str
    reference: str
    number: Msisdn
    sender: str
    state: MessageState
    reason: str
    taken_at_ms: int
    at_ms: int


def message_id_of(shard: int, share: float) -> str:
    """Give a message's id: a positive number of 52 random bits, the shard (0 to 63) and four zero bits.

    `share` is drawn from 0 up to 1; an id is an address and no secret.
    """
    drawn = 1 + int(share * (2**_RANDOM_BITS - 1))
    return str((drawn << 10) | (shard << 4))


def segment_ids(message_id: str, segments: int) -> tuple[str, ...]:
    """Give an id for each segment of a message; the first is the message's own."""
    first = int(message_id)
    return tuple(str(first + place) for place in range(segments))


def message_of(segment_id: str) -> str:
    """Give the id of the message that a segment is of; '' for what no message can have."""
    if not segment_id.isdecimal() or not 0 < int(segment_id) < 2**63:
        return ""
    return str(int(segment_id) & ~0xF)


def shard_of(message_id: str) -> int:
    """Give the shard that a message lies in."""
    return (int(message_id) >> 4) & 0x3F


def retry_pause_s(attempt: int) -> int:
    """Seconds until a message that no gateway took is offered again; its validity ends that."""
    return _RETRY_PAUSES[min(attempt, len(_RETRY_PAUSES) - 1)]


def hold_pause_s(attempt: int) -> int:
    """Seconds until a held message is decided anew; its validity ends that."""
    return _HOLD_PAUSES[min(attempt, len(_HOLD_PAUSES) - 1)]
