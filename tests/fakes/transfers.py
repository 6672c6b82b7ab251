"""Imports, exports and bulk re-verifications over the records of a store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from security_service.domain.audit import Event
from security_service.domain.import_rows import RowRefused
from security_service.domain.secret import KeyRing, Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.transfer_ports import KnownRecord, RecordChange, RecordWritten
from security_service.domain.transfers import MOST_REFUSED_KEPT, BulkCounts, BulkRun, BulkState, ImportRun
from security_service.usecases.bulk_reverify import BulkReverify
from security_service.usecases.export_subscribers import ExportSubscribers
from security_service.usecases.import_subscribers import ImportSubscribers
from security_service.usecases.transfer_desk import TransferDesk
from security_service.usecases.view_imports import ViewImports
from tests.fakes.cases import MemoryBans
from tests.fakes.store import CountedChance, MemoryStore, SetHealth

RING = KeyRing({1: b"k" * 32})


class MemoryBatches:
    """RecordBatches and RecordStream: two groups, two parts."""

    parts = 2

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.biggest = 0

    def group_of(self, number: Msisdn) -> int:
        return int(number.digits) % 2

    def write(self, tenant: str, changes: Sequence[RecordChange]) -> Sequence[RecordWritten | KnownRecord]:
        self.store.check()
        self.biggest = max(self.biggest, len(changes))
        done: list[RecordWritten | KnownRecord] = []
        for change in changes:
            revision, known = self.store.records.get((tenant, change.number.digits), (0, NEW_SUBSCRIBER))
            stored = str(revision).encode() if revision else b""
            if stored != change.known.stored:
                done.append(KnownRecord(known, stored))
            else:
                self.store.put(tenant, change.number, change.subscriber)
                done.append(RecordWritten())
        return done

    def part(self, tenant: str, place: int) -> Sequence[tuple[Msisdn, Subscriber]]:
        self.store.check()
        found = [
            (Msisdn(digits), known)
            for (owner, digits), (_, known) in self.store.records.items()
            if owner == tenant and int(digits) % 2 == place
        ]
        return sorted(found, key=lambda one: one[0])


class MemoryImports:
    """ImportRuns and RefusedRows."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.runs: dict[str, ImportRun] = {}
        self.rows: dict[str, list[RowRefused]] = {}
        self.events: list[Event] = []

    def begin(self, run: ImportRun, event: Event) -> ImportRun | None:
        self.store.check()
        if run.id in self.runs:
            return None
        self.events.append(event)
        now = self.store.now_ms
        self.runs[run.id] = replace(run, revision=1, started_ms=now, told_ms=now)
        return self.runs[run.id]

    def step(self, run: ImportRun, refused: Sequence[RowRefused], event: Event | None = None) -> ImportRun:
        self.store.check()
        if event is not None:
            self.events.append(event)
        kept = self.rows.setdefault(run.id, [])
        kept += refused[: MOST_REFUSED_KEPT - len(kept)]
        self.runs[run.id] = replace(run, revision=run.revision + 1, told_ms=self.store.now_ms)
        return self.runs[run.id]

    def get(self, run_id: str) -> ImportRun | None:
        return self.runs.get(run_id)

    def every(self, tenant: str, count: int) -> Sequence[ImportRun]:
        return [run for run in reversed(self.runs.values()) if run.tenant == tenant][:count]

    def page(self, run_id: str, first: int, count: int) -> Sequence[RowRefused]:
        return self.rows.get(run_id, [])[first : first + count]


class MemoryBulks:
    """BulkRuns and BulkSteps."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.runs: dict[str, BulkRun] = {}
        self.lists: dict[str, Sequence[Msisdn]] = {}
        self.events: list[Event] = []

    def begin(self, run: BulkRun, numbers: Sequence[Msisdn], event: Event) -> BulkRun:
        self.store.check()
        self.events.append(event)
        self.lists[run.id] = tuple(numbers)
        self.runs[run.id] = replace(run, revision=1, started_ms=self.store.now_ms)
        return self.runs[run.id]

    def get(self, run_id: str) -> BulkRun | None:
        return self.runs.get(run_id)

    def every(self, count: int) -> Sequence[BulkRun]:
        return list(reversed(self.runs.values()))[:count]

    def mark(self, run: BulkRun, state: BulkState, event: Event) -> bool:
        kept = self.runs.get(run.id)
        if kept is None or kept.state in {BulkState.STOPPED, BulkState.DONE, state}:
            return False
        self.events.append(event)
        self.runs[run.id] = replace(kept, state=state)
        return True

    def step(self, run: BulkRun) -> bool:
        kept = self.runs.get(run.id)
        if kept is None or kept.revision != run.revision:
            return False
        self.runs[run.id] = replace(run, revision=run.revision + 1, state=kept.state, counts=kept.counts)
        return True

    def count(self, run_id: str, what: str, by: int = 1) -> None:
        kept = self.runs[run_id]
        counts = replace(kept.counts, **{what: getattr(kept.counts, what) + by})
        assert isinstance(counts, BulkCounts)
        self.runs[run_id] = replace(kept, counts=counts)

    def numbers(self, run_id: str, first: int, count: int) -> Sequence[Msisdn]:
        return self.lists[run_id][first : first + count]

    def now_ms(self) -> int:
        return self.store.now_ms


class MemoryJournal:
    """The LogJournal port."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Event]] = []

    def tell(self, tenant: str, _number: Msisdn | None, event: Event) -> None:
        self.told.append((tenant, event))


class MemoryTransfers:
    """All of it over one store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self.batches, self.imports, self.bulks = (
            MemoryBatches(store),
            MemoryImports(store),
            MemoryBulks(store),
        )
        self.journal, chance = MemoryJournal(), CountedChance()
        self.health = SetHealth(store)
        self.take = ImportSubscribers(
            self.batches, self.imports, MemoryBans(store), RING, self.health, store.clock, chance
        )
        self.desk = TransferDesk(
            take=self.take,
            imports=ViewImports(self.imports, self.imports),
            export=ExportSubscribers(self.batches, self.journal, store.clock),
            bulk=BulkReverify(self.bulks, chance),
        )
