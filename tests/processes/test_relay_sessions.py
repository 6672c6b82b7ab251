"""The relay's sessions: who is bound, for how long, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from security_service.domain.accounts import AccountRefusal
from security_service.domain.secret import Secret
from security_service.links.smpp import status
from security_service.links.smpp.bodies import BindBody, read_name
from security_service.links.smpp.pdu import Command, Pdu, Tag, tlv_value
from security_service.links.smpp.served import ServedPace
from security_service.processes.relay_desk import RelayBounds
from tests.links.smpp.hand_time import in_loop
from tests.processes.relay_rig import (
    ACCOUNT,
    PASSWORD,
    Behind,
    Gate,
    Relay,
    relay,
    submit_body,
)

BINDS = (Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER)


@pytest.mark.parametrize("mode", BINDS)
@in_loop
async def test_a_bank_binds_as_what_it_likes_and_says_goodbye(mode: Command) -> None:
    async with relay() as running:
        client = await running.connect()
        answer = await client.bind(mode)
        assert (answer.command, answer.status) == (mode.response, status.OK)
        read = read_name(answer.body)
        assert (read.name, tlv_value(read.tlvs, Tag.SC_INTERFACE_VERSION)) == ("Etalon", b"\x34")  # type: ignore[union-attr]  # a Garbled fails the comparison
        assert running.relay.bound == 1
        assert running.behind.binds == ["127.0.0.1"]
        assert await client.ask(Command.UNBIND) == Pdu(Command.UNBIND.response, 0, 2)
        assert await client.closes() == []


@pytest.mark.parametrize(("login", "password"), [("bank1", "wrong"), ("nobody", PASSWORD)])
@in_loop
async def test_an_unknown_login_and_a_wrong_password_are_answered_alike(login: str, password: str) -> None:
    async with relay() as running:
        client = await running.connect()
        assert (await client.bind(login=login, password=password)).status == status.INVALID_PASSWORD
        assert await client.closes() == []
        assert ("relay_session", "refused:wrong_login_or_password") in running.meter.events


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (AccountRefusal.ADDRESS, status.BIND_FAILED),
        (AccountRefusal.FACE, status.BIND_FAILED),
        (AccountRefusal.WAIT, status.BIND_FAILED),
    ],
)
@in_loop
async def test_who_may_not_come_this_way_is_not_bound(refusal: AccountRefusal, expected: int) -> None:
    async with relay(Behind(refusal=refusal)) as running:
        client = await running.connect()
        assert (await client.bind()).status == expected
        assert await client.closes() == []


@pytest.mark.parametrize("login", ["", "a" * 16, "банк".encode().decode("latin-1")])
@in_loop
async def test_a_login_that_none_can_be_is_no_system_id(login: str) -> None:
    async with relay() as running:
        client = await running.connect()
        assert (await client.bind(login=login)).status == status.INVALID_SYSTEM_ID
        assert running.behind.binds == []


@in_loop
async def test_while_the_store_is_away_nobody_is_bound_and_the_fault_is_temporary() -> None:
    async with relay(Behind(is_away=True)) as running:
        client = await running.connect()
        assert (await client.bind()).status == status.SYSTEM_ERROR


@in_loop
async def test_an_account_has_so_many_sessions_and_another_is_let_in_when_one_ends() -> None:
    async with relay(Behind(account=replace(ACCOUNT, sessions=2))) as running:
        first, _ = await running.bound(), await running.bound(Command.BIND_TRANSMITTER)
        third = await running.connect()
        assert (await third.bind()).status == status.BIND_FAILED
        assert (await first.ask(Command.UNBIND)).status == status.OK
        await first.closes()
        assert (await (await running.connect()).bind()).status == status.OK


@in_loop
async def test_a_second_bind_of_a_session_is_refused_and_the_first_holds() -> None:
    async with relay() as running:
        client = await running.bound()
        assert (await client.bind(Command.BIND_RECEIVER)).status == status.ALREADY_BOUND
        assert (await client.submit()).status == status.OK


@pytest.mark.parametrize(
    "command", [Command.SUBMIT_SM, Command.QUERY_SM, Command.CANCEL_SM, Command.ENQUIRE_LINK, Command.UNBIND]
)
@in_loop
async def test_nothing_but_a_bind_is_done_before_it(command: Command) -> None:
    async with relay() as running:
        client = await running.connect()
        answer = await client.ask(command, submit_body())
        assert (answer.command, answer.status) == (command.response, status.WRONG_BIND_STATE)
        assert running.behind.taken == []
        assert (await client.bind()).status == status.OK


@in_loop
async def test_who_does_not_bind_in_time_is_cut_off() -> None:
    async with relay(pace=ServedPace(bind_s=0.05)) as running:
        client = await running.connect()
        assert await client.closes() == []


@in_loop
async def test_who_says_only_nonsense_before_a_bind_is_cut_off() -> None:
    async with relay() as running:
        client = await running.connect()
        for _ in range(20):
            client.say(Command.ENQUIRE_LINK)
        assert len(await client.closes()) == 10


@in_loop
async def test_connections_past_the_most_are_turned_away() -> None:
    async with relay(bounds=RelayBounds(sessions=2)) as running:
        kept = [await running.bound(), await running.bound()]
        assert await (await running.connect()).closes() == []
        assert (await kept[0].submit()).status == status.OK


@in_loop
async def test_one_address_cannot_take_every_place_with_connections_that_never_bind() -> None:
    async with relay(bounds=RelayBounds(sessions=200)) as running:
        idle = [await running.connect() for _ in range(64)]
        assert await (await running.connect()).closes() == []
        assert (await idle[0].bind()).status == status.OK
        assert (await (await running.connect()).bind()).status == status.OK


# --- life and end of a session


@in_loop
async def test_a_silent_peer_is_asked_and_one_that_does_not_answer_is_unbound() -> None:
    async with relay(pace=ServedPace(silence_s=0.05, enquire_s=0.1, unbind_s=0.1)) as running:
        client = await running.bound()
        asked = await client.hear(Command.ENQUIRE_LINK)
        client.write(asked.answer().encode())
        heard = [pdu.command for pdu in await client.closes()]
        assert Command.ENQUIRE_LINK in heard
        assert heard[-1] == Command.UNBIND
        assert ("relay_session", "ended:enquire_link_not_answered") in running.meter.events


@in_loop
async def test_a_goodbye_is_answered_after_the_messages_before_it() -> None:
    gate = Gate()
    async with relay(Behind(says=gate)) as running:
        client = await running.bound()
        client.say(Command.SUBMIT_SM, submit_body())
        await gate.is_reached()
        client.say(Command.UNBIND)
        client.say(Command.SUBMIT_SM, submit_body())
        assert (await client.hear(Command.SUBMIT_SM.response)).status == status.SYSTEM_ERROR
        gate.opened.set()
        assert (await client.hear(Command.SUBMIT_SM.response)).status == status.OK
        assert [pdu.command for pdu in await client.closes()] == [Command.UNBIND.response]


@pytest.mark.parametrize("refusal", [AccountRefusal.WRONG, AccountRefusal.ADDRESS, AccountRefusal.FACE])
@in_loop
async def test_the_sessions_of_an_account_that_may_come_no_more_are_unbound(refusal: AccountRefusal) -> None:
    async with relay(look_again_s=0.02) as running:
        client = await running.bound()
        running.behind.refusal = refusal
        await client.hear(Command.UNBIND)


@in_loop
async def test_a_new_password_ends_the_sessions_that_came_with_the_old_one() -> None:
    async with relay(Behind(account=replace(ACCOUNT, sessions=1))) as running:
        old = await running.bound()
        running.behind.account = replace(running.behind.account, digest=b"another")
        new = await running.bound()
        await old.hear(Command.UNBIND)
        assert (await new.submit()).status == status.OK


@in_loop
async def test_what_changed_of_an_account_holds_for_its_sessions_soon() -> None:
    async with relay(look_again_s=0.01) as running:
        client = await running.bound()
        running.behind.tenant = replace(running.behind.tenant, id="renamed")
        while (await client.submit()).status == status.OK:
            if running.behind.taken[-1].tenant.id == "renamed":
                break
        assert running.behind.taken[-1].tenant.id == "renamed"


@in_loop
async def test_a_stop_lets_what_is_under_way_be_answered_takes_no_more_and_says_goodbye() -> None:
    gate = Gate()
    async with relay(Behind(says=gate)) as running:
        client = await running.bound()
        client.say(Command.SUBMIT_SM, submit_body())
        await gate.is_reached()
        stopping = asyncio.create_task(running.relay.stop())
        while (late := await client.submit()).status == status.OK:
            pass
        assert late.status == status.SYSTEM_ERROR
        gate.opened.set()
        assert (await client.hear(Command.SUBMIT_SM.response)).status == status.OK
        goodbye = await client.hear(Command.UNBIND)
        client.write(goodbye.answer().encode())
        await client.closes()
        await stopping
        assert running.relay.bound == 0


async def _is_refused(running: Relay, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    return False


@in_loop
async def test_after_a_stop_nobody_is_let_in() -> None:
    async with relay() as running:
        port = running.port
        await running.relay.stop()
        assert await _is_refused(running, port)


@in_loop
async def test_a_bind_of_a_peer_that_knows_no_optional_parameters_is_answered_without_any() -> None:
    async with relay() as running:
        client = await running.connect()
        from_3_3 = replace(BindBody("bank1", Secret(PASSWORD)), version=0x33)
        answer = await client.ask(Command.BIND_TRANSMITTER, from_3_3.encode())
        assert answer.body == b"Etalon\0"
