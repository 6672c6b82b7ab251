from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import Push, ReceiptState
from security_service.domain.secret import Secret
from security_service.links.smpp.account import SmppAccount, SmppPace
from security_service.links.smpp.bodies import Address, BindBody, MessageBody, read_bind
from security_service.links.smpp.pdu import Command, Pdu
from security_service.links.smpp.replies import SmppReply
from security_service.links.smpp.results import Answered, NoAnswer, NoAnswerReason, Result
from security_service.links.smpp.session import ClientSession, End, Hooks
from tests.links.smpp.hand_time import HandTime, in_loop
from tests.links.smpp.wire import Wire

ACCOUNT = SmppAccount("127.0.0.1", 2775, "bank", Secret("hunter2"), window=3)
SUBMIT_RESP = Command.SUBMIT_SM.response
RECEIPT = MessageBody(Address(1, 1, "79"), Address(5, 1, "B"), b"id:77 stat:DELIVRD err:000", esm_class=4)


class Owner:
    """Whoever keeps the session."""

    def __init__(self, pace: SmppPace | None = None) -> None:
        self.time = HandTime()
        self.roomy = 0
        self.received: list[tuple[Push | SmppReply | None, Callable[[], None]]] = []
        hooks = Hooks(self._has_room, lambda push, answer: self.received.append((push, answer)))
        self.session = ClientSession(ACCOUNT, pace or SmppPace(), self.time, hooks)
        self.wire = Wire(self.session)
        self.results: list[Result] = []

    def _has_room(self) -> None:
        self.roomy += 1

    def has_room(self) -> bool:
        return self.session.has_room

    def submit(self, body: bytes = b"body") -> Pdu:
        """Submit, and give what was written."""
        self.session.submit(body, self.results.append)
        return self.wire.taken(Command.SUBMIT_SM)


@in_loop
async def test_it_binds_as_a_transceiver_with_what_the_manual_demands() -> None:
    owner = Owner()
    owner.wire.connect()
    (bind,) = owner.wire.transport.pdus
    assert (bind.command, bind.status, bind.sequence) == (Command.BIND_TRANSCEIVER, 0, 1)
    assert read_bind(bind.body) == BindBody("bank", Secret("hunter2"), version=0x34)
    assert not owner.has_room()


@in_loop
async def test_it_is_bound_when_the_centre_says_so() -> None:
    owner = Owner()
    owner.wire.bind()
    assert await owner.session.bound
    assert owner.has_room()
    assert owner.roomy == 1


@pytest.mark.parametrize(
    "answer", [Pdu(Command.BIND_TRANSCEIVER.response, 0x0E, 1), Pdu(Command.GENERIC_NACK, 3, 1)]
)
@in_loop
async def test_a_refused_bind_ends_the_session_with_its_status(answer: Pdu) -> None:
    owner = Owner()
    owner.wire.connect()
    owner.wire.say(answer)
    assert not await owner.session.bound
    assert await owner.session.ended is End.REFUSED
    assert owner.session.refused_status == answer.status
    assert owner.wire.transport.closed


@in_loop
async def test_a_bind_without_an_answer_ends_after_its_time() -> None:
    owner = Owner()
    owner.wire.connect()
    owner.time.move(9.9)
    assert not owner.session.ended.done()
    owner.time.move(0.1)
    assert not await owner.session.bound
    assert await owner.session.ended is End.NOT_ANSWERED


@in_loop
async def test_an_answer_ends_its_request_and_no_other() -> None:
    owner = Owner()
    owner.wire.bind()
    first, second = owner.submit(b"one"), owner.submit(b"two")
    assert (first.body, second.body, second.sequence) == (b"one", b"two", first.sequence + 1)
    owner.wire.say(second.answer(0, b"id-2\0"), Pdu(SUBMIT_RESP, 0, 999, b"id-9\0"))
    assert owner.results == [Answered(0, "id-2")]
    owner.wire.say(Pdu(SUBMIT_RESP, 0x58, first.sequence))
    assert owner.results == [Answered(0, "id-2"), Answered(0x58)]


@in_loop
async def test_an_id_that_cannot_be_read_is_none_but_the_message_was_taken() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(owner.submit().answer(0, b"no zero"))
    assert owner.results == [Answered(0, "")]


@in_loop
async def test_a_nack_ends_its_request_with_its_status() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(Command.GENERIC_NACK, 0x03, owner.submit().sequence), Pdu(Command.GENERIC_NACK, 2, 0))
    assert owner.results == [Answered(0x03)]


@in_loop
async def test_there_is_room_for_as_many_requests_as_the_window_has() -> None:
    owner = Owner()
    owner.wire.bind()
    last = [owner.submit() for _ in range(3)][-1]
    assert not owner.has_room()
    owner.wire.say(last.answer(0, b"1\0"))
    assert owner.has_room()
    assert owner.session.in_flight == 2
    assert owner.roomy == 2


@in_loop
async def test_a_request_without_an_answer_ends_after_its_time_each_by_itself() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.submit()
    owner.time.move(10)
    second = owner.submit()
    owner.time.move(20)
    assert owner.results == [NoAnswer(NoAnswerReason.SILENCE)]
    owner.time.move(9.9)
    owner.wire.say(second.answer(0, b"2\0"))
    owner.time.move(30)
    assert owner.results == [NoAnswer(NoAnswerReason.SILENCE), Answered(0, "2")]
    assert owner.has_room()


@in_loop
async def test_a_lost_connection_ends_every_request_as_unanswered() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.submit()
    owner.submit()
    owner.session.connection_lost(None)
    assert owner.results == [NoAnswer(NoAnswerReason.SESSION_LOST)] * 2
    assert await owner.session.ended is End.CONNECTION_LOST
    assert owner.time.pending == []
    assert not owner.has_room()


