"""All that is kept beside the events, in the transaction that appends them; each has a module of its own.

Those modules import `ArchivedEvent` from `archived_event`, for this one imports them.
"""

from __future__ import annotations

from typing import Final

from security_service.archive.archived_event import ArchivedEvent, Projection
from security_service.archive.case_keeping import keep_cases
from security_service.archive.counts import keep_counts
from security_service.archive.states import forget_lost, keep_guesses, keep_managed, keep_records

__all__ = ["PROJECTIONS", "ArchivedEvent", "Projection"]

PROJECTIONS: Final[tuple[Projection, ...]] = (
    forget_lost,
    keep_records,
    keep_guesses,
    keep_managed,
    keep_cases,
    keep_counts,
)
"""All that is kept beside the events, in the order in which they run."""
