"""A point in time by which one outgoing call must have ended; leaves what happens then to the caller."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A total deadline: every wait of one call is cut from the same allowance.

    Timeouts of sockets and of HTTP and SOAP libraries hold for a single read, so a peer that drips
    bytes would hold the caller for as long as it likes.
    """

    until: float

    @classmethod
    def after(cls, within_s: float) -> Deadline:
        """Give the deadline that lies `within_s` seconds from now."""
        return cls(time.monotonic() + within_s)

    def left(self) -> float:
        """Give the seconds that are left; zero or less once the deadline has passed."""
        return self.until - time.monotonic()

    def wait(self) -> float:
        """Give the seconds that are left as a socket timeout; raises TimeoutError if there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
