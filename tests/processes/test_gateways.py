"""The process that owns the sessions: with a desk in memory, and whole, with a store, and killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from security_service.cli.web_app import METRICS_VARIABLE
from security_service.domain.incoming import Incoming
from security_service.domain.link_ports import Handed, HandedOver, HandoverEnd, NoReply, NotTaken
from security_service.domain.messages import Receipt, ReceiptState
from security_service.domain.secret import KeyRing, Secret
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.sealed_text import TextSealer
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.bodies import Address, MessageBody
from security_service.links.smpp.pdu import Command
from security_service.links.smpp.results import (
    Answered,
    NotSubmitted,
    NotSubmittedReason,
    Result,
    pack_bodies,
    pack_results,
    unpack_results,
)
from security_service.processes.gateways import BoundGateway, Surroundings
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.handover import StoredHandover, StoredReceipts
from tests.e2e.processes import OURS, Program
from tests.fakes.clock import HandClock
from tests.fakes.handover import FakeDesk, FakeReceipts
from tests.links.smpp.hand_time import HandTime, in_loop
from tests.links.smpp.smsc import PATIENCE_S, SILENCE, Session, Smsc
from tests.usecases.behind_the_scenes import CountingMeter

CODE_KEY = "31" * 32


def request(*texts: str) -> bytes:
    """A message of parts as it is handed over."""
    message = (MessageBody(Address(5, 1, "B"), Address(1, 1, "79"), text.encode()) for text in texts)
    return pack_bodies(body.encode() for body in message)


# --- with a desk in memory


class Rig:
    """One gateway of the process, its desk in memory and its centre on loopback."""

    def __init__(self, smsc: Smsc) -> None:
        self.desk, self.inbox, self.meter = FakeDesk(), FakeReceipts(), CountingMeter()
        self.time, self.replies = HandTime(), list[Incoming]()
        around = Surroundings(self.desk, self.inbox, HandClock(), self.meter, self.time, self.replies.append)
        account = SmppAccount("127.0.0.1", smsc.port, "bank", Secret("hunter2"))
        self.gateway = BoundGateway("sms", account, around)

    async def said(self, name: str) -> tuple[Result, ...]:
        """Wait for what is said of a message."""

        def found() -> bool:
            return any(one == name for one, _ in self.desk.replies)

        assert await asyncio.to_thread(self.desk.until, found, PATIENCE_S)
        return next(unpack_results(text) for one, text in self.desk.replies if one == name)


@asynccontextmanager
async def running(smsc: Smsc) -> AsyncIterator[Rig]:
    rig = Rig(smsc)
    run = asyncio.get_running_loop().create_task(rig.gateway.run())
    try:
        await smsc.until(lambda: smsc.live)
        assert await asyncio.to_thread(
            rig.desk.until, lambda: rig.desk.is_open.get("sms") is True, PATIENCE_S
        )
        yield rig
    finally:
        await rig.gateway.stop()
        await run


@in_loop
async def test_a_message_from_the_desk_is_sent_and_told_of() -> None:
    async with Smsc() as smsc, running(smsc) as rig:
        rig.desk.put(Handed("a", request("one", "two"), 5.0))
        assert await rig.said("a") == (Answered(0, "m1"), Answered(0, "m2"))
        assert smsc.texts == [b"one", b"two"]


@in_loop
async def test_a_message_that_cannot_be_read_is_told_of_and_not_sent() -> None:
    async with Smsc() as smsc, running(smsc) as rig:
        rig.desk.put(Handed("a", b"", 5.0))
        assert await rig.said("a") == (NotSubmitted(NotSubmittedReason.UNREADABLE),)
        assert smsc.messages == []


@in_loop
async def test_a_message_whose_time_is_over_is_not_sent() -> None:
    async with Smsc() as smsc, running(smsc) as rig:
        rig.desk.put(Handed("a", request("one"), 0.0))
        assert await rig.said("a") == (NotSubmitted(NotSubmittedReason.NO_TIME),)
        assert smsc.messages == []


@in_loop
async def test_a_lost_session_closes_the_desk() -> None:
    async with Smsc() as smsc, running(smsc) as rig:
        smsc.drop()
        assert await asyncio.to_thread(rig.desk.until, lambda: rig.desk.is_open["sms"] is False, PATIENCE_S)
        rig.desk.put(Handed("a", request("one"), 5.0))
        assert await rig.said("a") == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)
        assert ("smpp_lost", "sms:connection_lost") in rig.meter.events


@in_loop
async def test_a_receipt_is_kept_and_then_answered() -> None:
    async with Smsc() as smsc, running(smsc) as rig:
        sequence = smsc.deliver("id:m1 stat:DELIVRD err:000")
        await smsc.until(lambda: smsc.answered(sequence))
        assert rig.inbox.get("sms", "m1") == Receipt(ReceiptState.DELIVERED, "DELIVRD")
        assert ("receipt_pushed", "delivered") in rig.meter.events


@in_loop
async def test_neither_texts_nor_numbers_are_logged() -> None:
    with structlog.testing.capture_logs() as logs:
        async with Smsc() as smsc, running(smsc) as rig:
            rig.desk.put(Handed("a", request("Code 481516"), 5.0))
            await rig.said("a")
            smsc.drop()
            await smsc.until(lambda: not smsc.live)
    assert [line["event"] for line in logs][:1] == ["smpp_bound"]
    assert [word for word in ("481516", "hunter2") if word in repr(logs)] == []


# --- whole


class Caller:
    """The web's side over a real store."""

    def __init__(self, url: str) -> None:
        self.thin = ThinScripts(parse_address(url), within_s=PATIENCE_S)
        sealer = TextSealer(KeyRing({1: bytes.fromhex(CODE_KEY)}))
        self.handover = StoredHandover(self.thin, sealer, SystemChance(), SystemClock(), 0.2)
        self.receipts = StoredReceipts(self.thin)

    def hand_over(self, text: str, within_s: float = PATIENCE_S) -> HandoverEnd:
        """Hand over in a thread of its own, again and again until a session is bound."""
        not_bound = HandedOver(pack_results([NotSubmitted(NotSubmittedReason.NOT_BOUND)]))
        try:
            while True:
                end = self.handover.hand_over("sms", request(text), within_s)
                if end not in (NotTaken("not_bound"), not_bound):
                    return end
        finally:
            self.thin.close()

    def receipt(self, message_id: str) -> object:
        try:
            return self.receipts.get("sms", message_id)
        finally:
            self.thin.close()


