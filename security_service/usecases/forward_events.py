"""Forward events of the log to one target, in order, at least once; leaves formats and sockets to links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from security_service.domain.archive_ports import Archive
from security_service.domain.audit import Event, EventKind
from security_service.domain.forwarding import Numbers, forwarded
from security_service.domain.forwarding_ports import (
    Claim,
    Delivered,
    Delivery,
    ForwardBook,
    ForwardLink,
    ForwardLog,
    ForwardMeter,
    ForwardState,
    HeldElsewhere,
    NotDelivered,
    Stretch,
    TurnedOff,
)
from security_service.domain.ports import Clock

LEASE_S: Final = 60.0
"""Seconds for which a worker serves a target; half of them, always left, outlast one delivery."""
_FIRST_PAUSE_S: Final = 1
_MOST_DOUBLINGS: Final = 20


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """What a target is to have: kinds of events (none: all), how many at once, from where on.

    `longest_pause_s` is the longest pause between two attempts in seconds.
    """

    name: str
    kinds: tuple[str, ...] = ()
    numbers: Numbers = Numbers.MASKED
    batch: int = 100
    from_begin: bool = False
    longest_pause_s: int = 3600


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ForwardEvents:
    """Serves one target; `holder` names this worker, so that of several one serves it at a time.

    A leaf is left behind only once the target took it. A worker that dies, or a reply that is lost,
    makes the target get events anew, beginning with the first that it is not known to have.
    """

    target: ForwardTarget
    log: ForwardLog
    book: ForwardBook
    link: ForwardLink
    archive: Archive
    clock: Clock
    meter: ForwardMeter
    holder: str

    def run(self, is_stopping: Callable[[], bool] = _never) -> None:
        """Forward what waits, until none is left, a delivery fails, or it is to stop.

        Raises ArchiveUnavailable.
        """
        while not is_stopping() and self._round():
            pass

    def release(self) -> None:
        """Let another worker serve the target at once. Raises ArchiveUnavailable."""
        self.link.close()
        self.book.release(self.target.name, self.holder)

    def _round(self) -> bool:
        """Deliver one batch; True where the next may follow at once."""
        now = self.clock.unix_ms()
        until = now + round(LEASE_S * 1000)
        state = self.book.take(Claim(self.target.name, self.holder, now, until, self.target.from_begin))
        if isinstance(state, HeldElsewhere):
            return False
        stretch = self.log.stretch(state.next_leaf, self.target.kinds, self.target.batch)
        self._show(state, stretch, now)
        if state.off_at_ms or state.retry_at_ms > now or stretch.end == state.next_leaf:
            return False
        if not stretch.events:
            return self._keep(replace(state, next_leaf=stretch.end)) and stretch.end < stretch.size
        after = self._after(state, stretch, self._deliver(stretch))
        return self._keep(after) and after.next_leaf > state.next_leaf and after.next_leaf < stretch.size

    def _deliver(self, stretch: Stretch) -> Delivery:
        events = [forwarded(one.leaf, one.text, self.target.numbers) for one in stretch.events]
        return self.link.deliver(events)

    def _after(self, state: ForwardState, stretch: Stretch, outcome: Delivery) -> ForwardState:
        """Give how far the target is after a delivery."""
        name, now = self.target.name, self.clock.unix_ms()
        match outcome:
            case Delivered():
                self.meter.forwarded(name, outcome.count)
                taken_all = outcome.count == len(stretch.events)
                following = stretch.end if taken_all else stretch.events[outcome.count].leaf
                return ForwardState(following, told_at_ms=now)
            case NotDelivered():
                self.meter.event("forward_failed", name)
                failures = state.failures + 1
                pause = min(
                    _FIRST_PAUSE_S << min(state.failures, _MOST_DOUBLINGS), self.target.longest_pause_s
                )
                return replace(
                    state, failures=failures, reason=outcome.reason, retry_at_ms=now + pause * 1000
                )
            case TurnedOff():
                self.meter.event("forward_off", name)
                # Told before it is off: a crash in between tells it twice, and never not at all.
                facts = {"reason": outcome.reason, "target": name, "what": "forward_off"}
                self.archive.tell([Event(EventKind.INCIDENT, facts)])
                return replace(state, failures=state.failures + 1, reason=outcome.reason, off_at_ms=now)
            case _:
                assert_never(outcome)

    def _keep(self, state: ForwardState) -> bool:
        return self.book.keep(self.target.name, self.holder, state)

    def _show(self, state: ForwardState, stretch: Stretch, now: int) -> None:
        waiting = max(0, stretch.size - state.next_leaf)
        waited_ms = max(0, now - stretch.oldest_ms) if waiting else 0
        self.meter.behind(self.target.name, waiting, waited_ms / 1000)
