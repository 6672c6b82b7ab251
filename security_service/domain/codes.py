"""The life of one-time codes: what is asked of the store and what came of it, as closed types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.audit import Event
from security_service.domain.fallback import Fallback
from security_service.domain.imsi import ImsiMember
from security_service.domain.jobs import Job
from security_service.domain.limits import LimitReached, Locked, Window
from security_service.domain.operation import Operation
from security_service.domain.secret import Code, KeyRing, Msisdn
from security_service.domain.step_up import EnrolledAuthenticator, TicketFound, TicketProof
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

SHORTEST_CODE: Final = 4
LONGEST_CODE: Final = 10
LONGEST_LIFE_S: Final = 600
LEASE_GRACE_S: Final = 5
UNKNOWN_HOLDS_SLOT_S: Final = 60


@dataclass(frozen=True, slots=True)
class KeyedDigest:
    """A digest and the key version it was made under."""

    version: int
    digest: bytes


def code_digest(keys: KeyRing, version: int, tenant: str, number: Msisdn, purpose: str, code: Code) -> bytes:
    """Give the digest a code is stored as: HMAC(key version; tenant, number, purpose, code)."""
    return keys.digest(version, "code", tenant, number.digits, purpose, code.reveal())


def operation_digests(keys: KeyRing, operation: Operation) -> tuple[KeyedDigest, ...]:
    """Give the digests of amount, currency and payee that a code is bound to.

    Under the two newest key versions, newest first, so that codes live through a rotation.
    """
    return tuple(
        KeyedDigest(version, keys.digest(version, "operation", *operation.parts()))
        for version in keys.versions()[:2]
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom and what a call is about: one tenant's number and the purpose that names the slot."""

    tenant: Tenant
    number: Msisdn
    operation: Operation


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a token of the source for budgets (empty: none), and the idempotency key.

    `source` and `idempotency` are digests; `body` is the digest of the request under that key.
    """

    request_id: str
    source: str = ""
    idempotency: str = ""
    body: str = ""


# --- GenerateCode ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdmitRequest:
    """What the first script of GenerateCode decides on."""

    subject: Subject
    caller: Caller
    operation_digests: tuple[KeyedDigest, ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may go on. `now_ms` is the store's time; `stored` is the record for compare-and-set.

    `unverified_today` counts unverified sends to the number in the last 24 hours; `authenticator`
    is the subscriber's, None where none is confirmed.
    """

    now_ms: int
    subscriber: Subscriber
    stored: bytes
    unverified_today: int
    authenticator: EnrolledAuthenticator | None = None


@dataclass(frozen=True, slots=True)
class CodeExists:
    """A live unused code of the same operation holds the slot."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """The idempotency key was answered before, and this was the answer."""

    answer: str


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The idempotency key came with another body."""


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The first call under the idempotency key has not ended; its lease runs `lease_s` seconds more."""

    lease_s: float


@dataclass(frozen=True, slots=True)
class StoreRefuses:
    """The store is not the one that the settings name, or is too full: nothing may be decided on it."""

    reason: str


Admission = Admitted | Locked | LimitReached | CodeExists | Replayed | KeyReused | StillRunning | StoreRefuses


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code as it is stored in `sending`. `pin` is the IMSI seen at sending, None where none was.

    `operator` is the number's MCC-MNC, empty where nobody told it.
    `operations` is the digest of its operation under the two newest key versions, newest first.
    """

    id: str
    digest: KeyedDigest
    operations: tuple[KeyedDigest, ...]
    life_s: int
    lease_s: float
    pin: ImsiMember | None = None
    operator: str = ""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket as it is stored: for so many seconds the slot takes a code of this authenticator's.

    `operations` as of a code. Nothing is sent for it, and it holds the slot against nobody.
    """

    id: str
    operations: tuple[KeyedDigest, ...]
    authenticator: str
    life_s: int


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What the second script of GenerateCode writes: the verdict, what becomes of the record, the code.

    `code` is None where the gate refused; `ticket` is there where that may be stepped up.
    `subscriber` None leaves the record as it is.
    `notice_key` names what a notice may be sent for once in 24 hours (empty: no notice).
    `decided_by` is what a code's signed verdict tells of the decision (domain/signed_verdict).
    """

    subject: Subject
    caller: Caller
    stored: bytes
    subscriber: Subscriber | None
    code: NewCode | None
    events: Sequence[Event]
    jobs: Sequence[Job] = ()
    notice: Job | None = None
    notice_key: str = ""
    unverified: bool = False
    ticket: NewTicket | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """Written; where there is a code it is in `sending` now."""


