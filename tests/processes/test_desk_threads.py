from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import Handed
from security_service.domain.messages import Push, Receipt, ReceiptState
from security_service.processes.desk_threads import Bridge, DeskThreads
from tests.fakes.clock import HandClock
from tests.fakes.handover import FakeDesk, FakeReceipts
from tests.usecases.behind_the_scenes import CountingMeter

PATIENCE_S = 20.0
PUSH = Push("m1", Receipt(ReceiptState.DELIVERED, "DELIVRD"))


class Inbox(FakeReceipts):
    """Fails as often as a test says, as a store that is away does."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def put(self, gateway: str, pushes: Sequence[Push]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable
        super().put(gateway, pushes)


class Rig:
    """The threads of one gateway between a desk in memory and a list."""

    def __init__(self, room: int = 100) -> None:
        self.desk, self.inbox, self.meter = FakeDesk(), Inbox(), CountingMeter()
        self.handed: queue.SimpleQueue[Handed] = queue.SimpleQueue()
        self.bound = True
        bridge = Bridge("sms", self.desk, self.inbox, self._hand_in, lambda: self.bound)
        self.threads = DeskThreads(bridge, room, HandClock(), self.meter)

    def _hand_in(self, handed: Sequence[Handed]) -> None:
        for one in handed:
            self.handed.put(one)

    def next(self) -> str:
        return self.handed.get(timeout=PATIENCE_S).id

    def keep(self) -> None:
        """Have a receipt kept, and wait until it is to be answered."""
        kept = threading.Event()
        self.threads.keep(PUSH, kept.set)
        assert kept.wait(PATIENCE_S)


@pytest.fixture
def rig() -> Iterator[Rig]:
    one = Rig()
    one.threads.start()
    yield one
    one.threads.stop_taking()
    one.threads.stop_writing()


def message(name: str) -> Handed:
    return Handed(name, b"request", 5.0)


def test_what_lies_on_the_desk_is_handed_in(rig: Rig) -> None:
    rig.desk.put(message("a"), message("b"))
    assert [rig.next(), rig.next()] == ["a", "b"]


def test_the_desk_is_open_while_a_session_is_bound(rig: Rig) -> None:
    assert rig.desk.until(lambda: rig.desk.is_open.get("sms") is True, PATIENCE_S)
    rig.bound = False
    assert rig.desk.until(lambda: rig.desk.is_open["sms"] is False, PATIENCE_S)


def test_while_nothing_is_bound_messages_are_taken_all_the_same_so_that_nobody_waits(rig: Rig) -> None:
    rig.bound = False
    rig.desk.put(message("a"))
    assert rig.next() == "a"


def test_no_more_is_taken_than_there_is_room_for() -> None:
    rig = Rig(room=2)
    rig.desk.put(message("a"), message("b"), message("c"))
    rig.threads.start()
    assert [rig.next(), rig.next()] == ["a", "b"]
    assert rig.handed.empty()
    rig.threads.make_room()
    assert rig.next() == "c"
    rig.threads.stop_taking()
    rig.threads.stop_writing()
    assert set(rig.desk.counts) <= {1, 2}


def test_replies_are_written(rig: Rig) -> None:
    for number in range(200):
        rig.threads.reply(str(number), b"x")
    assert rig.desk.until(lambda: len(rig.desk.replies) == 200, PATIENCE_S)
    assert [name for name, _ in rig.desk.replies] == [str(number) for number in range(200)]


@pytest.mark.parametrize("method", ["take", "open_desk", "reply"])
def test_a_store_that_was_away_is_asked_again(method: str) -> None:
    rig = Rig()
    rig.desk.faults = [method]
    rig.desk.put(message("a"))
    rig.threads.start()
    assert rig.next() == "a"
    rig.threads.reply("a", b"x")
    assert rig.desk.until(lambda: rig.desk.replies == [("a", b"x")], PATIENCE_S)
    rig.threads.stop_taking()
    rig.threads.stop_writing()


def test_a_receipt_is_kept_before_it_is_answered(rig: Rig) -> None:
    rig.keep()
    assert rig.inbox.get("sms", "m1") == PUSH.receipt


def test_a_receipt_that_the_store_takes_at_a_later_try_is_kept(rig: Rig) -> None:
    rig.inbox.failures = 4
    rig.keep()
    assert rig.inbox.get("sms", "m1") == PUSH.receipt


def test_a_receipt_that_cannot_be_kept_is_counted_and_answered_all_the_same(rig: Rig) -> None:
    rig.inbox.failures = 5
    rig.keep()
    assert ("receipt_lost", "sms") in rig.meter.events
    assert rig.inbox.kept == {}


def test_when_it_stops_it_closes_the_desk_and_takes_what_lies_there() -> None:
    rig = Rig()
    rig.threads.start()
    assert rig.desk.until(lambda: rig.desk.is_open.get("sms") is True, PATIENCE_S)
    rig.desk.put(message("a"))
    rig.threads.stop_taking()
    assert rig.desk.is_open["sms"] is False
    assert rig.next() == "a"
    rig.threads.reply("a", b"x")
    rig.threads.stop_writing()
    assert rig.desk.replies == [("a", b"x")]
