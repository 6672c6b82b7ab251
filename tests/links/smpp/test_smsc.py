"""The fake SMS centre does what tests rely on; it is tried with bytes written down by hand."""

from __future__ import annotations

import asyncio

from tests.links.smpp.hand_time import in_loop
from tests.links.smpp.smsc import SILENCE, Smsc

BIND = bytes.fromhex("00000022 00000009 00000000 00000001") + b"bank\0pass\0vma\0" + b"\x34\0\0" + b"\0"
SUBMIT = (
    bytes.fromhex("00000029 00000004 00000000 00000002")
    + b"\0\x05\x01BANK\0\x01\x0179\0\0\0\0\0\0\x01\0\0\0\x02hi"
)


async def exchange(smsc: Smsc, *pdus: bytes, answers: int = 0) -> bytes:
    """Say something and read as many bytes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
    writer.write(b"".join(pdus))
    read = await reader.readexactly(answers) if answers else b""
    writer.close()
    await writer.wait_closed()
    return read


@in_loop
async def test_it_takes_a_bind() -> None:
    async with Smsc() as smsc:
        assert await exchange(smsc, BIND, answers=21) == (
            bytes.fromhex("00000015 80000009 00000000 00000001") + b"fake\0"
        )


@in_loop
async def test_it_takes_a_message_and_keeps_it() -> None:
    async with Smsc() as smsc:
        assert await exchange(smsc, SUBMIT, answers=19) == (
            bytes.fromhex("00000013 80000004 00000000 00000002") + b"m1\0"
        )
        assert smsc.texts == [b"hi"]


@in_loop
async def test_it_answers_with_the_statuses_that_were_written_down() -> None:
    async with Smsc() as smsc:
        smsc.statuses.extend([0x58, 0])
        smsc.bind_statuses.append(0x0E)
        said = await exchange(smsc, BIND, SUBMIT, SUBMIT, answers=16 + 16 + 19)
        assert said[:16] == bytes.fromhex("00000010 80000009 0000000e 00000001")
        assert said[16:32] == bytes.fromhex("00000010 80000004 00000058 00000002")
        assert said[-3:] == b"m1\0"
        assert smsc.texts == [b"hi"]


@in_loop
async def test_it_can_take_a_message_without_a_word() -> None:
    async with Smsc() as smsc:
        smsc.statuses.append(SILENCE)
        await exchange(smsc, SUBMIT)
        await smsc.until(lambda: smsc.messages)
        assert smsc.texts == [b"hi"]
