from __future__ import annotations

import queue
import threading

from security_service.domain.jobs import Job, JobKind
from security_service.processes.job_threads import Bell, JobThreads
from tests.usecases.behind_the_scenes import job

PATIENCE_S = 30.0
"""How long a test waits for a thread before it fails; none comes near it."""


def test_a_ring_before_the_wait_ends_it_at_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(PATIENCE_S)
    assert not bell.stopped


def test_rings_that_came_together_are_one() -> None:
    bell = Bell()
    for _ in range(3):
        bell.ring()
    bell.wait(PATIENCE_S)
    waiter = threading.Thread(target=bell.wait, args=(PATIENCE_S,), daemon=True)
    waiter.start()
    waiter.join(0.05)
    assert waiter.is_alive()
    bell.stop()
    waiter.join(PATIENCE_S)
    assert not waiter.is_alive()


def test_after_stop_nobody_waits() -> None:
    bell = Bell()
    bell.stop()
    for _ in range(3):
        bell.wait(PATIENCE_S)
    assert bell.stopped


def test_a_job_done_frees_its_thread_and_rings() -> None:
    bell, done = Bell(), queue.SimpleQueue[str]()
    threads = JobThreads(lambda given: done.put(given.id), 2, bell)
    threads.start(job(JobKind.LEASE, "a"))
    assert done.get(timeout=PATIENCE_S) == "a"
    bell.wait(PATIENCE_S)
    assert (threads.free, threads.done) == (2, 1)
    assert threads.finish(PATIENCE_S) == 0


def test_jobs_run_beside_each_other_and_each_takes_a_thread() -> None:
    both = threading.Barrier(3)
    release = threading.Event()

    def meet(_: Job) -> None:
        both.wait(PATIENCE_S)
        release.wait(PATIENCE_S)

    threads = JobThreads(meet, 3, Bell())
    threads.start(job(JobKind.LEASE, "a"))
    threads.start(job(JobKind.LEASE, "b"))
    both.wait(PATIENCE_S)
    assert threads.free == 1
    release.set()
    assert threads.finish(PATIENCE_S) == 0
    assert threads.done == 2


def test_a_job_that_does_not_end_in_time_is_left_to_itself() -> None:
    begun, release = threading.Event(), threading.Event()

    def hang(_: Job) -> None:
        begun.set()
        release.wait(PATIENCE_S)

    threads = JobThreads(hang, 2, Bell())
    threads.start(job(JobKind.LEASE))
    begun.wait(PATIENCE_S)
    assert threads.finish(0.05) == 1
    release.set()
    assert threads.finish(PATIENCE_S) == 0
