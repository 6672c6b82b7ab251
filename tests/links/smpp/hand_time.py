"""Time of sessions, moved by hand, and tests that run in an event loop."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from typing import Any, ParamSpec

P = ParamSpec("P")


@dataclass(order=True)
class Call:
    """A call that is to come at a time."""

    at: float
    number: int
    call: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class HandTime:
    """The Timing port. `asked` holds the seconds of every call that was asked for."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._calls: list[Call] = []
        self._numbers = count()
        self.asked: list[float] = []

    def now(self) -> float:
        return self._now

    def later(self, seconds: float, call: Callable[[], None]) -> Call:
        self.asked.append(seconds)
        one = Call(self._now + seconds, next(self._numbers), call)
        heapq.heappush(self._calls, one)
        return one

    @property
    def pending(self) -> list[float]:
        """Seconds until each call that is still to come, the next first."""
        return sorted(round(call.at - self._now, 6) for call in self._calls if not call.cancelled)

    def move(self, seconds: float) -> None:
        """Let time pass, with the calls that fall into it."""
        ends = self._now + seconds
        while self._calls and self._calls[0].at <= ends:
            call = heapq.heappop(self._calls)
            self._now = max(self._now, call.at)
            if not call.cancelled:
                call.call()
        self._now = ends


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def turns(count: int = 3) -> None:
    """Let what is ready in the loop run, so many rounds; no time passes."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done
