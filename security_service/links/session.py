"""A provider's session that all threads share, fetched by one at a time; leaves the asking to its owner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline

_REFUSED_FOR_S: Final = 5.0
"""Seconds for which a refused login is not tried again: providers lock accounts that are hammered."""


class NoSessionReason(StrEnum):
    """Why there is no session; in each case nothing else was asked of the provider."""

    NO_TIME = "session_no_time"
    UNREACHABLE = "session_unreachable"
    UNREADABLE = "session_unreadable"
    REFUSED = "session_refused"


@dataclass(frozen=True, slots=True)
class NoSession:
    """The provider gave no session, so what was to be asked under it was not asked."""

    reason: NoSessionReason


@dataclass(frozen=True, slots=True)
class TimedSession:
    """A session of which the provider said how many seconds it lives."""

    session: Secret
    life_s: float


Fetch = Callable[[float], Secret | TimedSession | NoSession]
"""Asks the provider for a session within so many seconds."""


class SessionKeeper:
    """Keeps one session for at most `life_s` seconds, or as long as it says itself; safe between threads.

    Callers that need a session at the same time make one login between them and share its outcome.
    `clock` is monotonic, in seconds.
    """

    def __init__(self, fetch: Fetch, *, life_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._life_s = life_s
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[Secret, float] | None = None
        self._failed: tuple[NoSession, float] | None = None
        self._logins = 0

    def current(self, within_s: float) -> Secret | NoSession:
        """Give the session at hand, or fetch one within `within_s` seconds."""
        held = self._held
        if held is not None and self._clock() < held[1]:
            return held[0]
        return self._one_login(None, within_s)

    def renewed(self, refused: Secret, within_s: float) -> Secret | NoSession:
        """Give a session other than the one that the provider has just refused."""
        return self._one_login(refused, within_s)

    def _one_login(self, refused: Secret | None, within_s: float) -> Secret | NoSession:
        deadline = Deadline.after(within_s)
        seen = self._logins
        if not self._lock.acquire(timeout=max(0.0, deadline.left())):
            return NoSession(NoSessionReason.NO_TIME)
        try:
            held = self._held
            if held is not None and held[0] != refused and self._clock() < held[1]:
                return held[0]
            shared = self._shared_failure(seen)
            return shared if shared is not None else self._login(deadline)
        finally:
            self._lock.release()

    def _shared_failure(self, seen: int) -> NoSession | None:
        if self._failed is None:
            return None
        failure, at = self._failed
        if failure.reason is NoSessionReason.REFUSED and self._clock() - at < _REFUSED_FOR_S:
            return failure
        # Whoever failed meanwhile may have had less time; only a failure of time is worth another try.
        return failure if self._logins != seen and failure.reason is not NoSessionReason.NO_TIME else None

    def _login(self, deadline: Deadline) -> Secret | NoSession:
        if deadline.left() <= 0:
            return NoSession(NoSessionReason.NO_TIME)
        outcome = self._fetch(deadline.left())
        self._logins += 1
        if isinstance(outcome, NoSession):
            self._held, self._failed = None, (outcome, self._clock())
            return outcome
        timed = outcome if isinstance(outcome, TimedSession) else TimedSession(outcome, self._life_s)
        life_s = min(timed.life_s, self._life_s)
        self._held, self._failed = (timed.session, self._clock() + life_s), None
        return timed.session
