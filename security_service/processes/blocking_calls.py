"""What blocks, done in a bounded number of threads beside an event loop; knows nothing of what is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog

from security_service.domain.errors import StoreUnavailable
from security_service.domain.ports import Meter

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("relay")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Broken:
    """A call did not end: the store was away, or it broke in a way that nobody foresaw, which is logged."""


class BlockingCalls:
    """Lives in the thread of one loop; answers come back there."""

    def __init__(self, threads: int, meter: Meter) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="relay")
        self._meter = meter
        self.under_way = 0

    def start(self, call: Callable[[], T], then: Callable[[T | Broken], None]) -> None:
        """Have something done; `then` is called once with what came of it."""
        self.under_way += 1
        done = asyncio.get_running_loop().run_in_executor(self._pool, call)
        done.add_done_callback(partial(self._end, then))

    async def result(self, call: Callable[[], T]) -> T | Broken:
        """Have something done and wait for it."""
        ended: asyncio.Future[T | Broken] = asyncio.get_running_loop().create_future()

        def then(result: T | Broken) -> None:
            if not ended.done():
                ended.set_result(result)

        self.start(call, then)
        return await ended

    def close(self) -> None:
        """Take no more calls; those that have not begun are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _end(self, then: Callable[[T | Broken], None], done: asyncio.Future[T]) -> None:
        self.under_way -= 1
        error = None if done.cancelled() else done.exception()
        if isinstance(error, StoreUnavailable):
            self._meter.event("store_away", "relay")
        elif error is not None:
            self._meter.event("call_broke", "relay")
            _LOG.error("call_broke", exc_info=error)
        then(Broken() if done.cancelled() or error is not None else done.result())
