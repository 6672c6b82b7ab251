from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from security_service.domain.messages import Push, ReceiptState
from security_service.domain.secret import Secret
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.binds import Binds, Listener, connect
from security_service.links.smpp.bodies import Address, MessageBody
from security_service.links.smpp.pdu import Command
from security_service.links.smpp.replies import SmppReply
from security_service.links.smpp.results import (
    Answered,
    NoAnswer,
    NoAnswerReason,
    NotSubmitted,
    NotSubmittedReason,
    Result,
)
from security_service.links.smpp.session import ClientSession
from tests.links.smpp.hand_time import HandTime, in_loop, turns
from tests.links.smpp.smsc import PATIENCE_S, SILENCE, Smsc

ACCOUNT = SmppAccount("127.0.0.1", 0, "bank", Secret("hunter2"))
THROTTLED, QUEUE_FULL, INVALID_DESTINATION = 0x58, 0x14, 0x0B


class Owner:
    """Whoever keeps the sessions of an account."""

    def __init__(self, account: SmppAccount) -> None:
        self.time = HandTime()
        self.told: list[tuple[str, str]] = []
        self.replies: list[tuple[SmppReply, Callable[[], None]]] = []
        self.receipts: list[tuple[Push, Callable[[], None]]] = []
        self.dials = 0
        listener = Listener(
            lambda push, answer: self.receipts.append((push, answer)),
            lambda reply, answer: self.replies.append((reply, answer)),
            lambda what, reason: self.told.append((what, reason)),
        )
        self.binds = Binds(account, self.time, listener, self._dial)

    async def _dial(self, account: SmppAccount, session: ClientSession) -> bool:
        self.dials += 1
        return await connect(account, session, PATIENCE_S)

    def send(self, *texts: str, within_s: float = 100.0) -> asyncio.Task[tuple[Result, ...]]:
        bodies = [body(text) for text in texts]
        return asyncio.get_running_loop().create_task(self.binds.send(bodies, within_s))

    async def until(self, found: Callable[[], object]) -> None:
        """Let the loop run until something is so; sockets take a few rounds."""
        async with asyncio.timeout(PATIENCE_S):
            while not found():
                await turns(1)


def body(text: str) -> bytes:
    return MessageBody(Address(5, 1, "B"), Address(1, 1, "79"), text.encode()).encode()


@asynccontextmanager
async def kept(smsc: Smsc, **settings: object) -> AsyncIterator[Owner]:
    """The sessions of an account at the fake centre, kept while the block runs."""
    owner = Owner(replace(ACCOUNT, port=smsc.port, **settings))  # type: ignore[arg-type]  # fields by name
    running = asyncio.get_running_loop().create_task(owner.binds.run())
    try:
        yield owner
    finally:
        await owner.binds.stop(PATIENCE_S)
        await running


@asynccontextmanager
async def bound(smsc: Smsc, **settings: object) -> AsyncIterator[Owner]:
    """The same, from the moment that all sessions are bound."""
    async with kept(smsc, **settings) as owner:
        await owner.until(lambda: owner.binds.bound == settings.get("sessions", 1))
        yield owner


@in_loop
async def test_a_message_is_taken_under_its_id() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        assert await owner.send("hi") == (Answered(0, "m1"),)
        assert smsc.texts == [b"hi"]


@in_loop
async def test_the_parts_of_a_message_go_one_after_the_other() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        assert await owner.send("a", "b", "c") == (Answered(0, "m1"), Answered(0, "m2"), Answered(0, "m3"))
        assert smsc.texts == [b"a", b"b", b"c"]


@in_loop
async def test_after_a_part_that_was_not_taken_no_other_leaves() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.extend([0, INVALID_DESTINATION])
        assert await owner.send("a", "b", "c") == (Answered(0, "m1"), Answered(INVALID_DESTINATION))
        assert smsc.texts == [b"a"]


@in_loop
async def test_up_to_four_sessions_are_bound_and_share_the_messages() -> None:
    async with Smsc() as smsc, bound(smsc, sessions=4, window=1) as owner:
        smsc.statuses.extend([SILENCE] * 4)
        sends = [owner.send(str(number)) for number in range(4)]
        await smsc.until(lambda: len(smsc.messages) == 4)
        shares = [one.commands().count(Command.SUBMIT_SM) for one in smsc.sessions]
        assert shares == [1, 1, 1, 1]
        smsc.drop()
        assert [await send for send in sends] == [(NoAnswer(NoAnswerReason.SESSION_LOST),)] * 4


