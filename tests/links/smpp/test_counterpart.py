"""Sessions with an SMS centre that is neither ours nor our oracle's: the package `smpp` for Node."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from security_service.domain.messages import Message, Receipt, ReceiptState
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.smpp import SmppSettings, submit_bodies
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.results import Answered, NotSubmitted, NotSubmittedReason, Result
from security_service.links.smpp.text import Alphabet, Segmentation
from tests.links.smpp.hand_time import in_loop
from tests.links.smpp.node_centre import PASSWORD, SYSTEM_ID, NodeCentre, node_centre, skip_without_it
from tests.links.smpp.smsc import PATIENCE_S
from tests.links.smpp.test_binds import Owner
from tests.links.test_http_tls import Certificate

pytestmark = pytest.mark.usefixtures("centre")

SETTINGS = SmppSettings(host="127.0.0.1", system_id=SYSTEM_ID, password=Secret(PASSWORD), tls=False)
MESSAGE = Message(Msisdn("79031234567"), MessageText("Code {1} @ 481516"), "ETALON", 300, "ref-1")
LONG = "Никому не говорите этот код. " * 10
TEXTS = [
    "Code {1} @ £ ~ | [481516]",
    "Ваш код 481516 🙂",
    "€ÄÖÑÜ§¿äöñüà ΔΦΓΛΩΠΨΣΘΞ",
]


@pytest.fixture
def centre() -> None:
    skip_without_it()


@asynccontextmanager
async def bound(node: NodeCentre, **settings: object) -> AsyncIterator[Owner]:
    account = SmppAccount("127.0.0.1", node.port, SYSTEM_ID, Secret(PASSWORD))
    owner = Owner(replace(account, **settings))  # type: ignore[arg-type]  # fields by name
    run = asyncio.get_running_loop().create_task(owner.binds.run())
    try:
        await owner.until(lambda: owner.told)
        yield owner
    finally:
        await owner.binds.stop(PATIENCE_S)
        await run


async def send(owner: Owner, text: str, settings: SmppSettings = SETTINGS) -> tuple[Result, ...]:
    bodies = submit_bodies("it", replace(MESSAGE, text=MessageText(text)), settings)
    assert isinstance(bodies, tuple)
    return await owner.binds.send([body.encode() for body in bodies], 100.0)


@in_loop
async def test_a_bind_is_taken_and_another_password_is_not() -> None:
    async with node_centre() as node:
        async with bound(node) as owner:
            assert owner.told == [("smpp_bound", "")]
        assert await node.until("bind") == {"bind": True, "version": 0x34, "type": ""}
        async with bound(node, password=Secret("wrong")) as owner:
            assert owner.told == [("smpp_not_bound", "bind_refused:0xe")]
            assert await send(owner, "x") == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", Alphabet)
@in_loop
async def test_a_text_arrives_as_it_was_written(text: str, encoding: Alphabet) -> None:
    async with node_centre() as node, bound(node) as owner:
        assert await send(owner, text, replace(SETTINGS, encoding=encoding)) == (Answered(0, "node-1"),)
        taken = await node.until("submit")
        assert taken["submit"] == {"text": text, "header": ""}
        assert (taken["to"], taken["from"]) == ("79031234567", "ETALON")
        assert 290 <= taken["valid_s"] <= 300


@pytest.mark.parametrize("text", [LONG, "Never tell this code to anyone. " * 10])
@in_loop
async def test_a_long_text_arrives_in_parts_marked_by_parameters(text: str) -> None:
    async with node_centre() as node, bound(node) as owner:
        results = await send(owner, text)
        last = await node.until("submit", len(results))
        taken = node.said("submit")
        assert "".join(one["submit"]["text"] for one in taken) == text
        assert [one["sar"][1:] for one in taken] == [[len(results), n + 1] for n in range(len(results))]
        assert {one["sar"][0] for one in taken} == {last["sar"][0]}


@in_loop
async def test_a_long_text_arrives_in_parts_marked_by_headers() -> None:
    async with node_centre() as node, bound(node) as owner:
        results = await send(owner, LONG, replace(SETTINGS, segmentation=Segmentation.UDH))
        await node.until("submit", len(results))
        taken = [one["submit"] for one in node.said("submit")]
        assert "".join(one["text"] for one in taken) == LONG
        headers = [bytes.fromhex(one["header"]) for one in taken]
        assert [header[-2:] for header in headers] == [
            bytes((len(results), n + 1)) for n in range(len(results))
        ]
        assert {header[:2] for header in headers} == {b"\x00\x03"}


@in_loop
async def test_a_long_text_arrives_whole_as_payload() -> None:
    async with node_centre() as node, bound(node) as owner:
        assert await send(owner, LONG, replace(SETTINGS, segmentation=Segmentation.PAYLOAD)) == (
            Answered(0, "node-1"),
        )
        assert (await node.until("submit"))["submit"]["text"] == LONG


@in_loop
async def test_its_receipts_are_read_and_answered_with_status_0() -> None:
    async with node_centre() as node, bound(node, receipt_offset_minutes=180) as owner:
        await send(owner, "x")
        await owner.until(lambda: owner.receipts)
        push, answer = owner.receipts[0]
        assert push.message_id == "node-1"
        assert push.receipt == Receipt(ReceiptState.DELIVERED, "DELIVRD", 1_795_255_200_000)
        answer()
        assert await node.until("receipt_answered") == {"receipt_answered": 0}


@in_loop
async def test_what_a_subscriber_wrote_and_what_it_asks_is_answered_with_status_0() -> None:
    async with node_centre() as node, bound(node) as owner:
        node.tell(deliver={"source_addr": "79031234567", "destination_addr": "BANK", "short_message": "STOP"})
        await owner.until(lambda: owner.replies)
        reply, answer = owner.replies[0]
        assert (reply.number, reply.to, reply.text) == ("79031234567", "BANK", "STOP")
        answer()
        assert await node.until("delivered_answered") == {"delivered_answered": 0}
        node.tell(enquire=True)
        assert await node.until("enquiry_answered") == {"enquiry_answered": 0}
        assert owner.receipts == []


@in_loop
async def test_it_is_asked_for_a_sign_of_life_after_a_minute_of_silence_and_gives_one() -> None:
    async with node_centre() as node, bound(node) as owner:
        owner.time.move(60)
        await node.until("enquired")
        await owner.until(lambda: 10.0 not in owner.time.pending)
        assert owner.binds.bound == 1


@in_loop
async def test_when_it_throttles_the_message_is_sent_a_second_later() -> None:
    async with node_centre() as node, bound(node) as owner:
        node.tell(statuses=[0x58])
        node.tell(enquire=True)
        await node.until("enquiry_answered")
        sending = asyncio.create_task(send(owner, "x"))
        await owner.until(lambda: ("smpp_throttled", "") in owner.told)
        owner.time.move(1)
        assert await sending == (Answered(0, "node-1"),)
        await node.until("submit", 2)


@in_loop
async def test_many_messages_pass_through_one_window_each_once() -> None:
    async with node_centre() as node, bound(node, window=10) as owner:
        sends = [asyncio.create_task(send(owner, str(number))) for number in range(300)]
        results = [await sending for sending in sends]
        assert {one.status for (one,) in results if isinstance(one, Answered)} == {0}
        await node.until("submit", 300)
        assert sorted(int(one["submit"]["text"]) for one in node.said("submit")) == list(range(300))


@pytest.mark.parametrize("how", ["drop", "unbind"])
@in_loop
async def test_after_it_ended_a_session_it_is_bound_anew_a_minute_later(how: str) -> None:
    async with node_centre() as node, bound(node) as owner:
        node.tell(**{how: True})
        await owner.until(lambda: "smpp_lost" in dict(owner.told))
        await owner.until(lambda: owner.time.pending == [60.0])
        assert await send(owner, "x") == (NotSubmitted(NotSubmittedReason.NOT_BOUND),)
        owner.time.move(60)
        await owner.until(lambda: owner.binds.bound)
        assert await send(owner, "x") == (Answered(0, "node-1"),)


@in_loop
async def test_it_is_told_goodbye() -> None:
    async with node_centre() as node:
        async with bound(node):
            pass
        await node.until("unbound")
        await node.until("closed")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


@in_loop
async def test_it_is_spoken_to_over_tls_where_its_certificate_is_trusted(certificate: Certificate) -> None:
    files = certificate.ca_file.with_suffix(".key"), certificate.ca_file
    async with node_centre(*files) as node:
        async with bound(node, tls=ssl.create_default_context()) as owner:
            assert owner.told == [("smpp_not_bound", "not_connected")]
        trusting = replace(SETTINGS, tls=True, ca_file=str(certificate.ca_file)).account().tls
        async with bound(node, tls=trusting) as owner:
            assert await send(owner, "x") == (Answered(0, "node-1"),)
