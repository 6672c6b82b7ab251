"""Who comes to the relay and is let in: connections, binds, sessions; leaves requests to the desk."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final, assert_never

import structlog

from security_service.domain.accounts import AccountRefusal, Face
from security_service.links.smpp import status
from security_service.links.smpp.bodies import BindBody
from security_service.links.smpp.pdu import Pdu
from security_service.links.smpp.served import Ended, Mode, ServedSession
from security_service.processes.blocking_calls import Broken
from security_service.processes.relay_accounts import BoundAccount, ReceiptPace
from security_service.processes.relay_desk import RelayBounds, RelayDesk, RelayTools, RelayUses
from security_service.usecases.sign_in_account import SignedInAccount

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("relay")

_LONGEST_LOGIN: Final = 15
_MOST_UNBOUND: Final = 64
"""Connections of one address that may be on their way to a bind."""

_BIND_REFUSALS: Final = {
    AccountRefusal.WRONG: status.INVALID_PASSWORD,
    AccountRefusal.SESSION: status.INVALID_PASSWORD,
    AccountRefusal.ADDRESS: status.BIND_FAILED,
    AccountRefusal.FACE: status.BIND_FAILED,
    AccountRefusal.WAIT: status.BIND_FAILED,
}


class RelayReception:
    """The owner of all sessions; implements `Owner`. Lives in the thread of one loop."""

    def __init__(
        self, uses: RelayUses, tools: RelayTools, bounds: RelayBounds, receipts: ReceiptPace
    ) -> None:
        self._uses, self._tools, self._bounds, self._receipts = uses, tools, bounds, receipts
        self._desk = RelayDesk(uses, tools, bounds)
        self._sessions: dict[ServedSession, BoundAccount | None] = {}
        self._accounts: dict[str, BoundAccount] = {}
        self._unbound: Counter[str] = Counter()
        self._is_stopping = False

    @property
    def sessions(self) -> tuple[ServedSession, ...]:
        """Every connection there is."""
        return tuple(self._sessions)

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(len(account.sessions) for account in self._accounts.values())

    @property
    def under_way(self) -> int:
        """What is still to be answered, either way, and to be written."""
        waiting = sum(session.undelivered for session in self._sessions)
        return self._desk.in_hand + waiting + self._tools.calls.under_way

    def stop(self) -> None:
        """Let nobody in and take no more; what is under way may still end."""
        self._is_stopping = True
        self._desk.stop()
        for account in self._accounts.values():
            account.stop_carrying()

    def opened(self, session: ServedSession) -> bool:
        """Let a connection in while there is room, and not too many of one address that are not bound."""
        if (
            self._is_stopping
            or len(self._sessions) >= self._bounds.sessions
            or self._unbound[session.address] >= _MOST_UNBOUND
        ):
            self._tools.meter.event("relay_session", "turned_away")
            return False
        self._sessions[session] = None
        self._unbound[session.address] += 1
        return True

    def bind(self, session: ServedSession, mode: Mode, body: BindBody) -> None:
        """Ask who this is; unknown logins and wrong passwords are answered alike."""
        if not 1 <= len(body.system_id) <= _LONGEST_LOGIN or not body.system_id.isascii():
            self._refuse(session, status.INVALID_SYSTEM_ID, "malformed")
            return
        ask = partial(self._uses.by_password, body.system_id, body.password, Face.SMPP, session.address)
        self._tools.calls.start(ask, partial(self._bind, session, mode))

    def _bind(
        self, session: ServedSession, mode: Mode, entered: SignedInAccount | AccountRefusal | Broken
    ) -> None:
        match entered:
            case Broken():
                self._refuse(session, status.SYSTEM_ERROR, "store_away")
            case AccountRefusal():
                self._refuse(session, _BIND_REFUSALS[entered], entered.value)
            case SignedInAccount():
                self._admit(session, mode, entered)
            case _:
                assert_never(entered)

    def _admit(self, session: ServedSession, mode: Mode, entered: SignedInAccount) -> None:
        login = entered.account.login
        account = self._accounts.get(login)
        if account is not None and account.came_otherwise(entered):
            # Whoever bound with a password that is no more must not stay because its owner came back.
            account.unbind()
        if account is not None and account.bound >= entered.account.sessions:
            self._refuse(session, status.BIND_FAILED, "too_many_sessions")
            return
        if self._is_stopping or not session.admit():
            return
        if account is None:
            tools = self._tools
            account = BoundAccount(
                entered, self._uses.reports, tools.calls, tools.timing, tools.meter, self._receipts
            )
            self._accounts[login] = account
        account.entered = entered
        self._sessions[session] = account
        self._leave_unbound(session)
        account.add(session)
        self._tools.meter.event("relay_session", "bound")
        _LOG.info("relay_bound", account=login, mode=mode.name.lower(), bound=self.bound)

    def _refuse(self, session: ServedSession, how: int, why: str) -> None:
        self._tools.meter.event("relay_session", f"refused:{why}")
        _LOG.info("relay_not_bound", reason=why, status=f"{how:#x}")
        session.refuse(how)

    def ended(self, session: ServedSession, why: Ended) -> None:
        """Forget a session, and the parts that it left behind without an answer."""
        if session not in self._sessions:
            return
        account = self._sessions.pop(session)
        self._desk.forget(session)
        if account is None:
            self._leave_unbound(session)
            return
        account.remove(session)
        if not account.sessions:
            del self._accounts[account.login]
        self._tools.meter.event("relay_session", f"ended:{why.value}")
        _LOG.info("relay_ended", account=account.login, reason=why.value, bound=self.bound)

    def _leave_unbound(self, session: ServedSession) -> None:
        self._unbound[session.address] -= 1
        if not self._unbound[session.address]:
            del self._unbound[session.address]

    async def look_again(self) -> None:
        """End sessions whose account is gone or changed, and give the others what is new of it."""
        for account in list(self._accounts.values()):
            for address in {session.address for session in account.sessions}:
                entered = account.entered
                found = await self._tools.calls.result(partial(self._uses.again, entered, Face.SMPP, address))
                match found:
                    case SignedInAccount() if account.entered is entered:
                        account.entered = found
                    case AccountRefusal():
                        _LOG.info("relay_unwelcome", account=account.login, reason=found.value)
                        account.unbind(address)
                    case SignedInAccount() | Broken():
                        continue
                    case _:
                        assert_never(found)

    def request(self, session: ServedSession, pdu: Pdu) -> None:
        """Hand a request of a bound session on."""
        account = self._sessions.get(session)
        if account is not None:
            self._desk.request(session, account, pdu)
