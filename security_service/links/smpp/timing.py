"""Time as sessions see it, so that tests can move it by hand; leaves what is waited for to the sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Keep the call from coming; one that came is past that."""
        ...


class Timing(Protocol):
    """A clock and calls at a time of it."""

    def now(self) -> float:
        """Seconds that only grow."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Have something called in so many seconds, in the thread of the loop."""
        ...


class LoopTiming:
    """The time of the loop that runs in this thread."""

    def now(self) -> float:
        """Seconds that only grow."""
        return asyncio.get_running_loop().time()

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Have something called in so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, call)


async def pause(timing: Timing, seconds: float) -> None:
    """Wait so many seconds of that clock."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = timing.later(seconds, lambda: None if over.done() else over.set_result(None))
    try:
        await over
    finally:
        timer.cancel()
