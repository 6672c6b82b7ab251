"""The relay with Kannel from Debian: it binds, sends, and understands the receipts that come back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from security_service.domain.relay import MessageState
from security_service.domain.secret import Msisdn
from tests.e2e.processes import Program, free_port
from tests.links.smpp.hand_time import in_loop
from tests.links.smpp.smsc import PATIENCE_S
from tests.processes.relay_rig import ACCOUNT, NUMBER, PASSWORD, Behind, Relay, relay, report

pytestmark = pytest.mark.skipif(
    shutil.which("bearerbox") is None, reason="speaks with Kannel: apt-get install kannel"
)

LOGIN = "kannel"
LONG = "Никому не говорите этот код. " * 8
CONFIGURATION = """\
group = core
admin-port = {admin}
admin-password = bar
smsbox-port = {box}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
sms-resend-freq = 1

group = smsc
smsc = smpp
smsc-id = relay
host = 127.0.0.1
port = {relay}
transceiver-mode = true
smsc-username = {login}
smsc-password = {password}
system-type = ""
interface-version = 34
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
max-pending-submits = 20
enquire-link-interval = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}

group = sendsms-user
username = u
password = p
concatenation = true
max-messages = 10
"""


class Kannel:
    """Both boxes, and the address to which they tell what became of messages."""

    def __init__(self, running: Relay, folder: Path) -> None:
        self.send_port, ports = free_port(), {"admin": free_port(), "box": free_port()}
        configuration = folder / "kannel.conf"
        configuration.write_text(
            CONFIGURATION.format(
                relay=running.port, send=self.send_port, login=LOGIN, password=PASSWORD, **ports
            )
        )
        self.bearerbox, self.smsbox = (
            Program((name, "-v", "1", str(configuration)), folder / f"{name}.log")
            for name in ("bearerbox", "smsbox")
        )
        self.told: list[dict[str, str]] = []
        self.heard = asyncio.Event()
        self.told_at = ""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one delivery report of Kannel's."""
        target = (await reader.readline()).split()[1].decode()
        self.told.append({name: values[0] for name, values in parse_qs(urlsplit(target).query).items()})
        self.heard.set()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def until_told(self, state: str) -> dict[str, str]:
        """Wait for a report of that state: 1 delivered, 2 not delivered, 8 accepted, 16 rejected."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = [one for one in self.told if one["state"] == state]
                if found:
                    return found[0]
                self.heard.clear()
                await self.heard.wait()

    async def send(self, text: str, **members: str) -> None:
        """Hand a message to the smsbox as an application of a bank does."""
        query = {
            "username": "u",
            "password": "p",
            "from": "BANK",
            "to": f"+{NUMBER}",
            "text": text,
            "charset": "UTF-8",
            "dlr-mask": "31",
            "dlr-url": f"{self.told_at}/?state=%d&id=%F",
            **members,
        }
        url = f"http://127.0.0.1:{self.send_port}/cgi-bin/sendsms"
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(400):
                try:
                    answer = await client.get(url, params=query)
                except httpx.TransportError:
                    await asyncio.wait([asyncio.ensure_future(self.heard.wait())], timeout=0.05)
                    continue
                assert answer.status_code == 202, answer.text
                return
        pytest.fail(f"smsbox takes nothing: {self.smsbox.output()[-500:]}")


@asynccontextmanager
async def kannel(running: Relay, folder: Path) -> AsyncIterator[Kannel]:
    made = Kannel(running, folder)
    listener = await asyncio.start_server(made.hear, "127.0.0.1", 0)
    made.told_at = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        made.bearerbox.start()
        await until(lambda: running.relay.bound == 1, made)
        made.smsbox.start()
        yield made
    finally:
        await asyncio.to_thread(made.smsbox.end)
        await asyncio.to_thread(made.bearerbox.end)
        listener.close()


async def until(is_so: Callable[[], object], made: Kannel) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.wait([asyncio.ensure_future(made.heard.wait())], timeout=0.02)


def behind() -> Behind:
    return Behind(account=replace(ACCOUNT, login=LOGIN))


@in_loop
async def test_it_sends_and_is_told_that_it_was_delivered(tmp_path: Path) -> None:
    async with relay(behind()) as running, kannel(running, tmp_path) as made:
        await made.send("Code {1} @ £")
        assert (await made.until_told("8"))["id"] == "1024"
        (taken,) = running.behind.taken
        assert (taken.text.reveal(), taken.number, taken.sender) == ("Code {1} @ £", Msisdn(NUMBER), "BANK")
        assert taken.wants_report
        running.behind.reports.put(report("1024", account=LOGIN))
        assert (await made.until_told("1"))["id"] == "1024"
        await until(lambda: not running.behind.reports.kept, made)


@in_loop
async def test_it_is_told_that_the_gate_refused(tmp_path: Path) -> None:
    async with relay(behind()) as running, kannel(running, tmp_path) as made:
        await made.send("x")
        await made.until_told("8")
        refused = report("1024", MessageState.REFUSED, account=LOGIN, reason="sim_changed")
        running.behind.reports.put(refused)
        assert (await made.until_told("2"))["id"] == "1024"


@in_loop
async def test_the_parts_that_it_makes_of_a_long_text_are_one_message(tmp_path: Path) -> None:
    async with relay(behind()) as running, kannel(running, tmp_path) as made:
        await made.send(LONG, coding="2")
        await made.until_told("8")
        assert [taken.text.reveal() for taken in running.behind.taken] == [LONG]
