"""The ports of imports, exports and bulk re-verifications; each may raise StoreUnavailable. No behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.import_rows import RowRefused
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.transfers import BulkRun, BulkState, ImportRun


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record as it was read: what it holds, and the bytes that compare-and-set needs."""

    subscriber: Subscriber = NEW_SUBSCRIBER
    stored: bytes = field(default=b"", repr=False)


NOT_KNOWN: KnownRecord = KnownRecord()
"""What is believed of a record before it was read: most rows of an import are of new subscribers."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record to be written where it still is `known`, with its event."""

    number: Msisdn
    known: KnownRecord
    subscriber: Subscriber
    event: Event


@dataclass(frozen=True, slots=True)
class RecordWritten:
    """The record and its event are written."""


class RecordBatches(Protocol):
    """Writes many records at once."""

    def group_of(self, number: Msisdn) -> int:
        """Give the number of the group within which records are written together; from 0 up."""
        ...

    def write(self, tenant: str, changes: Sequence[RecordChange]) -> Sequence[RecordWritten | KnownRecord]:
        """Write records of one group, each for itself: what another record was than known is given back."""
        ...


class ImportRuns(Protocol):
    """Imports under way and done, each kept for some days after its last step."""

    def begin(self, run: ImportRun, event: Event) -> ImportRun | None:
        """Begin a run with its event; gives it with the store's time, None where the id is taken."""
        ...

    def step(self, run: ImportRun, refused: Sequence[RowRefused], event: Event | None = None) -> ImportRun:
        """Keep where a run is, with rows refused since, at its end with an event; gives it as kept."""
        ...

    def get(self, run_id: str) -> ImportRun | None:
        """Give a run as its last step left it, None where there is none."""
        ...

    def every(self, tenant: str, count: int) -> Sequence[ImportRun]:
        """Give a tenant's newest runs, newest first."""
        ...


class RefusedRows(Protocol):
    """The rows that an import refused."""

    def page(self, run_id: str, first: int, count: int) -> Sequence[RowRefused]:
        """Give refused rows in the order of the file, `first` counting from 0."""
        ...


class RecordStream(Protocol):
    """All records of a tenant, part by part."""

    @property
    def parts(self) -> int:
        """How many parts there are."""
        ...

    def part(self, tenant: str, place: int) -> Sequence[tuple[Msisdn, Subscriber]]:
        """Give one part's records, in the order of their numbers; a part holds about a hundred."""
        ...


class BulkRuns(Protocol):
    """Bulk re-verifications as people see them, each kept for some days after its last step."""

    def begin(self, run: BulkRun, numbers: Sequence[Msisdn], event: Event) -> BulkRun:
        """Begin a run with its event; gives it with the store's time."""
        ...

    def get(self, run_id: str) -> BulkRun | None:
        """Give a run as it is, None where there is none."""
        ...

    def every(self, count: int) -> Sequence[BulkRun]:
        """Give the newest runs of all tenants, newest first."""
        ...

    def mark(self, run: BulkRun, state: BulkState, event: Event) -> bool:
        """Set what people want of a run, with the event; False where it ended or was so already."""
        ...


class BulkSteps(Protocol):
    """Bulk re-verifications as the worker goes on with them."""

    def step(self, run: BulkRun) -> bool:
        """Keep where a run is; False where another worker was faster. Its state stays as people set it."""
        ...

    def count(self, run_id: str, what: str, by: int = 1) -> None:
        """Count numbers by a name of `BulkCounts`; of a run that is gone nothing is counted."""
        ...

    def numbers(self, run_id: str, first: int, count: int) -> Sequence[Msisdn]:
        """Give numbers of a run's list, `first` counting from 0."""
        ...

    def now_ms(self) -> int:
        """Give the store's time in Unix milliseconds."""
        ...