@in_loop
async def test_no_more_is_written_than_the_window_allows() -> None:
    async with Smsc() as smsc, bound(smsc, window=2) as owner:
        smsc.statuses.extend([SILENCE] * 2)
        sends = [owner.send(text) for text in "abc"]
        await smsc.until(lambda: len(smsc.messages) == 2)
        await turns(20)
        assert smsc.texts == [b"a", b"b"]
        owner.time.move(30)
        assert await sends[0] == (NoAnswer(NoAnswerReason.SILENCE),)
        assert await sends[2] == (Answered(0, "m1"),)


# --- throttling, full queues, invalid destinations (Devino manual 3.3)


@in_loop
async def test_a_throttled_message_goes_back_to_the_queue_and_its_session_rests_a_second() -> None:
    async with Smsc() as smsc, bound(smsc, window=1) as owner:
        smsc.statuses.append(THROTTLED)
        sends = [owner.send("a"), owner.send("b")]
        await owner.until(lambda: ("smpp_throttled", "") in owner.told)
        owner.time.move(0.99)
        await turns(20)
        assert smsc.texts == []
        owner.time.move(0.01)
        assert await sends[0] == (Answered(0, "m1"),)
        assert await sends[1] == (Answered(0, "m2"),)
        assert smsc.texts == [b"a", b"b"]


@in_loop
async def test_a_message_that_is_throttled_to_its_end_says_so() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.append(THROTTLED)
        send = owner.send("a", within_s=0.5)
        await owner.until(lambda: ("smpp_throttled", "") in owner.told)
        owner.time.move(0.5)
        assert await send == (Answered(THROTTLED),)
        assert smsc.texts == []


@in_loop
async def test_a_message_that_met_a_full_queue_goes_to_the_end_of_ours_after_5_15_and_45_s() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.extend([QUEUE_FULL, 0])
        first, second = owner.send("a"), owner.send("b")
        assert await second == (Answered(0, "m1"),)
        for pause in (5.0, 15.0, 45.0):
            smsc.statuses.append(QUEUE_FULL)
            told = owner.told.count(("smpp_queue_full", ""))
            assert pause in owner.time.pending
            owner.time.move(pause)
            await owner.until(lambda: owner.told.count(("smpp_queue_full", "")) > told)  # noqa: B023 - awaited here
        assert await first == (Answered(QUEUE_FULL),)
        assert smsc.texts == [b"b"]


@in_loop
async def test_a_message_that_met_a_full_queue_is_sent_once_there_is_room() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.append(QUEUE_FULL)
        send = owner.send("a")
        await owner.until(lambda: ("smpp_queue_full", "") in owner.told)
        owner.time.move(5)
        assert await send == (Answered(0, "m1"),)


@in_loop
async def test_a_full_queue_is_told_at_once_where_the_pause_is_longer_than_the_time_left() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.append(QUEUE_FULL)
        assert await owner.send("a", within_s=5.0) == (Answered(QUEUE_FULL),)
        assert smsc.texts == []


@in_loop
async def test_an_invalid_destination_is_dropped() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.statuses.append(INVALID_DESTINATION)
        assert await owner.send("a") == (Answered(INVALID_DESTINATION),)
        owner.time.move(50)
        assert smsc.live[0].commands().count(Command.SUBMIT_SM) == 1


# --- time and loss


@in_loop
async def test_without_time_nothing_is_written() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        assert await owner.send("a", within_s=0.0) == (NotSubmitted(NotSubmittedReason.NO_TIME),)
        assert smsc.texts == []


@in_loop
async def test_a_message_that_waits_past_its_time_is_never_written() -> None:
    async with Smsc() as smsc, bound(smsc, window=1) as owner:
        smsc.statuses.append(SILENCE)
        first, second = owner.send("a"), owner.send("b", within_s=10)
        await smsc.until(lambda: smsc.messages)
        owner.time.move(10)
        assert await second == (NotSubmitted(NotSubmittedReason.NO_TIME),)
        owner.time.move(20)
        await first
        assert await owner.send("c") == (Answered(0, "m1"),)
        assert smsc.texts == [b"a", b"c"]


@in_loop
async def test_while_nothing_is_bound_nothing_is_waited_for() -> None:
    async with Smsc() as smsc:
        smsc.bind_statuses.append(0x0E)
        async with kept(smsc) as owner:
            await owner.until(lambda: owner.told)
            assert await owner.send("a") == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)
            assert owner.told == [("smpp_not_bound", "bind_refused:0xe")]


@in_loop
async def test_what_waits_when_the_last_session_is_lost_was_surely_not_sent() -> None:
    async with Smsc() as smsc, bound(smsc, window=1) as owner:
        smsc.statuses.append(SILENCE)
        first, second = owner.send("a"), owner.send("b")
        await smsc.until(lambda: smsc.messages)
        smsc.drop()
        assert await first == (NoAnswer(NoAnswerReason.SESSION_LOST),)
        assert await second == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)


