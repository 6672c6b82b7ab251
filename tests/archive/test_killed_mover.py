"""Movers that are killed (kill -9) again and again under load lose nothing and double nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from security_service.domain.audit import AuditQuery
from tests.archive.rig import MovingRig, is_sound, sequence_of, texts_of
from tests.archive.test_moving import rig_url
from tests.house_rules.tree import ROOT

SHARDS = ("s000", "s001", "s063", "m")
KILLS = 5


@contextmanager
def load(rig: MovingRig) -> Iterator[None]:
    """Write events all the while."""
    going = threading.Event()
    going.set()

    def write() -> None:
        while going.is_set():
            for shard in SHARDS:
                rig.write(shard, 20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        going.clear()
        thread.join()


@contextmanager
def mover(store: str, archive: str) -> Iterator[subprocess.Popen[str]]:
    """A mover's process, killed at the end."""
    command = [sys.executable, "-m", "tests.archive.mover_process", store, archive]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_movers_that_are_killed_under_load_archive_each_event_once(rig: MovingRig, archive_url: str) -> None:
    chance = random.Random(4)  # noqa: S311 - when to kill is no secret
    store = rig_url(rig)
    with load(rig):
        for _ in range(KILLS):
            with mover(store, archive_url) as first, mover(store, archive_url) as second:
                assert first.stdout is not None
                assert second.stdout is not None
                # Between one round and some more, so that it ends within one.
                for _ in range(chance.randint(1, 12)):
                    assert first.stdout.readline() == "moved\n"
    left = len(rig.waiting())
    rig.mover.run()
    assert texts_of(rig.database) == rig.written
    assert rig.waiting() == {}
    for shard in SHARDS:
        numbers = sequence_of(rig.database, shard)
        assert numbers == list(range(1, len(numbers) + 1))
    assert is_sound(rig.database)
    assert left < len(rig.written)
    newest = rig.log.page(AuditQuery(count=50)).events
    assert len(set(newest)) == 50
