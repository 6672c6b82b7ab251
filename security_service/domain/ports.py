"""The ports through which use cases reach the world, in the use cases' words; no behaviour here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from security_service.domain.audit import AuditPage, AuditQuery, Event
from security_service.domain.codes import (
    Admission,
    AdmitRequest,
    Caller,
    CheckOutcome,
    CheckRequest,
    FinaliseRequest,
    Opening,
    OpenRequest,
    SettleRequest,
    Subject,
)
from security_service.domain.imsi import SimAnswer
from security_service.domain.jobs import Job
from security_service.domain.limits import LimitReached
from security_service.domain.lookup import LookupAnswer
from security_service.domain.messages import Channel, Message, ReceiptAnswer, ReceiptState, SendOutcome
from security_service.domain.policy import Policy
from security_service.domain.secret import Code, Msisdn, Secret
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

T = TypeVar("T")


# --- outwards -------------------------------------------------------------------------------


class Gateway(Protocol):
    """Carries messages outwards over one protocol. Never raises for what a provider does."""

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        ...

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        ...

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over within `within_s` seconds in all."""
        ...

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one accepted segment within `within_s` seconds in all."""
        ...


class SimLookup(Protocol):
    """Asks one source whose SIM a number has now. Never raises for what a source does."""

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        ...

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask about one number within `within_s` seconds in all."""
        ...


class Race(Protocol):
    """Runs attempts with a deadline, a hedge and a breaker for each; knows nothing of answers."""

    def first(
        self,
        attempts: Sequence[tuple[str, Callable[[float], T]]],
        within_s: float,
        decides: Callable[[T], bool],
    ) -> list[T]:
        """Start named attempts in order until one answer decides; give all answers in hand.

        Each attempt is called with the seconds it may take. An attempt whose breaker is open
        is passed over. Gives at most `len(attempts)` answers, the deciding one last.
        """
        ...


# --- the store ------------------------------------------------------------------------------
# Every method may raise StoreUnavailable.


class Codes(Protocol):
    """GenerateCode's three changes of state; each is one script and one round trip."""

    def admit(self, request: AdmitRequest) -> Admission:
        """Take the windows and read all that the gate needs."""
        ...

    def open(self, request: OpenRequest) -> Opening:
        """Write the verdict and, where it is to send, the code as `sending`."""
        ...

    def settle(self, request: SettleRequest) -> None:
        """Write how sending ended."""
        ...

    def release(self, subject: Subject, caller: Caller) -> None:
        """Give back the places that an admitted call took and will not use."""
        ...


class Checks(Protocol):
    """CheckCode's change of state, and its second half where the SIM is looked at again."""

    def check(self, request: CheckRequest) -> CheckOutcome:
        """Count, compare, spend, burn or lock."""
        ...

    def finalise(self, request: FinaliseRequest) -> bool:
        """Write how a spent and pinned code was answered.

        False where it was to be accepted and the subscriber was frozen meanwhile: then it is not.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredSubscriber:
    """A record with the bytes that compare-and-set needs, and the locks beside it.

    `now_ms` is the store's time; `locked_until_ms` is the latest lock of any source, 0 where none;
    `failures` counts consecutive wrong guesses; `disabled` waits for a person, as one does that was
    `frozen` by a person.
    """

    subscriber: Subscriber
    stored: bytes
    now_ms: int
    locked_until_ms: int = 0
    failures: int = 0
    disabled: bool = False
    frozen: bool = False


class Subscribers(Protocol):
    """Subscribers' records outside the hot path."""

    def get(self, tenant: str, number: Msisdn) -> StoredSubscriber:
        """Read one record; one that was never written is empty."""
        ...

    def swap(
        self,
        tenant: str,
        number: Msisdn,
        stored: bytes,
        subscriber: Subscriber,
        events: Sequence[Event],
        jobs: Sequence[Job] = (),
        kill_code: str = "",
    ) -> bool:
        """Write a record where it still is `stored`, with its events and jobs; else change nothing.

        `kill_code` is `purpose:code id` of a live code that dies with it (reason sim_changed).
        """
        ...

    def unlock(self, tenant: str, number: Msisdn, event: Event, once: str = "") -> bool:
        """Forget wrong guesses and locks; False where there were none (then nothing is written).

        Where `once` (a proposal's id) was the last that unlocked this number, nothing is written either.
        """
        ...

    def page(self, tenant: str, search: str, after: str, count: int) -> tuple[list[Msisdn], str]:
        """List numbers whose digits begin with `search`; gives them and the next cursor or ''."""
        ...


class Jobs(Protocol):
    """The queue behind the scenes: at least once, but for messages at most once."""

    def claim(self, count: int, lease_s: float) -> list[Job]:
        """Take jobs that are due, of any shard; each comes back after `lease_s` unless finished.

        A message job is marked as started by the claim that first gives it out, so that a
        second claim of it carries `started` and must not send again.
        """
        ...

    def finish(self, job: Job, events: Sequence[Event]) -> bool:
        """End a job with its events; False where it was ended before (then nothing is written)."""
        ...

    def retry(self, job: Job, due_in_s: float, events: Sequence[Event]) -> bool:
        """Put a job back for later with its attempt counted."""
        ...


