"""The sessions of one account, kept bound, and its messages through them; leaves one session to `session`.

Pauses and what is done about throttling and full queues are those of the Devino manual, 3.3. Runs in
the thread of one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from security_service.domain.messages import Push
from security_service.links.smpp.account import AS_PRINTED, SmppAccount, SmppPace
from security_service.links.smpp.replies import SmppReply
from security_service.links.smpp.results import Answered, NotSubmitted, NotSubmittedReason, Result
from security_service.links.smpp.session import ClientSession, End, Hooks
from security_service.links.smpp.status import OK, QUEUE_FULL, THROTTLED
from security_service.links.smpp.timing import Timer, Timing, pause

Dial = Callable[[SmppAccount, ClientSession], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Listener:
    """What the owner of an account's sessions is told.

    `receipt`: a receipt came; the call that is handed over has it answered. `reply`: so with what a
    subscriber wrote. `happened`: something that
    operators count, by a name and a reason.
    """

    receipt: Callable[[Push, Callable[[], None]], None]
    reply: Callable[[SmppReply, Callable[[], None]], None]
    happened: Callable[[str, str], None]


@dataclass(slots=True, eq=False)
class _Waiting:
    """One PDU on its way, and what the centre said of it last."""

    body: bytes
    ends_at: float
    ended: asyncio.Future[Result]
    times_full: int = 0
    last: Answered | None = None
    timer: Timer | None = None

    def end(self, result: Result) -> None:
        self.forget_timer()
        if not self.ended.done():
            self.ended.set_result(result)

    def forget_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Binds:
    """Up to four sessions of one account. Messages go to the session with most room, oldest first.

    A lost session is followed by a pause and another; while none is bound, nothing is waited for.
    """

    def __init__(
        self,
        account: SmppAccount,
        timing: Timing,
        listener: Listener,
        dial: Dial | None = None,
        pace: SmppPace = AS_PRINTED,
    ) -> None:
        self._account, self._timing, self._listener, self._pace = account, timing, listener, pace
        self._dial = dial or partial(connect, within_s=pace.connect_s)
        self._sessions: list[ClientSession] = []
        self._queue: deque[_Waiting] = deque()
        self._open: set[asyncio.Future[Result]] = set()
        self._lines: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def bound(self) -> int:
        """How many sessions are bound now."""
        return len(self._sessions)

    async def run(self) -> None:
        """Keep the sessions bound until `stop`; what it raises is a fault of this program."""
        async with asyncio.TaskGroup() as lines:
            self._lines = [lines.create_task(self._keep_bound()) for _ in range(self._account.sessions)]

    async def stop(self, within_s: float) -> None:
        """Take nothing more, let what was written be answered within `within_s` seconds, and unbind."""
        self._stopping = True
        self._end_queue()
        if self._open:
            await asyncio.wait(self._open, timeout=within_s)
        ended = [session.ended for session in self._sessions]
        for session in self._sessions:
            session.unbind()
        if ended:
            await asyncio.wait(ended, timeout=self._pace.unbind_s + 1)
        for line in self._lines:
            line.cancel()

    async def send(self, bodies: Sequence[bytes], within_s: float) -> tuple[Result, ...]:
        """Send the parts of one message, each after the one before it was taken.

        Gives a result for each part up to the first that was not taken. Nothing is written after
        `within_s` seconds; what was written before is waited for as long as a session does.
        """
        ends_at = self._timing.now() + within_s
        results: list[Result] = []
        for body in bodies:
            waiting = _Waiting(body, ends_at, asyncio.get_running_loop().create_future())
            self._open.add(waiting.ended)
            self._enter(waiting, first=False)
            result = await waiting.ended
            self._open.discard(waiting.ended)
            results.append(result)
            if not (isinstance(result, Answered) and result.status == OK):
                break
        return tuple(results)

    # --- the queue

    def _enter(self, waiting: _Waiting, *, first: bool) -> None:
        left = waiting.ends_at - self._timing.now()
        if self._stopping or not self._sessions:
            waiting.end(waiting.last or NotSubmitted(NotSubmittedReason.NOT_BOUND))
        elif left <= 0:
            waiting.end(waiting.last or NotSubmitted(NotSubmittedReason.NO_TIME))
        else:
            # The place in the queue is left behind and passed over.
            out_of_time = waiting.last or NotSubmitted(NotSubmittedReason.NO_TIME)
            waiting.timer = self._timing.later(left, partial(waiting.end, out_of_time))
            (self._queue.appendleft if first else self._queue.append)(waiting)
            self._give_out()

    def _give_out(self) -> None:
        while self._queue:
            roomy = [session for session in self._sessions if session.has_room]
            if not roomy:
                return
            waiting = self._queue.popleft()
            if not waiting.ended.done():
                waiting.forget_timer()
                session = min(roomy, key=lambda one: one.in_flight)
                session.submit(waiting.body, partial(self._take, waiting, session))

    def _take(self, waiting: _Waiting, session: ClientSession, result: Result) -> None:
        match result:
            case Answered(status) if status == THROTTLED:
                self._listener.happened("smpp_throttled", "")
                session.rest(self._pace.throttled_s)
                waiting.last = result
                self._enter(waiting, first=True)
            case Answered(status) if status == QUEUE_FULL:
                self._listener.happened("smpp_queue_full", "")
                waiting.last = result
                self._wait_for_room(waiting, result)
            case _:
                waiting.end(result)

    def _wait_for_room(self, waiting: _Waiting, said: Answered) -> None:
        pauses = self._pace.queue_full_s
        left = waiting.ends_at - self._timing.now()
        if waiting.times_full >= len(pauses) or pauses[waiting.times_full] >= left:
            waiting.end(said)
            return
        again = partial(self._enter, waiting, first=False)
        waiting.timer = self._timing.later(pauses[waiting.times_full], again)
        waiting.times_full += 1

    def _end_queue(self) -> None:
        queue, self._queue = self._queue, deque()
        for waiting in queue:
            waiting.end(waiting.last or NotSubmitted(NotSubmittedReason.NOT_BOUND))

    # --- the sessions

    async def _keep_bound(self) -> None:
        while not self._stopping:
            was_bound = await self._one_session()
            if not self._stopping:
                await pause(self._timing, self._pace.lost_s if was_bound else self._pace.failed_s)

    async def _one_session(self) -> bool:
        """Live through one session; True where it was bound."""
        hooks = Hooks(self._give_out, self._receive)
        session = ClientSession(self._account, self._pace, self._timing, hooks)
        if not await self._dial(self._account, session):
            self._listener.happened("smpp_not_bound", End.NOT_CONNECTED.value)
            return False
        if not await session.bound:
            end = await session.ended
            status = f":{session.refused_status:#x}" if end is End.REFUSED else ""
            self._listener.happened("smpp_not_bound", f"{end.value}{status}")
            return False
        self._sessions.append(session)
        self._listener.happened("smpp_bound", "")
        self._give_out()
        end = await session.ended
        self._sessions.remove(session)
        self._listener.happened("smpp_lost", end.value)
        if not self._sessions:
            self._end_queue()
        return True

    def _receive(self, told: Push | SmppReply | None, answer: Callable[[], None]) -> None:
        match told:
            case None:
                self._listener.happened("smpp_no_receipt", "")
                answer()
            case SmppReply():
                self._listener.reply(told, answer)
            case Push():
                self._listener.receipt(told, answer)
            case _:
                assert_never(told)


async def connect(account: SmppAccount, session: ClientSession, within_s: float) -> bool:
    """Connect a session to the account's centre within so many seconds; False where that fails."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within_s):
            await loop.create_connection(lambda: session, account.host, account.port, ssl=account.tls)
    except (OSError, UnicodeError):  # no such name, nobody there, no TLS; a label that IDNA cannot encode
        return False
    return True
