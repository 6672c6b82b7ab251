"""The relay with a client that is neither ours nor our oracle's: the package `smpp` for Node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from security_service.domain.relay import MessageState, NotTaken, Refusal
from security_service.domain.secret import Msisdn
from tests.links.smpp.hand_time import in_loop
from tests.links.smpp.node_centre import PASSWORD, SYSTEM_ID, NodeClient, node_client, skip_without_it
from tests.links.test_http_tls import Certificate
from tests.processes.relay_rig import ACCOUNT, NUMBER, Behind, Relay, relay, report

pytestmark = pytest.mark.usefixtures("node")

TO = {"source_addr_ton": 5, "source_addr": "BANK", "dest_addr_ton": 1, "destination_addr": NUMBER}
ACCOUNT_OF_NODE = replace(ACCOUNT, login=SYSTEM_ID)


@pytest.fixture
def node() -> None:
    skip_without_it()


@asynccontextmanager
async def bound(running: Relay, mode: str = "transceiver") -> AsyncIterator[NodeClient]:
    async with node_client(running.port, mode) as client:
        assert await client.until("bound") == {"bound": 0, "name": "Etalon"}
        yield client


def behind() -> Behind:
    return Behind(account=ACCOUNT_OF_NODE)


@in_loop
async def test_it_binds_in_every_mode_and_says_goodbye() -> None:
    async with relay(behind()) as running:
        for mode in ("transmitter", "receiver", "transceiver"):
            async with bound(running, mode) as client:
                client.tell(unbind=True)
                await client.until("unbound")


@in_loop
async def test_another_password_is_refused() -> None:
    async with relay(behind()) as running, node_client(running.port, password="wrong") as client:
        assert (await client.until("bound"))["bound"] == 0x0E
        await client.until("closed")


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("Code {1} @ £ ~ | [481516] €", {"data_coding": 0}),
        ("Ваш код 481516 🙂", {}),
        ("Düsseldorf ñ", {"data_coding": 0}),
        ("Düsseldorf þ", {"data_coding": 3}),
    ],
)
@in_loop
async def test_its_texts_arrive_as_they_were_written(text: str, coding: dict[str, int]) -> None:
    message = {"short_message": text, "registered_delivery": 1, "validity_s": 300, **coding}
    async with relay(behind()) as running, bound(running) as client:
        client.tell(submit={**TO, **message})
        assert await client.until("submitted") == {"submitted": 0, "id": "1024"}
        (taken,) = running.behind.taken
        assert (taken.text.reveal(), taken.number) == (text, Msisdn(NUMBER))
        assert taken.wants_report
        assert 290 <= (taken.validity_s or 0) <= 300


@in_loop
async def test_its_payloads_and_its_parts_are_one_message_each() -> None:
    long = "Никому не говорите этот код. " * 10
    pieces = [long[at : at + 67] for at in range(0, len(long), 67)]
    async with relay(behind()) as running, bound(running) as client:
        client.tell(submit={**TO, "message_payload": long, "data_coding": 8})
        assert (await client.until("submitted"))["submitted"] == 0
        client.tell(parts={**TO, "texts": pieces, "reference": 77, "data_coding": 8})
        await client.until("submitted", 1 + len(pieces))
        said = client.said("submitted")
        assert {one["submitted"] for one in said} == {0}
        assert sorted(int(one["id"]) for one in said[1:]) == [2048 + place for place in range(len(pieces))]
        assert [one.text.reveal() for one in running.behind.taken] == [long, long]


@in_loop
async def test_a_refusal_is_told_as_its_status() -> None:
    throttled = replace_says(behind(), Refusal.LIMIT)
    async with relay(throttled) as running, bound(running) as client:
        client.tell(submit={**TO, "short_message": "x"})
        assert (await client.until("submitted"))["submitted"] == 0x58


def replace_says(given: Behind, refusal: Refusal) -> Behind:
    return replace(given, says=lambda _: NotTaken(refusal))


@in_loop
async def test_it_reads_its_receipts_and_its_answers_are_heard() -> None:
    made = behind()
    made.reports.put(report("1024", MessageState.REFUSED, account=SYSTEM_ID, reason="sim_changed"))
    async with relay(made) as running, bound(running, "receiver") as client:
        told = await client.until("receipt")
        assert "id:1024 " in told["receipt"]
        assert "stat:REJECTD err:101" in told["receipt"]
        assert (told["id"], told["state"], told["from"], told["to"]) == ("1024", 8, NUMBER, "BANK")
        assert told["kind"] == 4
        while made.reports.kept:
            client.tell(enquire=True)
            await client.until("answered", len(client.said("answered")) + 1)


@in_loop
async def test_it_asks_for_a_state_and_withdraws() -> None:
    made = behind()
    made.put_view("1024", MessageState.DEFERRED, account=SYSTEM_ID)
    async with relay(made) as running, bound(running, "transmitter") as client:
        client.tell(query="1024")
        assert await client.until("queried") == {"queried": 0, "id": "1024", "state": 1, "error": 0}
        client.tell(cancel="1024")
        assert (await client.until("cancelled"))["cancelled"] == 0
        client.tell(cancel="2048")
        assert (await client.until("cancelled", 2))["cancelled"] == 0x0C


@in_loop
async def test_many_messages_pass_each_once() -> None:
    async with relay(behind()) as running, bound(running) as client:
        for number in range(90):
            client.tell(submit={**TO, "short_message": str(number)})
        await client.until("submitted", 90)
        assert {one["submitted"] for one in client.said("submitted")} == {0}
        texts = sorted(int(one.text.reveal()) for one in running.behind.taken)
        assert texts == list(range(90))


@in_loop
async def test_it_is_told_goodbye_at_a_stop() -> None:
    async with relay(behind()) as running, bound(running) as client:
        await running.relay.stop()
        await client.until("goodbye")
        await client.until("closed")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


@in_loop
async def test_it_binds_over_tls(certificate: Certificate) -> None:
    async with (
        relay(behind(), tls=certificate.context) as running,
        node_client(running.relay.ports[1], password=PASSWORD, ca_file=certificate.ca_file) as client,
    ):
        assert (await client.until("bound"))["bound"] == 0
        client.tell(submit={**TO, "short_message": "x"})
        assert (await client.until("submitted"))["submitted"] == 0
