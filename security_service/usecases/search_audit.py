"""Search the audit log in slices of time, so that what is rare holds nobody up; leaves filters to the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.audit import AuditPage, AuditQuery
from security_service.domain.ports import AuditLog, Clock

_BUDGET_S: Final = 0.12
_FIRST_MS: Final = 60_000
_SHORTEST_MS: Final = 10_000
_MOST_LONGER: Final = 64.0
_LONGEST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class SearchAudit:
    """Reads pages newest first, going back in time by slices that grow while they are read quickly.

    The log finds by one index; a search that no index serves would read all of it. Here a page ends
    after about a tenth of a second with what was found, and its cursor goes on from there.
    """

    log: AuditLog
    clock: Clock

    def run(self, query: AuditQuery) -> AuditPage:
        """Give a page; one without events but with a cursor says: nothing yet, there is more to look at.

        Raises StoreUnavailable and ArchiveUnavailable.
        """
        started = before = self.clock.monotonic()
        slices, found = _Slices.begin(query, self.clock.unix_ms()), list[str]()
        while True:
            asked = replace(
                query,
                since_ms=slices.lower,
                until_ms=slices.upper,
                cursor=slices.inner,
                count=query.count - len(found),
            )
            page = self.log.page(asked)
            found += page.events
            slices = replace(slices, inner=page.next)
            if slices.is_end or len(found) >= query.count:
                break
            now = self.clock.monotonic()
            if now - started >= _BUDGET_S:
                break
            slices, before = slices.further(now - before), now
        return AuditPage(tuple(found), slices.cursor)


@dataclass(frozen=True, slots=True)
class _Slices:
    """Where a search is: the slice from `lower` to `upper` (Unix ms, 0 for open), and the log's cursor in it.

    `floor` is where the whole search ends; `span` is how long the next slice is.
    """

    floor: int
    lower: int
    upper: int
    inner: str
    span: int

    @staticmethod
    def begin(query: AuditQuery, now_ms: int) -> _Slices:
        """Begin anew, or where the cursor says; whatever is none of ours begins anew."""
        floor = max(query.since_ms, 0)
        lower, _, rest = query.cursor.partition(".")
        upper, dot, inner = rest.partition(".")
        if dot and _is_moment(lower) and _is_moment(upper):
            held = _Slices(floor, max(int(lower), floor), int(upper), inner, _FIRST_MS)
            return held if inner else held.further(0.0)
        newest = min(query.until_ms, now_ms) if query.until_ms else now_ms
        return _Slices(floor, max(newest - _FIRST_MS, floor), query.until_ms, "", _FIRST_MS)

    @property
    def is_end(self) -> bool:
        """True where nothing is left to look at."""
        return not self.inner and self.lower <= self.floor

    @property
    def cursor(self) -> str:
        """What goes on from here; empty at the end."""
        return "" if self.is_end else f"{self.lower}.{self.upper}.{self.inner}"

    def further(self, took_s: float) -> _Slices:
        """Go on in this slice, or to the one before it, whose length follows from how long this one took."""
        if self.inner or self.is_end:
            return self
        # As long as may be read within the budget, if events lie as densely there as here.
        longer = min(max(_BUDGET_S / max(took_s, 0.001), 0.25), _MOST_LONGER)
        span = max(int(self.span * longer), _SHORTEST_MS)
        upper = self.lower - 1
        return _Slices(self.floor, max(upper - span, self.floor), upper, "", span)


def _is_moment(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_DIGITS
