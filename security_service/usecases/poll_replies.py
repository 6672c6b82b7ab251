"""Ask gateways for what subscribers wrote since the last time; leaves taking it in to `receive_reply`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.incoming import Incoming, IncomingSource, IncomingUntold, ReplyCursors
from security_service.domain.ports import Clock, Meter

_WITHIN_S: Final = 10.0
_OVERLAP_MS: Final = 60_000
_FIRST_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class PollReplies:
    """A round over all gateways that are to be asked (Devino manual 11.2.2).

    Periods overlap by a minute, since a provider may date a message before it shows it; each is taken in
    once by its id. What could not be asked is asked for in the next round, however long that takes.
    """

    sources: Sequence[IncomingSource]
    cursors: ReplyCursors
    take: Callable[[Incoming], None]
    clock: Clock
    meter: Meter

    def run(self) -> None:
        """Do one round; raises StoreUnavailable."""
        for source in self.sources:
            self._ask(source)

    def _ask(self, source: IncomingSource) -> None:
        until_ms = self.clock.unix_ms()
        known = self.cursors.get(source.name)
        since_ms = (known or until_ms - _FIRST_MS) - _OVERLAP_MS
        told = source.incoming(since_ms, until_ms, _WITHIN_S)
        if isinstance(told, IncomingUntold):
            self.meter.event("replies_untold", source.name)
            return
        for message in told:
            self.take(message)
        self.cursors.set(source.name, until_ms)
