"""Receipts of the relay: brought to who takes them, kept while nobody does, done when answered."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from security_service.domain.relay import MessageState
from security_service.links.smpp import status
from security_service.links.smpp.bodies import MessageBody, read_message
from security_service.links.smpp.pdu import Command, Pdu
from security_service.links.smpp.served import ServedPace
from tests.links.smpp.hand_time import in_loop
from tests.links.test_http_tls import Certificate
from tests.processes.relay_rig import Behind, Client, Relay, relay, report


async def receipt(client: Client) -> tuple[Pdu, MessageBody]:
    pdu = await client.hear(Command.DELIVER_SM)
    body = read_message(pdu.body)
    assert isinstance(body, MessageBody)
    return pdu, body


async def is_done(running: Relay, client: Client) -> None:
    """Ask until the reports are gone: an answer that has not come in time fails the test."""
    while running.behind.reports.kept:
        await client.ask(Command.ENQUIRE_LINK)


@pytest.mark.parametrize("mode", [Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER])
@in_loop
async def test_a_receipt_that_was_kept_is_brought_when_the_bank_binds(mode: Command) -> None:
    behind = Behind()
    behind.reports.put(report("1024", MessageState.REFUSED, reason="sim_changed"))
    async with relay(behind) as running:
        client = await running.bound(mode)
        pdu, body = await receipt(client)
        assert b"id:1024 " in body.text
        assert b"stat:REJECTD err:101" in body.text
        assert behind.reports.kept != {}
        client.write(pdu.answer(0, b"\0").encode())
        await is_done(running, client)
        assert ("relay_receipt", "taken") in running.meter.events


@in_loop
async def test_a_receipt_that_comes_while_the_bank_is_bound_is_brought_soon() -> None:
    async with relay() as running:
        client = await running.bound()
        running.behind.reports.put(report("1024"))
        pdu, _ = await receipt(client)
        client.write(pdu.answer(0, b"\0").encode())
        await is_done(running, client)


@in_loop
async def test_a_transmitter_is_brought_nothing() -> None:
    behind = Behind()
    behind.reports.put(report("1024"))
    async with relay(behind) as running:
        client = await running.bound(Command.BIND_TRANSMITTER)
        for _ in range(20):
            assert (await client.ask(Command.ENQUIRE_LINK)).status == status.OK
        receiver = await running.bound(Command.BIND_RECEIVER)
        await receipt(receiver)


@pytest.mark.parametrize("how", [status.SYSTEM_ERROR, status.THROTTLED])
@in_loop
async def test_a_receipt_that_is_not_taken_is_kept_and_comes_again(how: int) -> None:
    behind = Behind()
    behind.reports.put(report("1024"))
    async with relay(behind) as running:
        client = await running.bound()
        pdu, _ = await receipt(client)
        client.write(pdu.answer(how).encode())
        await client.ask(Command.ENQUIRE_LINK)
        assert list(behind.reports.kept) == ["1024"]
        behind.reports.come_back()
        pdu, _ = await receipt(client)
        client.write(pdu.answer(0, b"\0").encode())
        await is_done(running, client)


@in_loop
async def test_a_receipt_whose_session_was_lost_or_said_nothing_comes_again() -> None:
    behind = Behind()
    behind.reports.put(report("1024"))
    async with relay(behind, pace=ServedPace(answer_s=0.05)) as running:
        lost = await running.bound()
        await receipt(lost)
        lost.close()
        behind.reports.come_back()
        silent = await running.bound()
        await receipt(silent)
        while ("relay_receipt", "unanswered") not in running.meter.events[-1:]:
            await silent.ask(Command.ENQUIRE_LINK)
        assert list(behind.reports.kept) == ["1024"]
        behind.reports.come_back()
        pdu, _ = await receipt(silent)
        silent.write(pdu.answer(0, b"\0").encode())
        await is_done(running, silent)


@in_loop
async def test_no_more_receipts_are_out_than_a_session_has_room_for_and_all_arrive() -> None:
    behind = Behind()
    for number in range(1, 26):
        behind.reports.put(report(str(number << 10)))
    async with relay(behind, pace=ServedPace(deliveries=4)) as running:
        client = await running.bound()
        heard = [await receipt(client) for _ in range(4)]
        for _ in range(10):
            assert (await client.ask(Command.ENQUIRE_LINK)).command == Command.ENQUIRE_LINK.response
        brought = 4
        while heard:
            pdu, _ = heard.pop(0)
            client.write(pdu.answer(0, b"\0").encode())
            if brought < 25:
                heard.append(await receipt(client))
                brought += 1
        await is_done(running, client)


@in_loop
async def test_a_receipt_that_nobody_asked_for_is_not_brought() -> None:
    behind = Behind()
    behind.reports.put(report("1024", reference="failures"))
    behind.reports.put(report("2048", MessageState.UNDELIVERED, reference="failures"))
    async with relay(behind) as running:
        client = await running.bound()
        pdu, body = await receipt(client)
        assert b"id:2048 " in body.text
        client.write(pdu.answer(0, b"\0").encode())
        await is_done(running, client)


@in_loop
async def test_while_the_store_is_away_receipts_wait_and_the_session_lives() -> None:
    behind = Behind()
    async with relay(behind) as running:
        client = await running.bound()
        behind.is_away = True
        assert (await client.submit()).status == status.SYSTEM_ERROR
        behind.is_away = False
        behind.reports.put(report("1024"))
        await receipt(client)


# --- over TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


@in_loop
async def test_the_port_with_tls_speaks_it_and_nothing_else(certificate: Certificate) -> None:
    async with relay(tls=certificate.context) as running:
        trusting = ssl.create_default_context(cafile=str(certificate.ca_file))
        client = await running.connect(trusting, door=1)
        assert (await client.bind()).status == status.OK
        assert (await client.submit()).status == status.OK
        plain = await running.connect(door=1)
        plain.write(Pdu(Command.ENQUIRE_LINK, 0, 1).encode())
        assert await plain.closes() == []
        assert (await client.submit()).status == status.OK
