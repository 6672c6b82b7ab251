"""Asking gateways for replies: nothing is missed, whatever goes away in between."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.incoming import Incoming, IncomingUntold
from security_service.domain.secret import MessageText, Msisdn
from security_service.usecases.poll_replies import PollReplies
from tests.fakes.clock import HandClock
from tests.usecases.behind_the_scenes import CountingMeter


class Provider:
    """The IncomingSource port: holds messages, and may be away."""

    name = "sms"
    asks_for_replies = True

    def __init__(self) -> None:
        self.held: list[Incoming] = []
        self.is_away = False

    def wrote(self, at_ms: int) -> None:
        number = Msisdn("79161112211")
        self.held.append(Incoming("sms", str(len(self.held)), number, "2435", MessageText("?"), at_ms))

    def incoming(self, since_ms: int, until_ms: int, within_s: float) -> Sequence[Incoming] | IncomingUntold:
        if self.is_away:
            return IncomingUntold("timeout")
        return [message for message in self.held if since_ms <= message.at_ms <= until_ms]


class Cursors:
    """The ReplyCursors port in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    def get(self, gateway: str) -> int:
        return self.kept.get(gateway, 0)

    def set(self, gateway: str, until_ms: int) -> None:
        self.kept[gateway] = until_ms


def test_what_was_written_while_the_provider_was_away_is_taken_afterwards() -> None:
    clock, provider, taken = HandClock(), Provider(), list[Incoming]()
    poll = PollReplies([provider], Cursors(), taken.append, clock, CountingMeter())
    provider.wrote(clock.unix_ms() - 1000)
    poll.run()
    provider.is_away = True
    provider.wrote(clock.unix_ms() + 1000)
    clock.move(7 * 3600)
    poll.run()
    provider.is_away = False
    poll.run()
    assert {message.id for message in taken} == {"0", "1"}


def test_periods_overlap_so_that_a_late_message_is_not_missed() -> None:
    clock, provider, taken = HandClock(), Provider(), list[Incoming]()
    poll = PollReplies([provider], Cursors(), taken.append, clock, CountingMeter())
    poll.run()
    provider.wrote(clock.unix_ms() - 30_000)
    clock.move(1)
    poll.run()
    assert len(taken) == 1
