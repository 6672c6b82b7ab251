"""Chores that may take long, in a thread of their own so that no job waits; leaves them to the use cases."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.domain.ports import Clock, Meter
from security_service.processes.job_threads import Bell
from security_service.processes.worker import Chore, told

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("worker")

_LONGEST_PAUSE_S: Final = 1.0
_AWAY_PAUSE_S: Final = 5.0
_ENDS_WITHIN_S: Final = 10.0


class SlowChores:
    """Does chores one after the other, each due again a time after its end; after a failure 5 s at least.

    That the store or the archive is away is told once in the log until the same chore ends well again,
    and counted each time.
    """

    def __init__(self, chores: Sequence[Chore], clock: Clock, meter: Meter, bell: Bell) -> None:
        self._chores = {chore.name: (chore, clock.monotonic()) for chore in chores}
        self._clock, self._meter, self._bell = clock, meter, bell
        self._away: set[str] = set()

    def run(self) -> None:
        """Do them until the bell says stop; then once more those that are done at the stop."""
        while not self._bell.stopped:
            self._bell.wait(self.round())
        for chore, _ in self._chores.values():
            if chore.at_stop:
                self._do(chore)

    def round(self) -> float:
        """Do what is due; gives the seconds until the next is."""
        for name, (chore, due) in self._chores.items():
            if not self._bell.stopped and self._clock.monotonic() >= due:
                pause = chore.every_s if self._do(chore) else max(chore.every_s, _AWAY_PAUSE_S)
                self._chores[name] = (chore, self._clock.monotonic() + pause)
        now = self._clock.monotonic()
        return min((max(due - now, 0.0) for _, due in self._chores.values()), default=_LONGEST_PAUSE_S)

    def _do(self, chore: Chore) -> bool:
        try:
            chore.run()
        except (StoreUnavailable, ArchiveUnavailable) as error:
            self._meter.event("chore_interrupted", chore.name)
            if chore.name not in self._away:
                self._away.add(chore.name)
                _LOG.warning("chore_interrupted", chore=chore.name, sentence=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - outermost loop: a broken chore must not end the others
            self._meter.event("chore_broke", chore.name)
            _LOG.error("chore_broke", chore=chore.name, **told(error))
            return False
        if chore.name in self._away:
            self._away.discard(chore.name)
            _LOG.info("chore_goes_on", chore=chore.name)
        return True


@contextmanager
def beside(chores: SlowChores, bell: Bell) -> Iterator[None]:
    """Have chores done in a thread while the block runs; at its end the one under way may still end."""
    thread = threading.Thread(target=chores.run, name="slow-chores", daemon=True)
    thread.start()
    try:
        yield
    finally:
        bell.stop()
        thread.join(_ENDS_WITHIN_S)
