"""The relay as banks meet it: messages and their statuses, queries, withdrawals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.relay import MessageState, NotTaken, Refusal
from security_service.domain.secret import Msisdn
from security_service.links.smpp import status
from security_service.links.smpp.bodies import Address, CancelBody, QueryBody
from security_service.links.smpp.pdu import Command, Tag, Tlv
from security_service.processes.relay_desk import RelayBounds
from tests.links.smpp.hand_time import in_loop
from tests.processes.relay_rig import (
    ACCOUNT,
    NUMBER,
    Behind,
    Gate,
    id_of,
    relay,
    submit_body,
)

NOWHERE = Address(0, 0, "")


@in_loop
async def test_a_message_is_answered_with_its_id_after_it_was_taken() -> None:
    async with relay() as running:
        client = await running.bound()
        answer = await client.submit(b"Debit 150", registered_delivery=1)
        assert (answer.status, id_of(answer)) == (status.OK, "1024")
        (taken,) = running.behind.taken
        assert (taken.tenant.id, taken.number, taken.text.reveal()) == ("bank", Msisdn(NUMBER), "Debit 150")
        assert (taken.face, taken.account, taken.sender) == ("smpp", "bank1", "BANK")
        assert (taken.wants_report, taken.validity_s, taken.send_at_s) == (True, None, 0)


@in_loop
async def test_nothing_is_answered_before_the_message_is_taken() -> None:
    gate = Gate()
    async with relay(Behind(says=gate)) as running:
        client = await running.bound()
        client.say(Command.SUBMIT_SM, submit_body())
        await gate.is_reached()
        assert (await client.ask(Command.ENQUIRE_LINK)).command == Command.ENQUIRE_LINK.response
        gate.opened.set()
        assert (await client.hear(Command.SUBMIT_SM.response)).status == status.OK


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refusal.NO_TEXT, status.INVALID_LENGTH),
        (Refusal.TOO_LONG, status.INVALID_LENGTH),
        (Refusal.SENDER, status.INVALID_SOURCE),
        (Refusal.TIME, status.INVALID_EXPIRY),
        (Refusal.LIMIT, status.THROTTLED),
        (Refusal.FROZEN, status.SUBMIT_FAILED),
        (Refusal.QUEUE_FULL, status.QUEUE_FULL),
        (Refusal.OTHER_STORE, status.SYSTEM_ERROR),
        (Refusal.STORE_AWAY, status.SYSTEM_ERROR),
    ],
)
@in_loop
async def test_a_message_that_is_not_taken_is_answered_with_why(refusal: Refusal, expected: int) -> None:
    async with relay(Behind(says=lambda _: NotTaken(refusal))) as running:
        client = await running.bound()
        answer = await client.submit()
        assert (answer.status, answer.body) == (expected, b"")
        assert ("relay_submit", f"{expected:#04x}") in running.meter.events


def test_every_refusal_of_the_use_case_has_been_tried() -> None:
    tried = {mark.args[1][at][0] for mark in _marks() for at in range(len(mark.args[1]))}
    assert set(Refusal) <= tried


def _marks() -> list[pytest.Mark]:
    test = test_a_message_that_is_not_taken_is_answered_with_why
    marks: list[pytest.Mark] = test.pytestmark  # type: ignore[attr-defined]  # pytest puts it there
    return marks


@pytest.mark.parametrize(
    ("ton", "written"),
    [
        (1, NUMBER), (1, f"+{NUMBER}"), (0, NUMBER), (0, f"+{NUMBER}"), (2, "89161112211"), (2, "9161112211"),
        (1, "89161112211"),
    ],
)  # fmt: skip
@in_loop
async def test_a_number_is_read_however_it_is_written(ton: int, written: str) -> None:
    async with relay() as running:
        client = await running.bound()
        assert (await client.submit(destination=Address(ton, 1, written))).status == status.OK
        assert running.behind.taken[0].number == Msisdn(NUMBER)


@pytest.mark.parametrize("written", ["", "12", "BANK", "7916111221112345"])
@in_loop
async def test_a_destination_that_is_no_number_is_refused(written: str) -> None:
    async with relay() as running:
        client = await running.bound()
        assert (await client.submit(destination=Address(1, 1, written))).status == status.INVALID_DESTINATION


@in_loop
async def test_the_text_comes_as_payload_too_and_in_each_alphabet() -> None:
    async with relay() as running:
        client = await running.bound()
        payload = Tlv(Tag.MESSAGE_PAYLOAD, "Никому. ".encode("utf-16-be") * 40)
        assert (await client.submit(b"", data_coding=8, tlvs=(payload,))).status == status.OK
        assert (await client.submit(b"\x1be \x00 {", data_coding=0)).status == status.OK
        assert (await client.submit("Düsseldorf".encode("latin-1"), data_coding=3)).status == status.OK
        texts = [one.text.reveal() for one in running.behind.taken]
        assert texts == ["Никому. " * 40, "€ @ ä", "Düsseldorf"]


@in_loop
async def test_a_receiver_submits_nothing() -> None:
    async with relay() as running:
        client = await running.bound(Command.BIND_RECEIVER)
        assert (await client.submit()).status == status.WRONG_BIND_STATE
        assert running.behind.taken == []


@in_loop
async def test_past_its_rate_an_account_is_throttled() -> None:
    async with relay(Behind(account=replace(ACCOUNT, a_second=1))) as running:
        client = await running.bound()
        assert (await client.submit()).status == status.OK
        assert (await client.submit()).status == status.THROTTLED
        assert len(running.behind.taken) == 1
        assert ("relay_throttled", "rate") in running.meter.events


@in_loop
async def test_past_the_window_a_session_is_throttled_until_it_was_answered() -> None:
    gate = Gate()
    async with relay(Behind(says=gate), bounds=RelayBounds(window=2)) as running:
        client = await running.bound()
        for _ in range(2):
            client.say(Command.SUBMIT_SM, submit_body())
        assert (await client.submit()).status == status.THROTTLED
        gate.opened.set()
        for _ in range(2):
            assert (await client.hear(Command.SUBMIT_SM.response)).status == status.OK
        assert (await client.submit()).status == status.OK


@in_loop
async def test_past_what_all_may_have_in_hand_the_queue_is_full() -> None:
    gate = Gate()
    async with relay(Behind(says=gate), bounds=RelayBounds(in_hand=1)) as running:
        one, two = await running.bound(), await running.bound()
        one.say(Command.SUBMIT_SM, submit_body())
        await gate.is_reached()
        assert (await two.submit()).status == status.QUEUE_FULL
        gate.opened.set()
        assert (await one.hear(Command.SUBMIT_SM.response)).status == status.OK
        assert (await two.submit()).status == status.OK


@in_loop
async def test_an_answer_whose_session_is_gone_is_of_no_use_and_does_no_harm() -> None:
    gate = Gate()
    async with relay(Behind(says=gate)) as running:
        client = await running.bound()
        client.say(Command.SUBMIT_SM, submit_body())
        await gate.is_reached()
        client.close()
        other = await running.bound()
        gate.opened.set()
        assert (await other.submit()).status == status.OK


@pytest.mark.parametrize(
    "command", [Command.SUBMIT_MULTI, Command.DATA_SM, Command.REPLACE_SM, Command.OUTBIND, 0x7777]
)
@in_loop
async def test_a_command_that_is_not_served_is_nacked_and_the_session_goes_on(command: int) -> None:
    async with relay() as running:
        client = await running.bound()
        answer = await client.ask(command, submit_body())
        assert (answer.command, answer.status) == (Command.GENERIC_NACK, status.INVALID_COMMAND)
        assert (await client.submit()).status == status.OK


# --- query and cancel


@pytest.mark.parametrize(
    ("state", "final", "expected"),
    [
        (MessageState.QUEUED, 0, (b"\0", 1, 0)),
        (MessageState.SENT, 0, (b"\0", 1, 0)),
        (MessageState.DELIVERED, 1_700_000_000_000, (b"231114221320000+\0", 2, 0)),
        (MessageState.REFUSED, 1_700_000_000_000, (b"231114221320000+\0", 8, 101)),
    ],
)
@in_loop
async def test_a_bank_asks_for_the_state_of_its_message_by_any_of_its_ids(
    state: MessageState, final: int, expected: tuple[bytes, int, int]
) -> None:
    behind = Behind()
    behind.put_view("1024", state, final_at_ms=final, reason="sim_changed")
    async with relay(behind) as running:
        client = await running.bound()
        answer = await client.ask(Command.QUERY_SM, QueryBody("1026", NOWHERE).encode())
        assert (answer.command, answer.status) == (Command.QUERY_SM.response, status.OK)
        date, number, error = expected
        assert answer.body == b"1026\0" + date + bytes((number, error))


@in_loop
async def test_messages_of_others_and_of_nobody_are_unknown() -> None:
    behind = Behind()
    behind.put_view("1024", MessageState.QUEUED, account="another")
    async with relay(behind) as running:
        client = await running.bound()
        for asked in ("1024", "2048", "x", ""):
            query = await client.ask(Command.QUERY_SM, QueryBody(asked, NOWHERE).encode())
            cancel = await client.ask(Command.CANCEL_SM, CancelBody(asked, NOWHERE, NOWHERE).encode())
            assert (query.status, cancel.status) == (status.INVALID_MESSAGE_ID, status.INVALID_MESSAGE_ID)
        assert behind.withdrawn == []


@in_loop
async def test_a_message_that_has_not_left_is_withdrawn_and_one_that_ended_is_not() -> None:
    behind = Behind()
    behind.put_view("1024", MessageState.DEFERRED)
    behind.put_view("2048", MessageState.DELIVERED)
    async with relay(behind) as running:
        client = await running.bound()
        answers = [
            await client.ask(Command.CANCEL_SM, CancelBody(one, NOWHERE, NOWHERE).encode())
            for one in ("1024", "2048")
        ]
        assert [answer.status for answer in answers] == [status.OK, status.CANCEL_FAILED]
        assert behind.withdrawn == ["1024"]
