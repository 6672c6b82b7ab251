"""The SideBySide port: calls that wait for the store, made by a few threads at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class FewThreads:
    """One pool for all callers of a process; its threads start when they are first needed."""

    def __init__(self, threads: int = 32) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="side-by-side")

    def results(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Make all calls, give what they gave in their order; what one raises is raised after all ended."""
        if len(calls) == 1:
            return [calls[0]()]
        futures = [self._pool.submit(call) for call in calls]
        wait(futures)
        return [future.result() for future in futures]

    def close(self) -> None:
        """Stop the threads once the calls under way have ended."""
        self._pool.shutdown(wait=True, cancel_futures=True)
