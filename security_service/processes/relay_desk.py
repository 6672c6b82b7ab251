"""What banks ask over SMPP, answered by the use cases; leaves sessions to `relay_reception`.

Lives in the thread of one loop. A submit_sm is answered with status 0 only after its message is taken, which
says that it is safe; the parts of one message wait for each other and are answered together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from security_service.domain.accounts import AccountRefusal, Face
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance, Clock, Meter
from security_service.domain.relay import (
    MOST_SEGMENTS,
    MessageView,
    NoSuchMessage,
    NotTaken,
    Refusal,
    Submission,
    Taken,
    segment_ids,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.links.smpp import status
from security_service.links.smpp.bodies import (
    Address,
    NameBody,
    read_cancel,
    read_message,
    read_query,
)
from security_service.links.smpp.joining import WITHIN_S, Joining
from security_service.links.smpp.pdu import Command, Fault, Garbled, Pdu
from security_service.links.smpp.reporting import query_answer
from security_service.links.smpp.served import ServedSession
from security_service.links.smpp.submitted import Submitted, Unfit, read_submitted, text_of
from security_service.links.smpp.timing import Timing
from security_service.processes.blocking_calls import BlockingCalls, Broken
from security_service.processes.relay_accounts import BoundAccount
from security_service.usecases.report_message import ClaimReports
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.usecases.view_message import Withdrawal

_INTERNATIONAL: Final = 1

_STATUSES: Final = {
    Refusal.NO_TEXT: status.INVALID_LENGTH,
    Refusal.TOO_LONG: status.INVALID_LENGTH,
    Refusal.SENDER: status.INVALID_SOURCE,
    Refusal.TIME: status.INVALID_EXPIRY,
    Refusal.LIMIT: status.THROTTLED,
    Refusal.FROZEN: status.SUBMIT_FAILED,
    Refusal.QUEUE_FULL: status.QUEUE_FULL,
    Refusal.OTHER_STORE: status.SYSTEM_ERROR,
    Refusal.STORE_AWAY: status.SYSTEM_ERROR,
}
_CANCELS: Final = {
    Withdrawal.WITHDRAWN: status.OK,
    Withdrawal.TOO_LATE: status.CANCEL_FAILED,
    Withdrawal.UNKNOWN: status.INVALID_MESSAGE_ID,
}


@dataclass(frozen=True, slots=True)
class RelayUses:
    """The use cases behind the relay; all but `reports` block, and are called in threads."""

    by_password: Callable[[str, Secret, Face, str], SignedInAccount | AccountRefusal]
    again: Callable[[SignedInAccount, Face, str], SignedInAccount | AccountRefusal]
    take: Callable[[Submission, str], Taken | NotTaken]
    view: Callable[[str, str], MessageView | NoSuchMessage]
    withdraw: Callable[[str, str, str, str], Withdrawal]
    reports: ClaimReports


@dataclass(frozen=True, slots=True)
class RelayBounds:
    """How much there may be at once: connections, requests of one session, requests of all.

    The parts of one message are waited for so many seconds.
    """

    sessions: int = 2000
    window: int = 100
    in_hand: int = 10_000
    parts_within_s: float = WITHIN_S


@dataclass(frozen=True, slots=True)
class RelayTools:
    """What the desk works with beside the use cases."""

    calls: BlockingCalls
    timing: Timing
    clock: Clock
    chance: Chance
    meter: Meter


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One submit_sm on its way: who asked, and what for."""

    session: ServedSession
    account: BoundAccount
    pdu: Pdu
    given: Submitted