class Slots(Protocol):
    """What the worker does to codes: leases that ended, and receipts."""

    def end_lease(self, job: Job) -> bool:
        """End a lost lease: the sending's outcome is unknown and the slot is free."""
        ...

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        """Apply a final receipt once and end its job; a negative one frees the slot."""
        ...

    def count_refusals(self, job: Job) -> bool:
        """Write how many calls a window refused after its first refusal, at the window's end."""
        ...


@dataclass(frozen=True, slots=True)
class Flight:
    """A lookup under way: its name, and whether this caller is the one who asks."""

    name: str
    is_mine: bool


class Flights(Protocol):
    """Makes two lookups of one number in flight one, across processes."""

    def join(self, tenant: str, number: Msisdn, lease_s: float) -> Flight:
        """Take the flight, or learn the name of the one that another caller has."""
        ...

    def land(self, tenant: str, number: Msisdn, flight: Flight, answer: str) -> None:
        """Leave the answer for those who wait, for a few seconds, and end the flight."""
        ...

    def wait(self, tenant: str, number: Msisdn, flight: Flight, within_s: float) -> str:
        """Wait for another caller's answer; empty where none came in time."""
        ...


class WideLimits(Protocol):
    """Windows over many numbers of one tenant."""

    def take(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> LimitReached | None:
        """Take a place in all of them or in none."""
        ...

    def give_back(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> None:
        """Give the places back, as best can be."""
        ...


class NoticeCap(Protocol):
    """A tenant's notices of a day."""

    def take(self, tenant: Tenant) -> bool:
        """Count one notice; False where the day's cap is reached."""
        ...


class SendTally(Protocol):
    """The tenant's hour: how many messages left, and how many of them unverified."""

    def sent(self, tenant: str) -> None:
        """Count a message that left; never waits for the store."""
        ...

    def take_unverified(self, tenant: str, floor: int, percent: int) -> bool:
        """Count an unverified message; False where the tenant's hour is at its ceiling."""
        ...

    def raises_incident(self, tenant: str, what: str) -> bool:
        """True once an hour for each incident of a tenant, so that it is told and not drummed."""
        ...


class Tenants(Protocol):
    """Tenants and the API keys that name them."""

    def by_key(self, api_key: Secret) -> Tenant | None:
        """Give the tenant of an API key."""
        ...

    def get(self, tenant: str) -> Tenant | None:
        """Give a tenant by its id."""
        ...


class AuditLog(Protocol):
    """Reading the events; writing them is part of the scripts that change state."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Give matching events, newest first."""
        ...


class Policies(Protocol):
    """The policy documents in force."""

    def get(self, name: str) -> Policy:
        """Give the current version; raises KeyError for a name that no document has."""
        ...


class Health(Protocol):
    """Whether the store may be decided on."""

    def faults(self) -> list[str]:
        """What keeps the service from being ready, a short sentence each; empty when ready."""
        ...

    def refuses_new_codes(self) -> str:
        """Why GenerateCode must answer 4 now (store almost full, other store), or ''."""
        ...


# --- small things ---------------------------------------------------------------------------


class Clock(Protocol):
    """Time for deadlines; the time that decides anything is the store's."""

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...

    def unix_ms(self) -> int:
        """This machine's wall clock in Unix milliseconds; decides nothing about codes."""
        ...

    def pause(self, seconds: float) -> None:
        """Let the caller wait."""
        ...


class Chance(Protocol):
    """The operating system's random source."""

    def code(self, length: int) -> Code:
        """Draw decimal digits, each equally likely."""
        ...

    def token(self) -> str:
        """Draw 128 bits as 32 hex digits."""
        ...

    def share(self) -> float:
        """Draw a number from 0 up to 1, each equally likely."""
        ...


class Meter(Protocol):
    """Counts and durations for the operators; labels never hold a number or a code."""

    def operation(self, name: str, code: int, reason: str, seconds: float) -> None:
        """Count one GenerateCode or CheckCode by its answer and reason."""
        ...

    def lookup(self, source: str, outcome: str, seconds: float) -> None:
        """Count one question to a source."""
        ...

    def gateway(self, gateway: str, outcome: str, seconds: float) -> None:
        """Count one message handed to a gateway."""
        ...

    def event(self, name: str, label: str) -> None:
        """Count a limit hit, a fail-open send, a job, an incident: a name and one label."""
        ...


class SimCheck(Protocol):
    """Asks whose SIM a number has and holds it against a reference."""

    def ask(self, tenant: Tenant, number: Msisdn, subscriber: Subscriber, within_s: float) -> SimFinding:
        """Give the SIM answer and what was asked for it."""
        ...


@dataclass(frozen=True, slots=True)
class LookupTrace:
    """One question to a source, for the audit: its outcome token and how long it took."""

    source: str
    outcome: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class SimFinding:
    """A SIM answer with the questions behind it."""

    answer: SimAnswer
    traces: tuple[LookupTrace, ...] = ()
