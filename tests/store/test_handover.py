from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import pytest
import redis

from security_service.domain.link_ports import Handed, HandedOver, HandoverEnd, NoReply, NotTaken
from security_service.domain.messages import Push, Receipt, ReceiptState
from security_service.domain.secret import KeyRing
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.sealed_text import TextSealer
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey
from security_service.store.handover import StoredDesk, StoredHandover, StoredReceipts, block_s
from security_service.store.scripts import load
from tests.store.dropping_proxy import DroppingProxy
from tests.store.rig import OneShardScripts

SEALER: Final = TextSealer(KeyRing({1: b"1" * 32}))
LONG_S: Final = 20.0
SOON_S: Final = 0.1
TEXT: Final = b"Your code: 481516"
BLOCK_S: Final = 0.05


P = ParamSpec("P")
T = TypeVar("T")


def closing(thin: ThinScripts, call: Callable[P, T]) -> Callable[P, T]:
    """A call for a thread of its own, whose connection is closed when it ends."""

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        finally:
            thin.close()

    return run


class Rig:
    """Both sides of the handover over one store; each call of `hand_over` runs in a thread of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = redis.Redis.from_url(url)
        self.thin = ThinScripts(parse_address(url), within_s=LONG_S)
        self.scripts = OneShardScripts(self.thin)
        self.handover = StoredHandover(self.scripts, SEALER, SystemChance(), SystemClock(), BLOCK_S)
        self.desk = StoredDesk(self.scripts, SEALER, BLOCK_S)
        self.receipts = StoredReceipts(self.scripts)
        self.threads = ThreadPoolExecutor(16)

    def hand_over(self, text: bytes = TEXT, within_s: float = LONG_S) -> Future[HandoverEnd]:
        return self.threads.submit(closing(self.thin, self.handover.hand_over), "sms", text, within_s)

    def taken(self) -> str:
        """Take one message that is surely coming, and give its id."""
        while True:
            handed = self.desk.take("sms", 1, LONG_S)
            if handed:
                return handed[0].id

    def keys(self, what: str) -> list[str]:
        return [os.fsdecode(key) for key in self.redis.keys(f"{{g:sms}}:{what}*")]


@pytest.fixture
def rig(redis_url: str) -> Iterator[Rig]:
    one = Rig(redis_url)
    with one.threads, one.redis:
        yield one
    one.thin.close()


def test_a_message_is_taken_and_its_reply_comes_back(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over()
    name = rig.taken()
    rig.desk.reply("sms", [(name, b"done")])
    assert waiting.result(LONG_S) == HandedOver(b"done")


def test_what_is_taken_is_what_was_handed_over_with_the_time_that_is_left(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over(within_s=LONG_S)
    handed: list[Handed] = []
    while not handed:
        handed = rig.desk.take("sms", 5, LONG_S)
    assert [one.request for one in handed] == [TEXT]
    assert 0 < handed[0].left_s <= LONG_S
    rig.desk.reply("sms", [(handed[0].id, b"")])
    waiting.result(LONG_S)


@pytest.mark.parametrize("open_first", [True, False])
def test_where_no_desk_is_open_nothing_is_waited_for(rig: Rig, open_first: bool) -> None:  # noqa: FBT001 - a parameter
    if open_first:
        rig.desk.open_desk("sms", LONG_S)
        rig.desk.open_desk("sms", 0)
    rig.desk.open_desk("other", LONG_S)
    assert rig.handover.hand_over("sms", TEXT, LONG_S) == NotTaken("not_bound")
    assert rig.keys("stream") == []


def test_a_desk_closes_by_itself(rig: Rig) -> None:
    rig.desk.open_desk("sms", 3.0)
    assert 0 < rig.redis.pttl("{g:sms}:desk") <= 3000


@pytest.mark.parametrize("within_s", [0.0, -1.0])
def test_without_time_nothing_is_handed_over(rig: Rig, within_s: float) -> None:
    rig.desk.open_desk("sms", LONG_S)
    assert rig.handover.hand_over("sms", TEXT, within_s) == NotTaken("no_time")
    assert rig.keys("") == ["{g:sms}:desk"]


def test_what_nobody_took_in_time_was_surely_not_sent_and_never_is(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    assert rig.handover.hand_over("sms", TEXT, SOON_S) == NotTaken("not_taken")
    assert rig.desk.take("sms", 5, BLOCK_S) == []
    assert rig.keys("text") == []


def test_what_was_taken_and_never_told_of_is_unknown(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over(within_s=0.5)
    rig.taken()
    assert waiting.result(LONG_S) == NoReply("no_reply")


def test_a_message_that_was_taken_is_never_given_out_again(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over(within_s=0.5)
    rig.taken()
    # The one that took it has died: another process looks for work.
    assert StoredDesk(rig.scripts, SEALER, BLOCK_S).take("sms", 5, BLOCK_S) == []
    assert waiting.result(LONG_S) == NoReply("no_reply")


def test_two_processes_that_see_one_message_do_not_both_get_it(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = [rig.hand_over(str(number).encode(), 0.5) for number in range(16)]
    barrier = threading.Barrier(4)

    def take() -> list[bytes]:
        desk = StoredDesk(rig.scripts, SEALER, BLOCK_S)
        barrier.wait(LONG_S)
        taken: list[bytes] = []
        while not all(one.done() for one in waiting):
            taken += [one.request for one in desk.take("sms", 3, BLOCK_S)]
        return taken

    with ThreadPoolExecutor(4) as takers:
        taken = [
            text
            for one in [takers.submit(closing(rig.thin, take)) for _ in range(4)]
            for text in one.result(LONG_S)
        ]
    assert len(taken) == len(set(taken))
    assert sorted(int(text) for text in taken) == [
        n for n, one in enumerate(waiting) if one.result() == NoReply("no_reply")
    ]


def test_messages_come_in_their_order_and_no_more_at_once_than_asked_for(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = []
    for number in range(5):
        waiting.append(rig.hand_over(b"%d" % number))
        while len(rig.keys("ticket")) <= number:
            continue
    taken = [rig.desk.take("sms", 3, LONG_S) for _ in range(2)]
    assert [[one.request for one in some] for some in taken] == [[b"0", b"1", b"2"], [b"3", b"4"]]
    rig.desk.reply("sms", [(one.id, b"") for some in taken for one in some])
    for one in waiting:
        one.result(LONG_S)


def test_a_reply_after_the_callers_time_is_dropped(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over(within_s=0.3)
    name = rig.taken()
    waiting.result(LONG_S)
    rig.redis.delete(f"{{g:sms}}:ticket:{name}")
    rig.desk.reply("sms", [(name, b"late")])
    assert rig.keys("reply") == []


def test_a_text_that_does_not_open_is_given_as_an_empty_one(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over(within_s=0.5)
    other = StoredDesk(rig.scripts, TextSealer(KeyRing({1: b"2" * 32})), BLOCK_S)
    handed: list[Handed] = []
    while not handed:
        handed = other.take("sms", 1, LONG_S)
    assert handed[0].request == b""
    waiting.result(LONG_S)


def test_nothing_that_lies_in_the_store_can_be_read_or_lasts(rig: Rig) -> None:
    rig.desk.open_desk("sms", LONG_S)
    waiting = rig.hand_over()
    while not rig.keys("text"):
        continue
    held = [rig.redis.dump(key) or b"" for key in rig.keys("")]
    assert [one for one in held if b"481516" in one] == []
    assert rig.redis.pttl(rig.keys("text")[0]) <= LONG_S * 1000
    rig.desk.reply("sms", [(rig.taken(), b"x")])
    waiting.result(LONG_S)
    assert rig.keys("text") == []
    assert [key for key in rig.keys("") if rig.redis.pttl(key) < 0] == []


def test_a_store_that_is_away_leaves_the_outcome_unknown(rig: Rig) -> None:
    thin = ThinScripts(parse_address("redis://127.0.0.1:1/0"), within_s=0.2)
    handover = StoredHandover(thin, SEALER, SystemChance(), SystemClock(), BLOCK_S)
    assert handover.hand_over("sms", TEXT, LONG_S) == NoReply("store_away")


@pytest.fixture
def line(rig: Rig, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[DroppingProxy]:
    """A line to the store that loses the next reply; the store knows the scripts already."""
    for name in ("put_handover", "take_handovers"):
        rig.scripts.command("SCRIPT", "LOAD", load(name).text)
    rig.desk.open_desk("sms", LONG_S)
    with DroppingProxy(tmp_path / "line", valkey.socket_path) as proxy:
        yield proxy


def over(line: DroppingProxy) -> ThinScripts:
    return ThinScripts(parse_address(f"unix://{line.path}"), within_s=LONG_S)


def test_a_message_whose_call_lost_its_reply_lies_there_once(rig: Rig, line: DroppingProxy) -> None:
    line.lose = 0
    thin = over(line)
    handover = StoredHandover(thin, SEALER, SystemChance(), SystemClock(), BLOCK_S)
    waiting = rig.threads.submit(closing(thin, handover.hand_over), "sms", TEXT, 1.0)
    name = rig.taken()
    rig.desk.reply("sms", [(name, b"done")])
    assert waiting.result(LONG_S) == HandedOver(b"done")
    assert line.connections == 2
    assert rig.desk.take("sms", 5, BLOCK_S) == []


def test_a_message_whose_taking_lost_its_reply_is_never_sent(rig: Rig, line: DroppingProxy) -> None:
    waiting = rig.hand_over(within_s=0.5)
    while not rig.keys("text"):
        continue
    line.lose = 1
    thin = over(line)
    assert StoredDesk(thin, SEALER, BLOCK_S).take("sms", 5, LONG_S) == []
    thin.close()
    assert line.connections == 2
    assert waiting.result(LONG_S) == NoReply("no_reply")


def test_calls_wait_no_longer_than_the_clients_patience() -> None:
    assert block_s(0.5) == 0.25
    assert block_s(10.0) == 1.0


# --- receipts


def push(message_id: str, state: ReceiptState, code: str = "X", at: int | None = None) -> Push:
    return Push(message_id, Receipt(state, code, at))


def test_a_receipt_is_kept_for_48_hours(rig: Rig) -> None:
    rig.receipts.put("sms", [push("m1", ReceiptState.DELIVERED, "DELIVRD", 1_800_000_000_000)])
    assert rig.receipts.get("sms", "m1") == Receipt(ReceiptState.DELIVERED, "DELIVRD", 1_800_000_000_000)
    assert 48 * 3_600_000 - 60_000 < rig.redis.pttl("{g:sms}:receipt:m1") <= 48 * 3_600_000


def test_a_message_without_a_receipt_is_pending(rig: Rig) -> None:
    rig.receipts.put("other", [push("m1", ReceiptState.DELIVERED)])
    assert rig.receipts.get("sms", "m1") == Receipt(ReceiptState.PENDING, "none_yet")


@pytest.mark.parametrize(
    "orders", [(ReceiptState.PENDING, ReceiptState.DELIVERED), (ReceiptState.DELIVERED, ReceiptState.PENDING)]
)
def test_a_final_receipt_stays_in_whatever_order_they_come(
    rig: Rig, orders: tuple[ReceiptState, ...]
) -> None:
    for state in orders:
        rig.receipts.put("sms", [push("m1", state)])
    found = rig.receipts.get("sms", "m1")
    assert isinstance(found, Receipt)
    assert found.state is ReceiptState.DELIVERED


def test_receipts_that_come_together_are_each_kept(rig: Rig) -> None:
    states = list(ReceiptState)
    rig.receipts.put("sms", [push(f"m{n}", state) for n, state in enumerate(states)])
    found = [rig.receipts.get("sms", f"m{n}") for n in range(len(states))]
    assert [one.state for one in found if isinstance(one, Receipt)] == states
