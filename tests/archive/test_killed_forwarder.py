"""Workers that are killed (kill -9) amid forwarding, two at a time: every event arrives, in order."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.writer import EventWriter
from tests.archive.rig import entry
from tests.fakes.clock import HandClock
from tests.house_rules.tree import ROOT
from tests.links.peer import Answer, Peer, Reply, Request, Reset, Silence
from tests.links.syslog_receiver import SyslogReceiver
from tests.links.webhook_receiver import WebhookReceiver

EVENTS = 1500
KILLS = 3


@contextmanager
def forwarders(url: str, kind: str, port: int, count: int = 2) -> Iterator[None]:
    """So many workers at once, killed at the end."""
    command = [sys.executable, "-m", "tests.archive.forwarder_process", url, kind, str(port)]
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT))
            stack.callback(process.kill)
        yield


@contextmanager
def writing(database: ArchiveDatabase) -> Iterator[None]:
    """Append events all the while, until there are enough."""
    writer = EventWriter(database, "i1", HandClock(), ())

    def write() -> None:
        for first in range(1, EVENTS, 10):
            writer.append({"s001": [entry("s001", seq) for seq in range(first, first + 10)]})

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def survive(database: ArchiveDatabase, url: str, kind: str, port: int, wait: Callable[[int], None]) -> None:
    """Kill two workers several times while events are written, then let others come to the end."""
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    with writing(database):
        reached = 0
        for _ in range(KILLS):
            reached += chance.randint(50, 150)
            with forwarders(url, kind, port):
                wait(reached)
    with forwarders(url, kind, port):
        wait(EVENTS - 1)


def first_arrivals(leaves: list[int]) -> list[int]:
    return list(dict.fromkeys(leaves))


def test_every_event_reaches_a_receiver_of_syslog(database: ArchiveDatabase, archive_url: str) -> None:
    with SyslogReceiver() as receiver:
        survive(database, archive_url, "syslog", receiver.port, receiver.wait_for_leaf)
    assert first_arrivals(receiver.leaves) == list(range(EVENTS))
    assert receiver.faults == []


def test_every_event_reaches_a_webhook_that_fails_now_and_then(
    database: ArchiveDatabase, archive_url: str
) -> None:
    chance = random.Random(8)  # noqa: S311 - when to fail is no secret
    receiver = WebhookReceiver(lambda: round(time.time()))

    def moody(_: Request) -> Reply:
        mood = chance.random()
        return Reset() if mood < 0.05 else Answer(status=500 if mood < 0.1 else 204)

    receiver.answer = moody
    with Peer(receiver) as peer:
        survive(database, archive_url, "webhook", peer.port, receiver.wait_for_leaf)
    assert first_arrivals(receiver.leaves) == list(range(EVENTS))
    assert receiver.forged == 0


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_a_reply_that_is_lost_makes_events_come_again_in_order(
    database: ArchiveDatabase, archive_url: str
) -> None:
    receiver = WebhookReceiver(lambda: round(time.time()))
    seen: list[bytes] = []

    def taken_but_untold(request: Request) -> Reply:
        seen.append(request.body)
        return Silence() if len(seen) == 1 else Answer(status=204)

    receiver.answer = taken_but_untold
    EventWriter(database, "i1", HandClock(), ()).append({"s001": [entry("s001", seq) for seq in range(1, 6)]})
    with Peer(receiver) as peer, forwarders(archive_url, "webhook", peer.port, 1):
        receiver.wait_for_leaf(4)
    assert seen[1] == seen[0]
