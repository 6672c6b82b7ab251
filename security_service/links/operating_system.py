"""The Clock and Chance ports over the operating system; decides nothing with what they give."""

from __future__ import annotations

import secrets
import time

from security_service.domain.secret import Code


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

    def code(self, length: int) -> Code:
        """Draw `length` decimal digits, each code equally likely: no modulo of a byte is taken."""
        return Code(f"{secrets.randbelow(10**length):0{length}d}")

    def token(self) -> str:
        """Draw 128 bits as 32 hex digits."""
        return secrets.token_hex(16)
