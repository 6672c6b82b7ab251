"""Ordered attempts under one deadline, with a hedge and a breaker for each; knows nothing of answers.

Implements the port `Race`. What is attempted, and what an answer means, is left to the use cases.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from security_service.links.breaker import Breaker, BreakerRule, BreakerState

T = TypeVar("T")

Attempt = tuple[str, Callable[[float], T]]


class OrderedRace:
    """Runs attempts in order; safe to share between threads.

    `failed` tells of an answer whether its peer failed to answer, which is what a breaker counts.
    With `hedge_after_s` None each attempt waits for the one before it: so must messages be sent,
    for a hedged message may arrive twice. With a number of seconds the next attempt starts when
    those before it have been silent so long, and its answer may overtake theirs.

    A single attempt, and any without a hedge, runs in the caller's thread. Others run in at most
    `threads` threads of the race's own; when all are taken the caller goes without the hedge
    rather than into a queue. `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        *,
        failed: Callable[[object], bool],
        hedge_after_s: float | None = None,
        rule: BreakerRule | None = None,
        threads: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failed = failed
        self._hedge_after_s = hedge_after_s
        self._rule = rule or BreakerRule()
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}
        self._free = threading.BoundedSemaphore(threads)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="race")

    def first(
        self,
        attempts: Sequence[Attempt[T]],
        within_s: float,
        decides: Callable[[T], bool],
    ) -> list[T]:
        """Start named attempts in order until one answer decides; give all answers in hand.

        Each attempt is called with the seconds it may take, `within_s` being the total. An attempt
        whose breaker is open is passed over. Gives at most `len(attempts)` answers in the order in
        which they came, the deciding one last; what an attempt raises is raised here.
        """
        until = self._clock() + within_s
        hedge_after_s = self._hedge_after_s
        if hedge_after_s is None or len(attempts) < 2:
            return self._in_turn(attempts, until, decides)
        return self._hedged(attempts, until, hedge_after_s, decides)

    def states(self) -> Mapping[str, BreakerState]:
        """Give the state of each peer's breaker that was ever asked for, for metrics."""
        return {name: breaker.state() for name, breaker in list(self._breakers.items())}

    def close(self) -> None:
        """Stop the threads once the attempts under way have ended."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _in_turn(self, attempts: Sequence[Attempt[T]], until: float, decides: Callable[[T], bool]) -> list[T]:
        answers: list[T] = []
        for attempt in attempts:
            left = until - self._clock()
            if left <= 0:
                break
            if self._breaker(attempt[0]).admits():
                answers.append(self._run(attempt, left))
                if decides(answers[-1]):
                    break
        return answers

    def _hedged(
        self,
        attempts: Sequence[Attempt[T]],
        until: float,
        hedge_after_s: float,
        decides: Callable[[T], bool],
    ) -> list[T]:
        ended: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
        waiting = deque(attempts)
        answers: list[T] = []
        under_way = 0
        while True:
            under_way += self._start_next(waiting, until, ended, alone=under_way == 0)
            if under_way == 0:
                return answers
            left = max(0.0, until - self._clock())
            try:
                future = ended.get(timeout=min(left, hedge_after_s) if waiting else left)
            except queue.Empty:
                if self._clock() >= until:
                    return answers
                continue
            under_way -= 1
            answers.append(future.result())
            if decides(answers[-1]):
                return answers

    def _start_next(
        self,
        waiting: deque[Attempt[T]],
        until: float,
        ended: queue.SimpleQueue[Future[T]],
        *,
        alone: bool,
    ) -> bool:
        """Start the next attempt whose breaker admits it; give False where none was started."""
        while waiting:
            left = until - self._clock()
            has_thread = left > 0 and self._free.acquire(blocking=False)
            if left <= 0 or not (has_thread or alone):
                return False
            attempt = waiting.popleft()
            if not self._breaker(attempt[0]).admits():
                if has_thread:
                    self._free.release()
                continue
            if has_thread:
                self._pool.submit(self._run_and_free, attempt, left).add_done_callback(ended.put)
                return True
            done: Future[T] = Future()
            done.set_result(self._run(attempt, left))
            ended.put(done)
            return True
        return False

    def _run_and_free(self, attempt: Attempt[T], within_s: float) -> T:
        try:
            return self._run(attempt, within_s)
        finally:
            self._free.release()

    def _run(self, attempt: Attempt[T], within_s: float) -> T:
        name, ask = attempt
        failed = True
        try:
            answer = ask(within_s)
            failed = self._failed(answer)
            return answer
        finally:
            self._breaker(name).record(failed=failed)

    def _breaker(self, name: str) -> Breaker:
        found = self._breakers.get(name)
        return (
            found if found is not None else self._breakers.setdefault(name, Breaker(self._rule, self._clock))
        )
