"""The Clock and Chance ports over the operating system; decides nothing with what they give."""

from __future__ import annotations

import os
import secrets
import time
from typing import Final

from security_service.domain.secret import Code

_DRAWN_AT_ONCE: Final = 256


class SystemClock:
    """This machine's clocks."""

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def unix_ms(self) -> int:
        """Wall clock in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def pause(self, seconds: float) -> None:
        """Let the calling thread wait."""
        time.sleep(seconds)


class SystemChance:
    """The operating system's random source."""

    def __init__(self) -> None:
        self._tokens: list[str] = []
        # A process that forks off must not give out what its parent gives out.
        os.register_at_fork(after_in_child=self._tokens.clear)

    def code(self, length: int) -> Code:
        """Draw `length` decimal digits, each code equally likely: no modulo of a byte is taken."""
        return Code(f"{secrets.randbelow(10**length):0{length}d}")

    def share(self) -> float:
        """Draw a number from 0 up to 1, each equally likely."""
        return secrets.randbits(53) / (1 << 53)

    def token(self) -> str:
        """Draw 128 bits as 32 hex digits."""
        try:
            return self._tokens.pop()
        except IndexError:
            # Many at once: each draw lets other threads in, which costs a busy service more than the draw.
            drawn = secrets.token_hex(16 * _DRAWN_AT_ONCE)
            self._tokens.extend(drawn[at : at + 32] for at in range(32, len(drawn), 32))
            return drawn[:32]