@in_loop
async def test_a_lost_session_is_followed_by_another_after_60_s() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.drop()
        await owner.until(lambda: ("smpp_lost", "connection_lost") in owner.told)
        await owner.until(lambda: owner.time.pending == [60.0])
        owner.time.move(59.9)
        await turns(20)
        assert owner.dials == 1
        owner.time.move(0.1)
        await owner.until(lambda: owner.binds.bound)
        assert await owner.send("a") == (Answered(0, "m1"),)


@pytest.mark.parametrize("status", [0x0E, SILENCE])
@in_loop
async def test_a_session_that_could_not_be_bound_is_tried_again_after_90_s(status: int) -> None:
    async with Smsc() as smsc:
        smsc.bind_statuses.append(status)
        async with kept(smsc) as owner:
            if status == SILENCE:
                await smsc.until(lambda: smsc.sessions and smsc.sessions[0].taken)
                owner.time.move(10)
            await owner.until(lambda: owner.time.pending[:1] == [90.0])
            owner.time.move(89.9)
            await turns(20)
            assert owner.dials == 1
            owner.time.move(0.1)
            await owner.until(lambda: owner.binds.bound)


@in_loop
async def test_a_connection_that_failed_is_tried_again_after_90_s() -> None:
    async with Smsc() as smsc:
        port = smsc.port
    owner = Owner(replace(ACCOUNT, port=port))
    running = asyncio.get_running_loop().create_task(owner.binds.run())
    await owner.until(lambda: owner.told)
    assert owner.told == [("smpp_not_bound", "not_connected")]
    await owner.until(lambda: owner.time.pending == [90.0])
    async with Smsc(port):
        owner.time.move(90)
        await owner.until(lambda: owner.binds.bound)
        await owner.binds.stop(PATIENCE_S)
        await running


@in_loop
async def test_a_centre_that_gives_no_sign_of_life_is_left_and_bound_anew() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        smsc.answers_enquiries = False
        owner.time.move(60)
        await smsc.until(lambda: Command.ENQUIRE_LINK in smsc.sessions[0].commands())
        owner.time.move(10)
        await owner.until(lambda: ("smpp_lost", "enquire_link_not_answered") in owner.told)
        assert Command.UNBIND in smsc.sessions[0].commands()
        await owner.until(lambda: 60.0 in owner.time.pending)
        owner.time.move(60)
        await owner.until(lambda: owner.binds.bound)


# --- receipts, and the end


@in_loop
async def test_a_receipt_is_answered_with_status_0_when_its_owner_has_it() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        sequence = smsc.deliver("id:m1 stat:DELIVRD")
        await owner.until(lambda: owner.receipts)
        push, answer = owner.receipts[0]
        assert (push.message_id, push.receipt.state) == ("m1", ReceiptState.DELIVERED)
        assert smsc.answered(sequence) is None
        answer()
        await smsc.until(lambda: smsc.answered(sequence))
        answered = smsc.answered(sequence)
        assert answered is not None
        assert (answered.status, answered.body) == (0, b"\0")


@in_loop
async def test_a_message_that_is_no_receipt_is_answered_and_counted() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        sequence = smsc.deliver("STOP", esm_class=0x20 | 0x04)
        await smsc.until(lambda: smsc.answered(sequence))
        assert ("smpp_no_receipt", "") in owner.told
        assert owner.receipts == []
        assert owner.replies == []


@in_loop
async def test_what_a_subscriber_writes_is_answered_once_its_owner_took_it() -> None:
    async with Smsc() as smsc, bound(smsc) as owner:
        sequence = smsc.deliver("STOP", esm_class=0)
        await owner.until(lambda: owner.replies)
        assert not smsc.answered(sequence)
        (reply, answer) = owner.replies[0]
        assert (reply.text, owner.receipts) == ("STOP", [])
        answer()
        await smsc.until(lambda: smsc.answered(sequence))


@in_loop
async def test_when_stopped_it_lets_be_answered_what_was_written_and_says_goodbye() -> None:
    async with Smsc() as smsc, bound(smsc, window=1) as owner:
        taken = owner.send("a")
        waiting = owner.send("b")
        await turns(1)
        await owner.binds.stop(PATIENCE_S)
        assert await taken == (Answered(0, "m1"),)
        assert await waiting == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)
        assert smsc.sessions[0].commands()[-1] == Command.UNBIND
        assert await owner.send("c") == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)
        assert smsc.texts == [b"a"]


@in_loop
async def test_a_centre_without_tls_is_not_spoken_to_where_tls_is_asked_for() -> None:
    async with Smsc() as smsc, kept(smsc, tls=ssl.create_default_context()) as owner:
        await owner.until(lambda: owner.told)
        assert owner.told == [("smpp_not_bound", "not_connected")]
        assert all(not one.taken for one in smsc.sessions)
