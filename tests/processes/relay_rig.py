"""The relay on a loopback port in this loop, what is behind it in memory, and a client of plain PDUs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Event, Lock, Semaphore
from typing import Final

from security_service.domain.accounts import Account, AccountRefusal, Face
from security_service.domain.errors import StoreUnavailable
from security_service.domain.relay import (
    MessageState,
    MessageView,
    NoSuchMessage,
    NotTaken,
    Report,
    Submission,
    Taken,
    message_of,
)
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.smpp.bodies import Address, BindBody, MessageBody, NameBody, read_name
from security_service.links.smpp.pdu import Command, Framer, Garbled, Pdu
from security_service.links.smpp.served import ServedPace
from security_service.processes.relay_accounts import ReceiptPace
from security_service.processes.relay_desk import RelayBounds, RelayUses
from security_service.processes.smpp_relay import Door, RelayPlan, SmppRelay
from security_service.usecases.report_message import ClaimReports
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.usecases.view_message import Withdrawal
from tests.links.smpp.smsc import PATIENCE_S
from tests.usecases.behind_the_scenes import CountingMeter

LOGIN: Final = "bank1"
PASSWORD: Final = "hunter2"
NUMBER: Final = "79161112211"
TENANT: Final = Tenant("bank", sender="BANK", senders=("SHOP",))
ACCOUNT: Final = Account(LOGIN, "bank", frozenset({Face.SMPP}), 1, b"digest", a_second=100_000)

_NAMES: Final = Address(5, 0, "BANK"), Address(1, 1, NUMBER)


class LeasedReports:
    """The Reports port in memory; a claimed report is not given again until `come_back`."""

    def __init__(self) -> None:
        self.kept: dict[str, Report] = {}
        self._out: set[str] = set()
        self._lock = Lock()

    def put(self, report: Report) -> None:
        with self._lock:
            self.kept.setdefault(report.id, report)

    def claim(self, account: str, count: int, lease_s: float) -> list[Report]:
        with self._lock:
            free = [one for one in self.kept.values() if one.account == account and one.id not in self._out]
            self._out |= {one.id for one in free[:count]}
            return free[:count]

    def done(self, report: Report) -> None:
        with self._lock:
            self.kept.pop(report.id, None)

    def waiting(self, account: str) -> int:
        return len(self.kept)

    def come_back(self) -> None:
        """The leases end."""
        with self._lock:
            self._out.clear()


class Gate:
    """Lets the taking of messages through only when it is told to."""

    def __init__(self) -> None:
        self.reached, self.opened = Semaphore(0), Event()

    def __call__(self, given: Submission) -> Taken:
        self.reached.release()
        assert self.opened.wait(PATIENCE_S)
        return Taken("1024", 1)

    async def is_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.acquire, timeout=PATIENCE_S)


@dataclass
class Behind:
    """The use cases as a test wants them: `says` is called for each message, in a thread."""

    account: Account = ACCOUNT
    tenant: Tenant = TENANT
    says: Callable[[Submission], Taken | NotTaken] | None = None
    taken: list[Submission] = field(default_factory=list)
    binds: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    refusal: AccountRefusal | None = None
    is_away: bool = False
    reports: LeasedReports = field(default_factory=LeasedReports)
    views: dict[str, MessageView] = field(default_factory=dict)
    ids: count[int] = field(default_factory=lambda: count(1))

    def uses(self) -> RelayUses:
        return RelayUses(
            self.by_password, self.again, self.take, self.view, self.withdraw, ClaimReports(self.reports)
        )

    def by_password(
        self, login: str, password: Secret, face: Face, address: str
    ) -> SignedInAccount | AccountRefusal:
        self.binds.append(address)
        self._check()
        if self.refusal is not None:
            return self.refusal
        known = (login, password.reveal(), face) == (self.account.login, PASSWORD, Face.SMPP)
        return SignedInAccount(self.account, self.tenant) if known else AccountRefusal.WRONG

    def again(self, entered: SignedInAccount, face: Face, address: str) -> SignedInAccount | AccountRefusal:
        self._check()
        return self.refusal or SignedInAccount(self.account, self.tenant)

    def take(self, given: Submission, request_id: str) -> Taken | NotTaken:
        self._check()
        if self.says is not None:
            return self.says(given)
        self.taken.append(given)
        return Taken(str(next(self.ids) << 10), 1)

    def view(self, tenant: str, message_id: str) -> MessageView | NoSuchMessage:
        self._check()
        found = self.views.get(message_of(message_id))
        return found if found is not None and tenant == self.tenant.id else NoSuchMessage()

    def withdraw(self, tenant: str, message_id: str, actor: str, reason: str) -> Withdrawal:
        view = self.views[message_of(message_id)]
        if view.state.is_final:
            return Withdrawal.TOO_LATE
        self.withdrawn.append(message_id)
        return Withdrawal.WITHDRAWN

    def put_view(self, message_id: str, state: MessageState, **changed: object) -> None:
        view = MessageView(
            message_id, Msisdn(NUMBER), state, "", "BANK", "smpp", LOGIN, "", 1, 1_700_000_000_000, 0, 0,
        )  # fmt: skip
        self.views[message_id] = replace(view, **changed)  # type: ignore[arg-type]  # fields by name

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")


def report(message_id: str, state: MessageState = MessageState.DELIVERED, **changed: object) -> Report:
    made = Report(
        message_id, LOGIN, message_id, "", Msisdn(NUMBER), "BANK", state, "", 1_700_000_000_000,
        1_700_000_060_000,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]  # fields by name


class Client:
    """A peer that writes PDUs, or bytes that are none, and reads what comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._framer = Framer()
        self._sequences = count(1)
        self.heard: list[Pdu] = []
        self.is_closed = False

    async def next(self) -> Pdu | None:
        """Give the next PDU, None where the relay closed the connection."""
        while not self.heard:
            try:
                data = await asyncio.wait_for(self._reader.read(65536), PATIENCE_S)
            except ConnectionError:
                data = b""
            if not data:
                self.is_closed = True
                return None
            for found in self._framer.feed(data):
                assert not isinstance(found, Garbled)
                self.heard.append(found)
        return self.heard.pop(0)

    async def hear(self, command: int) -> Pdu:
        """Give the next PDU, which must be this."""
        pdu = await self.next()
        assert pdu is not None, "the relay closed the connection"
        assert pdu.command == command, f"{pdu.command:#x} with {pdu.status:#x}"
        return pdu

    async def closes(self) -> list[Pdu]:
        """Read on until the relay closes the connection; gives what came before."""
        heard = []
        while (pdu := await self.next()) is not None:
            heard.append(pdu)
        return heard

    def say(self, command: int, body: bytes = b"", sequence: int | None = None) -> int:
        """Write a request; gives its sequence number."""
        number = next(self._sequences) if sequence is None else sequence
        self.writer.write(Pdu(command, 0, number, body).encode())
        return number

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def ask(self, command: int, body: bytes = b"") -> Pdu:
        """Write a request and give what is answered to it, be that a nack."""
        number = self.say(command, body)
        answer = await self.next()
        assert answer is not None, "the relay closed the connection"
        assert (answer.sequence, answer.is_response) == (number, True)
        return answer

    async def bind(
        self, mode: Command = Command.BIND_TRANSCEIVER, login: str = LOGIN, password: str = PASSWORD
    ) -> Pdu:
        """Bind; gives the answer."""
        return await self.ask(mode, BindBody(login, Secret(password)).encode())

    async def submit(self, text: bytes = b"text", **members: object) -> Pdu:
        """Submit a message and give what is answered."""
        return await self.ask(Command.SUBMIT_SM, submit_body(text, **members))

    def close(self) -> None:
        self.writer.transport.abort()

    async def end(self) -> None:
        """Close the connection, whatever became of it."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


def submit_body(text: bytes = b"text", **members: object) -> bytes:
    body = MessageBody(*_NAMES, text)
    return replace(body, **members).encode()  # type: ignore[arg-type]  # fields by name


def id_of(answer: Pdu) -> str:
    read = read_name(answer.body)
    assert isinstance(read, NameBody)
    return read.name


class Relay:
    """A running relay with what is behind it."""

    def __init__(self, relay: SmppRelay, behind: Behind, meter: CountingMeter) -> None:
        self.relay, self.behind, self.meter = relay, behind, meter
        self.clients: list[Client] = []

    @property
    def port(self) -> int:
        return self.relay.ports[0]

    async def connect(self, tls: ssl.SSLContext | None = None, door: int = 0) -> Client:
        name = "127.0.0.1" if tls is not None else None
        port = self.relay.ports[door]
        reached = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
        self.clients.append(Client(*reached))
        return self.clients[-1]

    async def bound(self, mode: Command = Command.BIND_TRANSCEIVER) -> Client:
        """Give a client that is bound."""
        client = await self.connect()
        answer = await client.bind(mode)
        assert answer.status == 0
        return client


FAST: Final = ReceiptPace(idle_s=(0.01, 0.02), lease_s=30.0)


@asynccontextmanager
async def relay(
    behind: Behind | None = None,
    *,
    pace: ServedPace | None = None,
    bounds: RelayBounds | None = None,
    look_again_s: float = 3600.0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Relay]:
    """Run a relay on a port that is free, another with TLS where it is given, and fail where it broke."""
    behind, meter = behind or Behind(), CountingMeter()
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: faults.append(told))
    doors = (Door("127.0.0.1", 0), *([Door("127.0.0.1", 0, tls)] if tls else []))
    plan = RelayPlan(doors, 4, look_again_s, pace or ServedPace(), bounds or RelayBounds(), FAST)
    running = SmppRelay(behind.uses(), plan, SystemClock(), SystemChance(), meter)
    await running.start()
    made = Relay(running, behind, meter)
    try:
        yield made
    finally:
        for client in made.clients:
            await client.end()
        await running.stop()
    assert faults == []
    assert [event for event in meter.events if event[0] in {"call_broke", "carry_broke"}] == []
