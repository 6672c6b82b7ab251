"""Imports of subscribers and bulk re-verifications as runs that last: what is kept of each; runs none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_REFUSED_KEPT: Final = 10_000
"""Refused rows of an import that can be looked at afterwards; all of them are counted."""

MOST_NUMBERS: Final = 250_000
"""Numbers that one bulk re-verification takes as a list."""

SILENT_S: Final = 60
"""An import that has told nothing for so long has lost its process."""


class ImportState(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """Rows by what became of them; `left` are those that had nothing to add."""

    read: int = 0
    written: int = 0
    left: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import. Times are Unix milliseconds; `fault` says why the whole file was refused, '' else.

    `revision` counts what was written of the run.
    """

    id: str
    tenant: str
    actor: str
    file: str
    replaces: bool
    state: ImportState = ImportState.RUNNING
    counts: ImportCounts = ImportCounts()
    fault: str = ""
    started_ms: int = 0
    told_ms: int = 0
    revision: int = 0

    def is_silent(self, now_ms: int) -> bool:
        """True where its process is gone: the same file again goes on where it ended."""
        return self.state is ImportState.RUNNING and now_ms - self.told_ms > SILENT_S * 1000


class BulkSource(StrEnum):
    """Whom a bulk re-verification asks for."""

    NUMBERS = "numbers"
    CANDIDATES = "candidates"
    OLDER = "older"


class BulkState(StrEnum):
    """What people want of a bulk re-verification, or that all of it was asked."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BulkCounts:
    """Numbers by what became of them. `changed` were answered by another SIM: nothing was stored.

    `passed_over` were not asked: a re-verify of theirs was under way, or they have several SIMs.
    """

    asked: int = 0
    same: int = 0
    changed: int = 0
    no_data: int = 0
    passed_over: int = 0

    @property
    def waiting(self) -> int:
        """Asked and not answered yet."""
        return max(self.asked - self.same - self.changed - self.no_data, 0)


@dataclass(frozen=True, slots=True)
class BulkRun:
    """One bulk re-verification: `rate` numbers a second. Times are Unix milliseconds.

    `before_s` (Unix seconds) is when a reference must have been seen last for `older`; `total` is how
    many numbers the list holds, 0 for a filter. `cursor` is where the next slice begins, not before
    `next_ms`; `handed_ms` is when numbers were last handed out.
    """

    id: str
    tenant: str
    actor: str
    reason: str
    rate: int
    source: BulkSource
    before_s: int = 0
    total: int = 0
    cursor: str = ""
    state: BulkState = BulkState.RUNNING
    counts: BulkCounts = BulkCounts()
    started_ms: int = 0
    next_ms: int = 0
    handed_ms: int = 0
    revision: int = 0
