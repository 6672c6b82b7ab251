"""The process that takes letters over SMTP: commands, SMS by e-mail; leaves what they mean to others."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from security_service.domain.errors import ArchiveUnavailable, StoreUnavailable
from security_service.domain.mail import Letter
from security_service.domain.ports import Meter
from security_service.usecases.obey_mail import MailEnd
from security_service.usecases.send_mailed_sms import MailedSmsEnd

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("mail")

_MOST_BYTES: Final = 256 * 1024
_SILENCE_S: Final = 60.0
_MOST_AT_ONCE: Final = 32

_TAKEN: Final = "250 2.0.0 taken"
_AGAIN: Final = "451 4.3.0 try again later"
_BUSY: Final = "451 4.3.2 too many letters at once"
_NOT_TAKEN: Final = "554 5.7.1 not taken"
_NOBODY: Final = "550 5.1.1 no such address"
_ONE: Final = "452 4.5.3 one address a letter"


class ReadLetter(Protocol):
    """Reads a letter; None for what is none. Never raises."""

    def __call__(self, raw: bytes) -> Letter | None:
        """Read."""
        ...


@dataclass(frozen=True, slots=True)
class MailPlan:
    """Where it listens, and which addresses are for what ('' for none)."""

    host: str
    port: int
    sms_address: str
    commands_address: str


@dataclass(frozen=True, slots=True)
class MailUses:
    """What letters are given to."""

    read: ReadLetter
    obey: Callable[[Letter], MailEnd]
    send_sms: Callable[[Letter, str], MailedSmsEnd]


class MailHandler:
    """Hooks of aiosmtpd: one address a letter, and an answer only once the letter was dealt with.

    A letter that could not be dealt with is answered 451, so that whoever brought it brings it again; what
    letters ask for is taken once. Of commands nobody learns by SMTP whether they were obeyed.
    """

    def __init__(self, plan: MailPlan, uses: MailUses, meter: Meter) -> None:
        self._plan, self._uses, self._meter = plan, uses, meter
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take letters to the two addresses and no others."""
        wanted = {one.casefold() for one in (self._plan.sms_address, self._plan.commands_address) if one}
        if address.casefold() not in wanted:
            self._meter.event("mail", "nobodys")
            return _NOBODY
        if envelope.rcpt_tos:
            return _ONE
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Deal with a letter, then answer."""
        if self._places.locked():
            return _BUSY
        async with self._places:
            work = partial(self._deal, _bytes(envelope.content), envelope.rcpt_tos[0], _address(session))
            try:
                return await asyncio.to_thread(work)
            except (StoreUnavailable, ArchiveUnavailable):
                self._meter.event("mail", "store_away")
                return _AGAIN

    def _deal(self, raw: bytes, to: str, address: str) -> str:
        letter = self._uses.read(raw)
        if letter is None:
            self._meter.event("mail", "unreadable")
            return _NOT_TAKEN
        if to.casefold() == self._plan.commands_address.casefold():
            self._uses.obey(letter)
            return _TAKEN
        end = self._uses.send_sms(letter, address)
        if end.again:
            return _AGAIN
        return _TAKEN if end.taken else _NOT_TAKEN


class MailProcess:
    """Listens until SIGTERM or SIGINT."""

    def __init__(self, plan: MailPlan, uses: MailUses, meter: Meter) -> None:
        self._plan, self._uses, self._meter = plan, uses, meter

    def run(self) -> None:
        """Work until told to stop; for the main thread."""
        asyncio.run(self._main())

    async def _main(self) -> None:
        told_to_stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told_to_stop.set)
        server = await serve_mail(self._plan, self._uses, self._meter)
        _LOG.info("mail_started", port=self._plan.port)
        async with server:
            await told_to_stop.wait()
        _LOG.info("mail_stopped")


async def serve_mail(plan: MailPlan, uses: MailUses, meter: Meter) -> asyncio.Server:
    """Begin to listen in the running loop; gives the server, whose owner closes it."""
    handler = MailHandler(plan, uses, meter)

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=_MOST_BYTES, timeout=_SILENCE_S, hostname="etalon", ident="SMTP")

    return await asyncio.get_running_loop().create_server(session, plan.host, plan.port)


def _bytes(content: bytes | str | None) -> bytes:
    return content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")


def _address(session: Session) -> str:
    peer = session.peer
    return str(peer[0]) if isinstance(peer, tuple) else ""