@dataclass(frozen=True, slots=True)
class RecordMoved:
    """The subscriber's record changed since it was read: decide again on this one."""

    subscriber: Subscriber
    stored: bytes


Opening = Opened | RecordMoved | CodeExists | StillRunning | Locked | StoreRefuses


class Settlement(StrEnum):
    """How sending ended, as the slot sees it."""

    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SettleRequest:
    """What the third script of GenerateCode writes: how sending ended.

    `keep_unknown` says that a code whose sending is unknown stays checkable; else it is
    withdrawn. `answer` is remembered under the idempotency key where a message may have left.
    `fallback` is for a code whose message was accepted; it is kept if the code is still unspent.
    """

    subject: Subject
    caller: Caller
    code_id: str
    settlement: Settlement
    keep_unknown: bool
    event: Event
    answer: str
    jobs: Sequence[Job] = ()
    gateway: str = ""
    fallback: Fallback | None = None


# --- CheckCode ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What the one script of CheckCode decides on; digests under the two newest key versions.

    With `pinned` a right code is spent at once but answered only after `finalise`. A ticket is looked
    at only where `names_purpose`; `proof` is there where the script is asked again about that ticket.
    """

    subject: Subject
    caller: Caller
    digests: tuple[KeyedDigest, ...]
    operation_digests: tuple[KeyedDigest, ...]
    pinned: bool
    names_purpose: bool = False
    proof: TicketProof | None = None


class NotFound(StrEnum):
    """Why a code is answered with 5; the audit tells them apart, the wire does not."""

    NONE = "no_code"
    WRONG = "wrong"
    BURNT = "burnt"
    SPENT = "spent"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    OPERATION_DIFFERS = "operation_differs"
    DEAD = "dead"
    EXPIRED_WRONG = "expired_wrong"
    KEY_GONE = "key_gone"
    FAILED_OVER = "store_failed_over"
    SIM_CHANGED = "sim_changed_after_send"
    RECHECK_UNANSWERED = "recheck_without_answer"
    FROZEN = "frozen"
    TICKET_EXPIRED = "ticket_expired"
    NO_AUTHENTICATOR = "no_authenticator"
    STEP_USED = "step_used"


@dataclass(frozen=True, slots=True)
class SentBy:
    """How a code had left: its gateway, the number's MCC-MNC or '', the store's time in milliseconds."""

    gateway: str
    operator: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CheckAccepted:
    """The code was right and is spent. `replayed` where an idempotency key or request id repeats.

    `sent_by` is None where it is a repetition, or where nobody knows how the code left; `decided_by`
    is empty where a newer code has the slot.
    """

    code_id: str
    replayed: bool = False
    sent_by: SentBy | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class CheckMatched:
    """The code was right and is spent, but the SIM is looked at before it is answered."""

    code_id: str
    pin: ImsiMember | None
    sent_by: SentBy | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class CheckExpired:
    """The newest code of the slot was right but its time had run out."""


@dataclass(frozen=True, slots=True)
class CheckNotFound:
    """No such code; `guesses_left` of the budget where the guess was counted, else None."""

    reason: NotFound
    guesses_left: int | None = None


CheckEnd = (
    CheckAccepted
    | CheckMatched
    | CheckExpired
    | CheckNotFound
    | Locked
    | LimitReached
    | KeyReused
    | StoreRefuses
)
CheckOutcome = CheckEnd | TicketFound


@dataclass(frozen=True, slots=True)
class FinaliseRequest:
    """How a spent and pinned code is answered after the look."""

    subject: Subject
    caller: Caller
    code_id: str
    accepted: bool
    event: Event


def window_spec(windows: Sequence[Window]) -> str:
    """Give windows as the scripts read them: `name,limit,milliseconds,record_only;…`."""
    return "".join(
        f"{window.name},{window.limit},{window.seconds * 1000},{int(window.record_only)};"
        for window in windows
    )
