from __future__ import annotations

import threading

import pytest

from security_service.sandbox.handsets import Handsets, HandsetState
from security_service.sandbox.submissions import Order, SmsState
from tests.sandbox.rig import NUMBER, START, Clock


def order(message_id: str = "1", *, number: str = NUMBER, text: str = "hi", **times: float) -> Order:
    chosen = {"created_at": START, "not_before": START, "expires_at": START + 600, **times}
    return Order((message_id,), number, text, "BANK", **chosen)


def test_any_number_is_a_handset_that_is_on_and_keeps_its_imsi() -> None:
    handsets = Handsets("seed", Clock())
    record = handsets.look(NUMBER)
    assert (record.state, record.messages) == (HandsetState.ON, ())
    assert handsets.look(NUMBER).imsi == record.imsi
    assert handsets.snapshot() == ()


def test_every_swap_gives_an_imsi_that_was_not_there_before() -> None:
    handsets = Handsets("seed", Clock())
    seen = {handsets.look(NUMBER).imsi} | {handsets.swap(NUMBER).imsi for _ in range(20)}
    assert len(seen) == 21


def test_messages_wait_until_the_handset_is_on() -> None:
    clock = Clock()
    handsets = Handsets("seed", clock)
    handsets.switch(NUMBER, HandsetState.OFF)
    handsets.accept([order()])
    assert handsets.look(NUMBER).messages == ()
    clock.move(60)
    record = handsets.switch(NUMBER, HandsetState.ON)
    assert [(message.text, message.received_at) for message in record.messages] == [("hi", START + 60)]


def test_a_message_that_waits_longer_than_its_validity_is_lost() -> None:
    clock = Clock()
    handsets = Handsets("seed", clock)
    handsets.switch(NUMBER, HandsetState.OFF)
    handsets.accept([order()])
    clock.move(600)
    assert handsets.switch(NUMBER, HandsetState.ON).messages == ()
    assert [handsets.receipt("1").state for _ in range(2)] == [SmsState.SENT, SmsState.EXPIRED]


def test_a_deferred_message_arrives_at_its_time_whenever_one_looks() -> None:
    clock = Clock()
    handsets = Handsets("seed", clock)
    handsets.accept([order(not_before=START + 300)])
    assert handsets.look(NUMBER).messages == ()
    assert handsets.receipt("1").state is SmsState.QUEUED
    clock.move(5000)
    assert [message.received_at for message in handsets.look(NUMBER).messages] == [START + 300]


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (HandsetState.ON, SmsState.DELIVERED),
        (HandsetState.OFF, SmsState.SENT),
        (HandsetState.UNKNOWN, SmsState.ADDRESS_NOT_ALLOWED),
        (HandsetState.BARRED, SmsState.REJECTED),
    ],
)
def test_the_first_receipt_says_sent_and_the_next_what_became_of_it(
    state: HandsetState, outcome: SmsState
) -> None:
    handsets = Handsets("seed", Clock())
    handsets.switch(NUMBER, state)
    handsets.accept([order()])
    assert [handsets.receipt("1").state for _ in range(3)] == [SmsState.SENT, outcome, outcome]


def test_a_receipt_is_forgotten_after_48_hours() -> None:
    clock = Clock()
    handsets = Handsets("seed", clock)
    handsets.accept([order()])
    clock.move(48 * 3600 + 1)
    assert handsets.receipt("1").state is SmsState.NOT_FOUND


def test_an_inbox_keeps_the_last_fifty_messages() -> None:
    handsets = Handsets("seed", Clock())
    handsets.accept(order(str(index), text=f"text {index}") for index in range(60))
    texts = [message.text for message in handsets.look(NUMBER).messages]
    assert texts == [f"text {index}" for index in range(10, 60)]


def test_when_there_are_too_many_the_oldest_that_is_as_bought_is_forgotten() -> None:
    handsets = Handsets("seed", Clock(), capacity=3)
    swapped = handsets.swap("79160000001")
    for last in "234":
        handsets.accept([order(last, number=f"7916000000{last}")])
    assert [record.number[-1] for record in handsets.snapshot()] == ["1", "3", "4"]
    assert handsets.look("79160000001").imsi == swapped.imsi


def test_the_latest_handsets_come_first() -> None:
    handsets = Handsets("seed", Clock())
    for number in ("79160000001", "79160000002", "79160000001", "79160000003"):
        handsets.swap(number)
    assert [record.number[-1] for record in handsets.recent(2)] == ["3", "1"]


def test_no_message_and_no_swap_is_lost_between_threads() -> None:
    handsets = Handsets("seed", Clock())
    barrier = threading.Barrier(8)

    def work(worker: int) -> None:
        barrier.wait()
        for index in range(25):
            handsets.accept([order(f"{worker}-{index}", number=f"7916000000{index % 5}")])
            handsets.swap(NUMBER)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inboxes = [handsets.look(f"7916000000{last}").messages for last in range(5)]
    assert [len(messages) for messages in inboxes] == [40] * 5
    assert handsets.look(NUMBER).generation == 200
