"""A circuit breaker for one peer: when to stop asking it and when to try again; leaves calls to others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed lets calls pass, open refuses them, half-open lets one through as a probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When a breaker opens and for how long.

    It opens after `failures` in a row that all lie within `window_s` seconds, and after `pause_s`
    seconds lets one call through. Raises ValueError for a rule that could never open or close.
    """

    failures: int = 5
    window_s: float = 60.0
    pause_s: float = 10.0

    def __post_init__(self) -> None:
        if self.failures < 1:
            raise ValueError("a breaker opens after at least one failure")
        if self.window_s <= 0 or self.pause_s <= 0:
            raise ValueError("a breaker's window and pause are longer than zero seconds")


class Breaker:
    """Counts failures of one peer; safe to share between threads. `clock` is monotonic, in seconds."""

    def __init__(self, rule: BreakerRule, clock: Callable[[], float]) -> None:
        self._rule = rule
        self._clock = clock
        self._lock = threading.Lock()
        self._failed_at: list[float] = []
        self._retry_at: float | None = None
        self._probing = False

    def state(self) -> BreakerState:
        """Give the state at this moment, for metrics."""
        with self._lock:
            if self._retry_at is None:
                return BreakerState.CLOSED
            return BreakerState.OPEN if self._clock() < self._retry_at else BreakerState.HALF_OPEN

    def admits(self) -> bool:
        """Tell whether a call may be made now; each one admitted must end in `record`.

        A probe whose end never comes frees its place after another pause.
        """
        with self._lock:
            if self._retry_at is None:
                return True
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._rule.pause_s
            self._probing = True
            return True

    def record(self, *, failed: bool) -> None:
        """Take in how an admitted call ended."""
        with self._lock:
            if not failed:
                self._failed_at.clear()
                self._retry_at, self._probing = None, False
                return
            now = self._clock()
            if self._retry_at is not None:
                # Calls from before the opening that end late do not prolong the pause; a probe does.
                if self._probing:
                    self._retry_at, self._probing = now + self._rule.pause_s, False
                return
            self._failed_at.append(now)
            if len(self._failed_at) < self._rule.failures:
                return
            if now - self._failed_at.pop(0) <= self._rule.window_s:
                self._failed_at.clear()
                self._retry_at = now + self._rule.pause_s


class GatewayBreakers:
    """The Breakers port: a breaker a gateway, in this process."""

    def __init__(self, rule: BreakerRule, clock: Callable[[], float]) -> None:
        self._rule = rule
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def is_open(self, gateway: str) -> bool:
        """Tell whether a gateway is not to be asked at present; takes no place."""
        return self._of(gateway).state() is BreakerState.OPEN

    def admits(self, gateway: str) -> bool:
        """Tell whether a message may be handed over now; each one admitted ends in `record`."""
        return self._of(gateway).admits()

    def record(self, gateway: str, *, failed: bool) -> None:
        """Take in how handing over ended."""
        self._of(gateway).record(failed=failed)

    def _of(self, gateway: str) -> Breaker:
        breaker = self._breakers.get(gateway)
        # setdefault: two threads that meet a new gateway share one breaker
        return breaker or self._breakers.setdefault(gateway, Breaker(self._rule, self._clock))
