"""What the backend knows of each browser, in memory: a cookie holds a random name and nothing else."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

LIFE_S = 900
MOST = 10_000


def _drawn() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Visit:
    """One browser: whose code it waits for, or who is signed in."""

    asked_for: str = ""
    by_app: bool = False
    signed_in: str = ""
    csrf: str = field(default_factory=_drawn, repr=False)
    attempt: str = field(default_factory=_drawn)
    until: float = 0.0

    def next_attempt(self) -> None:
        """Name the next try; until then a form that is sent twice is one try."""
        self.attempt = _drawn()


class Visits:
    """Visits by their names, each for a quarter of an hour since it was last seen.

    A backend of several processes keeps them in a store that all of them see.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}

    def get(self, name: str) -> Visit | None:
        """Give a visit that has not ended, and let it live on."""
        now = time.monotonic()
        with self._lock:
            visit = self._visits.get(name)
            if visit is None or visit.until < now:
                self._visits.pop(name, None)
                return None
            visit.until = now + LIFE_S
            return visit

    def begin(self, visit: Visit) -> str:
        """Keep a visit under a name that nobody has had before."""
        name, now = _drawn(), time.monotonic()
        visit.until = now + LIFE_S
        with self._lock:
            if len(self._visits) >= MOST:
                self._visits = {known: one for known, one in self._visits.items() if one.until >= now}
            if len(self._visits) >= MOST:
                self._visits.pop(next(iter(self._visits)))
            self._visits[name] = visit
        return name

    def end(self, name: str) -> None:
        """Forget a visit."""
        with self._lock:
            self._visits.pop(name, None)