def variables(tmp_path: Path, redis_url: str) -> dict[str, str]:
    return {
        "ETALON_INSTALLATION_ID": "i1",
        "ETALON_DATA_DIR": str(tmp_path),
        METRICS_VARIABLE: str(tmp_path),
        "ETALON_STORE__ADDRESS": redis_url,
        "ETALON_KEYS__CODE__1": CODE_KEY,
        "ETALON_KEYS__IMSI__1": "32" * 32,
        "ETALON_KEYS__API__1": "33" * 32,
    }


def program(tmp_path: Path, redis_url: str, port: int) -> Program:
    gateway = {"KIND": "smpp", "HOST": "127.0.0.1", "PORT": str(port), "TLS": "false"}
    account = {"SYSTEM_ID": "bank", "PASSWORD": "hunter2"}
    of_gateway = {f"ETALON_GATEWAYS__SMS__{name}": text for name, text in {**gateway, **account}.items()}
    environment = {**variables(tmp_path, redis_url), **of_gateway}
    return Program([*OURS, "gateways"], tmp_path / "gateways.log", environment)


@pytest.fixture
def caller(redis_url: str) -> Iterator[Caller]:
    one = Caller(redis_url)
    yield one
    one.thin.close()


def test_the_process_carries_messages_and_receipts_and_says_goodbye(
    tmp_path: Path, redis_url: str, caller: Caller
) -> None:
    def deliver(session: Session, _message: MessageBody, message_id: str) -> None:
        smsc.deliver(f"id:{message_id} stat:DELIVRD err:000", session)

    smsc = Smsc()
    smsc.on_message = deliver

    async def scenario() -> None:
        async with smsc:
            with program(tmp_path, redis_url, smsc.port) as process:
                end = await asyncio.to_thread(caller.hand_over, "Code 481516")
                assert isinstance(end, HandedOver)
                assert unpack_results(end.reply) == (Answered(0, "m1"),)
                await smsc.until(lambda: smsc.answered(1))
                receipt = await asyncio.to_thread(caller.receipt, "m1")
                assert receipt == Receipt(ReceiptState.DELIVERED, "DELIVRD")
                assert await asyncio.to_thread(process.stop) == 0
                assert smsc.sessions[0].commands()[-1] == Command.UNBIND
                assert "481516" not in process.output()

    asyncio.run(scenario())


def test_a_message_in_the_hands_of_a_process_that_is_killed_is_never_sent_again(
    tmp_path: Path, redis_url: str, caller: Caller
) -> None:
    smsc = Smsc()
    smsc.statuses.append(SILENCE)

    async def scenario() -> None:
        async with smsc:
            with program(tmp_path, redis_url, smsc.port) as process:
                first = asyncio.create_task(asyncio.to_thread(caller.hand_over, "one", 3.0))
                await smsc.until(lambda: smsc.messages)
                await asyncio.to_thread(process.kill)
                process.start()
                # The next one passes, so that the new process has seen all that lies in the store.
                second = await asyncio.to_thread(caller.hand_over, "two")
                assert isinstance(second, HandedOver)
                assert await first == NoReply("no_reply")
                assert smsc.texts == [b"one", b"two"]
                await asyncio.to_thread(process.stop)

    asyncio.run(scenario())


def test_it_does_not_start_where_there_is_nothing_to_carry(tmp_path: Path, redis_url: str) -> None:
    bare = Program([*OURS, "gateways"], tmp_path / "gateways.log", variables(tmp_path, redis_url))
    with bare:
        assert bare.exit_code() == 1
        assert "no gateway of the kind smpp" in bare.output()
