"""The threads that do jobs, and the bell that wakes their loop; leaves which jobs they are to the loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from security_service.domain.jobs import Job
from security_service.links.deadline import Deadline


class Bell:
    """Wakes the loop before its pause is over: a thread is free, or the process is to stop.

    Ringing is safe within a signal handler: unlike an Event or a Condition, putting into a
    SimpleQueue takes no lock that the interrupted thread may hold.
    """

    def __init__(self) -> None:
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """Ask the loop to end."""
        self._stopped = True
        self.ring()

    def ring(self) -> None:
        """Wake the loop, or keep it from its next pause."""
        self._rings.put(None)

    def wait(self, seconds: float) -> None:
        """Wait for a ring; rings that came together are one."""
        if self._stopped or seconds <= 0:
            return
        try:
            self._rings.get(timeout=seconds)
            while True:
                self._rings.get_nowait()
        except queue.Empty:
            return


class JobThreads:
    """A fixed number of threads, so that each keeps its own connections from job to job.

    They are daemons: a job that does not end in time must not keep the process from ending.
    `do` must not raise.
    """

    def __init__(self, do: Callable[[Job], None], count: int, bell: Bell) -> None:
        self._do = do
        self._bell = bell
        self._given: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = 0
        self._done = 0
        self._threads = [
            threading.Thread(target=self._attend, name=f"job-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def free(self) -> int:
        """How many jobs would start at once."""
        with self._lock:
            return len(self._threads) - self._running

    @property
    def done(self) -> int:
        """How many jobs have been done, well or not, since the start."""
        with self._lock:
            return self._done

    def start(self, job: Job) -> None:
        """Give a job to a free thread."""
        with self._lock:
            self._running += 1
        self._given.put(job)

    def finish(self, within_s: float) -> int:
        """Let what runs end within `within_s` seconds; gives how many jobs were still running then."""
        for _ in self._threads:
            self._given.put(None)
        deadline = Deadline.after(within_s)
        for thread in self._threads:
            thread.join(max(deadline.left(), 0.0))
        with self._lock:
            return self._running

    def _attend(self) -> None:
        while (job := self._given.get()) is not None:
            self._do(job)
            with self._lock:
                self._running -= 1
                self._done += 1
            self._bell.ring()