@in_loop
async def test_a_resting_session_has_no_room_until_its_time_is_over() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.session.rest(1.0)
    owner.time.move(0.9)
    assert not owner.has_room()
    owner.time.move(0.1)
    assert owner.has_room()
    assert owner.roomy == 2


@in_loop
async def test_it_asks_for_a_sign_of_life_only_after_60_s_without_any_pdu() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.time.move(59)
    owner.wire.say(Pdu(Command.ENQUIRE_LINK, 0, 5))
    assert owner.wire.written == [Command.ENQUIRE_LINK.response]
    owner.time.move(59.9)
    assert Command.ENQUIRE_LINK not in owner.wire.written
    owner.time.move(0.1)
    assert owner.wire.written[-1] == Command.ENQUIRE_LINK


@in_loop
async def test_a_sign_of_life_keeps_the_session() -> None:
    owner = Owner()
    owner.wire.bind()
    for _ in range(3):
        owner.time.move(60)
        owner.wire.say(owner.wire.taken(Command.ENQUIRE_LINK).answer())
    owner.time.move(11)
    assert owner.has_room()
    assert owner.wire.written.count(Command.ENQUIRE_LINK) == 3


@in_loop
async def test_without_a_sign_of_life_it_unbinds() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.time.move(60)
    owner.time.move(10)
    assert owner.wire.written == [Command.ENQUIRE_LINK, Command.UNBIND]
    assert not owner.has_room()
    owner.time.move(3)
    assert await owner.session.ended is End.SILENT
    assert owner.wire.transport.closed == "aborted"


@in_loop
async def test_a_goodbye_ends_the_session_when_it_is_answered() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.session.unbind()
    owner.session.unbind()
    assert owner.wire.written == [Command.UNBIND]
    owner.wire.say(owner.wire.taken(Command.UNBIND).answer())
    assert await owner.session.ended is End.UNBOUND_BY_US
    assert owner.wire.transport.closed == "closed"


@in_loop
async def test_the_centres_goodbye_is_answered_and_ends_the_session() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.submit()
    owner.wire.say(Pdu(Command.UNBIND, 0, 9))
    assert owner.wire.written[-1] == Command.UNBIND.response
    assert await owner.session.ended is End.UNBOUND_BY_PEER
    assert owner.results == [NoAnswer(NoAnswerReason.SESSION_LOST)]


@pytest.mark.parametrize("command", [Command.DELIVER_SM, Command.DATA_SM])
@in_loop
async def test_a_message_is_answered_with_status_0_when_its_owner_is_done_with_it(command: Command) -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(command, 0, 41, RECEIPT.encode()))
    (received,) = owner.received
    assert owner.wire.written == []
    received[1]()
    assert owner.wire.transport.pdus == [Pdu(command.response, 0, 41, b"\0")]


@in_loop
async def test_a_receipt_is_read() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(Command.DELIVER_SM, 0, 41, RECEIPT.encode()))
    push = owner.received[0][0]
    assert isinstance(push, Push)
    assert (push.message_id, push.receipt.state) == ("77", ReceiptState.DELIVERED)


@pytest.mark.parametrize("body", [b"", b"garbled", RECEIPT.encode()[:-1]])
@in_loop
async def test_a_message_that_cannot_be_read_is_handed_on_to_be_answered_all_the_same(body: bytes) -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(Command.DELIVER_SM, 0, 41, body))
    assert [push for push, _ in owner.received] == [None]


@in_loop
async def test_an_answer_after_the_end_is_dropped() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(Command.DELIVER_SM, 0, 41, RECEIPT.encode()))
    owner.session.connection_lost(None)
    owner.received[0][1]()
    assert owner.wire.written == []


@pytest.mark.parametrize("command", [Command.ALERT_NOTIFICATION, Command.OUTBIND, Command.QUERY_SM, 0x7777])
@in_loop
async def test_a_call_that_is_not_for_us_gets_no_nack(command: int) -> None:
    owner = Owner()
    owner.wire.bind()
    owner.wire.say(Pdu(command, 0, 3, b"whatever"))
    assert owner.wire.written == []
    assert owner.has_room()


@in_loop
async def test_a_stream_that_is_none_ends_with_a_goodbye_and_no_nack() -> None:
    owner = Owner()
    owner.wire.bind()
    owner.submit()
    owner.session.data_received(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert owner.wire.written == [Command.SUBMIT_SM, Command.UNBIND]
    owner.time.move(3)
    assert await owner.session.ended is End.GARBLED
    assert owner.results == [NoAnswer(NoAnswerReason.SESSION_LOST)]


@given(
    st.lists(
        st.builds(
            Pdu,
            st.sampled_from([*Command, *(one.response for one in Command), 0x7777, 0x80007777]),
            st.sampled_from([0, 0, 8, 0x58]),
            st.integers(0, 6),
            st.binary(max_size=40),
        ),
        max_size=12,
    ),
    st.lists(st.floats(0, 100), max_size=12),
)
@in_loop
async def test_whatever_the_centre_says_every_request_ends_once_and_no_nack_is_sent(
    said: list[Pdu], pauses: list[float]
) -> None:
    owner = Owner()
    owner.wire.connect()
    submitted = 0
    for number, pdu in enumerate(said):
        if owner.wire.transport.closed:
            break
        if owner.has_room():
            owner.submit()
            submitted += 1
        owner.wire.say(pdu)
        owner.time.move(pauses[number] if number < len(pauses) else 1.0)
    owner.session.connection_lost(None)
    assert len(owner.results) == submitted
    assert Command.GENERIC_NACK not in owner.wire.written
    assert owner.session.ended.done()
    assert owner.session.bound.done()
    assert owner.time.pending == []
