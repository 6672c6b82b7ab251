"""A bank over SMPP, whole: its messages pass the gate, leave, come back as receipts, and are never lost."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from security_service.domain.accounts import Face
from security_service.domain.relay import MessageView
from security_service.domain.secret import Secret
from security_service.links.smpp.bodies import Address, BindBody, MessageBody, QueryBody, read_message
from security_service.links.smpp.pdu import Command, Pdu
from security_service.usecases.keep_accounts import AccountWish, MadeAccount
from tests.e2e.all_in_one import Running, all_in_one
from tests.e2e.callers import new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import HOME, Parts, all_parts
from tests.e2e.processes import OURS, Program, free_port
from tests.e2e.waiting import LONG_S, wait_for
from tests.links.smpp.hand_time import in_loop
from tests.processes.relay_rig import Client, id_of

BANK = 300
MANY = 2000


@asynccontextmanager
async def client_of(port: int, login: str, password: str) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    try:
        bound = await client.ask(Command.BIND_TRANSCEIVER, BindBody(login, Secret(password)).encode())
        assert bound.status == 0
        yield client
    finally:
        await client.end()


def message(number: str, text: str) -> bytes:
    to = Address(1, 1, number)
    return MessageBody(Address(5, 0, ""), to, text.encode("utf-16-be"), 8, registered_delivery=1).encode()


# --- the whole way


async def receipt(client: Client) -> str:
    """Wait for a receipt and take it."""
    async with asyncio.timeout(LONG_S):
        while (pdu := await client.next()) is not None:
            if pdu.command == Command.DELIVER_SM:
                client.write(pdu.answer(0, b"\0").encode())
                body = read_message(pdu.body)
                assert isinstance(body, MessageBody)
                return body.text.decode()
    raise AssertionError("the relay closed the connection")


async def bank_sends(running: Running) -> None:
    facts, number = running.program.facts(), new_number()
    port = int(facts["smpp_address"].rpartition(":")[2])
    assert port == running.program.relay_port
    async with client_of(port, facts["smpp_system_id"], facts["smpp_password"]) as client:
        first = await client.ask(Command.SUBMIT_SM, message(number, "Списано 150 рублей"))
        assert first.status == 0
        told = await receipt(client)
        assert told.startswith(f"id:{id_of(first)} sub:001 dlvrd:001 ")
        assert "stat:DELIVRD err:000" in told
    assert running.operator.texts(number) == ["Списано 150 рублей"]
    running.operator.swap(number)
    async with client_of(port, facts["smpp_system_id"], facts["smpp_password"]) as client:
        second = await client.ask(Command.SUBMIT_SM, message(number, "Списано 900 рублей"))
        assert second.status == 0
    # What became of it is kept while the bank is away.
    async with client_of(port, facts["smpp_system_id"], facts["smpp_password"]) as client:
        told = await receipt(client)
        assert told.startswith(f"id:{id_of(second)} ")
        assert "stat:REJECTD err:101" in told
        state = await client.ask(Command.QUERY_SM, QueryBody(id_of(second), Address(0, 0, "")).encode())
        assert state.body[-2:] == bytes((8, 101))
    texts = wait_for("the bank's notice", lambda: running.operator.texts(number)[1:])
    assert texts == ["Ваша SIM-карта не прошла проверку. Обратитесь в банк."]


def test_a_message_passes_the_gate_and_after_a_swap_the_bank_and_the_subscriber_are_told(
    tmp_path: Path,
) -> None:
    with all_in_one(tmp_path / "data") as running:
        asyncio.run(bank_sends(running))
        log = (running.program.data / "logs" / "relay.log").read_text()
        assert "relay_bound" in log
        assert "79160" not in log
        assert "Списано" not in log


# --- killed and stopped


@contextmanager
def relay_of(parts: Parts, port: int) -> Iterator[Program]:
    relay = {"PORT": port, "WINDOW": MANY}
    variables = {f"ETALON_RELAY__{name}": str(value) for name, value in relay.items()}
    variables["ETALON_CONFIG"] = str(parts.config)
    program = Program((*OURS, "relay"), parts.folder / "relay.log", variables)
    program.start()
    try:
        wait_for("the relay", lambda: "relay_started" in program.output() or not program.running)
        assert program.running, program.output()
        yield program
    finally:
        program.end()


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with all_parts(Parts(tmp_path), web=False, worker=False) as running:
        yield running


def account(inside: Inside) -> str:
    """Make the bank and its account; gives the password."""
    unlimited: dict[str, object] = {"requests": [], "sends": [], "checks": [], "messages": []}
    inside.tenant(HOME, limits=unlimited)
    wish = AccountWish("bank1", HOME, frozenset({Face.SMPP}), a_second=100_000)
    made = inside.service.relay.accounts.make(wish, "test")
    assert isinstance(made, MadeAccount)
    return made.password.reveal()


async def submit_until_it_dies(port: int, password: str, numbers: list[str], kill: Program) -> dict[str, str]:
    """Submit through one session, kill the relay on the way; gives the ids of what was answered with 0."""
    asked: dict[int, str] = {}
    answered: dict[str, str] = {}
    async with client_of(port, "bank1", password) as client:
        for number in numbers:
            asked[client.say(Command.SUBMIT_SM, message(number, "text"))] = number
        while (pdu := await client.next()) is not None:
            if pdu.command == Command.SUBMIT_SM.response and pdu.status == 0:
                answered[asked[pdu.sequence]] = id_of(pdu)
            if len(answered) == BANK and kill.running:
                kill.kill()
    return answered


@in_loop
async def test_of_a_relay_that_was_killed_under_load_every_message_that_was_answered_is_there_once(
    parts: Parts,
) -> None:
    port = free_port()
    numbers = [new_number() for _ in range(MANY)]
    with Inside.of_config(parts.config) as inside, relay_of(parts, port) as program:
        password = account(inside)
        answered = await submit_until_it_dies(port, password, numbers, program)
        assert BANK <= len(answered) < MANY
        for number, message_id in answered.items():
            view = inside.service.relay.view.run(HOME, message_id)
            assert isinstance(view, MessageView)
            assert view.number.digits == number
        taken = Counter(
            event["subject"]["number"] for event in inside.all_events() if event["kind"] == "message_taken"
        )
        assert set(answered) <= set(taken)
        assert set(taken.values()) == {1}


@in_loop
async def test_a_relay_that_is_told_to_stop_answers_says_goodbye_and_ends(parts: Parts) -> None:
    port = free_port()
    with Inside.of_config(parts.config) as inside, relay_of(parts, port) as program:
        password = account(inside)
        async with client_of(port, "bank1", password) as client:
            sequences = {client.say(Command.SUBMIT_SM, message(new_number(), "x")) for _ in range(50)}
            first = await client.hear(Command.SUBMIT_SM.response)
            program.send(signal.SIGTERM)
            heard: list[Pdu] = [first]
            while (pdu := await client.next()) is not None:
                heard.append(pdu)
                if pdu.command == Command.UNBIND:
                    client.write(pdu.answer().encode())
        assert heard[-1].command == Command.UNBIND
        assert {pdu.sequence for pdu in heard[:-1]} == sequences
        assert {pdu.status for pdu in heard[:-1]} <= {0, 0x08}
        assert await asyncio.to_thread(program.exit_code) == 0
        assert "relay_stopped" in program.output()
