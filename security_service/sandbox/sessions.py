"""Logging in and sessions (Devino manual 1.2 and 7.2); leaves error words to each face."""

from __future__ import annotations

import hmac
import secrets
import string
import threading
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from typing import Final

SESSION_LENGTH: Final = 36
_ALPHABET: Final = string.ascii_uppercase + string.digits
_MAX_SESSIONS: Final = 10_000


class SessionCheck(Enum):
    """What became of a session id: good, its time is over, or never heard of."""

    VALID = "valid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Sessions:
    """The sessions of one account; in memory only, so that a restart forgets them all.

    A session lives `lifetime` seconds from its opening, however much it is used. `clock` gives
    Unix seconds. The 10,000 latest are remembered, expired ones too, to tell expired from unknown.
    """

    def __init__(self, login: str, password: str, lifetime: float, clock: Callable[[], float]) -> None:
        self._credentials = (login.encode(), password.encode())
        self._lifetime = lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: OrderedDict[str, float] = OrderedDict()

    def admits(self, login: str, password: str) -> bool:
        """Say whether login and password are those of the account, in the same time either way."""
        right_login = hmac.compare_digest(login.encode(), self._credentials[0])
        right_password = hmac.compare_digest(password.encode(), self._credentials[1])
        return right_login and right_password

    def open(self) -> str:
        """Start a session and give its id: 36 capital letters and digits."""
        session_id = "".join(secrets.choice(_ALPHABET) for _ in range(SESSION_LENGTH))
        with self._lock:
            self._ends[session_id] = self._clock() + self._lifetime
            while len(self._ends) > _MAX_SESSIONS:
                self._ends.popitem(last=False)
        return session_id

    def check(self, session_id: str) -> SessionCheck:
        """Say whether a session id is good now; letters count in either case."""
        with self._lock:
            end = self._ends.get(session_id.upper())
        if end is None:
            return SessionCheck.UNKNOWN
        return SessionCheck.VALID if self._clock() < end else SessionCheck.EXPIRED
