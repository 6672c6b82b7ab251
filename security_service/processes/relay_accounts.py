"""One account at the relay: its sessions, its rate, its receipts; leaves what it asks to the desk."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from security_service.domain.ports import Meter
from security_service.domain.relay import Report
from security_service.links.smpp import status
from security_service.links.smpp.reporting import is_wanted, receipt_body
from security_service.links.smpp.served import ServedSession
from security_service.links.smpp.timing import Timing
from security_service.processes.blocking_calls import BlockingCalls, Broken
from security_service.usecases.report_message import ClaimReports
from security_service.usecases.sign_in_account import SignedInAccount

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("relay")

_MOST_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class ReceiptPace:
    """How receipts are looked for, in seconds: `idle_s` are the pauses while there is nothing.

    A receipt that was taken out and not answered comes back after `lease_s`, which is longer than a
    session waits for an answer. Their dates are `utc_offset_minutes` ahead of UTC.
    """

    idle_s: Sequence[float] = (0.2, 0.5, 1.0, 2.0)
    lease_s: float = 30.0
    utc_offset_minutes: int = 0


class Rate:
    """So many a second on average, and no more than that at once."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._at = timing.now()
        self._left = math.inf

    def take(self, a_second: int) -> bool:
        """Take one place; False where there is none now."""
        now = self._timing.now()
        self._left = min(self._left + (now - self._at) * a_second, float(a_second))
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class BoundAccount:
    """An account with one session at least. Lives in the thread of the loop."""

    def __init__(
        self,
        entered: SignedInAccount,
        reports: ClaimReports,
        calls: BlockingCalls,
        timing: Timing,
        meter: Meter,
        pace: ReceiptPace,
    ) -> None:
        self.entered = entered
        self.sessions: list[ServedSession] = []
        self._reports, self._calls, self._meter, self._pace = reports, calls, meter, pace
        self._rate = Rate(timing)
        self._wake = asyncio.Event()
        self._carrying: asyncio.Task[None] | None = None

    @property
    def login(self) -> str:
        """The account's login."""
        return self.entered.account.login

    @property
    def bound(self) -> int:
        """How many of its sessions are bound and not about to end."""
        return sum(session.is_bound for session in self.sessions)

    def came_otherwise(self, entered: SignedInAccount) -> bool:
        """Tell whether somebody comes with another password than those who are bound came with."""
        now, new = self.entered.account, entered.account
        return (now.version, now.digest) != (new.version, new.digest)

    def unbind(self, address: str | None = None) -> None:
        """Say goodbye to its sessions from an address, or to all."""
        for session in [one for one in self.sessions if address in {None, one.address}]:
            session.unbind()

    def may_submit(self) -> bool:
        """Take one place in the account's rate; False where it is to slow down."""
        return self._rate.take(self.entered.account.a_second)

    def add(self, session: ServedSession) -> None:
        """A session of the account is bound now."""
        self.sessions.append(session)
        self._wake.set()
        if self._carrying is None and any(
            one.mode is not None and one.mode.receives for one in self.sessions
        ):
            self._carrying = asyncio.get_running_loop().create_task(self._carry())

    def remove(self, session: ServedSession) -> None:
        """A session of the account is over."""
        self.sessions.remove(session)
        if not any(one.mode is not None and one.mode.receives for one in self.sessions):
            self.stop_carrying()

    def stop_carrying(self) -> None:
        """Take no more receipts out; those under way may still be answered."""
        if self._carrying is not None:
            self._carrying.cancel()
            self._carrying = None

    # --- receipts

    async def _carry(self) -> None:
        """Bring receipts to whichever sessions have room, the oldest first, until no session takes them."""
        idle = 0
        while True:
            self._wake.clear()
            brought = await self._bring_round()
            idle = 0 if brought else min(idle + 1, len(self._pace.idle_s) - 1)
            if not brought:
                await _rung(self._wake, self._pace.idle_s[idle])

    async def _bring_round(self) -> int:
        """Bring what there is and room for; gives how many that were."""
        try:
            found = await self._claim()
            for report in found:
                self._bring(report)
        except Exception as error:  # noqa: BLE001 - outermost loop: one broken receipt must not end the rest
            self._meter.event("carry_broke", "relay")
            _LOG.error("carry_broke", account=self.login, exc_info=error)
            return 0
        return len(found)

    async def _claim(self) -> Sequence[Report]:
        room = min(sum(session.room for session in self.sessions), _MOST_AT_ONCE)
        if room == 0:
            return ()
        claim = partial(self._reports.claim, self.login, room, self._pace.lease_s)
        found = await self._calls.result(claim)
        return () if isinstance(found, Broken) else found

    def _bring(self, report: Report) -> None:
        """Carry one report; one that nobody takes now comes back when its lease ends."""
        if not is_wanted(report):
            self._forget(report)
            return
        session = max(self.sessions, key=lambda one: one.room, default=None)
        if session is not None and session.room > 0:
            body = receipt_body(report, self._pace.utc_offset_minutes)
            session.deliver(body, partial(self._answered, report))

    def _answered(self, report: Report, how: int | None) -> None:
        if how == status.OK:
            self._forget(report)
        label = "unanswered" if how is None else "taken" if how == status.OK else "not_taken"
        self._meter.event("relay_receipt", label)
        self._wake.set()

    def _forget(self, report: Report) -> None:
        # Where this is lost the receipt comes once more: at least once is what is promised.
        self._calls.start(partial(self._reports.done, report), _nothing)


def _nothing(_ended: Broken | None) -> None:
    return


async def _rung(bell: asyncio.Event, within_s: float) -> None:
    """Wait for a bell, but no longer than so."""
    try:
        async with asyncio.timeout(within_s):
            await bell.wait()
    except TimeoutError:
        return
