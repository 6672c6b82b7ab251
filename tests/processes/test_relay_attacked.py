"""Peers that send what is no SMPP: each is answered or cut off, and others notice nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from security_service.domain.secret import Secret
from security_service.links.smpp import status
from security_service.links.smpp.bodies import Address, BindBody, CancelBody, QueryBody
from security_service.links.smpp.pdu import Command, Pdu, Tag, Tlv
from security_service.links.smpp.served import LONGEST_REQUEST, ServedPace
from tests.links.smpp.hand_time import in_loop
from tests.processes.relay_rig import LOGIN, PASSWORD, relay, submit_body

NOWHERE = Address(0, 0, "")
BODIES = {
    Command.BIND_TRANSCEIVER: BindBody(LOGIN, Secret(PASSWORD)).encode(),
    Command.BIND_RECEIVER: BindBody("nobody", Secret("wrong")).encode(),
    Command.SUBMIT_SM: submit_body(tlvs=(Tlv(Tag.SAR_MSG_REF_NUM, b"\0\1"),), validity="000001000000000R"),
    Command.QUERY_SM: QueryBody("1024", NOWHERE).encode(),
    Command.CANCEL_SM: CancelBody("1024", NOWHERE, NOWHERE).encode(),
    Command.ENQUIRE_LINK: b"",
    Command.DATA_SM: submit_body(),
    Command.DELIVER_SM.response: b"\0",
    Command.GENERIC_NACK: b"",
    Command.UNBIND.response: b"",
}
PDUS = [Pdu(command, 0, 7, body).encode() for command, body in BODIES.items()]
VALID = st.lists(st.sampled_from(PDUS), min_size=1, max_size=8).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """PDUs with some of their bytes changed, left out or doubled."""
    data = bytearray(draw(VALID))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["change", "drop", "double", "cut"])):
            case "change" if data:
                data[at] = draw(st.integers(0, 255))
            case "drop":
                del data[at : at + draw(st.integers(1, 8))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 8))]
            case _:
                del data[at:]
    return bytes(data)


LENGTHS = st.sampled_from([0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 0x7FFF_FFFF, 0xFFFF_FFFF])
HEADERS = st.builds(
    lambda length, command, rest: pack(">IIII", length, command, 0, 1) + rest,
    LENGTHS,
    st.sampled_from([int(one) for one in Command]) | st.integers(0, 0xFFFF_FFFF),
    st.binary(max_size=40),
)
LATE = st.tuples(VALID, mutated()).map(b"".join)
ATTACKS = st.one_of(st.binary(max_size=400), mutated(), HEADERS, VALID, LATE)


async def attack(data: bytes, *, bound: bool, at_once: int) -> None:
    async with relay() as running:
        client = await (running.bound() if bound else running.connect())
        # it may be cut off before it has said all
        with suppress(OSError):
            for at in range(0, len(data), at_once):
                client.write(data[at : at + at_once])
                await client.writer.drain()
            client.writer.write_eof()
        # what is heard is whole PDUs: the client fails on anything else
        heard = await client.closes()
        assert all(pdu.is_response or pdu.command == Command.UNBIND for pdu in heard)
        other = await running.bound()
        assert (await other.submit()).status == status.OK


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(ATTACKS, st.booleans(), st.sampled_from([1, 3, 1000]))
def test_whatever_a_peer_sends_the_relay_stays_up_and_others_are_served(
    data: bytes,
    bound: bool,  # noqa: FBT001 - hypothesis gives them by place
    at_once: int,
) -> None:
    asyncio.run(attack(data, bound=bound, at_once=at_once))


@pytest.mark.parametrize("length", [0, 15, LONGEST_REQUEST + 1, 0xFFFF_FFFF])
@in_loop
async def test_a_length_that_no_pdu_has_is_nacked_and_ends_the_session(length: int) -> None:
    async with relay() as running:
        client = await running.bound()
        client.write(pack(">IIII", length, Command.SUBMIT_SM, 0, 9))
        nack = await client.hear(Command.GENERIC_NACK)
        assert (nack.status, nack.sequence) == (status.INVALID_COMMAND_LENGTH, 0)
        assert await client.closes() == []


@in_loop
async def test_the_longest_pdu_there_may_be_is_read() -> None:
    async with relay() as running:
        client = await running.bound()
        body = b"\0" * (LONGEST_REQUEST - 16)
        assert (await client.ask(Command.ENQUIRE_LINK, body)).status == status.OK


@pytest.mark.parametrize(
    ("command", "body", "expected"),
    [
        (Command.SUBMIT_SM, b"", status.INVALID_COMMAND_LENGTH),
        (Command.SUBMIT_SM, submit_body()[:-2], status.INVALID_COMMAND_LENGTH),
        (Command.SUBMIT_SM, submit_body() + b"\x04\x24\xff\xff", status.INVALID_OPTIONS),
        (Command.SUBMIT_SM, submit_body() + b"\x04", status.INVALID_OPTIONS),
        (Command.QUERY_SM, b"no end", status.INVALID_COMMAND_LENGTH),
        (Command.CANCEL_SM, b"", status.INVALID_COMMAND_LENGTH),
    ],
)
@in_loop
async def test_a_body_that_cannot_be_read_is_nacked_and_the_session_goes_on(
    command: int, body: bytes, expected: int
) -> None:
    async with relay() as running:
        client = await running.bound()
        answer = await client.ask(command, body)
        assert (answer.command, answer.status) == (Command.GENERIC_NACK, expected)
        assert (await client.submit()).status == status.OK


@in_loop
async def test_bytes_that_drip_in_do_not_keep_a_session_alive() -> None:
    async with relay(pace=ServedPace(silence_s=0.05, enquire_s=0.05, unbind_s=0.05)) as running:
        client = await running.bound()
        heard = asyncio.create_task(client.closes())
        pdu = Pdu(Command.SUBMIT_SM, 0, 1, submit_body(b"x" * 200)).encode()
        while not heard.done():
            client.write(pdu[:1])
            await asyncio.wait([heard], timeout=0.01)
        assert [one.command for one in heard.result()] == [Command.ENQUIRE_LINK, Command.UNBIND]


@in_loop
async def test_a_peer_that_reads_nothing_is_not_written_to_without_end() -> None:
    async with relay(pace=ServedPace(silence_s=0.1, enquire_s=0.1, unbind_s=0.1)) as running:
        client = await running.bound()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport reads too

        async def flood() -> None:
            while True:
                client.write(Pdu(Command.ENQUIRE_LINK, 0, 1).encode() * 4096)
                await client.writer.drain()

        with pytest.raises(ConnectionError):
            await flood()
        assert running.relay.bound == 0
