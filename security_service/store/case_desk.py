"""The CaseDesk port: what people do about cases, in the subscriber's shard; leaves lists to the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from security_service.domain.audit import Event, canonical
from security_service.domain.cases import Case
from security_service.domain.jobs import Job
from security_service.store.frame import StoreFrame, journal, subject_text
from security_service.store.job_bodies import job_arguments
from security_service.store.scripts import load

_KEPT_MS: Final = 400 * 86_400_000
"""How long the end of a case stands here; the archive, which knows it too, is never so far behind."""


class StoredCaseDesk:
    """Two who close a case at once are told apart by the script."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._script = load("note_case")

    def write(self, case: Case, event: Event) -> bool:
        """Write about an open case; False, and nothing written, where a person closed it."""
        return self._run(case, event, (), closes=False)

    def close(self, case: Case, event: Event, jobs: Sequence[Job]) -> bool:
        """Close an open case with its jobs; False, and nothing written, where a person closed it before."""
        return self._run(case, event, jobs, closes=True)

    def _run(self, case: Case, event: Event, jobs: Sequence[Job], *, closes: bool) -> bool:
        keys = self._frame.layout.of(case.tenant, case.number)
        reply = self._frame.run_ours(
            self._script,
            [keys.of_number(f"case_end.{case.id}"), *journal(keys)],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(case.tenant, case.number),
                keys.shard,
                "1" if closes else "",
                _KEPT_MS,
                event.kind.value,
                canonical(event.facts),
                len(jobs),
                *job_arguments(jobs),
            ],
        )
        return reply[0] == 1