class RelayDesk:
    """Answers the requests of bound sessions."""

    def __init__(self, uses: RelayUses, tools: RelayTools, bounds: RelayBounds) -> None:
        self._uses, self._tools, self._bounds = uses, tools, bounds
        self._joining: Joining[_Asked] = Joining(tools.timing, self._give_up, bounds.parts_within_s)
        self._is_stopping = False
        self.in_hand = 0

    def stop(self) -> None:
        """Take no more: what comes now is to be sent again, and so are parts that wait for others."""
        self._is_stopping = True
        self._joining.end()

    def forget(self, session: ServedSession) -> None:
        """A session is over: let go of its requests, and of parts that nobody waits for any more."""
        self.in_hand -= session.in_hand
        self._joining.forget(lambda asked: asked.session is session)

    def request(self, session: ServedSession, account: BoundAccount, pdu: Pdu) -> None:
        """Answer one request, now or when what it asks for is known."""
        self.in_hand += 1
        if self._is_stopping:
            self._answer(session, pdu, status.SYSTEM_ERROR)
        elif session.in_hand > self._bounds.window:
            self._throttle(session, pdu, "window")
        elif self.in_hand > self._bounds.in_hand:
            self._answer(session, pdu, status.QUEUE_FULL)
        elif pdu.command == Command.SUBMIT_SM:
            self._submit(session, account, pdu)
        elif pdu.command == Command.QUERY_SM:
            self._query(session, account, pdu)
        else:
            self._cancel(session, account, pdu)

    def _submit(self, session: ServedSession, account: BoundAccount, pdu: Pdu) -> None:
        if not account.may_submit():
            self._throttle(session, pdu, "rate")
            return
        body = read_message(pdu.body)
        if isinstance(body, Garbled):
            self._nack(session, pdu, body)
            return
        given = read_submitted(body, self._tools.clock.unix_ms() // 1000)
        if isinstance(given, Unfit):
            self._answer(session, pdu, given.status)
            return
        asked = _Asked(session, account, pdu, given)
        if given.part is None:
            self._take([asked])
        elif given.part.total > MOST_SEGMENTS:
            self._answer(session, pdu, status.INVALID_LENGTH)
        else:
            whole = (account.login, given.source.value, given.destination.value, given.data_coding)
            parts = self._joining.put(whole, given.part, asked)
            if parts:
                self._take(parts)

    def _take(self, parts: Sequence[_Asked]) -> None:
        """Have one message taken, whose parts these are."""
        first = parts[0]
        given, entered = first.given, first.account.entered
        number = _number(given.destination, entered.tenant.region)
        if number is None:
            self._answer_all(parts, status.INVALID_DESTINATION)
            return
        text = text_of(b"".join(part.given.octets for part in parts), given.data_coding)
        if text is None:
            self._answer_all(parts, status.SUBMIT_FAILED)
            return
        wish = next((part.given.wish for part in parts if part.given.wish.wanted), given.wish)
        submission = Submission(
            tenant=entered.tenant,
            number=number,
            text=MessageText(text),
            face=Face.SMPP.value,
            account=entered.account.login,
            sender=given.source.value,
            validity_s=given.validity_s,
            send_at_s=given.send_at_s,
            reference=wish.as_text(),
            wants_report=wish.wanted,
        )
        take = partial(self._uses.take, submission, self._tools.chance.token())
        self._tools.calls.start(take, partial(self._taken, parts))

    def _taken(self, parts: Sequence[_Asked], outcome: Taken | NotTaken | Broken) -> None:
        match outcome:
            case Taken():
                ids = segment_ids(outcome.message_id, len(parts))
                for part, segment in zip(parts, ids, strict=True):
                    self._answer(part.session, part.pdu, status.OK, NameBody(segment).encode())
            case NotTaken():
                self._answer_all(parts, _STATUSES[outcome.reason])
            case Broken():
                self._answer_all(parts, status.SYSTEM_ERROR)
            case _:
                assert_never(outcome)

    def _give_up(self, parts: Sequence[_Asked]) -> None:
        """Parts without the rest were not taken: they are to be sent again."""
        self._tools.meter.event("relay_parts", "given_up")
        self._answer_all(parts, status.SYSTEM_ERROR)

    def _query(self, session: ServedSession, account: BoundAccount, pdu: Pdu) -> None:
        body = read_query(pdu.body)
        if isinstance(body, Garbled):
            self._nack(session, pdu, body)
            return
        view = partial(self._view, account, body.message_id)
        self._tools.calls.start(view, partial(self._viewed, session, pdu, body.message_id))

    def _view(self, account: BoundAccount, message_id: str) -> MessageView | NoSuchMessage:
        """Read a message of this very account; in a thread."""
        view = self._uses.view(account.entered.tenant.id, message_id)
        is_its = isinstance(view, MessageView) and view.account == account.login
        return view if is_its else NoSuchMessage()

    def _viewed(
        self, session: ServedSession, pdu: Pdu, asked: str, view: MessageView | NoSuchMessage | Broken
    ) -> None:
        match view:
            case MessageView():
                self._answer(session, pdu, status.OK, query_answer(asked, view).encode())
            case NoSuchMessage():
                self._answer(session, pdu, status.INVALID_MESSAGE_ID)
            case Broken():
                self._answer(session, pdu, status.SYSTEM_ERROR)
            case _:
                assert_never(view)

    def _cancel(self, session: ServedSession, account: BoundAccount, pdu: Pdu) -> None:
        body = read_cancel(pdu.body)
        if isinstance(body, Garbled):
            self._nack(session, pdu, body)
            return

        def withdraw() -> Withdrawal:
            if isinstance(self._view(account, body.message_id), NoSuchMessage):
                return Withdrawal.UNKNOWN
            return self._uses.withdraw(account.entered.tenant.id, body.message_id, account.login, "cancel_sm")

        def then(outcome: Withdrawal | Broken) -> None:
            how = status.SYSTEM_ERROR if isinstance(outcome, Broken) else _CANCELS[outcome]
            self._answer(session, pdu, how)

        self._tools.calls.start(withdraw, then)

    # --- answers

    def _answer_all(self, parts: Sequence[_Asked], how: int) -> None:
        for part in parts:
            self._answer(part.session, part.pdu, how)

    def _answer(self, session: ServedSession, pdu: Pdu, how: int, body: bytes = b"") -> None:
        self._settle(session, pdu, how)
        session.answer(pdu, how, body)

    def _nack(self, session: ServedSession, pdu: Pdu, why: Garbled) -> None:
        in_options = why.fault is Fault.TLV_CUT_SHORT
        how = status.INVALID_OPTIONS if in_options else status.INVALID_COMMAND_LENGTH
        self._settle(session, pdu, how)
        session.nack(pdu, how)

    def _throttle(self, session: ServedSession, pdu: Pdu, why: str) -> None:
        self._tools.meter.event("relay_throttled", why)
        self._answer(session, pdu, status.THROTTLED)

    def _settle(self, session: ServedSession, pdu: Pdu, how: int) -> None:
        """Count a request as answered; those of a session that is over were taken off with it."""
        if session.is_open:
            self.in_hand -= 1
        if pdu.command == Command.SUBMIT_SM:
            self._tools.meter.event("relay_submit", f"{how:#04x}")


def _number(destination: Address, region: str) -> Msisdn | None:
    """Read a destination; where it says that it is international it is tried as one first."""
    return next((found for text in _readings(destination) if (found := parse_msisdn(text, region))), None)


def _readings(destination: Address) -> Iterator[str]:
    written = destination.value
    if destination.ton == _INTERNATIONAL and not written.startswith("+"):
        yield f"+{written}"
    yield written
