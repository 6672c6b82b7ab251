"""Import subscribers and references out of a file that comes in pieces; leaves parsing to the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.ban_ports import Bans
from security_service.domain.errors import StoreUnavailable
from security_service.domain.import_lines import LineTooLong, lines_of
from security_service.domain.import_merge import Importer, merged
from security_service.domain.import_rows import (
    FileFault,
    ImportTerms,
    Row,
    RowFault,
    RowReader,
    RowRefused,
    read_header,
)
from security_service.domain.ports import Chance, Clock, Health
from security_service.domain.secret import KeyRing
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.domain.transfer_ports import (
    NOT_KNOWN,
    ImportRuns,
    KnownRecord,
    RecordBatches,
    RecordChange,
    RecordWritten,
)
from security_service.domain.transfers import MOST_REFUSED_KEPT, ImportCounts, ImportRun, ImportState

IMPORTERS: Final = (Role.LEAD,)
"""Who may import, beside admins: what is imported opens a way, so nobody who may only propose."""

_BATCH: Final = 100
_ATTEMPTS: Final = 4
_TOLD_EVERY_S: Final = 1.0
_LOOKED_EVERY: Final = 256
_LONGEST_WAIT_S: Final = 600


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """Who imports which file for whom. `file` is its name, which stands in the audit.

    `id` names the run ('' for a name of ours). With `replaces` a row stands in for a reference that is
    there, as a re-verify does; else such a subscriber is left as it is.
    """

    tenant: Tenant
    actor: Actor
    request_id: str
    file: str = ""
    replaces: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class ImportEnded:
    """The file was read to its end, or refused as a whole by its first line."""

    run: ImportRun


@dataclass(frozen=True, slots=True)
class MayNotImport:
    """Only a lead imports."""


@dataclass(frozen=True, slots=True)
class ReplaceNeedsSecond:
    """The tenant demands a second person for a re-verify after a change; a file has none."""


@dataclass(frozen=True, slots=True)
class ImportIdTaken:
    """There is a run of that id; nothing was read."""


ImportRefused = MayNotImport | ReplaceNeedsSecond | ImportIdTaken
ImportOutcome = ImportEnded | ImportRefused
OnRefused = Callable[[RowRefused], None]


def _tell_nobody(_row: RowRefused) -> None:
    """Where nobody wants to see refused rows as they come."""


@dataclass(frozen=True, slots=True)
class ImportSubscribers:
    """Reads rows, and writes those of one shard together.

    The same file again changes nothing: an import that broke off is repeated. What a file holds is
    in memory for a hundred rows of each shard, however long it is. While the service is not ready, as with
    a store that fills up faster than the archive takes events away, reading waits.
    """

    batches: RecordBatches
    runs: ImportRuns
    bans: Bans
    keys: KeyRing
    health: Health
    clock: Clock
    chance: Chance

    def run(
        self, order: ImportOrder, chunks: Iterable[bytes], on_refused: OnRefused = _tell_nobody
    ) -> ImportOutcome:
        """Import a file that comes in pieces. Raises StoreUnavailable, and what the pieces raise.

        What was written until then stays; the run is kept as stopped.
        """
        refusal = self.refusal(order)
        if refusal is not None:
            return refusal
        asked = ImportRun(
            id=order.id or self.chance.token(),
            tenant=order.tenant.id,
            actor=order.actor.name,
            file=order.file,
            replaces=order.replaces,
        )
        begun = self.runs.begin(asked, _event(asked, order))
        if begun is None:
            return ImportIdTaken()
        work = _Work(self, order, begun, on_refused)
        with work.kept_as_stopped():
            work.read(lines_of(chunks))
        return ImportEnded(work.run)

    def refusal(self, order: ImportOrder) -> MayNotImport | ReplaceNeedsSecond | None:
        """Give why a file would not be read at all, None where it would."""
        if not order.actor.may(*IMPORTERS):
            return MayNotImport()
        if order.replaces and FourEyesDeed.REVERIFY_CHANGED in order.tenant.four_eyes:
            return ReplaceNeedsSecond()
        return None


def _event(run: ImportRun, order: ImportOrder) -> Event:
    facts: dict[str, Json] = {
        "actor": run.actor,
        "fault": run.fault,
        "file": run.file,
        "import": run.id,
        "left": run.counts.left,
        "read": run.counts.read,
        "refused": run.counts.refused,
        "replaces": run.replaces,
        "request_id": order.request_id,
        "state": run.state.value,
        "written": run.counts.written,
    }
    return Event(EventKind.SUBSCRIBERS_IMPORTED, facts)


@dataclass(slots=True)
class _Work:
    """One import under way: what is counted, and the rows of each shard that wait to be written."""

    parts: ImportSubscribers
    order: ImportOrder
    run: ImportRun
    on_refused: OnRefused
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("read", "written", "left"), 0))
    refused: int = 0
    untold: list[RowRefused] = field(default_factory=list)
    waiting: dict[int, list[Row]] = field(default_factory=dict)
    told_at: float = 0.0

    def read(self, lines: Iterator[bytes | LineTooLong]) -> None:
        """Read a whole file, its first line the header."""
        header = read_header(_first(lines))
        if isinstance(header, FileFault):
            self._end(ImportState.REFUSED, header.value)
            return
        tenant, now = self.order.tenant, self.run.started_ms // 1000
        terms = ImportTerms(
            region=tenant.region,
            form=tenant.imsi_form,
            keys=self.parts.keys,
            now=now,
            override_days=tenant.override_days,
            may_allow=FourEyesDeed.ALWAYS_ALLOW not in tenant.four_eyes,
            may_add_sims=FourEyesDeed.ADD_SIM not in tenant.four_eyes,
        )
        importer = Importer(self.run.actor, now, tenant.override_days, self.run.replaces)
        self._rows(RowReader(header, terms), lines, importer)
        for rows in self.waiting.values():
            self._write(rows, importer)
        self._end(ImportState.DONE)

    def _rows(self, reader: RowReader, lines: Iterator[bytes | LineTooLong], importer: Importer) -> None:
        group_of, waiting, counts = self.parts.batches.group_of, self.waiting, self.counts
        for number, line in enumerate(lines, 2):
            if not number % _LOOKED_EVERY:
                self._tell_in_time()
            if isinstance(line, LineTooLong):
                counts["read"] += 1
                self._refuse(RowRefused(number, RowFault.TOO_LONG))
                continue
            if not line:
                continue
            counts["read"] += 1
            row = reader.read(number, line)
            if isinstance(row, RowRefused):
                self._refuse(row)
            elif self._is_banned(row):
                self._refuse(RowRefused(number, RowFault.BANNED))
            else:
                rows = waiting.setdefault(group_of(row.number), [])
                rows.append(row)
                if len(rows) == _BATCH:
                    self._write(rows, importer)
                    rows.clear()

    def _is_banned(self, row: Row) -> bool:
        return any(self.parts.bans.is_banned(self.order.tenant.id, sim.imsi) for sim in row.sims)

    def _write(self, rows: Sequence[Row], importer: Importer) -> None:
        """Write rows of one shard; judge those anew whose records are not what was believed."""
        pending: list[tuple[Row, KnownRecord]] = [(row, NOT_KNOWN) for row in rows]
        for _ in range(_ATTEMPTS):
            pending = self._attempt(pending, importer)
            if not pending:
                return
        for row, _ in pending:
            self._refuse(RowRefused(row.line, RowFault.RECORD_MOVES))

    def _attempt(
        self, pending: Sequence[tuple[Row, KnownRecord]], importer: Importer
    ) -> list[tuple[Row, KnownRecord]]:
        rows: list[Row] = []
        changes: list[RecordChange] = []
        for row, known in pending:
            before = known.subscriber
            after = merged(row, before, importer)
            if after is before:
                self.counts["left"] += 1
                continue
            facts: dict[str, Json] = {"actor": importer.actor, "import": self.run.id}
            if before.reference and after.reference != before.reference:
                facts["replaced"] = [member.imsi.token() for member in before.reference.members]
            if after.override is not None and after.override != before.override:
                facts["mode"] = after.override.mode.value
            rows.append(row)
            event = Event(EventKind.SUBSCRIBER_IMPORTED, facts)
            changes.append(RecordChange(row.number, known, after, event))
        outcomes = self.parts.batches.write(self.order.tenant.id, changes)
        moved: list[tuple[Row, KnownRecord]] = []
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, RecordWritten):
                self.counts["written"] += 1
            else:
                moved.append((row, outcome))
        return moved

    # --- telling --------------------------------------------------------------------------------

    def _refuse(self, row: RowRefused) -> None:
        self.refused += 1
        self.on_refused(row)
        if self.refused <= MOST_REFUSED_KEPT:
            self.untold.append(row)

    def _tell_in_time(self) -> None:
        now = self.parts.clock.monotonic()
        if now - self.told_at >= _TOLD_EVERY_S:
            self.told_at = now
            self._keep(self.run, None)
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        """Wait while the store is not fit for more: codes come first, and the archive takes events away.

        Raises StoreUnavailable where that takes too long.
        """
        for _ in range(_LONGEST_WAIT_S):
            if not self.parts.health.faults():
                return
            self.parts.clock.pause(1.0)
            self._keep(self.run, None)
        raise StoreUnavailable("not_ready")

    def _end(self, state: ImportState, fault: str = "") -> None:
        ended = replace(self.run, state=state, fault=fault, counts=self._counts())
        self._keep(ended, _event(ended, self.order))

    def _keep(self, run: ImportRun, event: Event | None) -> None:
        counted = replace(run, counts=self._counts())
        self.run = self.parts.runs.step(counted, self.untold, event)
        self.untold = []

    def _counts(self) -> ImportCounts:
        return ImportCounts(**self.counts, refused=self.refused)

    @contextmanager
    def kept_as_stopped(self) -> Iterator[None]:
        """Keep the run as stopped where reading ends by an exception, as well as that can be told."""
        try:
            yield
        finally:
            if self.run.state is ImportState.RUNNING:
                with suppress(StoreUnavailable):
                    self._end(ImportState.STOPPED)


def _first(lines: Iterator[bytes | LineTooLong]) -> bytes:
    line = next(lines, b"")
    return b"?" if isinstance(line, LineTooLong) else line
