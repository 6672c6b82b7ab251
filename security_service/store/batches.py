"""Counts that are gathered for a second and then handed over together; leaves what they count to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from security_service.domain.errors import StoreUnavailable

_GATHERED_S: Final = 1.0


class Batch:
    """Counts by name. The first of a second starts a timer; its end hands all of them over.

    Adding never waits for the store. What the store does not take is kept for the next time; a
    process that dies loses a second of it, so nothing may be decided by these counts alone.
    `release` lets go of what a thread holds of the store.
    """

    def __init__(self, hand_over: Callable[[Mapping[str, int]], None], release: Callable[[], None]) -> None:
        self._hand_over = hand_over
        self._release = release
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._timer: threading.Timer | None = None

    def add(self, name: str, count: int = 1) -> None:
        """Count."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + count
            if self._timer is None:
                self._timer = threading.Timer(_GATHERED_S, self._flush_and_release)
                self._timer.daemon = True
                self._timer.start()

    def _flush_and_release(self) -> None:
        """The timer's thread ends here, and with it what it held of the store."""
        self.flush()
        self._release()

    def flush(self) -> None:
        """Hand over what is there now."""
        with self._lock:
            counts, self._counts = self._counts, {}
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
        if not counts:
            return
        try:
            self._hand_over(counts)
        except StoreUnavailable:
            for name, count in counts.items():
                self.add(name, count)
