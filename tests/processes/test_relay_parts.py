"""The parts of one message at the relay: one message to the gate, answered together or not at all."""

from __future__ import annotations

from itertools import count

import pytest

from security_service.domain.relay import NotTaken, Refusal, segment_ids
from security_service.links.smpp import status
from security_service.links.smpp.pdu import Command, Pdu, Tag, Tlv
from security_service.links.smpp.text import Alphabet, Part, Segmentation, parts_of
from security_service.processes.relay_desk import RelayBounds
from tests.links.smpp.hand_time import in_loop
from tests.processes.relay_rig import Behind, Client, id_of, relay, submit_body

LONG = "Никому не говорите этот код: {1} 🙂. " * 8
_references = count(1)


def parts(how: Segmentation = Segmentation.UDH, text: str = LONG) -> tuple[Part, ...]:
    return parts_of(text, Alphabet.GSM7, how, next(_references))


def body_of(part: Part, **members: object) -> bytes:
    return submit_body(
        part.text, data_coding=part.data_coding, esm_class=part.esm_class, tlvs=part.tlvs, **members
    )


def say(client: Client, *given: Part) -> list[int]:
    return [client.say(Command.SUBMIT_SM, body_of(part)) for part in given]


async def answers(client: Client, number: int) -> dict[int, Pdu]:
    """The next so many answers by their sequence numbers."""
    heard = [await client.hear(Command.SUBMIT_SM.response) for _ in range(number)]
    return {pdu.sequence: pdu for pdu in heard}


@pytest.mark.parametrize("how", [Segmentation.UDH, Segmentation.SAR])
@in_loop
async def test_parts_in_any_order_are_one_message_and_each_has_an_id_of_its_own(how: Segmentation) -> None:
    async with relay() as running:
        client = await running.bound()
        given = list(enumerate(parts(how)))
        mixed = [*given[3:], *given[2::-1]]
        places = dict(zip(say(client, *(part for _, part in mixed)), (at for at, _ in mixed), strict=True))
        heard = await answers(client, len(mixed))
        assert {pdu.status for pdu in heard.values()} == {status.OK}
        ids = {places[sequence]: id_of(pdu) for sequence, pdu in heard.items()}
        assert tuple(ids[at] for at in range(len(mixed))) == segment_ids("1024", len(mixed))
        assert [one.text.reveal() for one in running.behind.taken] == [LONG]


@in_loop
async def test_parts_may_come_by_several_sessions_of_the_account() -> None:
    async with relay() as running:
        one, two = await running.bound(), await running.bound()
        first, *rest = parts()
        say(one, first)
        assert (await one.ask(Command.ENQUIRE_LINK)).status == status.OK
        say(two, *rest)
        assert [pdu.status for pdu in (await answers(one, 1)).values()] == [status.OK]
        assert {pdu.status for pdu in (await answers(two, len(rest))).values()} == {status.OK}
        assert [one.text.reveal() for one in running.behind.taken] == [LONG]


@in_loop
async def test_parts_to_others_and_of_other_texts_are_kept_apart() -> None:
    async with relay() as running:
        client = await running.bound()
        one, other = parts(text="a" * 300), parts(text="b" * 300)
        say(client, one[0], other[0], other[1], one[1])
        await answers(client, 4)
        assert [taken.text.reveal() for taken in running.behind.taken] == ["b" * 300, "a" * 300]


@in_loop
async def test_a_message_that_is_not_taken_is_so_in_all_its_parts() -> None:
    async with relay(Behind(says=lambda _: NotTaken(Refusal.LIMIT))) as running:
        client = await running.bound()
        given = parts()
        say(client, *given)
        heard = await answers(client, len(given))
        assert {pdu.status for pdu in heard.values()} == {status.THROTTLED}


@in_loop
async def test_parts_without_the_rest_are_to_be_sent_again() -> None:
    async with relay(bounds=RelayBounds(parts_within_s=0.05)) as running:
        client = await running.bound()
        given = parts()
        say(client, *given[:-1])
        heard = await answers(client, len(given) - 1)
        assert {pdu.status for pdu in heard.values()} == {status.SYSTEM_ERROR}
        say(client, *given)
        assert {pdu.status for pdu in (await answers(client, len(given))).values()} == {status.OK}
        assert len(running.behind.taken) == 1


@in_loop
async def test_what_a_lost_session_left_of_a_message_is_not_made_up_by_another() -> None:
    async with relay(bounds=RelayBounds(parts_within_s=0.3)) as running:
        one, two = await running.bound(), await running.bound()
        first, *rest = parts()
        say(one, first)
        assert (await one.ask(Command.ENQUIRE_LINK)).status == status.OK
        one.close()
        while running.relay.bound > 1:
            await two.ask(Command.ENQUIRE_LINK)
        say(two, *rest)
        heard = await answers(two, len(rest))
        assert {pdu.status for pdu in heard.values()} == {status.SYSTEM_ERROR}
        assert running.behind.taken == []


@in_loop
async def test_a_text_of_more_parts_than_a_message_may_have_is_refused_at_its_first() -> None:
    async with relay() as running:
        client = await running.bound()
        sar = zip(
            (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM), (b"\0\1", b"\x10", b"\1"),
            strict=True,
        )  # fmt: skip
        answer = await client.submit(b"part", tlvs=tuple(Tlv(tag, value) for tag, value in sar))
        assert answer.status == status.INVALID_LENGTH


@in_loop
async def test_a_report_is_wanted_where_any_part_wants_it() -> None:
    async with relay() as running:
        client = await running.bound()
        one, two = parts(text="a" * 300)
        client.say(Command.SUBMIT_SM, body_of(one))
        client.say(Command.SUBMIT_SM, body_of(two, registered_delivery=1))
        await answers(client, 2)
        assert [taken.wants_report for taken in running.behind.taken] == [True]


@in_loop
async def test_an_escape_and_a_pair_may_be_cut_in_two() -> None:
    async with relay() as running:
        client = await running.bound()
        smile = "🙂".encode("utf-16-be")
        for halves, coding in (((b"a\x1b", b"eb"), 0), ((smile[:2], smile[2:]), 8)):
            reference = bytes((next(_references),))
            for place, half in enumerate(halves, 1):
                header = b"\5\0\3" + reference + bytes((2, place))
                client.say(Command.SUBMIT_SM, submit_body(header + half, esm_class=0x40, data_coding=coding))
            await answers(client, 2)
        assert [taken.text.reveal() for taken in running.behind.taken] == ["a€b", "🙂"]


def test_the_parts_that_are_tried_here_are_several() -> None:
    assert len(parts()) == 5
